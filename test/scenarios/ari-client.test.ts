// An ARI client as it is found in the wild, unmodified, and a telephone on the other side of the service.
import { createRequire } from 'node:module';
import { expect, onTestFinished, test } from 'vitest';
import { startService } from '../support/service.ts';

interface AriClient {
  readonly endpoints: {
    list(): Promise<{ technology: string; resource: string }[]>;
    sendMessage(message: { to: string; from: string; variables: object }): Promise<void>;
  };
  readonly applications: {
    subscribe(subscription: { applicationName: string; eventSource: string }): Promise<{ endpoint_ids: string[] }>;
  };
  readonly channels: {
    answer(channel: { channelId: string }): Promise<void>;
    hangup(channel: { channelId: string }): Promise<void>;
  };
  start(apps: string | string[], subscribeAll?: boolean): Promise<void>;
  stop(): void;
  once(
    type: string,
    listener: (event: Record<string, unknown>, instance: { id: string; hangup(): Promise<void> }) => void,
  ): void;
}

const ariClient = createRequire(import.meta.url)('ari-client') as {
  connect(url: string, user: string, password: string): Promise<AriClient>;
};

async function setUp() {
  const service = await startService();
  const client = await ariClient.connect(service.base.replace('/ari', ''), 'ari', 'ari');
  onTestFinished(() => client.stop());
  const foo = await service.telephone('foo');
  await foo.register();
  return { client, foo };
}

test('ari-client connects, lists endpoints, subscribes, receives a message and sends one', async () => {
  const { client, foo } = await setUp();
  expect((await client.endpoints.list()).map(({ resource }) => resource)).toEqual(['foo', 'bar']);

  await client.start(['one', 'two']);
  const subscribed = await client.applications.subscribe({ applicationName: 'two', eventSource: 'endpoint:PJSIP/foo' });
  expect(subscribed.endpoint_ids).toEqual(['PJSIP/foo']);

  const heard = new Promise<Record<string, unknown>>((resolve) => client.once('TextMessageReceived', resolve));
  expect((await foo.message({ to: '1001', body: 'hello', headers: [['X-A', 'b']] })).status).toBe(202);
  const message = { from: '<sip:foo@127.0.0.1>', to: 'pjsip:1001@127.0.0.1', body: 'hello', variables: { 'X-A': 'b' } };
  expect(await heard).toMatchObject({ application: 'two', message, endpoint: { resource: 'foo' } });

  // This client sends the parameter `body` as the whole request body; what works is to give it the document.
  const document = { body: 'good day', variables: { 'X-A': 'b' } };
  await client.endpoints.sendMessage({ to: 'pjsip:foo', from: 'sip:ari@here', variables: document });
  const received = await foo.nextMessage();
  expect([received.body, received.header('X-A'), received.header('From')]).toEqual([
    'good day',
    'b',
    expect.stringContaining('<sip:ari@here>'),
  ]);
});

test('ari-client takes a call, answers it and hangs it up', async () => {
  const { client, foo } = await setUp();
  await client.start('hello');
  const started = new Promise<{ id: string; hangup(): Promise<void> }>((resolve) =>
    client.once('StasisStart', (_, channel) => resolve(channel)),
  );
  const ended = new Promise<Record<string, unknown>>((resolve) => client.once('StasisEnd', resolve));
  const call = foo.call({ to: '1001' });
  const channel = await started;
  await client.channels.answer({ channelId: channel.id });
  expect((await call.answered).status).toBe(200);
  await channel.hangup();
  await call.ended;
  expect(await ended).toMatchObject({ channel: { id: channel.id } });
  await expect(client.channels.hangup({ channelId: channel.id })).rejects.toThrow('Channel not found');
});
