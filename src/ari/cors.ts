// Which pages of other origins may call the API from a browser.

/** What a page may read of an answer besides what every page may. */
const EXPOSED = 'Location, Link, Idempotency-Replayed, Operation-Id';

/** Headers of every answer to a request from an origin that is allowed: in the list to the letter, or the list has "*". */
export function corsHeaders(origin: string | undefined, allowed: readonly string[]): Readonly<Record<string, string>> {
  if (origin === undefined || !(allowed.includes(origin) || allowed.includes('*'))) return {};
  return {
    'Access-Control-Allow-Origin': origin,
    'Access-Control-Allow-Credentials': 'true',
    'Access-Control-Expose-Headers': EXPOSED,
  };
}

/** What a browser asks, without credentials, before it sends a request across origins. */
export interface Preflight {
  readonly origin: string;
  readonly method: string;
  readonly headers?: string;
}

/** Further headers of the answer to a preflight, for an origin that is allowed and a method that the path has. */
export function preflightHeaders(
  { origin, method, headers }: Preflight,
  methods: readonly string[],
  allowed: readonly string[],
): Readonly<Record<string, string>> {
  if (corsHeaders(origin, allowed)['Access-Control-Allow-Origin'] === undefined || !methods.includes(method)) return {};
  return {
    'Access-Control-Allow-Methods': methods.join(','),
    ...(headers !== undefined && { 'Access-Control-Allow-Headers': headers }),
  };
}
