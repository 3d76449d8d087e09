// What the core asks of a technology. A capability that it lacks is a property that it does not have.
import type { EndpointKey } from '../ids.ts';
import type { Channel } from './channel.ts';
import type { Endpoint } from './endpoint.ts';
import type { Hangup, Party, TextMessage, TransferState } from './facts.ts';
import type { MediaLeg } from './media.ts';
import type { Referral } from './referrals.ts';

export interface Technology {
  /** The part before the slash in "PJSIP/alice". */
  readonly name: string;
  readonly text?: TextSender;
  readonly refer?: Referrer;
  readonly caller?: Caller;
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
  | { readonly kind: 'delivered'; readonly status?: number; readonly reason: string; readonly contact: string }
  /** Others have it now, who carry it further. What becomes of it is told later, or never: see `Messages.settle`. */
  | { readonly kind: 'sent'; readonly contact: string }
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

/** What a leg is to be. */
export interface LegWish {
  /** Who calls, as the far end is to see it; left out, whom the endpoint's settings name. */
  readonly caller?: Party;
  /** Codecs by preference, in Asterisk's names; left out, those of the endpoint's settings. */
  readonly formats?: readonly string[];
  /** Headers or the like, which the technology knows by their variables: PJSIP_HEADER(add,X-Name) for SIP. */
  readonly variables?: Readonly<Record<string, string>>;
  /** The session description of the party that the leg is for: it is offered instead of one of our own. */
  readonly offer?: string;
}

/** A leg that is not dialled yet: what its channel is made of. */
export interface Leg {
  readonly endpoint: Endpoint | undefined;
  /** The channel's name up to its number: "PJSIP/alice". */
  readonly name: string;
  readonly protocolId: string;
  readonly context: string;
  readonly language: string;
  readonly driver: ChannelDriver;
}

/** Makes outbound legs. */
export interface Caller {
  /**
   * A leg towards the part behind the slash in "PJSIP/alice". Nothing is sent before its driver dials. Fails with a Fault:
   * 'not-found' when that leads nowhere, or nowhere now; 'invalid' when something in the wish cannot be written.
   */
  leg(resource: string, wish: LegWish): Leg;
}

/** What the far end says while it is dialled. */
export type DialNews =
  | { readonly kind: 'proceeding' | 'ringing' }
  /** There may be something to hear already: the answer to our offer, if there was one. */
  | { readonly kind: 'progress'; readonly description?: string };

export type DialOutcome =
  /** `description`: its answer to the offer of the wish, which is for whoever made that. */
  | { readonly kind: 'answered'; readonly description?: string; readonly connected?: Party }
  /** `forward`: the far end wants to be called there instead (3xx), as a resource of the technology. */
  | ({ readonly kind: 'failed'; readonly forward?: string } & Hangup);

/** Milliseconds. What is left out is the technology's own choice. */
export interface DtmfTiming {
  readonly before?: number;
  readonly between?: number;
  readonly duration?: number;
  readonly after?: number;
}

export type Direction = 'in' | 'out' | 'both';

/** `in`: nobody hears the far end. `out`: the far end hears nobody. */
export interface Muted {
  readonly in: boolean;
  readonly out: boolean;
}

/**
 * How a technology carries out what happens to one of its channels. What it lacks, the channel cannot do. Whatever is a
 * promise resolves when it is on the wire, or where there is an answer, when that is there; and fails with a Fault:
 * 'conflict' when the call is over, or is not in a state for it; 'unavailable' when it cannot be sent; 'unprocessable' when
 * the far end refuses.
 */
export interface ChannelDriver {
  /** From now on the channel is told what the far end does, also if it has done so already. */
  drives(channel: Channel): void;
  /** An inbound leg only: what its far end has offered, as long as that may be answered by another party's description. */
  readonly offer?: string | undefined;
  /** An outbound leg only, once: calls the far end. Never fails; `hangup` ends it, and what it then resolves with is nobody's. */
  dial?(news: (news: DialNews) => void): Promise<DialOutcome>;
  /** `description`: the answer of another party to the caller's offer, instead of one of our own. */
  answer(description?: string): Promise<void>;
  ring(): Promise<void>;
  stopRinging(): Promise<void>;
  /** There may be something to hear already (SIP: 183). */
  progress?(description?: string): Promise<void>;
  /** Keys are 0-9, A-D, * and #; "w" is a pause of half a second. Resolves when the last was sent. */
  sendDtmf?(digits: string, timing: DtmfTiming): Promise<void>;
  hold?(): Promise<void>;
  unhold?(): Promise<void>;
  /** Without it, being muted is a state of the channel, which whoever carries its media has to heed. */
  setMuted?(muted: Muted): Promise<void>;
  /** Sends an unanswered caller elsewhere (SIP: 302), or one that is up (SIP: REFER). */
  redirect?(resource: string): Promise<void>;
  /** Tells the far end who it talks to now. */
  setConnected?(party: Party): Promise<void>;
  /** What became of the transfer that the far end asked for. */
  transferProgress?(state: TransferState): Promise<void>;
  /** The value of a function such as "PJSIP_HEADER(read,X-Name)"; undefined when the driver has no such function, '' when there is no value. */
  read?(expression: string): string | undefined;
  /** Says whether the driver has such a function. */
  write?(expression: string, value: string): boolean;
  /** How its media is led to another party's; left out where there is none to lead. */
  readonly media?: MediaLeg;
  /** Ends the call on the wire without waiting for the far end; says the technology's own code, if the cause has one. */
  hangup(cause: number): Hangup['techCause'];
}
