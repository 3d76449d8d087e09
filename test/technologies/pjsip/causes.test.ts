// The two tables between SIP's codes and Q.850's causes, and the Reason header.
import { describe, expect, test } from 'vitest';
import { causeOf, causeOfReason, reasonOf, statusOf } from '../../../src/technologies/pjsip/causes.ts';

describe('a final response as a cause', () => {
  test.each([
    [23, [302]],
    [21, [401, 403, 407, 603]],
    [1, [404, 485, 604]],
    [127, [405, 411, 413, 414, 415, 481, 482, 487, 491, 493, 505]],
    [18, [408]],
    [41, [409]],
    [22, [410]],
    [3, [420]],
    [19, [480, 483]],
    [28, [484]],
    [17, [486, 600]],
    [58, [488, 606]],
    [38, [500]],
    [29, [501]],
    [27, [502]],
    [34, [503, 599]],
    [102, [504]],
    [127, [400, 499, 699]],
    [16, [200, 301]],
  ])('is %i for %j', (cause, statuses) => {
    expect(statuses.map(causeOf)).toEqual(statuses.map(() => cause));
  });
});

describe('a cause as a final response', () => {
  test.each([
    [404, [1, 2, 3]],
    [486, [17]],
    [408, [18]],
    [480, [19, 20, 31]],
    [403, [21]],
    [410, [22]],
    [302, [23]],
    [502, [27]],
    [484, [28]],
    [501, [29]],
    [503, [34, 42, 66]],
    [500, [38, 127]],
    [488, [58]],
    [undefined, [0, 16, 26, 41, 102, 999]],
  ])('is %s for %j', (status, causes) => {
    expect(causes.map(statusOf)).toEqual(causes.map(() => status));
  });
});

describe('a Reason', () => {
  test.each<[reasons: readonly string[], q850: number | undefined, sip: number | undefined]>([
    [['Q.850;cause=17'], 17, undefined],
    [['Q.850 ;text="a;b, SIP;cause=1" ; cause = 16'], 16, undefined],
    [['SIP;cause=200;text="Call completed elsewhere", q.850;cause=26'], 26, 200],
    [['SIP;cause=487', 'Q.850;cause=31;text="x"'], 31, 487],
    [['SIP;cause=200;text="ACK timeout"'], undefined, 200],
    [['Q.850;cause=many', 'Q.850'], undefined, undefined],
    [[], undefined, undefined],
  ])('%j names %s and %s', (reasons, q850, sip) => {
    expect([causeOfReason(reasons, 'Q.850'), causeOfReason(reasons, 'SIP')]).toEqual([q850, sip]);
  });

  test('is read as it is written', () => {
    expect(causeOfReason([reasonOf(58)], 'Q.850')).toBe(58);
  });
});
