// Clients that do not read: they are closed and told where to go on, and nobody else is held up.
import { once } from 'node:events';
import { expect, test } from 'vitest';
import { api, connect, until, type Api, type Client } from './api.ts';

const events = (host: string, query: string): string => `ws://${host}/ari/events?api_key=ari:ari&${query}`;

async function open(query: string): Promise<{ api: Api; host: string; client: Client }> {
  const given = api({ maxBuffered: 200_000, farewell: 300 });
  const host = await given.listen();
  return { api: given, host, client: await connect(events(host, query)) };
}

test('a client that does not read is closed with 1013, counted, and holds no application any more', async () => {
  const { api: given, client } = await open('app=a');
  client.socket.pause();
  const { topic } = given.core.applications.get('a');
  const variables = { text: 'x'.repeat(10_000) };
  while (given.counters.closedAsSlow === 0) {
    topic.publish({ type: 'UserEventSent', name: 'e', variables });
    await new Promise(setImmediate);
  }
  expect(given.core.applications.find('a')).toBeUndefined();
  client.socket.resume();
  expect(await client.closed).toBe(1013);
  expect(client.received).toHaveLength(given.counters.eventsSent);
});

test('one that is closed as too slow is told where to go on, and nobody else is held up', async () => {
  const { api: given, host, client: slow } = await open('app=slow,b&persist=true');
  const fast = await connect(events(host, 'app=fast'));
  const reason = once(slow.socket, 'close').then(([, text]) => String(text));
  slow.socket.pause();
  const variables = { text: 'x'.repeat(10_000) };
  let told = 0;
  while (given.counters.closedAsSlow === 0) {
    for (const name of ['slow', 'fast']) {
      given.core.applications.get(name).topic.publish({ type: 'UserEventSent', name: String(told), variables });
    }
    told += 1;
    await until(() => fast.received.length === told);
  }
  slow.socket.resume();
  const [, cursors] = /^too slow; since=(.*)$/.exec(await reason)!;
  const last = slow.received.at(-1)!;
  expect(cursors!.split(',')[0]).toBe(last['cursor']);
  const again = await connect(events(host, `app=slow,b&since=${cursors}`));
  await until(() => slow.received.length + again.received.length === told);
  expect([...slow.received, ...again.received].map((event) => event['eventname'])).toEqual(
    Array.from({ length: told }, (_, each) => String(each)),
  );
});

test('a peer that never reads its farewell is not waited for', async () => {
  const { api: given, client } = await open('app=a');
  client.socket.pause();
  const { topic } = given.core.applications.get('a');
  while (given.counters.closedAsSlow === 0) {
    topic.publish({ type: 'UserEventSent', name: 'e', variables: { text: 'x'.repeat(10_000) } });
    await new Promise(setImmediate);
  }
  expect(given.counters.open).toBe(1);
  // What it will not read any more is let go at once, and only what was handed over is left.
  expect(given.queues.bytes.longest).toBeLessThan(160_000);
  await until(() => given.counters.open === 0);
});
