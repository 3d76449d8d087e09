// WebSockets that are opened from here and stay: their applications are known also while nobody can be reached.
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import type { AriParts } from '../../src/ari/index.ts';
import type { OutboundBinding, Target } from '../../src/ari/outbound/binding.ts';
import { openJournal } from '../../src/engines/embedded/journal.ts';
import { ariServer, type Event } from '../support/ari-server.ts';
import { memoryStore } from '../support/memory-store.ts';
import { api, connect, until } from './api.ts';

const target = (uri: string, more: Partial<Target> = {}): Target => ({
  ...{ uri, protocols: ['ari'], timeout: 5_000, interval: 5, attempts: Infinity },
  tls: { verifiesCertificate: true, verifiesHostname: true },
  ...more,
});
const binding = (uri: string, more: Partial<Target> = {}): OutboundBinding => ({
  ...{ name: 'crm', kind: 'persistent', apps: ['a'], user: 'ari', subscribeAll: false, extensions: false },
  target: target(uri, more),
});

/** The API, connected by these bindings. */
async function serve(bindings: readonly OutboundBinding[], parts: Partial<AriParts> = {}) {
  const logged: string[] = [];
  const log = (level: string, text: string): void => void logged.push(`${level}: ${text}`);
  const given = api({ ...parts, outbound: { bindings, log } });
  await given.core.applications.load(parts.store ?? memoryStore());
  await given.connect();
  const tell = (name: string, variables = {}, application = 'a'): void =>
    void given.core.applications.get(application).topic.publish({ type: 'UserEventSent', name, variables });
  const stop = async (): Promise<void> => {
    await given.http.close();
    await given.close();
    await given.core.applications.close();
  };
  return { given, tell, stop, logged };
}

const names = (received: readonly Event[]): unknown[] =>
  received.filter(({ type }) => type !== 'RESTResponse').map((event) => event['eventname'] ?? event.type);
const named = (name: string) => (event: Event) => event['eventname'] === name;
const many = (from: number, to: number): string[] =>
  Array.from({ length: to - from }, (_, each) => String(from + each));

test('the applications are registered at once, and the peer is told so first', async () => {
  const server = await ariServer();
  const credentials = { username: 'arion', password: 'secret' };
  const { given, tell, stop, logged } = await serve([{ ...binding(server.uri, { credentials }), apps: ['a', 'b'] }]);
  expect(given.core.applications.list().map(({ isActive, isPersistent }) => [isActive, isPersistent])).toEqual([
    [true, true],
    [true, true],
  ]);
  tell('early');
  const peer = await server.peer();
  expect(peer.socket.protocol).toBe('ari');
  expect(peer.request.headers.authorization).toBe(`Basic ${Buffer.from('arion:secret').toString('base64')}`);
  await peer.event(named('early'));
  expect(peer.received.map(({ type, application }) => [type, application])).toEqual([
    ['ApplicationRegistered', 'a'],
    ['ApplicationRegistered', 'b'],
    ['ChannelUserevent', 'a'],
  ]);
  expect(Object.keys(peer.received[0]!).sort()).toEqual(['application', 'asterisk_id', 'timestamp', 'type']);
  await stop();
  expect(await peer.closed).toBe(1001);
  expect(names(peer.received).slice(3)).toEqual(['ApplicationUnregistered', 'ApplicationUnregistered']);
  expect(logged).toEqual([`info: the outbound WebSocket crm to ${server.uri} is open`]);
});

test('what happens while the server is down comes when it is back, in order, without gap or duplicate', async () => {
  const server = await ariServer();
  const { given, tell, logged } = await serve([binding(server.uri)]);
  const first = await server.peer();
  for (const name of many(0, 1_000)) tell(name);
  await first.event(named('999'));
  await first.confirmed();
  await server.down();
  for (const name of many(1_000, 3_000)) tell(name);
  await until(() => logged.length === 3);
  await server.up();
  const second = await server.peer();
  for (const name of many(3_000, 4_000)) tell(name);
  await second.event(named('3999'));
  expect(names(first.received)).toEqual(['ApplicationRegistered', ...many(0, 1_000)]);
  expect(names(second.received)).toEqual(['ApplicationRegistered', ...many(1_000, 4_000)]);
  expect(given.outbound.persistent).toEqual({ all: 1, open: 1 });
  const { uri } = server;
  expect(logged).toEqual([
    `info: the outbound WebSocket crm to ${uri} is open`,
    `warn: the outbound WebSocket crm to ${uri} has closed`,
    `warn: the outbound WebSocket crm to ${uri} cannot be opened: connect ECONNREFUSED ${new URL(uri).host}`,
    `info: the outbound WebSocket crm to ${uri} is open`,
  ]);
});

test('when the connection is cut at any moment, no event is missing, and one that comes twice has the same cursor', async () => {
  const server = await ariServer();
  const { tell } = await serve([binding(server.uri)]);
  let told = 0;
  const seen: Event[] = [];
  for (let life = 1; life <= 20; life += 1) {
    const peer = await server.peer();
    const patience = (life * 7_919) % 300;
    while (peer.received.length < patience) {
      tell(String(told++));
      await new Promise(setImmediate);
    }
    peer.socket.terminate();
    seen.push(...peer.received);
  }
  const last = await server.peer();
  tell('last');
  await last.event(named('last'));
  const events = [...seen, ...last.received].filter(({ type }) => type === 'ChannelUserevent');
  const byCursor = new Map(events.map((event) => [String(event['cursor']), event]));
  const inOrder = [...byCursor].sort(([one], [other]) => (one < other ? -1 : 1)).map(([, event]) => event);
  expect(names(inOrder)).toEqual([...many(0, told), 'last']);
});

