// What the core asks of a technology. A capability that it lacks is a property that it does not have.
import type { EndpointKey } from '../ids.ts';
import type { Hangup, TextMessage } from './facts.ts';
import type { Referral } from './referrals.ts';

export interface Technology {
  /** The part before the slash in "PJSIP/alice". */
  readonly name: string;
  readonly text?: TextSender;
  readonly refer?: Referrer;
  start(): Promise<void>;
  /** Takes no new work, hangs up what is open, closes what it opened. */
  stop(): Promise<void>;
}

/** Who a message goes to. */
export interface TextRecipient {
  /** The endpoint whose settings count. */
  readonly endpoint: EndpointKey;
  /** Whether there is a place now where it could be sent. */
  readonly isReachable: boolean;
}

/** What became of one attempt to deliver a message. `contact` is where; `status` and `reason` are the technology's own. */
export type TextOutcome =
  | { readonly kind: 'delivered'; readonly status: number; readonly reason: string; readonly contact: string }
  /** It will never be taken: trying again is of no use. */
  | { readonly kind: 'failed'; readonly status?: number; readonly reason: string; readonly contact?: string }
  /** Not now. `retryAfter` is in milliseconds, when the far end named a time. */
  | {
      readonly kind: 'temporary';
      readonly status?: number;
      readonly reason: string;
      readonly contact?: string;
      readonly retryAfter?: number;
    }
  /** There is no place to send it to. */
  | { readonly kind: 'unreachable' };

/** One attempt. */
export interface TextAttempt {
  /** The message's id: the same for each attempt, so that the far end can know it again. */
  readonly id: string;
  /** Milliseconds since 1970. */
  readonly createdAt: number;
  readonly expiresAt: number;
  /** 1 for the first. */
  readonly number: number;
  /** Called when it is on the wire to the first contact. */
  readonly onSent: (contact: string) => void;
}

export interface TextSender {
  /** The part before the colon in "pjsip:alice"; matched exactly. */
  readonly scheme: string;
  /**
   * Says who is meant, without sending. Fails with a Fault: 'not-found' when the address leads to no endpoint,
   * 'invalid' when something in the message cannot be written.
   */
  recipient(address: string, message: TextMessage): TextRecipient;
  /** Sends it to every contact of the address at once; it is delivered when any of them accepts it. Fails only by a bug. */
  deliver(address: string, message: TextMessage, attempt: TextAttempt): Promise<TextOutcome>;
}

export interface Referrer {
  /** As of a TextSender. */
  readonly scheme: string;
  /** Resolves when the wish was handed to the wire. Fails as a TextSender does. */
  refer(address: string, referral: Referral): Promise<void>;
}

/** How a technology carries out what happens to one of its channels. */
export interface ChannelDriver {
  /** Resolves when the answer is on the wire. */
  answer(): Promise<void>;
  ring(): Promise<void>;
  stopRinging(): Promise<void>;
  /** Ends the call on the wire without waiting for the far end; says the technology's own code, if the cause has one. */
  hangup(cause: number): Hangup['techCause'];
}
