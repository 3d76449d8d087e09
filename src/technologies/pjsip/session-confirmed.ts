// A session that is up, whoever began it, until its end. Sections are RFC 3261's.
import { causeOf } from './causes.ts';
import { ack, asked, bye, ended, ending, gone, hungUp, untaken, reply, UNANSWERED_OFFER, up } from './session-steps.ts';
import type { Input, Session, States, Step } from './session.ts';

export const confirmed: States<'up' | 'renegotiating' | 'inviting' | 'replying' | 'ending' | 'ended'> = {
  up(session, input) {
    switch (input.kind) {
      case 're-INVITE': // 14.2
        return asked(session, 'INVITE', input.media);
      case 'update': // RFC 3311 5.2
        return asked(session, 'UPDATE', input.media);
      case 'invite': // 14.1: not while one of theirs is open.
        return session.considering === undefined ? [{ kind: 'inviting' }, { kind: 're-invite' }] : [session];
      default:
        return established(session, input);
    }
  },

  renegotiating(session, input) {
    switch (input.kind) {
      case 'ack':
        return acknowledged(session, input);
      case 'unsent': // There is nothing to acknowledge.
        return [up];
      case 're-INVITE': // 14.2, RFC 6337 3.3: one at a time.
        return [session, reply(491)];
      case 'update': // RFC 3311 5.2: while our own offer is open there can be no other.
        return session.isOffering && input.media === 'offer'
          ? [session, reply(491)]
          : asked(session, 'UPDATE', input.media);
      default:
        return established(session, input);
    }
  },

  inviting(session, input) {
    return input.kind === 'invited' ? invited(input) : during(session, input);
  },

  replying(session, input) {
    switch (input.kind) {
      case 'reply': // 13.2.2.4
        return [up, ack];
      case 'hangup': // It is owed all the same.
        return [ending, ack, bye(input.cause)];
      default:
        return during(session, input);
    }
  },

  ending(session, input) {
    switch (input.kind) {
      case 'closed':
        return [ended];
      case 'bye': // Both hung up at once.
        return [ended, reply(200)];
      case 'invited':
        return input.status < 300 ? [session, ack] : [session];
      default:
        return gone(session, input);
    }
  },

  ended: gone,
};

/** 13.2.2.4: an offer in the 200 has its answer in the ACK. */
export function acknowledged({ isOffering }: { readonly isOffering: boolean }, { isAnswered }: Ack): Step {
  if (!isOffering || isAnswered) return [up];
  return [ending, bye(UNANSWERED_OFFER), hungUp({ cause: UNANSWERED_OFFER })];
}
type Ack = Extract<Input, { kind: 'ack' }>;

export function established(session: Session, input: Input): Step {
  switch (input.kind) {
    case 'hangup': // 15.1.1
      return [ending, bye(input.cause)];
    case 'bye': // 15.1.2
      return [ended, reply(200), hungUp(input.far)];
    case 'prack': // RFC 3262 3: it may be late.
      return asked(session, 'PRACK', input.media);
    case 'other':
      return untaken(session);
    default:
      return [session];
  }
}

/** While an INVITE of ours is open there is no other, and no other offer (14.2, RFC 3311 5.2). */
function during(session: Session, input: Input): Step {
  if (input.kind === 're-INVITE' || (input.kind === 'update' && input.media === 'offer')) return [session, reply(491)];
  return input.kind === 'update' ? asked(session, 'UPDATE', input.media) : established(session, input);
}

function invited({ status, isOffer }: Extract<Input, { kind: 'invited' }>): Step {
  if (status < 300) return isOffer ? [{ kind: 'replying' }] : [up, ack];
  if (status === 491) return [up, { kind: 'retry' }]; // 14.1
  if (status !== 408 && status !== 481) return [up]; // 14.1: all is as it was.
  const cause = causeOf(status); // 12.2.1.2: there is nobody any longer.
  return [ending, bye(cause), hungUp({ cause, techCause: status })];
}
