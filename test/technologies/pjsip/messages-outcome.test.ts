// Which answers to a MESSAGE are final, which are not, and which of several tells.
import { describe, expect, test } from 'vitest';
import { outcomeOf, type Answer } from '../../../src/technologies/pjsip/messages-outcome.ts';
import { retryAfterOf } from '../../../src/technologies/pjsip/statuses.ts';

const answer = (status: number, retryAfter?: number): Answer => ({
  ...{ status, reason: `reason ${status}`, contact: `sip:${status}@h` },
  ...(retryAfter !== undefined && { retryAfter }),
});
const kind = (...answers: Answer[]): string => outcomeOf(answers).kind;

describe('one answer', () => {
  const accepted = [200, 202, 299];
  const temporary = [408, 429, 430, 480, 486, 491, 500, 502, 503, 504, 600];
  const final = [
    ...[300, 301, 302, 305, 380, 400, 401, 402, 403, 404, 405, 406, 407, 410, 413, 414, 415, 416, 420, 421, 423],
    ...[481, 482, 483, 484, 485, 487, 488, 493, 494, 501, 505, 513, 555, 580, 603, 604, 606, 607, 608, 699],
  ];
  test.each(accepted)('%i is delivered', (status) => expect(kind(answer(status))).toBe('delivered'));
  test.each(temporary)('%i is temporary', (status) => expect(kind(answer(status))).toBe('temporary'));
  test.each(final)('%i is final', (status) => expect(kind(answer(status))).toBe('failed'));
  test.each([404, 413, 603])('%i is temporary when it says when to come again', (status) =>
    expect(outcomeOf([answer(status, 5_000)])).toEqual({ kind: 'temporary', ...answer(status, 5_000) }),
  );
  test.each([403, 415, 513])('%i is final, whatever else it says', (status) =>
    expect(outcomeOf([answer(status, 5_000)])).toEqual({ kind: 'failed', ...answer(status) }),
  );
});

describe('of several answers', () => {
  test.each<[string, Answer[], string, number]>([
    ['one that accepts is enough', [answer(603), answer(480), answer(202), answer(200)], 'delivered', 202],
    ['one that is not final leaves it open', [answer(603), answer(415), answer(486)], 'temporary', 486],
    ['the soonest time counts', [answer(480), answer(486, 9_000), answer(503, 5_000)], 'temporary', 503],
    ['a telephone tells more than a server', [answer(503), answer(504), answer(486)], 'temporary', 486],
    ['6xx tells most', [answer(404), answer(603)], 'failed', 603],
    ['then the lower class', [answer(513), answer(404)], 'failed', 404],
    ['and in it what could be changed', [answer(404), answer(415)], 'failed', 415],
    ['and else the first', [answer(404), answer(403)], 'failed', 404],
  ])('%s', (_, answers, kind, status) => {
    expect(outcomeOf(answers)).toMatchObject({ kind, status });
  });

  test('none at all is no contact', () => expect(outcomeOf([])).toEqual({ kind: 'unreachable' }));
});

test.each([
  ['5', 5_000],
  [' 120 (I am in a meeting)', 120_000],
  ['18000;duration=3600', 18_000_000],
  ['0', 0],
  ['soon', undefined],
  ['-1', undefined],
  ['5 minutes', undefined],
  [undefined, undefined],
])('Retry-After: %s', (value, ms) => expect(retryAfterOf(value)).toBe(ms));
