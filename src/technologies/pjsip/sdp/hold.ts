// What a description of the far end says of hold.
import { directionOf, hasNoAddress, isLive, type SessionDescription, type Stream } from './session-description.ts';

function isStreamHeld(stream: Stream, head: readonly string[]): boolean {
  const direction = directionOf(stream, head);
  return direction === 'sendonly' || direction === 'inactive' || hasNoAddress(stream, head);
}

/** An offer holds us when it does not want to hear anything of any of these streams. */
export function holds({ head, streams }: SessionDescription): boolean {
  const live = streams.filter(isLive);
  return live.length > 0 && live.every((stream) => isStreamHeld(stream, head));
}

/** An answer tells only of the streams in which we offered to send; undefined when there is none. */
export function answerHolds(offer: SessionDescription, { head, streams }: SessionDescription): boolean | undefined {
  const telling = streams.filter((stream, index) => {
    const offered = directionOf(offer.streams[index]!, offer.head);
    return isLive(stream) && (offered === 'sendrecv' || offered === 'sendonly');
  });
  return telling.length === 0 ? undefined : telling.every((stream) => isStreamHeld(stream, head));
}
