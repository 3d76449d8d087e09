// A message as a source of events: whoever subscribes to it hears what becomes of it, and nothing of others.
import { expect, test } from 'vitest';
import { api, BASIC, connect } from './api.ts';

const json = { authorization: BASIC, 'content-type': 'application/json' };

test('a message can be followed by itself until it has ended', async () => {
  const { ask, listen, answers } = api();
  const client = await connect(`ws://${await listen()}/ari/events?api_key=ari:ari&app=hello`);
  answers.push(
    { kind: 'temporary', status: 486, reason: 'Busy Here', contact: 'sip:foo@192.0.2.1' },
    { kind: 'delivered', status: 200, reason: 'OK', contact: 'sip:foo@192.0.2.1' },
  );
  const send = (body: string) =>
    ask('PUT', '/ari/endpoints/PJSIP/foo/sendMessage', { headers: json, payload: JSON.stringify({ body }) });
  const first = await send('one');
  expect(first.status).toBe(202);
  const { id } = first.body as { id: string };
  await send('another');
  const subscribed = await ask('POST', `/ari/applications/hello/subscription?eventSource=message:${id}`);
  expect(subscribed).toMatchObject({ status: 200, body: { message_ids: [id] } });
  const ended = await client.event(({ message }) => (message as { state?: string } | undefined)?.state === 'delivered');
  expect(ended).toMatchObject({ type: 'MessageStateChange', message: { id, attempts: 2, status: 200 } });
  expect(new Set(client.received.map(({ message }) => (message as { id: string }).id))).toEqual(new Set([id]));
  await expect.poll(async () => (await ask('GET', '/ari/applications/hello')).body).not.toHaveProperty('message_ids');
  const again = await ask('POST', `/ari/applications/hello/subscription?eventSource=message:${id}`);
  expect(again).toMatchObject({ status: 422, body: { code: 'event-source-not-found' } });
});
