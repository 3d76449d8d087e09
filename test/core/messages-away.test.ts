// Messages that others carry further: they hold nobody up, end when something is said of them or when their time is over.
import { expect, test } from 'vitest';
import type { TextOutcome } from '../../src/core/technology.ts';
import { Fault } from '../../src/errors.ts';
import { messagesRoom, ok, settled } from './messages-room.ts';

const away: TextOutcome = { kind: 'sent', contact: 'sip:alice@127.0.0.1' };
const receipt = { kind: 'delivered', reason: 'Receipt', contact: 'sip:alice@127.0.0.1' } as const;

async function room(settings = {}) {
  const made = await messagesRoom({ settings });
  made.farEnd.answer = () => away;
  return made;
}

test('a message that others have stays sent, and the next one goes', async () => {
  const { send, told, core } = await room();
  const { id } = await send('one');
  await send('two');
  expect((await told()).toSorted()).toEqual(['one: queued', 'one: sent', 'two: queued', 'two: sent']);
  expect(await core.messages.get(id)).toMatchObject({ state: 'sent', attempts: 1, contact: away.contact });
  expect(core.messages.metrics).toMatchObject({ queued: 0, away: { count: 2 } });
});

test('it ends with what is said of it, once', async () => {
  const { send, told, core } = await room();
  const { id } = await send('one');
  await told();
  await core.messages.settle(id, receipt);
  await core.messages.settle(id, { kind: 'failed', reason: 'gone' });
  expect(await told()).toEqual(['one: delivered']);
  expect(await core.messages.get(id)).toMatchObject({ state: 'delivered', reason: 'Receipt', attempts: 1 });
  expect(core.messages.metrics.away.count).toBe(0);
});

test('it is sent anew when it has come back for a while, before those that are newer', async () => {
  const { send, told, core, farEnd, alice } = await room();
  const { id } = await send('one');
  await told();
  farEnd.isReachable = false;
  await send('two');
  await core.messages.settle(id, { kind: 'temporary', reason: 'recipient-unavailable' });
  expect(await told()).toEqual(['two: queued', 'one: queued']);
  farEnd.isReachable = true;
  alice.setReachable(true);
  await settled();
  expect(farEnd.got).toEqual(['alice: one', 'alice: one', 'alice: two']);
});

test('what comes back again and again is tried later and later', async () => {
  const { send, core, farEnd, clock } = await room();
  const { id } = await send('one');
  for (const wait of [1_000, 2_000, 4_000]) {
    await settled();
    const before = farEnd.got.length;
    await core.messages.settle(id, { kind: 'temporary', reason: 'recipient-unavailable' });
    clock.advance(wait - 1);
    await settled();
    expect(farEnd.got.length).toBe(before);
    clock.advance(1);
    await settled();
    expect(farEnd.got.length).toBe(before + 1);
  }
});

test('what is said of a message that nobody else has changes nothing', async () => {
  const { send, core, farEnd, told } = await room();
  farEnd.isReachable = false;
  const { id } = await send('one');
  await told();
  await core.messages.settle(id, receipt);
  await core.messages.settle('unknown', receipt);
  expect(await told()).toEqual([]);
});

test('it is not sent again after a restart, and can still be confirmed', async () => {
  const first = await room();
  const { id } = await first.send('one');
  await first.told();
  const second = await first.restarted();
  await settled();
  expect(second.farEnd.got).toEqual([]);
  await second.core.messages.settle(id, receipt);
  expect(await second.core.messages.get(id)).toMatchObject({ state: 'delivered' });
});

test('its time ends it, which says that nobody knows', async () => {
  const { send, told, clock, core } = await room();
  const { id } = await send('one', { expires: 5_000 });
  await told();
  clock.advance(6_000);
  expect(await told()).toEqual(['one: expired']);
  expect(await core.messages.get(id)).toMatchObject({ reason: 'Nobody said that it arrived' });
});

test('of too many the oldest end, and nobody who sends is refused for them', async () => {
  const { send, told, core } = await room({ maxAway: 2, maxQueued: 1 });
  for (const body of ['one', 'two', 'three']) {
    await send(body);
    await settled();
  }
  expect((await told()).at(-1)).toBe('one: expired');
  expect(core.messages.metrics.away).toEqual({ count: 2, givenUp: 1 });
});

test('a route may lead into another technology: the variables of the own one stay behind', async () => {
  const routes = [
    { to: 'bob', deliver: 'endpoint', endpoint: 'other:' },
    { to: 'x', deliver: 'endpoint', endpoint: 'other:carol' },
  ] as const;
  const { core, alice, farEnd } = await messagesRoom({ settings: { routes } });
  const got: unknown[] = [];
  core.messages.addSender({
    scheme: 'other',
    recipient(address) {
      if (address === 'nobody') throw new Fault('not-found', 'nobody');
      return { endpoint: { tech: 'OTHER', resource: address }, isReachable: true };
    },
    async deliver(address, { from, to, body, variables }) {
      got.push({ address, from, to, body, variables });
      return ok;
    },
  });
  const onward = { Subject: 'lunch', PJSIP_SECRET: 'x' };
  const text = { from: '<sip:alice@h>', to: 'pjsip:bob@h', body: 'hi', variables: {} };
  const incoming = { endpoint: alice, text, onward, scheme: 'pjsip', sender: 'alice@h' };
  await core.messages.receive({ ...incoming, key: '1', recipient: 'bob' });
  await core.messages.receive({ ...incoming, key: '2', recipient: 'x' });
  const common = { from: 'alice@h', body: 'hi', variables: { Subject: 'lunch' } };
  expect(got).toEqual([
    { address: 'bob', to: 'other:bob', ...common },
    { address: 'carol', to: 'other:carol', ...common },
  ]);
  expect(farEnd.got).toEqual([]);
});
