// Events on their way through a journal that takes its time: their order, who gets them, and the moment of a snapshot.
import { expect, test } from 'vitest';
import type { Journal } from '../../src/core/journal.ts';
import { memoryJournal } from '../../src/engines/embedded/memory-journal.ts';
import { Fault } from '../../src/errors.ts';
import { fakeDriver } from '../support/core.ts';
import { api, connect, until, type Api, type Client, type Event } from './api.ts';

/** One that writes only when it is told to: what waits, in its order. */
function heldJournal() {
  const inner = memoryJournal({ maxAge: 86_400_000, maxBytes: 10_000_000, now: () => 0 });
  const waiting: (() => Promise<void>)[] = [];
  let isHeld = true;
  const write = async (): Promise<void> => {
    for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) await next();
  };
  const journal: Journal = {
    ...inner,
    async open(name) {
      const stream = await inner.open(name);
      return {
        name,
        get last() {
          return stream.last;
        },
        read: (after, limit) => stream.read(after, limit),
        append: (text) =>
          isHeld
            ? new Promise((resolve, reject) => waiting.push(() => stream.append(text).then(resolve, reject)))
            : stream.append(text),
      };
    },
  };
  return {
    journal,
    write,
    /** From now on it writes at once. */
    async release() {
      await write();
      isHeld = false;
    },
  };
}

async function serve(given: Api) {
  const host = await given.listen();
  const open = (query: string): Promise<Client> => connect(`ws://${host}/ari/events?api_key=ari:ari&${query}`);
  const tell = (name: string): void =>
    void given.core.applications.get('a').topic.publish({ type: 'UserEventSent', name, variables: {} });
  return { given, open, tell };
}

const named = (received: readonly Event[]): string[] =>
  received.map((event) => String(event['eventname'] ?? event.type));
const settle = async (): Promise<void> => {
  for (let turn = 0; turn < 20; turn += 1) await new Promise(setImmediate);
};

test('an event is sent when it is in the journal, and not before', async () => {
  const { journal, release } = heldJournal();
  const { given, open, tell } = await serve(api({ journal }));
  const client = await open('app=a');
  tell('1');
  await settle();
  expect([client.received, given.queues.journal.longest]).toEqual([[], 1]);
  await release();
  expect(await client.event('ChannelUserevent')).toMatchObject({ eventname: '1' });
});

test('who is replaced gets what was told before, then the news; who comes gets what is told after', async () => {
  const { journal, release } = heldJournal();
  const { open, tell } = await serve(api({ journal }));
  const first = await open('app=a');
  tell('1');
  const second = await open('app=a');
  tell('2');
  await settle();
  await release();
  await second.event('ChannelUserevent');
  await first.event('ApplicationReplaced');
  expect([named(first.received), named(second.received)]).toEqual([['1', 'ApplicationReplaced'], ['2']]);
});

test('while the journal writes bit by bit, a client that resumes gets all, once', async () => {
  const { journal, write, release } = heldJournal();
  const { open, tell } = await serve(api({ journal }));
  await open('app=a&persist=true');
  const names = Array.from({ length: 2_000 }, (_, each) => String(each));
  for (const name of names.slice(0, 700)) tell(name);
  const coming = open('app=a&since=last');
  for (let from = 700; from < 2_000; from += 10) {
    for (const name of names.slice(from, from + 10)) tell(name);
    if (from % 30 === 0) await write();
    await new Promise(setImmediate);
  }
  const { received } = await coming;
  await release();
  await until(() => received.length >= 2_000);
  await settle();
  expect(named(received)).toEqual(names);
});

