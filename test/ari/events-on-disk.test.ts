// Events in the journal on a disk: they are resumed over a restart, and by a client that comes while they are written.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { openJournal, type JournalOptions } from '../../src/engines/embedded/journal.ts';
import { memoryStore } from '../support/memory-store.ts';
import { api, connect, until, type Client, type Event } from './api.ts';

async function disk(options: Partial<JournalOptions> = {}) {
  const directory = await mkdtemp(join(tmpdir(), 'arion-events-'));
  onTestFinished(() => rm(directory, { recursive: true }));
  const store = memoryStore();
  return {
    async serve() {
      const journal = await openJournal(directory, { maxAge: 86_400_000, maxBytes: 64 * 1024 * 1024, ...options });
      onTestFinished(() => journal.close());
      const given = api({ journal, store });
      await given.core.applications.load(store);
      const host = await given.listen();
      const open = (query: string): Promise<Client> => connect(`ws://${host}/ari/events?api_key=ari:ari&${query}`);
      const tell = (name: string, variables = {}): void =>
        void given.core.applications.get('a').topic.publish({ type: 'UserEventSent', name, variables });
      const stop = async (): Promise<void> => {
        await given.http.close();
        await given.close();
        await given.core.applications.close();
        await journal.close();
      };
      return { given, open, tell, stop };
    },
  };
}

const many = (from: number, to: number): string[] =>
  Array.from({ length: to - from }, (_, each) => String(from + each));
const names = (received: readonly Event[]): unknown[] => received.map((event) => event['eventname'] ?? event.type);

test('over a restart nothing is lost and nothing comes twice, also while events keep coming', async () => {
  const { serve } = await disk();
  const before = await serve();
  const first = await before.open('app=a&persist=true');
  for (const name of many(0, 1_000)) before.tell(name);
  await until(() => first.received.length >= 500);
  first.socket.terminate();
  const seen = first.received.slice();
  for (const name of many(1_000, 2_000)) before.tell(name);
  await before.stop();

  const after = await serve();
  for (const name of many(2_000, 3_000)) after.tell(name);
  const second = after.open(`app=a&since=${String(seen.at(-1)!['cursor'])}`);
  for (let from = 3_000; from < 4_000; from += 10) {
    for (const name of many(from, from + 10)) after.tell(name);
    await new Promise(setImmediate);
  }
  const { received } = await second;
  await until(() => names(received).at(-1) === '3999');
  expect([...names(seen), ...names(received)]).toEqual(many(0, 4_000));
  await after.stop();
});

test('a client that dies again and again sees each event once, in order', async () => {
  const { serve } = await disk();
  const { given, open, tell, stop } = await serve();
  given.core.applications.persist('a');
  const seen: Event[] = [];
  let told = 0;
  let since = 'last';
  for (let life = 1; seen.length < 20_000; life += 1) {
    const { socket, received } = await open(`app=a&since=${since}`);
    const patience = (life * 7_919) % 1_500;
    while (received.length < patience && seen.length + received.length < 20_000) {
      for (let each = 0; each < 40 && told < 20_000; each += 1) tell(String(told++));
      await new Promise(setImmediate);
    }
    socket.terminate();
    seen.push(...received);
    since = String(seen.at(-1)?.['cursor'] ?? 'last');
  }
  expect(names(seen)).toEqual(many(0, 20_000));
  await stop();
});

test('what retention has taken is told over a restart, and a stream that was removed knows no old cursor', async () => {
  const { serve } = await disk({ maxBytes: 1024 * 1024 });
  const before = await serve();
  const first = await before.open('app=a&persist=true');
  before.tell('0');
  const { cursor } = await first.event('ChannelUserevent');
  for (const name of many(1, 3_000)) before.tell(name, { text: 'x'.repeat(1_000) });
  await before.given.core.applications.settled();
  await before.stop();

  const after = await serve();
  const second = await after.open(`app=a&since=${String(cursor)}`);
  await until(() => names(second.received).at(-1) === '2999');
  const [lost, ...kept] = second.received;
  expect(lost).toMatchObject({ type: 'EventsLost', reason: 'retention', count: 2_999 - kept.length });
  expect(names(kept)).toEqual(many(3_000 - kept.length, 3_000));
  second.socket.terminate();
  await until(() => after.given.counters.open === 0);
  expect((await after.given.ask('DELETE', '/ari/applications/a')).status).toBe(204);
  const third = await after.open(`app=a&since=${String(kept.at(-1)!['cursor'])}`);
  expect(await third.event('EventsLost')).toMatchObject({ reason: 'not-kept' });
  await after.stop();
});
