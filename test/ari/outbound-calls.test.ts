// WebSockets that are opened from here for one call each.
import { expect, test } from 'vitest';
import type { OutboundBinding, Target } from '../../src/ari/outbound/binding.ts';
import type { OutboundParts } from '../../src/ari/outbound/index.ts';
import type { Channel } from '../../src/core/channel.ts';
import { run } from '../../src/core/execution.ts';
import { ariServer, type Event } from '../support/ari-server.ts';
import { fakeDriver } from '../support/core.ts';
import { testClock } from '../support/test-clock.ts';
import { api, connect, until, type Api } from './api.ts';

const binding = (uri: string, more: Partial<Target> = {}): OutboundBinding => ({
  ...{ name: 'ivr', kind: 'per-call', apps: ['ivr'], user: 'ari', subscribeAll: false, extensions: false },
  target: {
    ...{ uri, protocols: ['ari'], timeout: 5_000, interval: 5, attempts: 4 },
    tls: { verifiesCertificate: true, verifiesHostname: true },
    ...more,
  },
});

/** The API, which opens these, and a clock for what it waits for. */
async function serve(bindings: readonly OutboundBinding[], more: Partial<OutboundParts> = {}) {
  const clock = testClock();
  const logged: string[] = [];
  const log = (level: string, text: string): void => void logged.push(`${level}: ${text}`);
  const given = api({ outbound: { bindings, log, after: clock.after, ...more } });
  await given.connect();
  return { given, clock, logged };
}

/** A call that runs Stasis(ivr,a). */
function call({ core }: Api): { channel: Channel; done: readonly string[] } {
  const driver = fakeDriver();
  const endpoint = core.endpoints.get({ tech: 'PJSIP', resource: 'foo' });
  const position = { context: 'default', exten: '1', state: 'Ring' } as const;
  const channel = core.channels.create({ endpoint, name: 'PJSIP/foo', driver, ...position });
  run(channel, { app: 'ivr', args: ['a'] }, core);
  return { channel, done: driver.done };
}

const types = (received: readonly Event[]): unknown[] => received.map(({ type }) => type);

test('a call opens a WebSocket, enters when it is open, and is told to the end, three seconds after which it closes', async () => {
  const server = await ariServer();
  const { given, clock } = await serve([binding(server.uri)]);
  const { channel, done } = call(given);
  const peer = await server.peer();
  const application = `ivr:${channel.snapshot.name}`;
  expect(await peer.event('StasisStart')).toMatchObject({ application, args: ['a'], channel: { id: channel.id } });
  expect(await peer.ask('POST', `channels/${channel.id}/answer`)).toMatchObject({ status_code: 204, application });
  expect(done).toEqual(['answer']);
  expect(given.outbound.calls).toEqual({ open: 1, limit: 1_000, refused: 0 });

  channel.hungUp({ cause: 16 });
  expect(await peer.event('StasisEnd')).toMatchObject({ application });
  await until(() => clock.waiting > 0);
  clock.advance(2_999);
  expect(peer.socket.readyState).toBe(peer.socket.OPEN);
  clock.advance(1);
  expect(await peer.closed).toBe(1000);
  expect([types(peer.received)[0], types(peer.received).at(-1)]).toEqual([
    'ApplicationRegistered',
    'ApplicationUnregistered',
  ]);
  await until(() => given.core.applications.findLingering(application) === undefined);
  expect(given.outbound.calls.open).toBe(0);
});

test('each call has its own', async () => {
  const server = await ariServer();
  const { given } = await serve([binding(server.uri)]);
  const calls = [call(given), call(given)];
  const peers = [await server.peer(), await server.peer()];
  const started = await Promise.all(peers.map((peer) => peer.event('StasisStart')));
  expect(started.map(({ application }) => application).toSorted()).toEqual(
    calls.map(({ channel }) => `ivr:${channel.snapshot.name}`),
  );
});

test('when the server cannot be reached in so many tries the call is declined, and that is logged once', async () => {
  const server = await ariServer();
  await server.down();
  const { given, clock, logged } = await serve([binding(server.uri)]);
  for (let each = 0; each < 2; each += 1) {
    const { channel, done } = call(given);
    for (let tries = 1; tries < 4; tries += 1) {
      await until(() => clock.waiting > 0);
      expect(channel.isEnded).toBe(false);
      clock.advance(5);
    }
    await until(() => channel.isEnded);
    expect([channel.variable('STASISSTATUS'), done]).toEqual(['FAILED', ['hangup 16']]);
  }
  expect(logged).toHaveLength(1);
  expect(given.core.applications.list()).toEqual([]);
});

test('a call that ends before the WebSocket is open enters nothing, and none is opened any more', async () => {
  const server = await ariServer();
  await server.down();
  const { given, clock } = await serve([binding(server.uri)]);
  const { channel } = call(given);
  await until(() => clock.waiting > 0);
  channel.hungUp({});
  await until(() => given.outbound.calls.open === 0);
  expect([clock.waiting, channel.variable('STASISSTATUS')]).toEqual([0, '']);
});

test('where a client listens for the application itself, the call goes to it', async () => {
  const server = await ariServer();
  const { given } = await serve([binding(server.uri)]);
  const client = await connect(`ws://${await given.listen()}/ari/events?api_key=ari:ari&app=ivr`);
  call(given);
  expect(await client.event('StasisStart')).toMatchObject({ application: 'ivr' });
  expect(server.peers).toEqual([]);
});

test('a WebSocket that is cut during a call is opened again, and goes on where it was', async () => {
  const server = await ariServer();
  const { given, clock } = await serve([binding(server.uri)]);
  const { channel } = call(given);
  const first = await server.peer();
  await first.event('StasisStart');
  await first.confirmed();
  first.socket.terminate();
  await until(() => clock.waiting > 0);
  channel.setVariable('while', 'cut');
  clock.advance(5);
  const second = await server.peer();
  expect(await second.event('ChannelVarset')).toMatchObject({ variable: 'while' });
  expect(types(second.received)).toEqual(['ApplicationRegistered', 'ChannelVarset']);
});

test('a call beyond the limit is declined', async () => {
  const server = await ariServer();
  const { given } = await serve([binding(server.uri)], { callLimit: 1 });
  call(given);
  const { channel } = call(given);
  await until(() => channel.isEnded);
  expect(channel.variable('STASISSTATUS')).toBe('FAILED');
  expect(given.outbound.calls).toEqual({ open: 1, limit: 1, refused: 1 });
});

test('the context of its application is there', async () => {
  const { given } = await serve([binding('ws://127.0.0.1:9')]);
  const { routing } = given.core;
  expect(routing.lookup('stasis-ivr', '1')).toEqual({ kind: 'found', route: { app: 'ivr', args: [] } });
  expect(routing.lookup('stasis-other', '1')).toEqual({ kind: 'none' });
});
