// Requests with an Idempotency-Key: one effect and one answer, over restarts too, for a day.
import { expect, test } from 'vitest';
import type { AriResponse } from '../../src/ari/dispatch.ts';
import { Idempotency, type Asked } from '../../src/ari/idempotency.ts';
import type { MessageDraft } from '../../src/core/message.ts';
import { Fault } from '../../src/errors.ts';
import { memoryStore } from '../support/memory-store.ts';
import { api, BASIC } from './api.ts';

const DAY = 86_400_000;
const asked = (query = 'a=1&b=2', more: Partial<Asked> = {}): Asked => ({
  ...{ method: 'PUT', path: 'things/x', query: new URLSearchParams(query) },
  ...more,
});
const response = (status: number): AriResponse => ({ kind: 'response', status, headers: { A: 'b' }, body: '{"c":1}' });
const again = (status: number): AriResponse => ({
  ...response(status),
  headers: { A: 'b', 'Idempotency-Replayed': 'true' },
});

/** A place to ask: how often an operation ran is in `tokens`, and it is answered by `answers`, at last by 200. */
async function place(entries = new Map<string, string>(), limit = 10, maxBytes?: number) {
  const clock = { now: 1_000 };
  let made = 0;
  const store = memoryStore(entries);
  const options = {
    store,
    limit,
    ...(maxBytes && { maxBytes }),
    now: () => clock.now,
    newToken: () => `token ${++made}`,
  };
  const idempotency = new Idempotency(options);
  await idempotency.load();
  const tokens: string[] = [];
  const answers: AriResponse[] = [];
  return {
    ...{ clock, entries, tokens, answers, idempotency },
    once: (key: string, request = asked(), user = 'ari') =>
      idempotency.once(user, key, request, async (token) => {
        tokens.push(token);
        return answers.shift() ?? response(200);
      }),
  };
}

test('the same request with the same key has its effect once, and the same answer', async () => {
  const { once, tokens } = await place();
  expect(await once('k')).toEqual(response(200));
  expect(await once('k', asked('b=2&a=1&api_key=ari:ari'))).toEqual(again(200));
  expect(tokens).toEqual(['token 1']);
});

test.each([400, 404, 409, 422])('a refusal by %i is an answer as well', async (status) => {
  const { once, answers, tokens } = await place();
  answers.push(response(status));
  await once('k');
  expect(await once('k')).toEqual(again(status));
  expect(tokens).toHaveLength(1);
});

test.each([
  ['a query', asked('a=1&b=3')],
  ['an order of one parameter', asked('a=1&a=2')],
  ['a method', asked('a=2&a=1', { method: 'POST' })],
  ['a path', asked('a=2&a=1', { path: 'things/y' })],
  ['a body', asked('a=2&a=1', { body: '{}' })],
  ['a type of the body', asked('a=2&a=1', { body: '{}', contentType: 'application/json' })],
])('another request with the same key is refused: %s', async (_, other) => {
  const { once, tokens } = await place();
  await once('k', asked('a=2&a=1', { body: other.contentType && '{}' }));
  await expect(once('k', other)).rejects.toMatchObject({ kind: 'unprocessable', code: 'idempotency-key-reused' });
  expect(tokens).toHaveLength(1);
});

test('another user, and another key, is another request', async () => {
  const { once, tokens } = await place();
  for (const [key, user] of [
    ['k', 'ari'],
    ['l', 'ari'],
    ['k', 'eve'],
  ] as const)
    await once(key, asked(), user);
  expect(tokens).toHaveLength(3);
});

test('of three at once the later ones wait for the first, however slow, and another request is refused', async () => {
  const { idempotency } = await place();
  let finish: (answer: AriResponse) => void = () => undefined;
  let count = 0;
  const slow = (): Promise<AriResponse> => {
    count += 1;
    return new Promise((resolve) => (finish = resolve));
  };
  const three = [1, 2, 3].map(() => idempotency.once('ari', 'k', asked(), slow));
  const other = idempotency.once('ari', 'k', asked('a=9'), slow);
  const refused = expect(other).rejects.toMatchObject({ code: 'idempotency-key-reused' });
  while (count === 0) await new Promise(setImmediate);
  finish(response(202));
  expect(await Promise.all(three)).toEqual([response(202), again(202), again(202)]);
  await refused;
  expect(count).toBe(1);
});

