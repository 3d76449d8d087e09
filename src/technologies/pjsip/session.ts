// The INVITE dialog of a call as a pure state machine, in both directions: what comes in, what is then to be done. Sections are RFC 3261's.
import type { FarHangup } from '../../core/channel.ts';
import type { Hangup } from '../../core/facts.ts';
import { confirmed } from './session-confirmed.ts';
import { inbound } from './session-inbound.ts';
import { outbound } from './session-outbound.ts';
import { considered } from './session-steps.ts';

/** Requests that may bring an offer. */
export type Asking = 'INVITE' | 'UPDATE' | 'PRACK';

type State =
  /** Their INVITE: nothing but the 100 was sent. */
  | { readonly kind: 'incoming' }
  /** A provisional response was sent: there is an early dialog. */
  | { readonly kind: 'early' }
  /** The 200 is on its way; its ACK is not here yet. */
  | {
      readonly kind: 'answering';
      /** The 200 carries our offer, and the ACK has to bring the answer. */
      readonly isOffering: boolean;
      /** Hung up meanwhile, for this cause. */
      readonly parting?: number;
    }
  /** Our INVITE: not sent yet. */
  | { readonly kind: 'idle' }
  /** It has no final response. */
  | { readonly kind: 'calling' }
  /** Nor is one wanted any longer; `cause` is what a 200 is ended for that was faster. */
  | { readonly kind: 'cancelling'; readonly cause: number }
  /** Both ways from here on. */
  | { readonly kind: 'up' }
  /** A re-INVITE of the far end was answered; its ACK is not here yet. */
  | { readonly kind: 'renegotiating'; readonly isOffering: boolean }
  /** A re-INVITE of ours has no final response. */
  | { readonly kind: 'inviting' }
  /** Its 200 brought an offer, which our ACK has to answer. */
  | { readonly kind: 'replying' }
  /** Our BYE is on its way. */
  | { readonly kind: 'ending' }
  | { readonly kind: 'ended' };

/** `considering`: the far end's request whose answer is being made, whatever else goes on. */
export type Session = State & { readonly considering?: Asking };

/** What a request says of media: it has an offer, it has none, it has what nobody understands. */
export type Media = 'offer' | 'none' | 'unsupported';

export type Input =
  /** What we want: 180, 183, 200, 302 to the INVITE. `isOffering`: the 200 carries our offer. */
  | { readonly kind: 'ring' | 'progress' | 'redirect' }
  | { readonly kind: 'answer'; readonly isOffering: boolean }
  | { readonly kind: 'dial' }
  /** A re-INVITE of ours, and the ACK to its 200 when that made an offer. */
  | { readonly kind: 'invite' | 'reply' }
  | { readonly kind: 'hangup'; readonly cause: number }
  /** A response to the INVITE could not be sent: its transaction is over. */
  | { readonly kind: 'lost'; readonly far: FarHangup }
  /** A 2xx to a re-INVITE could not be sent. */
  | { readonly kind: 'unsent' }
  /** `isAnswered`: it brings an answer to our offer. */
  | { readonly kind: 'ack'; readonly isAnswered: boolean }
  | { readonly kind: 'cancel'; readonly far: FarHangup }
  /** Responses to our INVITE. `isAnswered`: our offer has an answer. */
  | { readonly kind: 'provisional'; readonly status: number; readonly isReliable: boolean }
  | { readonly kind: 'final'; readonly status: number; readonly isAnswered: boolean }
  /** The final response to our re-INVITE; `isOffer`: it brings the offer that we asked for. */
  | { readonly kind: 'invited'; readonly status: number; readonly isOffer: boolean }
  | { readonly kind: 'bye'; readonly far: FarHangup }
  | { readonly kind: 're-INVITE' | 'update' | 'prack'; readonly media: Media }
  /** The answer to what was considered is there; `isOffering`: it is an offer of ours. */
  | { readonly kind: 'considered'; readonly status: number; readonly isOffering: boolean }
  /** A request of a method that nobody takes. */
  | { readonly kind: 'other' }
  /** Our BYE was answered, or never will be. */
  | { readonly kind: 'closed' };

export type Effect =
  /** To the INVITE that began it; `cause`: for which it is refused. */
  | { readonly kind: 'respond'; readonly status: number; readonly cause?: number }
  /** To the request that was the input, or was considered. */
  | { readonly kind: 'reply'; readonly status: number }
  /** The request that was the input wants an answer made: then 'considered'. */
  | { readonly kind: 'consider' }
  /** INVITE, PRACK of the response that was the input, ACK, our re-INVITE now or later (14.1). */
  | { readonly kind: 'invite' | 'prack' | 'ack' | 're-invite' | 'retry' }
  | { readonly kind: 'cancel' | 'bye'; readonly cause: number }
  /** Whoever dials is told ... */
  | { readonly kind: 'news'; readonly news: 'proceeding' | 'ringing' | 'progress' }
  | { readonly kind: 'answered' }
  | { readonly kind: 'failed'; readonly far: Hangup }
  /** The channel is told ... */
  | { readonly kind: 'hung-up'; readonly far: FarHangup };

export type Step = readonly [Session, ...Effect[]];

export type In<K extends Session['kind']> = Extract<Session, { kind: K }>;
export type States<K extends Session['kind']> = { readonly [E in K]: (session: In<E>, input: Input) => Step };

const states: States<Session['kind']> = { ...inbound, ...outbound, ...confirmed };

export function step(session: Session, input: Input): Step {
  if (input.kind === 'considered') return considered(session, input);
  const [next, ...effects] = states[session.kind](session as never, input);
  const { considering } = session;
  return considering === undefined ? [next, ...effects] : [{ ...next, considering }, ...effects];
}

/** Nothing is under way, so that a re-INVITE of ours may be sent. */
export const isQuiet = ({ kind, considering }: Session): boolean => kind === 'up' && considering === undefined;

/** Nothing will be heard of it any more but the end of what is under way. */
export const isOver = ({ kind }: Session): boolean => kind === 'ending' || kind === 'ended' || kind === 'cancelling';

/** The far end's INVITE has no final response. */
export const isUnanswered = ({ kind }: Session): boolean => kind === 'incoming' || kind === 'early';

/** The INVITE, theirs or ours, has none. */
export const isPending = (session: Session): boolean => isUnanswered(session) || session.kind === 'calling';

/** It has been answered, and is not over. */
export const isUp = ({ kind }: Session): boolean =>
  kind === 'up' || kind === 'renegotiating' || kind === 'inviting' || kind === 'replying';
