// Streams of our own: inactive, on the discard port, since there is no media until two calls are bridged.
import type { Codec } from '../objects/index.ts';
import { encodings } from './codecs.ts';
import { formatsOf, isSame, payloadOf, TELEPHONE_EVENT, type Format } from './formats.ts';
import type { Stream } from './session-description.ts';
import type { Presented, Transport } from './transports.ts';

/** Nothing is ever sent or received there. */
const DISCARD = '9';
/** The digits, *, #, A to D and flash (RFC 4733 3.2). */
const EVENTS = '0-16';
/** Of the events in our own offers. */
const EVENT_PAYLOAD = '101';

export function inactiveAudio(transport: Transport, presented: Presented): Stream {
  const { stream, settings } = presented;
  const formats = stream && chosen(stream, settings.allow);
  const lines = (formats ?? ours(settings.allow)).map((format) => described(format, stream));
  return {
    type: 'audio',
    port: DISCARD,
    protocol: stream?.protocol ?? transport.protocols[0]!,
    formats: lines.map(({ payload }) => payload),
    lines: [
      ...lines.map(({ rtpmap }) => rtpmap),
      ...lines.flatMap(({ fmtp }) => fmtp),
      `a=${direction(presented)}`,
      ...transport.attributes(presented),
    ],
  };
}

/**
 * A browser that is offered an inactive stream first does not join the one that it wants to send to it (RFC 9429 5.10),
 * and would answer later offers without.
 */
const direction = ({ as, settings, stream }: Presented): string =>
  as === 'offer' && stream === undefined && settings.webrtc ? 'sendrecv' : 'inactive';

/** As the far end had it last. */
export const inactiveVideo = (transport: Transport, presented: Presented & { readonly stream: Stream }): Stream => ({
  ...presented.stream,
  port: DISCARD,
  lines: [
    ...presented.stream.lines.filter((line) => payloadOf(line) !== undefined),
    'a=inactive',
    ...transport.attributes(presented),
  ],
});

/** The first codec in the order of the far end, which is its preference (RFC 3264 5.1), and its keys. */
function chosen(stream: Stream, allow: readonly Codec[]): Format[] | undefined {
  const all = formatsOf(stream);
  const codec = all.find((format) => allow.some((each) => isSame(format, encodings[each])));
  const events = all.find(({ encoding, rate }) => isEvents(encoding) && (codec === undefined || rate === codec.rate));
  const both = [codec, events].filter((each) => each !== undefined);
  return both.length === 0 ? undefined : both;
}

const ours = (allow: readonly Codec[]): Format[] => [
  ...allow.map((each) => ({ ...encodings[each], payload: String(encodings[each].payload) })),
  { payload: EVENT_PAYLOAD, encoding: TELEPHONE_EVENT, rate: 8000, channels: 1 },
];

const isEvents = (encoding: string): boolean => encoding.toLowerCase() === TELEPHONE_EVENT;

interface Described {
  readonly payload: string;
  readonly rtpmap: string;
  readonly fmtp: readonly string[];
}

function described({ payload, encoding, rate, channels }: Format, stream: Stream | undefined): Described {
  const fmtp = `a=fmtp:${payload} `;
  return {
    payload,
    rtpmap: `a=rtpmap:${payload} ${encoding}/${rate}${channels > 1 ? `/${channels}` : ''}`,
    fmtp: isEvents(encoding) ? [stream?.lines.find((line) => line.startsWith(fmtp)) ?? `${fmtp}${EVENTS}`] : [],
  };
}
