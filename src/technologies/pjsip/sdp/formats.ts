// The payload types of a stream: what each of them is, and a stream with some of them only.
import { staticEncoding } from './codecs.ts';
import { isLive, type Stream } from './session-description.ts';

export interface Format {
  readonly payload: string;
  /** As written; compared without regard to case. */
  readonly encoding: string;
  /** In Hz; 0 when the payload type says nothing of itself. */
  readonly rate: number;
  readonly channels: number;
}

export const TELEPHONE_EVENT = 'telephone-event';
/** Static as well (RFC 3389 4). */
const COMFORT_NOISE: Format = { payload: '13', encoding: 'CN', rate: 8000, channels: 1 };

/** The payload type that an attribute begins with, and belongs to. */
export const payloadOf = (line: string): string | undefined =>
  /^a=(?:rtpmap|fmtp|rtcp-fb|imageattr):(\d+)(?:[ \t]|$)/.exec(line)?.[1];

/** In the order of the stream. */
export function formatsOf({ formats, lines }: Stream): Format[] {
  const mapped = new Map<string, Format>();
  for (const line of lines) {
    const [, payload, encoding, rate, channels] =
      /^a=rtpmap:(\d+)[ \t]+([^/\s]+)\/(\d{1,9})(?:\/(\d{1,3}))?\s*$/.exec(line) ?? [];
    if (payload === undefined || encoding === undefined || mapped.has(payload)) continue;
    mapped.set(payload, { payload, encoding, rate: Number(rate), channels: Number(channels ?? 1) });
  }
  return formats.map((payload) => mapped.get(payload) ?? unmapped(payload));
}

function unmapped(payload: string): Format {
  if (payload === COMFORT_NOISE.payload) return COMFORT_NOISE;
  const known = /^\d+$/.test(payload) ? staticEncoding(Number(payload)) : undefined;
  return { ...(known ?? { encoding: '', rate: 0, channels: 1 }), payload };
}

export const isSame = (one: Omit<Format, 'payload'>, other: Omit<Format, 'payload'>): boolean =>
  one.encoding.toLowerCase() === other.encoding.toLowerCase() &&
  one.rate === other.rate &&
  one.channels === other.channels;

/** With these formats, in this order; what belongs to others goes with them. Nothing else changes. */
export function withFormats(stream: Stream, chosen: readonly Format[]): Stream {
  const formats = chosen.map(({ payload }) => payload);
  const lines = stream.lines.filter((line) => {
    const payload = payloadOf(line);
    return payload === undefined || formats.includes(payload);
  });
  return { ...stream, formats, lines };
}

/**
 * What of an answer was offered, be it under another payload type (RFC 3264 6.1). Undefined when there is nothing that
 * `counts`: keys and comfort noise alone are no sound.
 */
export function answeredFormats(
  offer: Stream,
  answer: Stream,
  counts: (format: Format) => boolean,
): readonly Format[] | undefined {
  if (!isLive(answer)) return undefined;
  const offered = formatsOf(offer);
  const common = formatsOf(answer).filter((format) =>
    offered.some((each) => isSame(each, format) || (format.rate === 0 && each.payload === format.payload)),
  );
  return common.some(counts) ? common : undefined;
}
