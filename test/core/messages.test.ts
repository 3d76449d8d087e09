// Messages on their way out: kept, in order, tried until they end, and each ends once.
import { describe, expect, test } from 'vitest';
import type { TextOutcome } from '../../src/core/technology.ts';
import { messagesRoom, ok, settled } from './messages-room.ts';

const busy: TextOutcome = { kind: 'temporary', status: 486, reason: 'Busy Here', contact: 'sip:alice@127.0.0.1' };
const declined: TextOutcome = { kind: 'failed', status: 603, reason: 'Decline', contact: 'sip:alice@127.0.0.1' };

describe('a message to an endpoint', () => {
  test('is queued, sent and delivered, and is remembered as it ended', async () => {
    const { send, told, core } = await messagesRoom();
    const { id, state } = await send('one');
    expect(state).toBe('queued');
    expect(await told()).toEqual(['one: queued', 'one: sent', 'one: delivered']);
    expect(await core.messages.get(id)).toMatchObject({
      ...{ id, direction: 'outbound', endpoint: 'PJSIP/alice', state: 'delivered', status: 200, reason: 'OK' },
      ...{ contact: 'sip:alice@127.0.0.1', attempts: 1, text: { body: 'one', id } },
    });
  });

  test('waits for a contact, and goes when the endpoint registers, not before', async () => {
    const { send, told, farEnd, alice } = await messagesRoom();
    farEnd.isReachable = false;
    await send('one');
    expect(await told()).toEqual(['one: queued']);
    farEnd.isReachable = true;
    const registration = {
      id: '1',
      direction: 'inbound',
      aor: 'alice',
      uri: '',
      state: 'Registered',
      path: [],
    } as const;
    alice.registrationChanged(registration, 'registered');
    expect(await told()).toEqual(['one: sent', 'one: delivered']);
  });

  test('is tried again later and later after a temporary failure, until it is taken', async () => {
    const { send, told, farEnd, clock } = await messagesRoom();
    farEnd.answer = () => busy;
    await send('one');
    expect(await told()).toEqual(['one: queued', 'one: sent', 'one: queued']);
    clock.advance(999);
    await settled();
    expect(farEnd.got.length).toBe(1);
    clock.advance(1);
    await settled();
    clock.advance(1_999);
    await settled();
    expect(farEnd.got.length).toBe(2);
    farEnd.answer = () => ok;
    clock.advance(1);
    expect((await told()).at(-1)).toBe('one: delivered');
    expect(farEnd.attempts.map(({ number }) => number)).toEqual([1, 2, 3]);
  });

  test('is not tried before the time that the far end named, even if it registers', async () => {
    const { send, farEnd, alice, clock } = await messagesRoom();
    farEnd.answer = () => ({ ...busy, retryAfter: 60_000 });
    await send('one');
    await settled();
    alice.setReachable(true);
    clock.advance(59_000);
    await settled();
    expect(farEnd.got.length).toBe(1);
    clock.advance(1_000);
    await settled();
    expect(farEnd.got.length).toBe(2);
  });

  test('ends with a final refusal at once, and the next one goes', async () => {
    const { send, told, farEnd } = await messagesRoom();
    farEnd.answer = (_, { body }) => (body === 'one' ? declined : ok);
    const { id } = await send('one');
    await send('two');
    expect(await told()).toEqual(expect.arrayContaining(['one: failed', 'two: delivered']));
    expect(farEnd.got).toEqual(['alice: one', 'alice: two']);
    expect(id).toBeTruthy();
  });

  test('expires when its time is over, and lets those behind it pass', async () => {
    const { send, told, farEnd, clock } = await messagesRoom();
    farEnd.answer = (_, { body }) => (body === 'one' ? { ...busy, retryAfter: 3_600_000 } : ok);
    await send('one', { expires: 10_000 });
    await send('two');
    await told();
    clock.advance(11_000);
    expect(await told()).toEqual(['one: expired', 'two: sent', 'two: delivered']);
  });

  test('keeps its place behind those of the same sender to the same recipient, whatever happens to them', async () => {
    const { send, farEnd, clock } = await messagesRoom();
    let refusals = 2;
    farEnd.answer = () => (refusals-- > 0 ? busy : ok);
    for (const body of ['1', '2', '3']) await send(body);
    await settled();
    await send('other', { to: 'pjsip:bob' });
    await settled();
    expect(farEnd.got).toEqual(['alice: 1', 'bob: other']);
    for (let second = 0; second < 5; second++) {
      clock.advance(1_000);
      await settled();
    }
    expect(farEnd.got.filter((each) => each.startsWith('alice'))).toEqual([1, 1, 2, 3].map((each) => `alice: ${each}`));
  });

  test('waits until the one before to its recipient was answered, whoever sent that, and each sender gets a turn', async () => {
    const { send, farEnd } = await messagesRoom();
    const answers: (() => void)[] = [];
    farEnd.answer = () => new Promise((resolve) => answers.push(() => resolve(ok)));
    for (const body of ['1', '2']) for (const from of ['a', 'b', 'c']) await send(`${from}${body}`, { from });
    for (let each = 1; each <= 6; each++) {
      await settled();
      expect(farEnd.got.length).toBe(each);
      answers.shift()!();
    }
    expect(farEnd.got).toEqual(['a1', 'b1', 'c1', 'a2', 'b2', 'c2'].map((body) => `alice: ${body}`));
  });

  test('can be cancelled while it is queued, and not when it has been sent', async () => {
    const { send, told, farEnd, core } = await messagesRoom();
    farEnd.isReachable = false;
    const { id } = await send('one');
    expect(await core.messages.cancel(id)).toMatchObject({ state: 'failed', reason: 'Cancelled' });
    await expect(core.messages.cancel(id)).rejects.toMatchObject({ kind: 'conflict', code: 'message-not-queued' });
    await expect(core.messages.cancel('nothing')).rejects.toMatchObject({ kind: 'not-found' });
    expect(await told()).toEqual(['one: queued', 'one: failed']);
  });

  test('is one with another of the same key', async () => {
    const { send, farEnd } = await messagesRoom();
    const [one, two] = await Promise.all([send('one', { key: 'k' }), send('one', { key: 'k' })]);
    await settled();
    expect((await send('one', { key: 'k' })).id).toBe(one.id);
    expect(two.id).toBe(one.id);
    expect(farEnd.got).toEqual(['alice: one']);
  });

  test('is refused when it is too large, of a refused type, or one too many', async () => {
    const settings = { maxSize: 4, refuseTypes: ['image/*'], maxQueued: 2 };
    const { send, core, farEnd } = await messagesRoom({ settings });
    farEnd.isReachable = false;
    await expect(send('éé!')).rejects.toMatchObject({ kind: 'too-large' });
    const variables = { 'content-type': 'Image/PNG; q=1' };
    const image = { from: '', to: 'pjsip:alice', body: 'AAAA', encoding: 'base64', variables } as const;
    await expect(core.messages.send({ text: image })).rejects.toMatchObject({ kind: 'unsupported-media' });
    await send('éé');
    await send('2');
    await expect(send('3')).rejects.toMatchObject({ kind: 'unavailable', code: 'messages-full' });
    expect(core.messages.metrics).toMatchObject({ queued: 2, refused: 3 });
  });

  test('is refused when nothing sends to its address, or nobody is there', async () => {
    const { send } = await messagesRoom();
    for (const to of ['PJSIP:alice', 'alice', 'pjsip:nobody'])
      await expect(send('one', { to })).rejects.toMatchObject({ kind: 'not-found' });
  });

  test('outlives the process: what was not delivered is sent by the next one, with the same id', async () => {
    const room = await messagesRoom();
    room.farEnd.isReachable = false;
    const ids = [(await room.send('one')).id, (await room.send('two')).id];
    const next = await room.restarted();
    await settled();
    expect(next.farEnd.got).toEqual(['alice: one', 'alice: two']);
    expect(next.farEnd.attempts.map(({ id }) => id)).toEqual(ids);
    const last = await next.restarted();
    await settled();
    expect(last.farEnd.got).toEqual([]);
    expect(await last.core.messages.get(ids[0]!)).toMatchObject({ state: 'delivered', attempts: 1 });
  });

  test('is kept and queued for nobody when nothing is to be kept', async () => {
    const { send, farEnd, store, told } = await messagesRoom({ settings: { store: false } });
    farEnd.isReachable = false;
    await expect(send('one')).rejects.toMatchObject({ kind: 'not-found' });
    farEnd.isReachable = true;
    farEnd.answer = () => busy;
    await send('two');
    expect(await told()).toEqual(['two: queued', 'two: sent', 'two: failed']);
    expect(await store.range('message:')[Symbol.asyncIterator]().next()).toMatchObject({ done: true });
  });
});

