// The way to a server: opened again whenever it ends, later and later; watched; and its session goes on where it can.
import { expect, test } from 'vitest';
import { Fault } from '../../../src/errors.ts';
import { backOff } from '../../../src/technologies/xmpp/back-off.ts';
import { CLIENT_CONFIG, presence, settled, xmppRoom, type XmppRoom } from '../../support/fake-xmpp.ts';

const stateOf = ({ core }: XmppRoom, resource: string) => core.endpoints.get({ tech: 'XMPP', resource }).snapshot.state;

test('the time between two attempts is doubled up to a minute, and differs by a quarter either way', () => {
  expect([0, 1, 2, 5, 6, 20].map((failures) => backOff(failures, () => 0.5))).toEqual(
    [1, 2, 4, 32, 60, 60].map((s) => s * 1_000),
  );
  expect([0, 1].map((random) => backOff(0, () => random))).toEqual([750, 1_250]);
});

test('a server that is not there at the start is tried until it is', async () => {
  const refusal = new Fault('unavailable', 'connect ECONNREFUSED');
  const room = await xmppRoom({ prepare: (stream) => void (stream.refusal = refusal) });
  expect([room.stream().opened.length, stateOf(room, 'gateway')]).toEqual([1, 'offline']);
  for (const wait of [1_250, 2_500, 5_000]) {
    room.clock.advance(wait);
    await settled();
  }
  expect(room.stream().opened.length).toBe(4);
  expect(room.logged).toEqual(['warn: XMPP gateway: not connected: connect ECONNREFUSED']);
  room.stream().refusal = undefined;
  room.clock.advance(10_000);
  await settled();
  expect([stateOf(room, 'gateway'), room.technology.metrics.open]).toEqual(['online', 1]);
  expect(room.technology.metrics.reconnections).toBe(4);
});

test('a connection that never lasts is tried later and later', async () => {
  const room = await xmppRoom();
  for (const [wait, opened] of [
    [1_250, 2],
    [1_250, 2],
    [1_250, 3],
  ] as const) {
    room.stream().drop();
    room.clock.advance(wait);
    await settled();
    expect(room.stream().opened.length).toBe(opened);
  }
});

test('a server that answers nothing is left, and opened anew', async () => {
  const room = await xmppRoom();
  room.stream().answers = false;
  room.clock.advance(60_000);
  await settled();
  expect(stateOf(room, 'gateway')).toBe('online');
  room.clock.advance(30_000);
  await settled();
  expect(stateOf(room, 'gateway')).toBe('offline');
  room.stream().answers = true;
  room.clock.advance(2_000);
  await settled();
  expect([stateOf(room, 'gateway'), room.stream().opened.length]).toEqual(['online', 2]);
});

test('an opening that takes too long is called off', async () => {
  const room = await xmppRoom({
    prepare(stream) {
      let callOff = (): void => {};
      stream.open = () =>
        new Promise((_, reject) => {
          stream.opened.push(true);
          callOff = () => reject(new Fault('unavailable', 'Called off'));
        });
      stream.close = async () => callOff();
    },
  });
  room.clock.advance(20_000);
  await settled();
  room.clock.advance(2_000);
  await settled();
  expect(room.stream().opened.length).toBe(2);
});

test('a session that goes on keeps what was known; one that does not is forgotten', async () => {
  const room = await xmppRoom({ config: CLIENT_CONFIG, prepare: (stream) => void (stream.resumes = true) });
  await room.stream().receive(presence('alice@example.org/phone', undefined, 'bot@example.org'));
  await settled();
  expect(stateOf(room, 'alice')).toBe('online');
  room.stream().drop();
  expect([stateOf(room, 'alice'), room.technology.metrics.resources]).toEqual(['offline', 1]);
  room.clock.advance(2_000);
  await settled();
  expect([stateOf(room, 'alice'), room.stream().opened]).toEqual(['online', [false, true]]);
  room.stream().refusal = new Fault('unavailable', 'down');
  room.stream().drop();
  room.clock.advance(60_000);
  await settled();
  expect(room.technology.metrics.resources).toBe(0);
  room.stream().refusal = undefined;
  room.clock.advance(120_000);
  await settled();
  expect(room.stream().opened.at(-1)).toBe(false);
});

test('a message under way goes on with the session, and is not sent twice', async () => {
  const config = { ...CLIENT_CONFIG, peer: { alice: { jid: 'alice@example.org', subscribe: false } } };
  const room = await xmppRoom({ config, prepare: (stream) => void (stream.resumes = true) });
  room.stream().answers = false;
  const { id } = await room.core.messages.send({ text: { from: '', to: 'xmpp:alice', body: 'hi', variables: {} } });
  await settled();
  room.stream().drop();
  room.clock.advance(2_000);
  await settled();
  const [ping] = room.stream().take('iq', 'get').slice(-1);
  await room.stream().receive({ ...ping!, attrs: { type: 'result', id: ping!.attrs['id']!, from: 'example.org' } });
  await settled();
  expect(room.stream().texts).toEqual(['hi']);
  expect(await room.core.messages.get(id)).toMatchObject({ state: 'sent', attempts: 1 });
});

test('stopping ends every connection and what it waits for', async () => {
  const room = await xmppRoom();
  room.core.messages.stop();
  await room.technology.stop();
  expect([stateOf(room, 'gateway'), room.stream().handler, room.clock.waiting]).toEqual(['offline', undefined, 0]);
});