test.each([401, 403, 429, 501, 503])('an answer %i is not kept: a retry runs', async (status) => {
  const { once, answers, tokens, entries } = await place();
  answers.push(response(status));
  expect(await once('k')).toEqual(response(status));
  expect([...entries]).toEqual([]);
  expect(await once('k')).toEqual(response(200));
  expect(tokens).toEqual(['token 1', 'token 2']);
});

test('after a 500 a retry runs with the same token, since nobody knows what the first has done', async () => {
  const { once, answers, tokens } = await place();
  answers.push(response(500));
  expect(await once('k')).toEqual(response(500));
  expect(await once('k')).toEqual(response(200));
  expect(await once('k')).toEqual(again(200));
  expect(tokens).toEqual(['token 1', 'token 1']);
});

test('an answer is given again after a restart', async () => {
  const before = await place();
  await before.once('k');
  const after = await place(before.entries);
  expect(await after.once('k')).toEqual(again(200));
  await expect(after.once('k', asked('a=9'))).rejects.toMatchObject({ code: 'idempotency-key-reused' });
  expect(after.tokens).toEqual([]);
});

test('a request that a crash cut off runs again with the token of its first try', async () => {
  const before = await place();
  let cut = new Map<string, string>();
  await before.idempotency.once('ari', 'k', asked(), async (token) => {
    expect(token).toBe('token 1');
    cut = new Map(before.entries);
    return response(200);
  });
  const after = await place(cut);
  await expect(after.once('k', asked('a=9'))).rejects.toMatchObject({ code: 'idempotency-key-reused' });
  expect(await after.once('k')).toEqual(response(200));
  expect(await after.once('k')).toEqual(again(200));
  expect(after.tokens).toEqual(['token 1']);
});

test('a key is known for a day, whether or not it is asked for', async () => {
  const { once, clock, tokens, entries, idempotency } = await place();
  await once('k');
  clock.now += DAY - 1;
  expect(await once('k')).toEqual(again(200));
  await once('l');
  clock.now += 1;
  expect(await once('k', asked('a=9'))).toEqual(response(200));
  expect(tokens).toHaveLength(3);
  clock.now += DAY - 1;
  await idempotency.sweep();
  expect([...entries.keys()]).toEqual(['idempotency:ari:k']);
  clock.now += 1;
  await idempotency.sweep();
  expect([entries.size, idempotency.metrics.kept]).toEqual([0, 0]);
});

test('what is too old is gone after a start', async () => {
  const before = await place();
  await before.once('k');
  const written = new Map(
    [...before.entries].map(([key, value]) => [key, value.replace('"at":1000', '"at":-90000000')]),
  );
  const after = await place(written);
  expect([after.entries.size, after.idempotency.metrics.kept]).toEqual([0, 0]);
});

test('no more keys are known than the limit, and those that are can still be asked for', async () => {
  const { once, clock, tokens, idempotency } = await place(new Map(), 2);
  await once('k');
  await once('l');
  await expect(once('m')).rejects.toMatchObject({ kind: 'unavailable', code: 'idempotency-full' });
  expect(await once('k')).toEqual(again(200));
  expect([tokens.length, idempotency.metrics]).toEqual([2, { kept: 2, limit: 2, refused: 1 }]);
  clock.now += DAY;
  expect(await once('m')).toEqual(response(200));
  expect(idempotency.metrics.kept).toBe(1);
});

test('what a later version wrote is not read as if this one had', async () => {
  await expect(place(new Map([['idempotency:ari:k', '{"v":2}']]))).rejects.toMatchObject({ kind: 'unsupported' });
});

const keyed = (key: string, authorization = BASIC, more = {}) => ({
  headers: { authorization, 'idempotency-key': key, ...more },
});
const READER = 'Basic cm86cm8=';
const SEND = '/ari/endpoints/PJSIP/foo/sendMessage?body=hi';

/** An API that remembers what was to be sent. */
function sending() {
  const given = api();
  const drafts: MessageDraft[] = [];
  const { messages } = given.core;
  const send = messages.send.bind(messages);
  Object.assign(messages, {
    send(draft: MessageDraft) {
      drafts.push(draft);
      return send(draft);
    },
  });
  return { ...given, drafts };
}

