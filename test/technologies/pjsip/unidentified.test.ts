// Requests from strangers: what is said of them, and what is remembered.
import { describe, expect, test } from 'vitest';
import { resolvePjsip } from '../../../src/technologies/pjsip/objects/index.ts';
import type { SipRequest } from '../../../src/technologies/pjsip/stack.ts';
import { Unidentified } from '../../../src/technologies/pjsip/unidentified.ts';
import { testClock } from '../../support/test-clock.ts';
import { requestOf } from './request.ts';

const stranger = (address: string): SipRequest =>
  requestOf({ method: 'INVITE', headers: [['From', '<sip:nobody@127.0.0.1>;tag=1']], source: { address } });

function counting(order: string) {
  const logged: string[] = [];
  const clock = testClock();
  const { global } = resolvePjsip({ global: { endpoint_identifier_order: order } });
  const unidentified = new Unidentified(global, clock, (level, text) => void logged.push(`${level}: ${text}`));
  return { unidentified, logged, clock };
}

describe('strangers', () => {
  test('are named once for each source and period', () => {
    const { unidentified, logged, clock } = counting('ip,username');
    for (let count = 0; count < 10; count++) unidentified.count(stranger('192.0.2.1'));
    expect(logged).toEqual(['warn: No endpoint matches INVITE from "<sip:nobody@127.0.0.1>;tag=1" at 192.0.2.1:5999']);
    clock.advance(5_000);
    unidentified.count(stranger('192.0.2.1'));
    unidentified.count(stranger('192.0.2.2'));
    expect(logged).toHaveLength(3);
    expect(unidentified.metrics).toMatchObject({ requests: 12, sources: 2 });
  });

  test('are expected where credentials are to tell who it is, up to a number', () => {
    const { unidentified, logged, clock } = counting('ip,username,auth_username');
    for (let count = 0; count < 4; count++) unidentified.count(stranger('192.0.2.1'));
    clock.advance(5_000);
    for (let count = 0; count < 4; count++) unidentified.count(stranger('192.0.2.1'));
    expect(logged).toEqual([]);
    unidentified.count(stranger('192.0.2.1'));
    expect(logged).toHaveLength(1);
  });

  test('are forgotten, the oldest first, when there are too many', () => {
    const { unidentified } = counting('ip');
    for (let count = 0; count < 1_003; count++) unidentified.count(stranger(`192.0.2.${count}`));
    expect(unidentified.metrics).toEqual({ requests: 1_003, sources: 1_000, limit: 1_000, forgotten: 3 });
  });

  test('are forgotten when they have been silent for a period', () => {
    const { unidentified, clock } = counting('ip');
    unidentified.count(stranger('192.0.2.1'));
    clock.advance(3_000);
    unidentified.count(stranger('192.0.2.2'));
    clock.advance(2_000);
    unidentified.prune();
    expect(unidentified.metrics.sources).toBe(1);
  });
});

test('what is wrong with a source is said once in a period', () => {
  const { unidentified, logged, clock } = counting('ip,username,auth_username');
  const all = (): void => {
    for (const reason of ['Wrong credentials', 'An acl denies requests', 'Wrong credentials'])
      unidentified.warn(stranger('192.0.2.1'), reason);
  };
  all();
  const both = ['warn: Wrong credentials from 192.0.2.1:5999', 'warn: An acl denies requests from 192.0.2.1:5999'];
  expect(logged).toEqual(both);
  clock.advance(5_000);
  all();
  expect(logged).toEqual([...both, ...both]);
});
