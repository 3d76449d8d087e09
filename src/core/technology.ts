// What the core asks of a technology. A capability that it lacks is a property that it does not have.
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

export interface TextSender {
  /** The part before the colon in "pjsip:alice"; matched exactly. */
  readonly scheme: string;
  /**
   * Resolves when the message was handed to the wire. Fails with a Fault: 'not-found' when the address leads nowhere,
   * 'invalid' when something in the message cannot be written.
   */
  send(address: string, message: TextMessage): Promise<void>;
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
