// What comes of an offer or an answer.

/** 488: it cannot be read, or nothing of it holds. 491: there is another offer without an answer (RFC 3261 14.2). */
export interface Failed {
  readonly kind: 'failed';
  readonly status: 488 | 491;
}

/** The far end's offer. */
export interface Offered {
  readonly kind: 'offered';
  /** What of it the peer may be offered. */
  readonly forPeer: string;
  /** It puts us on hold. */
  readonly isHeld: boolean;
}

/** The far end's answer to our offer. */
export interface Agreed {
  readonly kind: 'agreed';
  /** What of it answers the description that the offer was made from, in the order of that. */
  readonly forPeer: string;
  readonly isHeld: boolean;
}

/** A description that is to be sent. */
export interface Written {
  readonly kind: 'written';
  readonly text: string;
}

export const REFUSED: Failed = { kind: 'failed', status: 488 };
export const UNDER_WAY: Failed = { kind: 'failed', status: 491 };
