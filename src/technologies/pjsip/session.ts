// An inbound INVITE dialog as a pure state machine: what comes in, what is then to be done. Sections are RFC 3261's.
import type { FarHangup } from '../../core/channel.ts';
import { causeOf, DECLINE, statusOf } from './causes.ts';
import type { Key } from './session-dtmf.ts';

export type Session =
  /** Nothing but the 100 was sent. */
  | { readonly kind: 'incoming' }
  /** A 180 was sent: there is an early dialog. */
  | { readonly kind: 'ringing' }
  /** The 200 is on its way; its ACK is not here yet. */
  | {
      readonly kind: 'answering';
      /** The 200 carries our offer, and the ACK has to bring the answer. */
      readonly isOffering: boolean;
      /** Hung up meanwhile, for this cause. */
      readonly parting?: number;
    }
  | { readonly kind: 'up' }
  /** A re-INVITE was answered; its ACK is not here yet. */
  | { readonly kind: 'renegotiating'; readonly isOffering: boolean }
  /** Our BYE is on its way. */
  | { readonly kind: 'ending' }
  | { readonly kind: 'ended' };

/** What a request says of media: it has an offer that we can answer, it asks for ours, it says nothing ... */
export type Media = 'answer' | 'offer' | 'none' | 'unsupported' | 'unacceptable';

export type Input =
  | { readonly kind: 'ring' }
  | { readonly kind: 'answer'; readonly isOffering: boolean }
  /** A response to the INVITE could not be sent: its transaction is over. */
  | { readonly kind: 'lost'; readonly far: FarHangup }
  /** `isAnswered`: it brings an answer to our offer. */
  | { readonly kind: 'ack'; readonly isAnswered: boolean }
  | { readonly kind: 'hangup'; readonly cause: number }
  | { readonly kind: 'cancel' }
  | { readonly kind: 'bye'; readonly far: FarHangup }
  | { readonly kind: 're-INVITE' | 'update'; readonly media: Media }
  /** `status`: what it is answered in a call that lives. */
  | { readonly kind: 'info'; readonly status: number; readonly key?: Key }
  /** Our BYE was answered, or never will be. */
  | { readonly kind: 'closed' };

export type Effect =
  /** To the INVITE that began it. `cause` becomes its Reason. */
  | { readonly kind: 'respond'; readonly status: number; readonly hasSdp?: true; readonly cause?: number }
  /** To the request that was the input. */
  | { readonly kind: 'reply'; readonly status: number; readonly hasSdp?: true }
  | { readonly kind: 'bye'; readonly cause: number }
  /** The channel is told ... */
  | { readonly kind: 'key'; readonly key: Key }
  | { readonly kind: 'hung-up'; readonly far: FarHangup };

export type Step = readonly [Session, ...Effect[]];

type In<K extends Session['kind']> = Extract<Session, { kind: K }>;
type States = { readonly [K in Session['kind']]: (session: In<K>, input: Input) => Step };

const ended: Session = { kind: 'ended' };
const reply = (status: number): Effect => ({ kind: 'reply', status });
const hungUp = (far: FarHangup): Effect => ({ kind: 'hung-up', far });

/** What CANCEL becomes, as chan_pjsip tells it. */
export const CANCELLED: FarHangup = { cause: causeOf(487), techCause: 487 };
/** An offer that got no answer: no codec in common. */
const UNANSWERED_OFFER = 58;

const states: States = {
  incoming: unanswered,
  ringing: unanswered,

  answering(session, input) {
    switch (input.kind) {
      case 'ack':
        if (session.parting !== undefined) return [{ kind: 'ending' }, { kind: 'bye', cause: session.parting }];
        return acknowledged(session, input);
      case 'hangup': // 15: no BYE before the ACK.
        return [{ parting: input.cause, ...session }];
      case 'cancel': // 9.2: it came before the 200 was out.
        return [ended, hungUp(CANCELLED)];
      case 'lost':
        return [ended, hungUp(input.far)];
      default:
        return awaitingAck(session, input);
    }
  },

  up(session, input) {
    switch (input.kind) {
      case 're-INVITE': // 14.2
        return [isSettled(input.media) ? renegotiating(input.media) : session, negotiated(input.media)];
      case 'update': // RFC 3311 5.2
        return [session, negotiated(input.media)];
      default:
        return confirmed(session, input);
    }
  },

  renegotiating(session, input) {
    return input.kind === 'ack' ? acknowledged(session, input) : awaitingAck(session, input);
  },

  ending(session, input) {
    switch (input.kind) {
      case 'closed':
        return [ended];
      case 'bye': // Both hung up at once.
        return [ended, reply(200)];
      default:
        return gone(session, input);
    }
  },

  ended: (session, input) => (input.kind === 'bye' ? [session, reply(481)] : gone(session, input)),
};

