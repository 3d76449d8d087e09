// Applications that stay: for a minute when their socket closes, for good when they are persistent, and over restarts.
import { expect, test } from 'vitest';
import type { Journal } from '../../src/core/journal.ts';
import type { Store } from '../../src/core/store.ts';
import { memoryJournal } from '../../src/engines/embedded/memory-journal.ts';
import { memoryStore } from '../support/memory-store.ts';
import { testClock } from '../support/test-clock.ts';
import { api, connect, until, type Api, type Client, type Event } from './api.ts';

const MINUTE = 60_000;

interface Disk {
  readonly journal: Journal;
  readonly store: Store;
}

const disk = (): Disk => ({
  journal: memoryJournal({ maxAge: 86_400_000, maxBytes: 1_000_000, now: () => 0 }),
  store: memoryStore(),
});

async function serve(on: Disk = disk()) {
  const clock = testClock();
  const given = api({ ...on, lingering: { lingers: MINUTE, after: clock.after } });
  const logged: string[] = [];
  await given.core.applications.load(on.store, (text) => logged.push(text));
  const host = await given.listen();
  const open = (query: string): Promise<Client> => connect(`ws://${host}/ari/events?api_key=ari:ari&${query}`);
  const isGone = async (client: Client): Promise<void> => {
    const before = given.counters.open;
    client.socket.close();
    await until(() => given.counters.open === before - 1);
  };
  return { on, given, open, isGone, logged, pass: clock.advance };
}

const find = (given: Api, resource: string) => given.core.endpoints.get({ tech: 'PJSIP', resource });
/** One event, EndpointStateChange, and then one of its own. */
const flip = (given: Api, resource = 'foo'): void => {
  const { state } = find(given, resource).snapshot;
  find(given, resource).setReachable(state !== 'online');
};
const statesOf = (received: readonly Event[]): unknown[] =>
  received
    .filter(({ type }) => type === 'EndpointStateChange')
    .map((event) => (event['endpoint'] as { state: string }).state);
const cursorOf = (event: Event | undefined): string => String(event?.['cursor']);
const status = async (given: Api, method: string, path: string) => (await given.ask(method, `/ari${path}`)).status;

test('for a minute a plain application is gone for all but the one who resumes it', async () => {
  const { given, open, isGone, pass } = await serve();
  const first = await open('app=a&subscribeAll=true');
  given.core.applications.setFilter('a', { disallowed: [{ type: 'PeerStatusChange' }] });
  flip(given);
  await first.event('EndpointStateChange');
  await isGone(first);
  expect(await status(given, 'GET', '/applications/a')).toBe(404);
  expect(given.core.applications.list()).toEqual([]);
  pass(MINUTE - 1);
  flip(given);
  flip(given);
  await given.core.applications.settled();

  const second = await open(`app=a&since=${cursorOf(first.received[0])}&subscribeAll=true`);
  flip(given);
  await until(() => statesOf(second.received).length === 3);
  expect(second.received.map(({ type }) => type)).toEqual(Array(3).fill('EndpointStateChange'));
  expect(statesOf(second.received)).toEqual(['online', 'offline', 'online']);
  expect(given.core.applications.get('a').ids('channel')).toEqual(['__AST_CHANNEL_ALL_TOPIC']);
});

test('without since it starts afresh, as in ARI', async () => {
  const { given, open, isGone } = await serve();
  await isGone(await open('app=a&subscribeAll=true'));
  given.core.applications.find('a');
  const second = await open('app=a');
  expect(given.core.applications.get('a').hasSubscriptions).toBe(false);
  flip(given);
  given.core.applications.get('a').topic.publish({ type: 'UserEventSent', name: 'e', variables: {} });
  await second.event('ChannelUserevent');
  expect(second.received).toHaveLength(1);
});