test('a message that is sent three times at once with one key is one, under a key that the messages know', async () => {
  const { ask, drafts } = sending();
  const answers = await Promise.all([1, 2, 3].map(() => ask('PUT', SEND, keyed('k'))));
  expect(
    new Set(answers.map(({ status, headers, body }) => JSON.stringify([status, headers['location'], body]))),
  ).toEqual(new Set([JSON.stringify([202, answers[0]!.headers['location'], answers[0]!.body])]));
  expect(answers.map(({ headers }) => headers['idempotency-replayed'])).toEqual([undefined, 'true', 'true']);
  expect(drafts).toMatchObject([{ key: expect.stringMatching(/^[0-9a-f-]{36}$/) as string }]);
  expect(await ask('PUT', `${SEND}!`, keyed('k'))).toMatchObject({
    status: 422,
    body: { code: 'idempotency-key-reused' },
  });
});

test('without a key each request is one of its own', async () => {
  const { ask, drafts } = sending();
  await ask('PUT', SEND);
  await ask('PUT', SEND);
  expect(drafts.map(({ key }) => key)).toEqual([undefined, undefined]);
});

test('an empty answer and a refusal are given again as they were', async () => {
  const { ask } = api();
  const door = '/ari/deviceStates/Stasis:door?deviceState=BUSY';
  expect(await ask('PUT', door, keyed('k'))).toMatchObject({ status: 204, body: '' });
  await ask('DELETE', '/ari/deviceStates/Stasis:door');
  expect(await ask('PUT', door, keyed('k'))).toMatchObject({ status: 204, body: '' });
  expect((await ask('GET', '/ari/deviceStates')).body).toEqual([]);
  const first = await ask('DELETE', '/ari/mailboxes/100', keyed('l'));
  await ask('PUT', '/ari/mailboxes/100');
  expect(await ask('DELETE', '/ari/mailboxes/100', keyed('l'))).toMatchObject({ status: 404, body: first.body });
});

test('who is asking is judged first, and a refusal is not kept', async () => {
  const entries = new Map<string, string>();
  const { ask, core } = api({ store: memoryStore(entries) });
  expect((await ask('PUT', '/ari/mailboxes/100', keyed('k', READER))).status).toBe(403);
  expect((await ask('PUT', '/ari/mailboxes/100', keyed('k', 'Basic eDp4'))).status).toBe(401);
  expect(core.mailboxes.list()).toEqual([]);
  expect([...entries]).toEqual([]);
  expect((await ask('PUT', '/ari/mailboxes/100', keyed('k'))).status).toBe(204);
});

test('what fails for now runs again, and what nobody expected is heard of each time', async () => {
  const given = api();
  const failures: Error[] = [new Fault('unavailable', 'full'), new Error('a bug')];
  const { mailboxes } = given.core;
  const set = mailboxes.set.bind(mailboxes);
  Object.assign(mailboxes, {
    set: async (mailbox: Parameters<typeof set>[0]) => {
      if (failures.length > 0) throw failures.shift()!;
      return set(mailbox);
    },
  });
  const statuses: number[] = [];
  for (let count = 0; count < 4; count++)
    statuses.push((await given.ask('PUT', '/ari/mailboxes/1', keyed('k'))).status);
  expect(statuses).toEqual([503, 500, 204, 204]);
  expect(given.errors.splice(0)).toEqual([new Error('a bug')]);
});

test.each(['', 'é', 'a\tb', 'x'.repeat(256)])('the key "%s" is refused', async (key) => {
  const { ask } = api();
  expect(await ask('PUT', '/ari/mailboxes/100', keyed(key))).toMatchObject({
    status: 400,
    body: { code: 'invalid-idempotency-key' },
  });
  expect((await ask('PUT', '/ari/mailboxes/100', keyed('x'.repeat(255)))).status).toBe(204);
});

test('a GET is answered anew each time', async () => {
  const { ask } = api();
  expect((await ask('GET', '/ari/mailboxes', keyed('k'))).body).toEqual([]);
  await ask('PUT', '/ari/mailboxes/100');
  expect((await ask('GET', '/ari/mailboxes', keyed('k'))).body).toHaveLength(1);
});

test('nor more bytes of answers', async () => {
  const { once, idempotency } = await place(new Map(), 100, 100);
  await once('k');
  await expect(once('l')).rejects.toMatchObject({ kind: 'unavailable', code: 'idempotency-full' });
  expect([await once('k'), idempotency.metrics.kept]).toEqual([again(200), 1]);
});
