// Keys that a telephone tells by INFO.
import type { SipMessage } from './stack.ts';

export interface Key {
  /** 0 to 9, *, #, A to D. */
  readonly digit: string;
  /** In milliseconds. */
  readonly duration: number;
}

/** As in Asterisk, where none is told. */
const DURATION = 100;

/** Undefined when it tells none; 'malformed' when it tells of a key, but of none that there is. */
export function keyOf({ headers, body }: SipMessage): Key | 'malformed' | undefined {
  const [, type] = /^application\/(dtmf|dtmf-relay)\s*(?:;|$)/i.exec(headers.get('Content-Type') ?? '') ?? [];
  if (type === undefined) return undefined;
  const fields = /relay/i.test(type) ? body : `Signal=${body}`;
  const field = (name: string): string | undefined =>
    new RegExp(`^[ \\t]*${name}[ \\t]*=[ \\t]*(\\S+)[ \\t]*$`, 'im').exec(fields)?.[1];
  const digit = digitOf(field('signal') ?? '');
  const duration = /^\d{1,6}$/.exec(field('duration') ?? '')?.[0];
  return digit === undefined ? 'malformed' : { digit, duration: Number(duration ?? DURATION) };
}

/** The key, or the number of its event (RFC 4733 3.2). */
function digitOf(signal: string): string | undefined {
  if (/^[\d*#A-D]$/i.test(signal)) return signal.toUpperCase();
  return /^1[0-5]$/.test(signal) ? '*#ABCD'[Number(signal) - 10] : undefined;
}
