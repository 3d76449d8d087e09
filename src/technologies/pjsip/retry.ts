// When a registration at a provider that failed is tried again, if ever.
import type { RegistrationObject } from './objects/index.ts';

export interface Failure {
  /** Undefined when the request could not be sent. */
  readonly status: number | undefined;
  /** Seconds that the other side asked us to wait. */
  readonly retryAfter: number | undefined;
}

/** `after` in seconds; `counts`: it is one of `max_retries`. */
export type Next =
  { readonly kind: 'again'; readonly after: number; readonly counts: boolean } | { readonly kind: 'never' };

const TEMPORARY: readonly number[] = [408, 500, 502, 503, 504];

type Rules = Pick<
  RegistrationObject,
  'retry_interval' | 'forbidden_retry_interval' | 'fatal_retry_interval' | 'max_retries' | 'auth_rejection_permanent'
>;

/** `failures` is how many came before in a row, of those that count. A redirection is a failure like every other. */
export function nextTry(rules: Rules, { status, retryAfter }: Failure, failures: number): Next {
  // It says nothing of the provider.
  if (status === undefined) return again(rules.retry_interval, true, false);
  if (retryAfter !== undefined) return again(retryAfter, true, false);
  const isLeft = failures < rules.max_retries;
  if (rules.retry_interval > 0 && isTemporary(rules, status)) return again(rules.retry_interval, isLeft);
  if (status === 403 && rules.forbidden_retry_interval > 0) return again(rules.forbidden_retry_interval, isLeft);
  return again(rules.fatal_retry_interval, isLeft);
}

function isTemporary({ auth_rejection_permanent: isFinal }: Rules, status: number): boolean {
  return TEMPORARY.includes(status) || status >= 600 || (!isFinal && (status === 401 || status === 407));
}

const again = (after: number, isLeft: boolean, counts = true): Next =>
  after > 0 && isLeft ? { kind: 'again', after, counts } : { kind: 'never' };