test('after the minute what was kept is gone', async () => {
  const { given, on, open, isGone, pass } = await serve();
  const first = await open('app=a&subscribeAll=true');
  flip(given);
  await first.event('PeerStatusChange');
  await isGone(first);
  expect(await on.journal.names()).toEqual(['application:a']);
  pass(MINUTE);
  const second = await open(`app=a&since=${cursorOf(first.received[0])}`);
  expect(await second.event('EventsLost')).toMatchObject({ reason: 'not-kept' });
  expect(given.core.applications.get('a').hasSubscriptions).toBe(false);
});

test('one that subscriptions keep is known all the time, and for a minute hears all that it heard', async () => {
  const { given, open, isGone, pass } = await serve();
  const first = await open('app=a&subscribeAll=true');
  given.core.applications.unsubscribe('a', ['endpoint:']);
  given.core.applications.subscribe('a', ['endpoint:PJSIP/foo']);
  given.core.applications.subscribe('a', ['deviceState:']);
  given.core.applications.get('a').topic.publish({ type: 'UserEventSent', name: 'e', variables: {} });
  await first.event('ChannelUserevent');
  await isGone(first);
  expect(given.core.applications.get('a').ids('deviceState')).toEqual([]);
  given.core.deviceStates.set('PJSIP/foo', 'BUSY');
  pass(MINUTE);
  given.core.deviceStates.set('PJSIP/foo', 'RINGING');
  flip(given);
  const second = await open(`app=a&since=${cursorOf(first.received[0])}`);
  await second.event('EndpointStateChange');
  expect(second.received.map(({ type }) => type).toSorted()).toEqual([
    'DeviceStateChanged',
    'EndpointStateChange',
    'PeerStatusChange',
  ]);
});

test('a persistent application stays until it is deleted', async () => {
  const { given, on, open, isGone, pass } = await serve();
  const put = await given.ask('PUT', '/ari/applications/a');
  expect(put).toMatchObject({ status: 200, body: { name: 'a', persistent: true, endpoint_ids: [] } });
  given.core.applications.subscribe('a', ['endpoint:PJSIP/foo']);
  flip(given);
  const first = await open('app=a&since=last');
  await first.event('PeerStatusChange');
  await isGone(first);
  pass(MINUTE);
  expect(await status(given, 'GET', '/applications/a')).toBe(200);
  expect(await status(given, 'DELETE', '/applications/a')).toBe(204);
  expect(await status(given, 'GET', '/applications/a')).toBe(404);
  expect(await status(given, 'DELETE', '/applications/a')).toBe(404);
  expect(await on.store.get('application:a')).toBeUndefined();
  await until(() => given.core.applications.hidden === 0);
  await given.ask('PUT', '/ari/applications/a');
  const second = await open(`app=a&since=${cursorOf(first.received[0])}`);
  expect(await second.event('EventsLost')).toMatchObject({ reason: 'not-kept' });
});

test('when its socket is open, a persistent application that is deleted goes on as a plain one', async () => {
  const { given, open, isGone } = await serve();
  const client = await open('app=a&persist=true');
  expect(await status(given, 'DELETE', '/applications/a')).toBe(204);
  expect((await given.ask('GET', '/ari/applications/a')).body).not.toHaveProperty('persistent');
  await isGone(client);
  expect(await status(given, 'GET', '/applications/a')).toBe(404);
});

test('over a restart a persistent application keeps subscriptions, filter and events, and hears on', async () => {
  const before = await serve();
  const { given, on, open, isGone } = before;
  const first = await open('app=a&persist=true');
  const subscription = '/ari/applications/a/subscription?eventSource=';
  await given.ask('POST', `${subscription}endpoint:PJSIP/foo,endpoint:PJSIP/foo,endpoint:PJSIP/bench,deviceState:x`);
  const filter = { disallowed: [{ type: 'PeerStatusChange' }] };
  const headers = { authorization: 'Basic YXJpOmFyaQ==', 'content-type': 'application/json' };
  await given.ask('PUT', '/ari/applications/a/eventFilter', { headers, payload: JSON.stringify(filter) });
  flip(given);
  await first.event('EndpointStateChange');
  await isGone(first);
  flip(given);
  await given.core.applications.settled();
  await given.http.close();
  await given.close();

  await on.store.put('application:z', JSON.stringify({ v: 1, ...stored, sources: [['endpoint:PJSIP/none', 1]] }));
  const after = await serve(on);
  expect(after.logged).toEqual(['the application z no longer follows endpoint:PJSIP/none, which does not exist']);
  expect((await after.given.ask('GET', '/ari/applications/a')).body).toMatchObject({
    endpoint_ids: ['PJSIP/foo', 'PJSIP/bench'],
    device_names: ['x'],
    events_disallowed: [{ type: 'PeerStatusChange' }],
  });
  after.given.core.applications.unsubscribe('a', ['endpoint:PJSIP/foo']);
  flip(after.given);
  const second = await after.open(`app=a&since=${cursorOf(first.received[0])}`);
  await until(() => second.received.length === 2);
  expect(statesOf(second.received)).toEqual(['online', 'offline']);
});

