// Offer and answer (RFC 3264) without media: what is accepted is inactive, on the discard port.
//
// A description that comes is an offer, or the answer to one of ours. To an offer there is an answer, or none when no
// stream of it can be accepted, which SIP tells by 488. What goes out gets its origin when it is written.
import type { Codec } from '../objects/index.ts';
import { audio, type Kind } from './audio.ts';
import { readSdp, type Description, type Stream } from './description.ts';

const kinds: readonly Kind[] = [audio];

/** Nothing is ever sent or received there. */
const DISCARD = 9;

export interface Answer extends Description {
  /** The offer puts us on hold, with each stream that is accepted. */
  readonly isHeld: boolean;
}

/** Undefined when the offer cannot be read, or nothing of it can be accepted. */
export function answerTo(offer: string, allow: readonly Codec[]): Answer | undefined {
  const description = readSdp(offer);
  if (description === undefined) return undefined;
  // A line for each offered one, in the same order (RFC 3264 6).
  const streams = description.streams.map((stream) => accept(stream, allow) ?? { ...stream, port: 0, formats: [] });
  const accepted = streams.filter(isAccepted);
  if (accepted.length === 0) return undefined;
  return { timing: description.timing, streams, isHeld: accepted.every(({ isHeld }) => isHeld) };
}

export function offerOf(allow: readonly Codec[]): Description {
  const streams = kinds.map(({ type, offer }) => line({ type, protocol: 'RTP/AVP', isHeld: false }, offer(allow)));
  return { timing: { start: 0, stop: 0 }, streams };
}

/** Whether a description answers the offer that we made with this `allow`. */
export function isAnswer(answer: string, allow: readonly Codec[]): boolean {
  const streams = readSdp(answer)?.streams ?? [];
  return streams.length === kinds.length && streams.some((stream) => accept(stream, allow) !== undefined);
}

const isAccepted = ({ port }: Stream): boolean => port > 0;

function accept(stream: Stream, allow: readonly Codec[]): Stream | undefined {
  if (!isAccepted(stream)) return undefined;
  const formats = kinds.find(({ type }) => type === stream.type)?.accept(stream, allow);
  return formats && line(stream, formats);
}

const line = (
  { type, protocol, isHeld }: Pick<Stream, 'type' | 'protocol' | 'isHeld'>,
  formats: Stream['formats'],
): Stream => ({
  type,
  port: DISCARD,
  protocol,
  payloads: formats.map(({ payload }) => payload).join(' '),
  formats,
  isHeld,
});
