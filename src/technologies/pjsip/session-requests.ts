// What a request of the far end within a call says to the session, and what our responses add to their status.
import type { FarHangup } from '../../core/channel.ts';
import { sdpOf } from './sdp/index.ts';
import type { Input, Media } from './session.ts';
import type { SipHeader, SipMessage, SipRequest } from './stack.ts';

/** The connection to the SIP server is gone. */
export const OUT_OF_ORDER = 38;
/** What a 415 must name (RFC 3261 21.4.13). */
export const ACCEPT: SipHeader = ['Accept', 'application/sdp, multipart/mixed'];

export function mediaOf(message: SipMessage): Media {
  const { kind } = sdpOf(message);
  return kind === 'sdp' ? 'offer' : kind;
}

/** `far`: what is known of why it hangs up, if it does. */
export function inputOf(request: SipRequest, far: FarHangup): Input {
  switch (request.method) {
    case 'BYE':
      return { kind: 'bye', far };
    case 'INVITE':
      return { kind: 're-INVITE', media: mediaOf(request) };
    case 'UPDATE':
      return { kind: 'update', media: mediaOf(request) };
    case 'PRACK':
      return { kind: 'prack', media: mediaOf(request) };
    default:
      return { kind: 'other' };
  }
}

/** What a refusal has to say. `wait`: seconds, for one that may try again (RFC 3261 14.2, RFC 3311 5.2). */
export function refusalHeaders(status: number, wait: number, abilities: readonly SipHeader[]): SipHeader[] {
  if (status === 405) return abilities.filter(([name]) => name === 'Allow');
  if (status === 415) return [ACCEPT];
  return status === 500 ? [['Retry-After', String(wait)]] : [];
}