const stored = { persistent: true, all: false, filter: { allowed: [], disallowed: [] } };

test('when the process dies, a plain application is found again for a minute with what it followed', async () => {
  const before = await serve();
  const first = await before.open('app=a&subscribeAll=true');
  flip(before.given);
  await first.event('PeerStatusChange');
  await before.given.core.applications.saved('a');
  await before.given.core.applications.settled();

  const after = await serve(before.on);
  expect(await status(after.given, 'GET', '/applications/a')).toBe(404);
  flip(after.given);
  const second = await after.open(`app=a&since=${cursorOf(first.received[0])}`);
  await until(() => second.received.length === 3);
  expect(second.received.map(({ type }) => type)).toContain('EndpointStateChange');
  expect(after.given.core.applications.get('a').ids('endpoint')).toEqual(['__AST_ENDPOINT_ALL_TOPIC']);
});

test('when nobody comes back after the start, what is left of a plain application goes', async () => {
  const before = await serve();
  await before.on.journal.open('application:orphan');
  await before.open('app=a');
  await before.given.core.applications.saved('a');
  const after = await serve(before.on);
  expect(after.given.core.applications.hidden).toBe(2);
  after.pass(MINUTE);
  await after.given.close();
  expect(await before.on.journal.names()).toEqual([]);
  expect(await before.on.store.get('application:a')).toBeUndefined();
});

test('a text message whose event was recorded before the process died is not recorded again', async () => {
  const before = await serve();
  const first = await before.open('app=a&persist=true');
  before.given.core.applications.subscribe('a', ['endpoint:PJSIP/foo']);
  const text = { id: 'm1', from: 'sip:foo', to: 'sip:bar', body: 'hello', variables: {} };
  find(before.given, 'foo').textReceived(text);
  await first.event('TextMessageReceived');
  await before.given.core.applications.saved('a');

  const after = await serve(before.on);
  find(after.given, 'foo').textReceived(text);
  find(after.given, 'foo').textReceived({ ...text, id: 'm2' });
  const second = await after.open('app=a&since=last');
  await until(() => second.received.length >= 2);
  await after.given.core.applications.settled();
  expect(second.received.map(({ message }) => (message as { id: string }).id)).toEqual(['m1', 'm2']);
});

test('over a restart it is known whether events that ARI does not have are wanted', async () => {
  const before = await serve();
  const first = await before.open('app=a&persist=true&extensions=true');
  before.given.core.applications.subscribe('a', ['endpoint:PJSIP/foo']);
  flip(before.given);
  await first.event('PeerStatusChange');
  await before.given.core.applications.saved('a');
  await before.given.close();

  const after = await serve(before.on);
  const { id } = find(after.given, 'foo');
  const registration = { id: 'r', direction: 'inbound', endpoint: id, aor: 'foo', uri: 'sip:foo', path: [] } as const;
  after.given.core.registrations.changed(
    { ...registration, state: 'Registered' },
    'refreshed',
    find(after.given, 'foo'),
  );
  const second = await after.open('app=a&since=last&extensions=true');
  expect(await second.event('RegistrationStateChange')).toMatchObject({ change: 'refreshed' });
});