export function step(session: Session, input: Input): Step {
  return states[session.kind](session as never, input);
}

function unanswered(session: In<'incoming' | 'ringing'>, input: Input): Step {
  switch (input.kind) {
    case 'ring': // 13.3.1.1
      return [{ kind: 'ringing' }, { kind: 'respond', status: 180 }];
    case 'answer': // 13.3.1.4
      return [
        { kind: 'answering', isOffering: input.isOffering },
        { kind: 'respond', status: 200, hasSdp: true },
      ];
    case 'hangup': // 13.3.1.3
      return [ended, { kind: 'respond', status: statusOf(input.cause) ?? DECLINE, cause: input.cause }];
    case 'cancel': // 9.2: the stack has answered both.
      return [ended, hungUp(CANCELLED)];
    case 'lost':
      return [ended, hungUp(input.far)];
    case 'bye': // 15.1.2: the INVITE that it ends is pending still.
      return [ended, reply(200), { kind: 'respond', status: 487 }, hungUp(input.far)];
    case 're-INVITE': // 14.2: the first has no final response yet.
      return [session, reply(500)];
    case 'update': // RFC 3311 5.2: an offer, but the INVITE's is not answered yet.
      return [session, input.media === 'answer' ? reply(500) : negotiated(input.media)];
    case 'info':
      return informed(session, input);
    default:
      return [session];
  }
}

function awaitingAck(session: In<'answering' | 'renegotiating'>, input: Input): Step {
  switch (input.kind) {
    case 're-INVITE': // 14.2, RFC 6337 3.3: one at a time.
      return [session, reply(491)];
    case 'update': // RFC 3311 5.2: while our own offer is open there can be no other.
      return [session, session.isOffering && input.media === 'answer' ? reply(491) : negotiated(input.media)];
    default:
      return confirmed(session, input);
  }
}

/** 13.2.2.4: an offer in the 200 has its answer in the ACK. */
function acknowledged({ isOffering }: { readonly isOffering: boolean }, { isAnswered }: Ack): Step {
  if (!isOffering || isAnswered) return [{ kind: 'up' }];
  return [{ kind: 'ending' }, { kind: 'bye', cause: UNANSWERED_OFFER }, hungUp({ cause: UNANSWERED_OFFER })];
}
type Ack = Extract<Input, { kind: 'ack' }>;

function confirmed(session: Session, input: Input): Step {
  switch (input.kind) {
    case 'hangup': // 15.1.1
      return [{ kind: 'ending' }, { kind: 'bye', cause: input.cause }];
    case 'bye': // 15.1.2
      return [ended, reply(200), hungUp(input.far)];
    case 'info':
      return informed(session, input);
    default:
      return [session];
  }
}

const informed = (session: Session, { status, key }: Extract<Input, { kind: 'info' }>): Step =>
  key === undefined ? [session, reply(status)] : [session, reply(status), { kind: 'key', key }];

/** 12.2.2: for the far end there is no such dialog any longer. */
function gone(session: Session, input: Input): Step {
  const isRequest = input.kind === 're-INVITE' || input.kind === 'update' || input.kind === 'info';
  return isRequest ? [session, reply(481)] : [session];
}

const isSettled = (media: Media): boolean => media === 'answer' || media === 'offer';
const renegotiating = (media: Media): Session => ({ kind: 'renegotiating', isOffering: media === 'offer' });

const answers: Readonly<Record<Media, Effect>> = {
  answer: { kind: 'reply', status: 200, hasSdp: true },
  offer: { kind: 'reply', status: 200, hasSdp: true },
  none: reply(200),
  unsupported: reply(415),
  unacceptable: reply(488),
};
const negotiated = (media: Media): Effect => answers[media];
