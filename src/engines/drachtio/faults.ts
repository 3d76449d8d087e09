// Why the SIP server, or srf, would not do what it was told, in our words.
import type { FaultKind } from '../../errors.ts';
import { Fault } from '../../errors.ts';

/** In their order; the texts are those of drachtio-server, of which nothing but the text says what is wrong. */
const kinds: readonly (readonly [RegExp, FaultKind])[] = [
  [/unknown transaction|final response already sent|dialog already exists/i, 'conflict'],
  [/unable to find dialog|missing content-type|invalid request-uri|request to myself/i, 'invalid'],
  [/invalid message|body encoding/i, 'invalid'],
  [/ACK for non-success|support 100rel|unknown server error sending response/i, 'invalid'],
];

/** `reason` is what srf hands over: an Error for a request, a text for a response; or a Fault of our own. */
export function faultOf(reason: unknown, what: string): Fault {
  if (reason instanceof Fault) return reason;
  const text = reason instanceof Error ? reason.message : String(reason);
  const kind = kinds.find(([pattern]) => pattern.test(text))?.[1] ?? 'unavailable';
  return new Fault(kind, `${what}: ${text}`, { cause: reason });
}

export const connectionLost = (): Fault => new Fault('unavailable', 'the connection to the SIP server is down');
