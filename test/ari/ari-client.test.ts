// An ARI client as it is found in the wild, unmodified: it connects, lists, subscribes, hears and sends.
import { createRequire } from 'node:module';
import { expect, onTestFinished, test } from 'vitest';
import { api } from './api.ts';

interface AriClient {
  readonly endpoints: {
    list(): Promise<{ technology: string; resource: string }[]>;
    sendMessage(message: { to: string; from: string; variables: object }): Promise<void>;
  };
  readonly applications: {
    subscribe(subscription: { applicationName: string; eventSource: string }): Promise<{ endpoint_ids: string[] }>;
  };
  readonly channels: { hangup(channel: { channelId: string }): Promise<void> };
  start(apps: string | string[], subscribeAll?: boolean): Promise<void>;
  stop(): void;
  once(type: string, listener: (event: Record<string, unknown>, objects: unknown) => void): void;
}

const ariClient = createRequire(import.meta.url)('ari-client') as {
  connect(url: string, user: string, password: string): Promise<AriClient>;
};

test('ari-client connects, lists endpoints, subscribes, receives a message and sends one', async () => {
  const given = api();
  const client = await ariClient.connect(`http://${await given.listen()}`, 'ari', 'ari');
  onTestFinished(() => client.stop());

  expect((await client.endpoints.list()).map(({ resource }) => resource)).toEqual([
    'foo',
    'bench',
    'sipp',
    'baz',
    'bar',
  ]);

  await client.start(['one', 'two']);
  const subscribed = await client.applications.subscribe({ applicationName: 'two', eventSource: 'endpoint:PJSIP/foo' });
  expect(subscribed.endpoint_ids).toEqual(['PJSIP/foo']);

  const heard = new Promise<Record<string, unknown>>((resolve) => client.once('TextMessageReceived', resolve));
  const text = { from: '<sip:foo@127.0.0.1>', to: 'pjsip:1001@127.0.0.1', body: 'hello', variables: { 'X-A': 'b' } };
  given.core.messages.receive(given.core.endpoints.get({ tech: 'PJSIP', resource: 'foo' }), text);
  expect(await heard).toMatchObject({ application: 'two', message: text, endpoint: { resource: 'foo' } });

  // This client sends the parameter `body` as the whole request body; what works is to give it the document.
  const document = { body: 'good day', variables: { 'X-A': 'b' } };
  await client.endpoints.sendMessage({ to: 'pjsip:foo', from: 'sip:ari@here', variables: document });
  const message = { to: 'pjsip:foo', from: 'sip:ari@here', ...document };
  expect(given.sent).toEqual([{ address: 'foo', message }]);

  await expect(client.channels.hangup({ channelId: 'nobody' })).rejects.toThrow('Channel not found');
});
