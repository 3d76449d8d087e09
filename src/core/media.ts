// The ports of media: what a bridge asks of whoever carries media, and what that asks of each leg.
//
// Media never passes through this process. A media engine leads the far ends to each other, or to a server of its own, by
// the session descriptions that they get to see. A description is a text that only the legs understand.
import type { Fault } from '../errors.ts';

/**
 * One leg of a call, as its media is led; as long as it is led nowhere, it is on hold. Fails with a Fault 'conflict' when the call is over or busy with another negotiation for too long.
 */
export interface MediaLeg {
  /**
   * Before the two are led to each other: does what that takes, and says whether this one is to be asked for its offer, or the
   * peer; left out, it is the same to it. Fails as `offer` does.
   */
  meet?(peer: MediaLeg): Promise<'offers' | 'answers'>;
  /** Asks the far end what it offers. What it says must be answered, once. Fails with 'unprocessable' when it refuses. */
  requestOffer(): Promise<Offer>;
  /** Offers it that. Resolves with its answer. Fails with 'unprocessable' when it refuses, or takes nothing of it: then all is as it was. */
  offer(description: string): Promise<string>;
  /** Leads its media nowhere, without ending it: it is on hold. */
  hold(): Promise<void>;
  /**
   * Who is asked when the far end makes an offer of its own, for example to put the call on hold; undefined: nobody, and the
   * leg answers by itself. What the promise resolves with is the answer; if it fails, the far end is refused: with
   * 'conflict' for now, so that it may ask again (491).
   */
  onOffer(answerer: ((offer: string) => Promise<string>) | undefined): void;
}

export interface Offer {
  readonly description: string;
  /** Without one, its media is led nowhere. */
  answer(description: string | undefined): Promise<void>;
}

/** What is asked of a medium for one leg. */
export interface MediaPlace {
  /** It sees the other's description already, and the other its: they were led to each other while one called the other. */
  readonly isAgreed?: boolean;
  /** The others are not to hear it. */
  readonly isMuted?: boolean;
}

/** A medium between the channels of one bridge. */
export interface MediaBridge {
  /** Asterisk's name of how it is done now: "simple_bridge", "native_rtp", "holding_bridge". */
  readonly technology: string;
  /** Why there cannot be so many legs in it, or not one that is to have this place; undefined where there can. */
  refusal(legs: number, place: MediaPlace): Fault | undefined;
  /**
   * Resolves when its media is led. Fails with a Fault: as `refusal` says; 'unprocessable' when the parties have nothing
   * in common; as a leg does. Then it is not in, and on hold. If the others leave meanwhile, it is in, and on hold.
   */
  add(leg: MediaLeg, place?: MediaPlace): Promise<void>;
  /** It is out at once. Resolves when its media is on hold, unless its call is over. Fails only by a bug. */
  remove(leg: MediaLeg, isOver: boolean): Promise<void>;
}

export interface MediaEngine {
  /** A bridge whose channels hear each other. */
  mix(): MediaBridge;
  /** A bridge whose channels wait. */
  hold(): MediaBridge;
}
