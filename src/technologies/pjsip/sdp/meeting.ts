// Which of two calls gives the late offer when they are bridged, so that browsers begin what they must begin anew.
import type { Negotiation } from './negotiation.ts';

export interface Meeting<C> {
  /** Is asked for its offer, by an INVITE without a description. */
  readonly offerer: C;
  readonly answerer: C;
  /** Before that the answerer needs an `offerAlone(true)`. */
  readonly isRenewed: boolean;
}

/**
 * A browser begins DTLS anew when it is told another certificate. Where only one of the two was told the other's last,
 * it must be the answerer, and forget it first: the offerer would begin too early. Else the one without a former peer
 * offers: its candidates are all in the offer, so that the other leaves the addresses that it has used before.
 */
export function meeting<C>(one: C, other: C, negotiationOf: (call: C) => Negotiation): Meeting<C> {
  const [first, second] = [negotiationOf(one), negotiationOf(other)];
  const [isKnown, isKnowing] = [second.expects(first), first.expects(second)];
  if (isKnown !== isKnowing)
    return isKnown
      ? { offerer: one, answerer: other, isRenewed: true }
      : { offerer: other, answerer: one, isRenewed: true };
  return first.hasHadPeer && !second.hasHadPeer
    ? { offerer: other, answerer: one, isRenewed: false }
    : { offerer: one, answerer: other, isRenewed: false };
}
