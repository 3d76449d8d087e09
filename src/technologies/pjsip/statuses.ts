// What a status says: of a Fault, and of an answer to a MESSAGE whether it is of use to send it again.
import type { FaultKind } from '../../errors.ts';

/** As which status a Fault is answered. */
export const statusOf: Readonly<Record<FaultKind, number>> = {
  invalid: 400,
  // A 401 would need a challenge, which is the authenticator's business.
  unauthorized: 403,
  forbidden: 403,
  'not-found': 404,
  conflict: 491,
  precondition: 480,
  unprocessable: 404,
  'too-large': 413,
  'unsupported-media': 415,
  unsupported: 501,
  unavailable: 503,
};

/**
 * Those that say "not now" (RFC 3261 21): nobody answered in time, nobody is there, busy, in each other's way, or a server
 * on the way is in trouble. 408 and 503 are the stack's own, too, when nothing came or nothing could be sent (8.1.3.1).
 * 429 is no such status of SIP's, but is sent as HTTP's; 430 is a flow that has ended (RFC 5626 11.5): the telephone will
 * register by another.
 */
const LATER: ReadonlySet<number> = new Set([408, 429, 430, 480, 486, 491, 500, 502, 503, 504, 600]);
/** Final by themselves; but with a Retry-After they say when to come again (RFC 3261 20.33). */
const LATER_WHEN_TOLD: ReadonlySet<number> = new Set([404, 413, 603]);

/** False for all other refusals: of a type, a size, an identity, a request. No redirection is followed. */
export const isTemporary = (status: number, hasRetryAfter: boolean): boolean =>
  LATER.has(status) || (hasRetryAfter && LATER_WHEN_TOLD.has(status));

/** The time of a Retry-After in milliseconds, whatever comment and parameters follow it (RFC 3261 20.33). */
export function retryAfterOf(value: string | undefined): number | undefined {
  const [, seconds] = /^\s*(\d{1,10})\s*(?:[(;].*)?$/s.exec(value ?? '') ?? [];
  return seconds === undefined ? undefined : Number(seconds) * 1000;
}

/** Of the same class, these say what to change (RFC 3261 16.7 step 6). */
const TELLING: ReadonlySet<number> = new Set([401, 407, 415, 420, 484]);

/** The less, the better the status tells why none of several accepted: 6xx first, then by classes (RFC 3261 16.7 step 6). */
export const rankOf = (status: number): number =>
  status >= 600 ? 0 : Math.floor(status / 100) - (TELLING.has(status) ? 0.5 : 0);
