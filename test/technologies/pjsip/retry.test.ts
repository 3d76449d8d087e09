// When a registration that failed is tried again: by what was answered, how it is configured, and how often it failed before.
import { expect, test } from 'vitest';
import { resolvePjsip } from '../../../src/technologies/pjsip/objects/index.ts';
import { nextTry } from '../../../src/technologies/pjsip/retry.ts';

const never = { kind: 'never' } as const;
const again = (after: number, counts = true) => ({ kind: 'again', after, counts }) as const;

const given = (options: object) =>
  resolvePjsip({
    registration: { r: { server_uri: 'sip:p.example', client_uri: 'sip:me@p.example', ...options } },
  }).registrations.get('r')!;

test.each([
  ['what could not be sent is tried again without end', {}, undefined, undefined, 99, again(60, false)],
  ['without a retry_interval it is not', { retry_interval: 0 }, undefined, undefined, 0, never],
  ['503 is temporary', {}, 503, undefined, 0, again(60)],
  ['no answer is temporary', { retry_interval: 7 }, 408, undefined, 9, again(7)],
  ['a 6xx is temporary', {}, 603, undefined, 0, again(60)],
  ['max_retries end it', {}, 503, undefined, 10, never],
  ['the other side says when', {}, 503, 33, 99, again(33, false)],
  ['the other side says when, even of what is for good', {}, 403, 33, 0, again(33, false)],
  ['wrong credentials are for good', {}, 401, undefined, 0, never],
  ['unless told otherwise', { auth_rejection_permanent: 'no' }, 401, undefined, 0, again(60)],
  ['for a proxy, too', { auth_rejection_permanent: 'no' }, 407, undefined, 0, again(60)],
  ['403 is for good', {}, 403, undefined, 0, never],
  ['unless it has an interval', { forbidden_retry_interval: 5 }, 403, undefined, 0, again(5)],
  ['and tries are left', { forbidden_retry_interval: 5 }, 403, undefined, 10, never],
  ['404 is for good', {}, 404, undefined, 0, never],
  ['a redirection is for good', {}, 302, undefined, 0, never],
  ['unless there is an interval for it', { fatal_retry_interval: 9 }, 404, undefined, 0, again(9)],
  ['which 403 has, too', { fatal_retry_interval: 9 }, 403, undefined, 0, again(9)],
] as const)('%s', (_, options, status, retryAfter, failures, next) => {
  expect(nextTry(given(options), { status, retryAfter }, failures)).toEqual(next);
});