describe('the kept messages', () => {
  test('are listed in their order, page by page, by what is asked for', async () => {
    const { send, core, farEnd, clock } = await messagesRoom();
    farEnd.answer = (_, { body }) => (body === '3' ? declined : ok);
    for (const body of ['1', '2', '3', '4']) {
      await send(body, { to: body === '2' ? 'pjsip:bob' : 'pjsip:alice' });
      clock.advance(1);
    }
    await settled();
    const bodies = async (query: object): Promise<string[]> =>
      (await core.messages.list({ limit: 10, ...query })).map(({ text }) => text.body);
    expect(await bodies({})).toEqual(['1', '2', '3', '4']);
    expect(await bodies({ endpoint: 'PJSIP/alice', states: ['delivered'] })).toEqual(['1', '4']);
    expect(await bodies({ since: 1_700_000_000_001, until: 1_700_000_000_003 })).toEqual(['2', '3']);
    const [first] = await core.messages.list({ limit: 1 });
    expect(await bodies({ after: first!.id, limit: 2 })).toEqual(['2', '3']);
    expect(await bodies({ direction: 'inbound' })).toEqual([]);
  });

  test('are forgotten when they ended long ago, and the oldest when there are too many', async () => {
    const { send, core, clock } = await messagesRoom({ settings: { maxEnded: 16, expires: 7_200_000 } });
    for (let each = 0; each < 17; each++) await send(String(each));
    await settled();
    expect(core.messages.metrics.kept).toBe(15);
    for (let hour = 0; hour < 4; hour++) {
      clock.advance(3_600_000);
      await settled();
    }
    expect(core.messages.metrics.kept).toBe(0);
  });
});
