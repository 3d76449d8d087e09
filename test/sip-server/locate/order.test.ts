// Servers are tried by priority, and within one drawn by weight (RFC 2782).
import { expect, test } from 'vitest';
import { inOrder } from '../../../src/sip-server/locate/order.ts';

const record = (name: string, priority: number, weight: number) => ({ name, port: 5060, priority, weight });

const names = (records: readonly { name: string }[]): string => records.map(({ name }) => name).join(' ');

test('a lower priority comes first, whatever the weights', () => {
  const records = [record('c', 3, 100), record('a', 1, 0), record('b', 2, 50)];
  expect(names(inOrder(records, () => 0.999))).toBe('a b c');
});

test('the random number chooses by the running sum of the weights', () => {
  const records = [record('heavy', 1, 3), record('light', 1, 1), record('never', 1, 0)];
  expect(names(inOrder(records, () => 0))).toBe('never light heavy');
  expect(names(inOrder(records, () => 0.999))).toBe('heavy light never');
});

test('of many draws each server has its share', () => {
  let seed = 1;
  const random = (): number => (seed = (seed * 48_271) % 2_147_483_647) / 2_147_483_647;
  const records = [record('a', 1, 60), record('b', 1, 30), record('c', 1, 10)];
  const firsts = Array.from({ length: 5_000 }, () => inOrder(records, random)[0]!.name);
  const share = (name: string): number => firsts.filter((each) => each === name).length / firsts.length;
  expect([share('a'), share('b'), share('c')].map((each) => Math.round(each * 20) / 20)).toEqual([0.6, 0.3, 0.1]);
});
