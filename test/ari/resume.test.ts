// Events that resume: what a client missed comes first, in order, without gap or duplicate, and what is lost is told.
import { expect, test } from 'vitest';
import type { Journal } from '../../src/core/journal.ts';
import { memoryJournal } from '../../src/engines/embedded/memory-journal.ts';
import { Fault } from '../../src/errors.ts';
import { api, connect, until, type Api, type Client, type Event } from './api.ts';

async function serve(given: Api = api()) {
  const host = await given.listen();
  const open = (query: string): Promise<Client> => connect(`ws://${host}/ari/events?api_key=ari:ari&${query}`);
  /** Makes one event, of that number, for everyone who follows the endpoint. */
  const tell = (name: string, application = 'a'): void =>
    void given.core.applications
      .get(application)
      .topic.publish({ type: 'UserEventSent', name, variables: {}, endpoint: foo(given).snapshot });
  const isGone = async (client: Client): Promise<void> => {
    const before = given.counters.open;
    client.socket.close();
    await until(() => given.counters.open === before - 1);
  };
  return { given, open, tell, isGone };
}

const foo = (given: Api) => given.core.endpoints.get({ tech: 'PJSIP', resource: 'foo' });
const names = (received: readonly Event[]): unknown[] =>
  received.filter(({ type }) => type === 'ChannelUserevent').map((event) => event['eventname']);
const cursorOf = (event: Event | undefined): string => String(event?.['cursor']);
const many = (from: number, to: number): string[] =>
  Array.from({ length: to - from }, (_, each) => String(from + each));

test('cursors rise, and a client that resumes gets exactly what came behind its own', async () => {
  const { open, tell, isGone } = await serve();
  const first = await open('app=a&persist=true');
  for (const name of many(0, 10)) tell(name);
  await until(() => first.received.length === 10);
  const cursors = first.received.map(cursorOf);
  expect(cursors.toSorted()).toEqual(cursors);
  await isGone(first);
  for (const name of many(10, 20)) tell(name);

  const second = await open(`app=a&since=${cursors[4]}`);
  await until(() => second.received.length === 15);
  expect(names(second.received)).toEqual(many(5, 20));
  expect(second.received.slice(0, 5).map(cursorOf)).toEqual(cursors.slice(5));
});

test('while events keep coming a client that resumes misses none, and gets none twice', async () => {
  const { open, tell, isGone } = await serve();
  const first = await open('app=a&persist=true');
  tell('0');
  await until(() => first.received.length === 1);
  await isGone(first);
  for (const name of many(1, 3_000)) tell(name);
  const second = open(`app=a&since=${cursorOf(first.received[0])}`);
  for (let from = 3_000; from < 6_000; from += 50) {
    for (const name of many(from, from + 50)) tell(name);
    await new Promise(setImmediate);
  }
  const { received } = await second;
  await until(() => received.length >= 5_999);
  tell('last');
  await until(() => names(received).at(-1) === 'last');
  expect(names(received)).toEqual([...many(1, 6_000), 'last']);
});

test('of several applications each goes on where it was, and one without a cursor is live', async () => {
  const { open, tell, isGone } = await serve();
  const first = await open('app=a,b,c&persist=true');
  for (const application of ['a', 'b', 'c']) tell('0', application);
  await until(() => first.received.length === 3);
  await isGone(first);
  for (const application of ['a', 'b', 'c']) tell('1', application);
  const at = (name: string): string => cursorOf(first.received.find(({ application }) => application === name));
  const second = await open(`app=a,b,c&since=${at('a')},,${at('c')}`);
  for (const application of ['a', 'b', 'c']) tell('2', application);
  await until(() => second.received.length === 5);
  const said = second.received.map((event) => `${String(event['application'])}${String(event['eventname'])}`);
  expect(said.toSorted()).toEqual(['a1', 'a2', 'b2', 'c1', 'c2']);
});

test('without since there is nothing of what was missed, as in ARI', async () => {
  const { open, tell, isGone } = await serve();
  await isGone(await open('app=a&persist=true'));
  tell('missed');
  const second = await open('app=a');
  tell('live');
  await second.event('ChannelUserevent');
  expect(names(second.received)).toEqual(['live']);
});

test('an unknown cursor is told as a loss, once, and then all is live', async () => {
  const { open, tell, isGone } = await serve();
  const first = await open('app=a&since=nonsense&persist=true');
  expect(await first.event('EventsLost')).toMatchObject({ reason: 'not-kept', application: 'a', asterisk_id: /./ });
  tell('live');
  await first.event('ChannelUserevent');
  await isGone(first);
  tell('missed');
  const second = await open(`app=a&since=${cursorOf(first.received[0])}`);
  await until(() => second.received.length === 2);
  expect(names(second.received)).toEqual(['live', 'missed']);
});

test('what is no longer kept is told as a loss, once, with how much it was', async () => {
  const journal = memoryJournal({ maxAge: 86_400_000, maxBytes: 10_000, now: () => 0 });
  const { open, tell, isGone, given } = await serve(api({ journal }));
  const first = await open('app=a&persist=true');
  tell('0');
  await until(() => first.received.length === 1);
  await isGone(first);
  for (const name of many(1, 200)) tell(name);
  await given.core.applications.settled();

  const second = await open(`app=a&since=${cursorOf(first.received[0])}`);
  await until(() => names(second.received).at(-1) === '199');
  const [lost, ...kept] = second.received;
  expect(lost).toMatchObject({ type: 'EventsLost', reason: 'retention', count: 199 - kept.length });
  expect(names(kept)).toEqual(many(200 - kept.length, 200));

  const third = await open(`app=a&since=${cursorOf(lost)}`);
  await until(() => names(third.received).at(-1) === '199');
  expect(third.received.map(({ type }) => type)).not.toContain('EventsLost');
});

