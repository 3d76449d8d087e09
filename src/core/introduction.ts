// Two channels that come together in a bridge are told who the other is: by variables, and on the wire where that can be.
import { Fault } from '../errors.ts';
import type { Channel } from './channel.ts';

/** The name of the other's channel, and the technology's own name of its call. */
const PEER = 'BRIDGEPEER';
const PEER_CALL = 'BRIDGEPVTCALLID';

export interface Introduced {
  readonly channel: Channel;
  /** Whether the other is told who it is. */
  readonly isKnown: boolean;
}

/** The one who comes is told first. Who cannot be told by the wire does without; anything else goes to `onError`. */
export function introduce(comer: Introduced, other: Introduced, onError: (error: unknown) => void): void {
  const pairs = [
    [comer, other],
    [other, comer],
  ] as const;
  for (const [{ channel }, { channel: peer }] of pairs) {
    channel.setVariable(PEER, peer.snapshot.name);
    channel.setVariable(PEER_CALL, peer.snapshot.protocolId);
  }
  for (const [{ channel }, peer] of pairs) tellOf(channel, peer, onError);
}

/** Who the peer is, as it says now. As `introduce` does it. */
export function tellOf(channel: Channel, peer: Introduced, onError: (error: unknown) => void): void {
  const { caller } = peer.channel.snapshot;
  // Nobody is told to be talking to nobody.
  if (!peer.isKnown || (caller.name === '' && caller.number === '')) return;
  channel.updateConnected(caller).catch((error: unknown) => {
    if (!(error instanceof Fault)) onError(error);
  });
}

/** The one who goes talks to nobody any more. */
export function forget(channel: Channel): void {
  for (const variable of [PEER, PEER_CALL])
    if ((channel.variable(variable) ?? '') !== '') channel.setVariable(variable, undefined);
}
