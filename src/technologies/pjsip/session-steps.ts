// What the states of a session have in common: what is said, and how a request within the dialog is taken.
import type { FarHangup } from '../../core/channel.ts';
import { causeOf } from './causes.ts';
import type { Asking, Effect, Input, Media, Session, Step } from './session.ts';

/** An offer that got no answer: no codec in common. */
export const UNANSWERED_OFFER = 58;
/** What CANCEL becomes, as chan_pjsip tells it. */
export const CANCELLED = { cause: causeOf(487), techCause: 487 } as const;

export const ended: Session = { kind: 'ended' };
export const ending: Session = { kind: 'ending' };
export const up: Session = { kind: 'up' };

export const reply = (status: number): Effect => ({ kind: 'reply', status });
export const respond = (status: number, cause?: number): Effect => ({
  kind: 'respond',
  status,
  ...(cause !== undefined && { cause }),
});
export const bye = (cause: number): Effect => ({ kind: 'bye', cause });
export const hungUp = (far: FarHangup): Effect => ({ kind: 'hung-up', far });
export const ack: Effect = { kind: 'ack' };

/** A request that may bring an offer: one at a time (RFC 3311 5.2). A re-INVITE without one wants ours. */
export function asked(session: Session, method: Asking, media: Media): Step {
  if (media === 'unsupported') return [session, reply(415)];
  if (media === 'none' && method !== 'INVITE') return [session, reply(200)];
  if (session.considering !== undefined) return [session, reply(500)];
  return [{ ...session, considering: method }, { kind: 'consider' }];
}

export function considered(session: Session, { status, isOffering }: Extract<Input, { kind: 'considered' }>): Step {
  const { considering, ...rest } = session;
  if (considering === undefined) return [session];
  // 15.1.2: whatever it was, the dialog is over.
  if (rest.kind === 'ending' || rest.kind === 'ended') return [rest, reply(487)];
  const isSettled = considering === 'INVITE' && status < 300;
  return [isSettled ? { kind: 'renegotiating', isOffering } : rest, reply(status)];
}

/** 8.2.1 */
export const untaken = (session: Session): Step => [session, reply(405)];

/** 12.2.2: for the far end there is no such dialog, or not any longer. */
export function gone(session: Session, input: Input): Step {
  switch (input.kind) {
    case 're-INVITE':
    case 'update':
    case 'prack':
    case 'other':
    case 'bye':
      return [session, reply(481)];
    default:
      return [session];
  }
}