test('since=last resumes behind what was acknowledged, and a cursor that was never sent cannot be', async () => {
  const { open, tell, isGone } = await serve();
  const first = await open('app=a,b&since=last&persist=true');
  for (const name of many(0, 4)) tell(name);
  await until(() => first.received.length === 4);
  const ack = (cursor: string, application?: string): void =>
    first.socket.send(JSON.stringify({ type: 'Ack', cursor, ...(application && { application }) }));
  ack(cursorOf(first.received[1]));
  ack(cursorOf(first.received[0]));
  ack(cursorOf(first.received[0]), 'c');
  ack('ffffffffffff-ffffffff', 'a');
  first.socket.send(JSON.stringify({ type: 'Ack' }));
  await until(() => first.received.length === 7);
  expect(first.received.slice(4).map((answer) => [answer['status_code'], answer['message_body']])).toEqual([
    [400, '{"message":"Parameter application is none of this WebSocket","code":"invalid-parameter"}'],
    [400, '{"message":"Parameter cursor is none that was sent","code":"invalid-parameter"}'],
    [400, '{"message":"Missing parameter cursor","code":"missing-parameter"}'],
  ]);
  await isGone(first);
  const second = await open('app=a&since=last');
  await until(() => second.received.length === 2);
  expect(names(second.received)).toEqual(['2', '3']);
});

test('whoever has acknowledged nothing gets all from the beginning', async () => {
  const { open, tell, isGone } = await serve();
  await isGone(await open('app=a&persist=true'));
  for (const name of many(0, 3)) tell(name);
  const second = await open('app=a&since=last');
  await until(() => second.received.length === 3);
  expect(names(second.received)).toEqual(many(0, 3));
});

test('events that ARI does not have are resumed only by those who ask for them', async () => {
  const { open, given, isGone } = await serve();
  const first = await open('app=a&persist=true&since=last&extensions=true');
  given.core.applications.subscribe('a', ['endpoint:PJSIP/foo']);
  await isGone(first);
  const { id } = foo(given);
  const registration = { id: 'r', direction: 'inbound', endpoint: id, aor: 'foo', uri: 'sip:foo', path: [] } as const;
  given.core.registrations.changed({ ...registration, state: 'Registered' }, 'refreshed', foo(given));
  foo(given).setReachable(false);
  const types = async (query: string): Promise<unknown[]> => {
    const { received, event } = await open(`app=a&since=last${query}`);
    await event('EndpointStateChange');
    return received.map(({ type }) => type);
  };
  const told = ['PeerStatusChange', 'EndpointStateChange'];
  expect((await types('')).toSorted()).toEqual(told.toSorted());
  expect((await types('&extensions=true')).toSorted()).toEqual([...told, 'RegistrationStateChange'].toSorted());
});

test('more cursors than applications are refused', async () => {
  const { open } = await serve();
  await expect(open('app=a&since=1,2')).rejects.toThrow('400');
});

/** A journal that takes nothing while it is told so. */
function refusing(): { journal: Journal; refuses: boolean } {
  const inner = memoryJournal({ maxAge: 86_400_000, maxBytes: 1_000_000, now: () => 0 });
  const refusal = {
    refuses: false,
    journal: {
      ...inner,
      async open(name: string) {
        const stream = await inner.open(name);
        return {
          name,
          get last() {
            return stream.last;
          },
          read: (after: string, limit: number) => stream.read(after, limit),
          append: (text: string) =>
            refusal.refuses ? Promise.reject(new Fault('unavailable', 'the disk is full')) : stream.append(text),
        };
      },
    },
  };
  return refusal;
}

test('what the journal does not take is sent live all the same, and whoever resumes is told that it is missing', async () => {
  const refusal = refusing();
  const { open, tell, isGone, given } = await serve(api({ journal: refusal.journal }));
  const first = await open('app=a&persist=true');
  tell('0');
  await given.core.applications.settled();
  refusal.refuses = true;
  tell('1');
  await expect(given.core.applications.settled()).rejects.toMatchObject({ kind: 'unavailable' });
  refusal.refuses = false;
  tell('2');
  await until(() => first.received.length === 3);
  expect(names(first.received)).toEqual(['0', '1', '2']);
  await isGone(first);
  const second = await open(`app=a&since=${cursorOf(first.received[0])}`);
  await until(() => second.received.length === 2);
  expect(second.received[0]).toMatchObject({ type: 'EventsLost', count: 1, reason: 'not-written' });
  expect(names(second.received)).toEqual(['2']);
});

test('a client that reads slowly is waited for while it catches up', async () => {
  const { open, isGone, given } = await serve(api({ maxBuffered: 200_000 }));
  await isGone(await open('app=a&persist=true'));
  const { topic } = given.core.applications.get('a');
  for (let each = 0; each < 1_000; each += 1)
    topic.publish({ type: 'UserEventSent', name: String(each), variables: { text: 'x'.repeat(10_000) } });
  await given.core.applications.settled();
  const slow = await open('app=a&since=last');
  slow.socket.pause();
  for (let turn = 0; turn < 200; turn += 1) await new Promise(setImmediate);
  expect(given.queues.bytes.longest).toBeLessThan(200_000);
  slow.socket.resume();
  await until(() => slow.received.length === 1_000);
  expect(names(slow.received)).toEqual(many(0, 1_000));
  expect(given.counters.closedAsSlow).toBe(0);
});
