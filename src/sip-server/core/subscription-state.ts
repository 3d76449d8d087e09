// What the requests and responses of a subscription say about its life (RFC 6665).
import { headerOf, type Header, type SipRequest } from '../message.ts';

interface WithHeaders {
  readonly headers: readonly Header[];
}

/** Seconds; undefined when Expires is missing or malformed. */
export function expiresOf(message: WithHeaders): number | undefined {
  const text = headerOf(message, 'expires');
  return text !== undefined && /^\d{1,10}$/.test(text) ? Number(text) : undefined;
}

/** What a NOTIFY says: that it is over, how many seconds remain, or neither. */
export function stateOf(notify: WithHeaders): 'terminated' | number | undefined {
  const text = headerOf(notify, 'subscription-state') ?? '';
  if (/^\s*terminated\s*(;|$)/i.test(text)) return 'terminated';
  const expires = /;\s*expires\s*=\s*(\d{1,10})\b/i.exec(text)?.[1];
  return expires === undefined ? undefined : Number(expires);
}

/** RFC 3515, RFC 4488: whether a REFER that was accepted begins a subscription. */
export const refersSilently = (response: WithHeaders): boolean =>
  /^\s*false\b/i.test(headerOf(response, 'refer-sub') ?? '');

const endings = new Set([404, 405, 410, 416, 480, 481, 482, 483, 484, 485, 489, 501, 604]);

/** Whether a final response to a request of ours ends the subscription (RFC 6665 4.1.2.2, 4.2.2). */
export function endsBy(request: SipRequest, status: number): boolean {
  const isChallenge = status === 401 || status === 407;
  if (request.method === 'NOTIFY')
    return endings.has(status) || status === 408 || (stateOf(request) === 'terminated' && !isChallenge);
  return request.method === 'SUBSCRIBE' && endings.has(status);
}