async function disk() {
  const directory = await mkdtemp(join(tmpdir(), 'arion-outbound-'));
  onTestFinished(() => rm(directory, { recursive: true }));
  const store = memoryStore();
  return async (bindings: readonly OutboundBinding[], maxBytes = 64 * 1024 * 1024) => {
    const journal = await openJournal(directory, { maxAge: 86_400_000, maxBytes });
    onTestFinished(() => journal.close());
    const service = await serve(bindings, { journal, store });
    const stop = (): Promise<void> => service.stop().then(() => journal.close());
    return { ...service, stop };
  };
}

test('over a restart of the service it goes on where it was', async () => {
  const start = await disk();
  const server = await ariServer();
  const before = await start([binding(server.uri)]);
  const first = await server.peer();
  before.tell('0');
  await first.event(named('0'));
  await before.stop();
  const whileDown = await start([binding('ws://127.0.0.1:9/ari')]);
  whileDown.tell('1');
  await whileDown.stop();

  const after = await start([binding(server.uri)]);
  const second = await server.peer();
  after.tell('2');
  await second.event(named('2'));
  expect(names(first.received)).toEqual(['ApplicationRegistered', '0', 'ApplicationUnregistered']);
  expect(names(second.received)).toEqual(['ApplicationRegistered', '1', '2']);
});

test('a peer that acknowledges gets again what it did not acknowledge', async () => {
  const server = await ariServer();
  const { tell } = await serve([binding(server.uri)]);
  const first = await server.peer();
  for (const name of ['0', '1', '2']) tell(name);
  await first.event(named('2'));
  first.socket.send(JSON.stringify({ type: 'Ack', cursor: first.received[1]!['cursor'] }));
  await first.confirmed();
  first.socket.close();
  const second = await server.peer();
  await second.event(named('2'));
  expect(names(second.received)).toEqual(['ApplicationRegistered', '1', '2']);
});

test('what retention has taken meanwhile is told', async () => {
  const start = await disk();
  const server = await ariServer();
  await server.down();
  const { given, tell } = await start([binding(server.uri)], 1024 * 1024);
  for (const name of many(0, 3_000)) tell(name, { text: 'x'.repeat(1_000) });
  await given.core.applications.settled();
  await server.up();
  const peer = await server.peer();
  await peer.event(named('2999'));
  const [, lost, ...kept] = peer.received;
  expect(lost).toMatchObject({ type: 'EventsLost', reason: 'retention', count: 3_000 - kept.length });
});

test('a server that does not read is closed, and gets the rest over the next connection', async () => {
  const server = await ariServer();
  const { given, tell } = await serve([binding(server.uri)], { maxBuffered: 100_000 });
  const slow = await server.peer();
  await slow.event('ApplicationRegistered');
  slow.socket.pause();
  let told = 0;
  while (given.counters.closedAsSlow === 0) {
    tell(String(told++), { text: 'x'.repeat(10_000) });
    await new Promise(setImmediate);
  }
  slow.socket.resume();
  const again = await server.peer();
  tell('last');
  await again.event(named('last'));
  expect(await slow.closed).toBe(1013);
  const all = [...slow.received, ...again.received].filter(({ type }) => type === 'ChannelUserevent');
  expect(names(all)).toEqual([...many(0, told), 'last']);
});

test.each([
  ['ari', 200],
  ['ro', 403],
])('a request over it has the rights of the local user %s, who needs no password for that', async (user, status) => {
  const server = await ariServer();
  await serve([{ ...binding(server.uri), user }]);
  const peer = await server.peer();
  expect(await peer.ask('GET', 'applications/a')).toMatchObject({ status_code: 200, application: 'a' });
  const subscribing = await peer.ask('POST', 'applications/a/subscription?eventSource=endpoint:PJSIP/foo');
  expect(subscribing).toMatchObject({ status_code: status });
});

test('a client that registers the application takes it over, until the WebSocket is opened again', async () => {
  const server = await ariServer();
  const { given, tell } = await serve([binding(server.uri)]);
  const first = await server.peer();
  await first.event('ApplicationRegistered');
  const client = await connect(`ws://${await given.listen()}/ari/events?api_key=ari:ari&app=a`);
  await first.event('ApplicationReplaced');
  tell('0');
  await client.event(named('0'));
  first.socket.close();
  const second = await server.peer();
  await client.event('ApplicationReplaced');
  await second.event(named('0'));
  expect(names(client.received)).toEqual(['0', 'ApplicationReplaced']);
});

test('a server that cannot be reached in so many tries is given up, and its applications take no calls', async () => {
  const server = await ariServer();
  await server.down();
  const { given, logged } = await serve([binding(server.uri, { attempts: 3 })]);
  await until(() => logged.length === 2);
  expect(logged[1]).toBe(`error: the outbound WebSocket crm to ${server.uri} is given up`);
  await until(() => !given.core.applications.get('a').isActive);
});

test('a server that takes another subprotocol, or answers too late, is not connected to', async () => {
  const other = await ariServer({ handleProtocols: () => 'sip' });
  const silent = createServer().listen(0, '127.0.0.1');
  await once(silent, 'listening');
  onTestFinished(() => void silent.close());
  const { port } = silent.address() as AddressInfo;
  const late = { ...binding(`ws://127.0.0.1:${port}`, { timeout: 50 }), name: 'late', apps: ['b'] };
  const { logged } = await serve([binding(other.uri), late]);
  await until(() => logged.length === 2);
  expect(logged.toSorted().map((line) => line.replace(/.* cannot be opened: /, ''))).toEqual([
    'Server sent an invalid subprotocol',
    'no answer within 50 ms',
  ]);
});