test('what is followed from a snapshot is exactly what happened after it', async () => {
  const { journal, release } = heldJournal();
  const { given, open } = await serve(api({ journal }));
  await given.ask('PUT', '/ari/applications/a');
  given.core.applications.subscribe('a', ['endpoint:PJSIP/foo']);
  const foo = given.core.endpoints.get({ tech: 'PJSIP', resource: 'foo' });
  const call = {
    endpoint: foo,
    name: 'PJSIP/foo',
    state: 'Ring',
    context: 'x',
    exten: '1',
    driver: fakeDriver(),
  } as const;
  const before = given.core.channels.create(call);
  const answer = given.ask('GET', '/ari/applications/a/snapshot');
  await settle();
  const after = given.core.channels.create(call);
  await release();
  const { status, body } = await answer;
  expect(status).toBe(200);
  expect(body).toMatchObject({
    application: { name: 'a', endpoint_ids: ['PJSIP/foo'] },
    channels: [{ id: before.id }],
    bridges: [],
    endpoints: [{ resource: 'foo', channel_ids: [before.id] }],
  });
  const { received } = await open(`app=a&since=${(body as { cursor: string }).cursor}`);
  await until(() => received.length >= 2);
  expect(received.map(({ type, channel, endpoint }) => [type, channel ?? endpoint])).toMatchObject([
    ['EndpointStateChange', { channel_ids: [before.id, after.id] }],
    ['ChannelCreated', { id: after.id }],
  ]);
});

test('the snapshot of one that is subscribed to everything has everything', async () => {
  const given = api();
  const { open } = await serve(given);
  await open('app=a&subscribeAll=true');
  given.core.channels.create({ name: 'Local/x', state: 'Down', context: 'x', exten: '1', driver: fakeDriver() });
  const { body } = await given.ask('GET', '/ari/applications/a/snapshot');
  const { channels, endpoints } = body as { channels: unknown[]; endpoints: unknown[] };
  expect([channels.length, endpoints.length]).toEqual([1, 5]);
  given.core.applications.subscribe('a', []);
  expect((await given.ask('GET', '/ari/applications/none/snapshot')).status).toBe(404);
});

test('when the journal cannot be opened events are told all the same, and nobody can resume', async () => {
  const full = new Fault('unavailable', 'too many streams', { code: 'journal-full' });
  const journal = { ...heldJournal().journal, open: () => Promise.reject(full) };
  const { given, open, tell } = await serve(api({ journal }));
  const client = await open('app=a&since=last');
  expect(await client.event('EventsLost')).toMatchObject({ reason: 'not-kept' });
  tell('1');
  expect(await client.event('ChannelUserevent')).not.toHaveProperty('cursor');
  await given.core.applications.settled();
  given.core.applications.persist('a');
  client.socket.terminate();
  await until(() => given.counters.open === 0);
  tell('2');
  await expect(given.core.applications.settled()).rejects.toMatchObject({ kind: 'unavailable' });
  expect((await given.ask('GET', '/ari/applications/a/snapshot')).status).toBe(503);
  expect(given.errors.splice(0)).toEqual([full]);
});

test('when too much waits for the journal the client is closed, and what was lost is told when it resumes', async () => {
  const { journal, release } = heldJournal();
  const { given, open, tell } = await serve(api({ journal }));
  const client = await open('app=a&persist=true');
  const { limit } = given.queues.journal;
  for (let each = 0; each < limit + 10; each += 1) tell(String(each));
  expect(await client.closed).toBe(1013);
  await release();
  tell('after');
  await given.core.applications.settled();
  const { received } = await open('app=a&since=last');
  await until(() => named(received).at(-1) === 'after');
  expect(received).toHaveLength(limit + 2);
  expect(received.at(-2)).toMatchObject({ type: 'EventsLost', count: 10, reason: 'not-written' });
});

test('when too much is told at once the client is closed, and told when it resumes that nobody knows how much is lost', async () => {
  const { given, open, tell } = await serve(api());
  const client = await open('app=a&persist=true');
  for (let each = 0; each < 100_100; each += 1) tell(String(each));
  expect(await client.closed).toBe(1013);
  await expect(given.core.applications.settled()).rejects.toMatchObject({ kind: 'unavailable' });
  tell('after');
  await given.core.applications.settled();
  const { received } = await open('app=a&since=last');
  await until(() => received.length > 0 && named(received).at(-1) === 'after');
  const lost = received.find(({ type }) => type === 'EventsLost');
  expect([lost?.['reason'], lost?.['count']]).toEqual(['not-written', undefined]);
});
