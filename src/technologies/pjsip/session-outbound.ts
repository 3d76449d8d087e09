// A session that we begin, until its INVITE has a final response. Sections are RFC 3261's.
import { causeOf } from './causes.ts';
import {
  ack,
  asked,
  bye,
  CANCELLED,
  ended,
  ending,
  gone,
  untaken,
  reply,
  UNANSWERED_OFFER,
  up,
} from './session-steps.ts';
import type { Effect, Input, States, Step } from './session.ts';

export const outbound: States<'idle' | 'calling' | 'cancelling'> = {
  idle(session, input) {
    switch (input.kind) {
      case 'dial':
        return [{ kind: 'calling' }, { kind: 'invite' }];
      case 'hangup':
        return [ended, failed(input.cause)];
      default:
        return gone(session, input);
    }
  },

  calling(session, input) {
    switch (input.kind) {
      case 'provisional':
        return [session, ...heard(input)];
      case 'final':
        return input.status < 300 ? success(input) : [ended, failed(causeOf(input.status), input.status)];
      case 'hangup': // 9.1
        return [
          { kind: 'cancelling', cause: input.cause },
          { kind: 'cancel', cause: input.cause },
          failed(input.cause),
        ];
      case 'bye': // 15: there is no such thing, but whoever says it wants no call.
        return [
          { kind: 'cancelling', cause: CANCELLED.cause },
          reply(200),
          { kind: 'cancel', cause: CANCELLED.cause },
          { kind: 'failed', far: { cause: 0, ...input.far } },
        ];
      case 're-INVITE': // 14.2: ours has no final response yet.
        return [session, reply(491)];
      case 'update':
        return asked(session, 'UPDATE', input.media);
      case 'prack':
        return [session, reply(481)];
      case 'other':
        return untaken(session);
      default:
        return [session];
    }
  },

  cancelling(session, input) {
    switch (input.kind) {
      case 'provisional': // RFC 3262 4: it would be repeated.
        return input.isReliable ? [session, { kind: 'prack' }] : [session];
      case 'final': // 9.1: a 2xx may have crossed the CANCEL, and is acknowledged before it is ended.
        return input.status < 300 ? [ending, ack, bye(session.cause)] : [ended];
      case 'bye':
        return [session, reply(200)];
      default:
        return gone(session, input);
    }
  },
};

const failed = (cause: number, techCause?: number): Effect => ({
  kind: 'failed',
  far: { cause, ...(techCause !== undefined && { techCause }) },
});

/** 13.2.2.4: it is acknowledged in any case. */
function success({ isAnswered }: Extract<Input, { kind: 'final' }>): Step {
  if (isAnswered) return [up, ack, { kind: 'answered' }];
  return [ending, ack, bye(UNANSWERED_OFFER), failed(UNANSWERED_OFFER)];
}

function heard({ status, isReliable }: Extract<Input, { kind: 'provisional' }>): Effect[] {
  const news = status === 180 ? 'ringing' : status === 183 ? 'progress' : 'proceeding';
  return [...(isReliable ? [{ kind: 'prack' } as const] : []), { kind: 'news', news }];
}
