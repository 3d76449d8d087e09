// Nonces: whose they are, how long they live, how often they count, and what is remembered of them.
import { expect, test } from 'vitest';
import { Nonces, type Use } from '../../../src/technologies/pjsip/nonces.ts';
import { testClock } from '../../support/test-clock.ts';

function begin(limit = 10) {
  const clock = testClock();
  let seed = 0;
  const nonces = new Nonces({ clock, limit, random: (bytes) => Buffer.alloc(bytes, ++seed) });
  const use = (nonce: string, more: Partial<Use> = {}): boolean =>
    nonces.use({ nonce, address: '192.0.2.1', realm: 'r', lifetime: 32, count: 1, ...more });
  return { clock, nonces, use, make: () => nonces.make('192.0.2.1', 'r') };
}

test('a nonce is good for its sender and realm, until its lifetime ends, and no two are the same', () => {
  const { clock, use, make } = begin();
  const nonce = make();
  expect(make()).not.toBe(nonce);
  expect(use(nonce, { address: '192.0.2.2' })).toBe(false);
  expect(use(nonce, { realm: 's' })).toBe(false);
  clock.advance(32_000);
  expect(use(nonce)).toBe(true);
  clock.advance(1_000);
  expect(use(nonce, { count: 2 })).toBe(false);
  expect(use(make(), { lifetime: 0 })).toBe(true);
});

test.each(['', '/', 'x', '1700000000/', `1700000000/${'0'.repeat(48)}`])('%j was not made here', (nonce) => {
  expect(begin().use(nonce)).toBe(false);
});

test('a nonce whose time was changed is not believed', () => {
  const { use, make } = begin();
  expect(use(make().replace('17', '18'))).toBe(false);
});

test('the count of a nonce has to rise, and without a count it is good once', () => {
  const { use, make } = begin();
  const [counted, plain] = [make(), make()];
  expect([1, 1, 2, 5, 4, 6].map((count) => use(counted, { count }))).toEqual([true, false, true, true, false, true]);
  expect(use(plain, { count: undefined })).toBe(true);
  expect(use(plain, { count: undefined })).toBe(false);
  expect(use(plain, { count: 9 })).toBe(false);
});

test('when too many are kept the oldest is forgotten, and nothing of its age can be used again', () => {
  const { clock, nonces, use, make } = begin(2);
  const [first, unused] = [make(), make()];
  expect(use(first)).toBe(true);
  clock.advance(1_000);
  const [second, third] = [make(), make()];
  expect([use(second), use(third)]).toEqual([true, true]);
  expect(nonces.metrics).toEqual({ kept: 2, limit: 2, forgotten: 1 });
  expect(use(first, { count: 1 })).toBe(false);
  expect(use(unused)).toBe(false);
  expect(use(second, { count: 2 })).toBe(true);
});

test('what is too old to be used is forgotten, without a rule for others', () => {
  const { clock, nonces, use, make } = begin();
  const [first, unused] = [make(), make()];
  use(first);
  clock.advance(32_000);
  nonces.prune();
  expect(nonces.metrics.kept).toBe(1);
  expect(use(unused)).toBe(true);
  clock.advance(1_000);
  nonces.prune();
  expect(nonces.metrics).toEqual({ kept: 0, limit: 10, forgotten: 0 });
});
