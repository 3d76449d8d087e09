// Messages that come: kept before they are confirmed, told once and in order to whoever hears them, or given to another endpoint.
import { describe, expect, test } from 'vitest';
import type { Core } from '../../src/core/index.ts';
import type { Store } from '../../src/core/store.ts';
import { memoryStore } from '../support/memory-store.ts';
import { messagesRoom, settled } from './messages-room.ts';

function listener(core: Core, name = 'hello') {
  const heard: string[] = [];
  const registration = core.applications.register(name, (fact) => {
    if (fact.type === 'TextReceived') heard.push(fact.text.body);
  });
  core.applications.subscribe(name, ['endpoint:PJSIP/alice']);
  core.messages.hearersChanged();
  return { heard, close: () => registration.close() };
}

function countedReads(store: Store) {
  let reads = 0;
  const get = (key: string): Promise<string | undefined> => {
    reads += 1;
    return store.get(key);
  };
  return { store: { ...store, get }, reads: () => reads };
}

describe('a message of an endpoint', () => {
  test('is told to the applications with its id, and is delivered then', async () => {
    const { receive, told, core } = await messagesRoom();
    const { heard } = listener(core);
    expect(await receive('one')).toBe('accepted');
    expect(await told()).toEqual(['one: queued', 'one: delivered']);
    expect(heard).toEqual(['one']);
    const [message] = await core.messages.list({ limit: 1 });
    expect(message).toMatchObject({ direction: 'inbound', endpoint: 'PJSIP/alice', state: 'delivered' });
    expect(message!.text.id).toBe(message!.id);
  });

  test('is told while it is still written down that the one before was', async () => {
    const store = memoryStore();
    let proceed = (): void => {};
    const stalled = new Promise<void>((resolve) => (proceed = resolve));
    const { receive, told, core } = await messagesRoom({
      // Whoever has patience for a write does not wait for it.
      store: {
        ...store,
        async batch(operations, patience) {
          if (patience !== undefined) await stalled;
          return store.batch(operations, patience);
        },
      },
    });
    const { heard } = listener(core);
    await receive('one');
    await settled();
    await receive('two');
    await settled();
    expect(heard).toEqual(['one', 'two']);
    expect(await told()).toEqual(['one: queued', 'two: queued']);
    proceed();
    expect(await told()).toEqual(['one: delivered', 'two: delivered']);
  });

  test('is not read from the store again, however many came while the store was slow, and however large', async () => {
    const { store, reads } = countedReads(memoryStore());
    let turn = Promise.resolve();
    const { receive, core } = await messagesRoom({
      store: {
        ...store,
        batch: (operations, patience) =>
          (turn = turn.then(() => new Promise(setImmediate))).then(() => store.batch(operations, patience)),
      },
    });
    const { heard } = listener(core);
    const bodies = [...Array.from({ length: 6_000 }, (_, n) => String(n)), 'x'.repeat(60_000)];
    await Promise.all(bodies.map((body) => receive(body)));
    await expect.poll(() => heard.length).toBe(bodies.length);
    expect(heard).toEqual(bodies);
    expect(reads()).toBe(0);
  });

  test('is read again when more wait than are kept at hand: 4,000, or 16,000,000 characters', async () => {
    for (const [count, length, atHand] of [
      [4_100, 10, 4_000],
      [300, 60_000, 266],
    ] as const) {
      const { store, reads } = countedReads(memoryStore());
      const { receive, core } = await messagesRoom({ store });
      const bodies = Array.from({ length: count }, (_, n) => String(n).padStart(length));
      for (const body of bodies) await receive(body);
      const { heard } = listener(core);
      await expect.poll(() => heard.length).toBe(count);
      expect(heard).toEqual(bodies);
      expect(reads()).toBe(2 * (count - atHand));
    }
  });

  test('is one message however often it comes, at once or later', async () => {
    const { receive, core } = await messagesRoom();
    const { heard } = listener(core);
    await Promise.all([receive('one', { key: 'a@b 1' }), receive('one', { key: 'a@b 1' })]);
    await receive('one', { key: 'a@b 1' });
    await receive('two', { key: 'a@b 2' });
    await settled();
    expect(heard).toEqual(['one', 'two']);
  });

  test('waits until somebody hears it, in order, over a restart too', async () => {
    const room = await messagesRoom();
    for (const body of ['1', '2', '3']) expect(await room.receive(body)).toBe('accepted');
    const next = await room.restarted();
    expect(await next.told()).toEqual([]);
    const { heard } = listener(next.core);
    await settled();
    await next.receive('4');
    await settled();
    expect(heard).toEqual(['1', '2', '3', '4']);
    const last = await next.restarted();
    const again = listener(last.core);
    await settled();
    expect(again.heard).toEqual([]);
  });

  test('of before a restart is known again when it is sent again', async () => {
    const room = await messagesRoom();
    await room.receive('one', { key: 'a@b 1' });
    const next = await room.restarted();
    await next.receive('one', { key: 'a@b 1' });
    expect((await next.core.messages.list({ limit: 9 })).length).toBe(1);
  });

  test('that expires before anybody hears it is never told', async () => {
    const { receive, told, core, clock } = await messagesRoom();
    await receive('one', { expiresAt: clock.now() + 5_000 });
    await receive('late', { expiresAt: clock.now() - 1 });
    clock.advance(6_000);
    expect(await told()).toEqual(['one: queued', 'late: expired', 'one: expired']);
    const { heard } = listener(core);
    await settled();
    expect(heard).toEqual([]);
  });

  test('is refused when nobody hears it and nothing is kept', async () => {
    const { receive, core } = await messagesRoom({ settings: { store: false } });
    await expect(receive('one')).rejects.toMatchObject({ kind: 'not-found' });
    const { heard } = listener(core);
    await receive('two');
    await settled();
    expect(heard).toEqual(['two']);
  });
});

describe('a route', () => {
  const routes = [
    { to: '_bo.', deliver: 'endpoint' },
    { to: 'duo', deliver: 'both', endpoint: 'bob' },
    { to: 'gone', deliver: 'endpoint' },
  ] as const;

  test('gives a message to the endpoint that it is for, and its sender is told that it has it', async () => {
    const { receive, farEnd, core, told } = await messagesRoom({ settings: { routes } });
    const { heard } = listener(core);
    expect(await receive('one', { recipient: 'bob' })).toBe('relayed');
    expect(farEnd.got).toEqual(['bob: one']);
    expect(await told()).toEqual(['one: delivered', 'one: queued', 'one: sent', 'one: delivered']);
    expect(heard).toEqual([]);
  });

  test('keeps it while the endpoint cannot be reached, and its sender is told so in time', async () => {
    const { receive, farEnd, clock } = await messagesRoom({ settings: { routes } });
    farEnd.isReachable = false;
    const answer = receive('one', { recipient: 'bob' });
    await settled();
    clock.advance(4_000);
    expect(await answer).toBe('accepted');
    farEnd.isReachable = true;
    await settled();
    clock.advance(2_000);
    await settled();
    expect(farEnd.got).toEqual(['bob: one']);
  });

  test('can give it to the applications, too', async () => {
    const { receive, farEnd, core } = await messagesRoom({ settings: { routes } });
    const { heard } = listener(core);
    expect(await receive('one', { recipient: 'duo' })).toBe('relayed');
    await settled();
    expect([farEnd.got, heard]).toEqual([['bob: one'], ['one']]);
  });

  test('to nobody is refused', async () => {
    const { receive } = await messagesRoom({ settings: { routes } });
    await expect(receive('one', { recipient: 'gone' })).rejects.toMatchObject({ kind: 'not-found' });
  });
});
