// Audio in SDP: which of the offered formats are taken, and what we offer.
import type { Codec } from '../objects/index.ts';
import { encodings, type Encoding } from './codecs.ts';
import type { Format, Stream } from './description.ts';

/** A kind of media: the `m=` lines that it takes, and how. */
export interface Kind {
  readonly type: string;
  /** The formats that the answer accepts; undefined to reject the stream. */
  accept(stream: Stream, allow: readonly Codec[]): readonly Format[] | undefined;
  /** The formats that we offer. */
  offer(allow: readonly Codec[]): readonly Format[];
}

/** Without keys, so none of the secure profiles. */
const PROTOCOLS = ['RTP/AVP', 'RTP/AVPF'];
const TELEPHONE_EVENT = 'telephone-event';
/** The digits, *, #, A to D and flash (RFC 4733 3.2). */
const EVENTS = '0-16';

const isSame = (format: Format, codec: Encoding): boolean =>
  format.encoding.toLowerCase() === codec.encoding.toLowerCase() &&
  format.rate === codec.rate &&
  format.channels === codec.channels;

export const audio: Kind = {
  type: 'audio',

  /** The first common codec by the order of the offer, which is the offerer's preference (RFC 3264 5.1). */
  accept({ protocol, formats }, allow) {
    if (!PROTOCOLS.includes(protocol)) return undefined;
    const chosen = formats.find((format) => allow.some((codec) => isSame(format, encodings[codec])));
    if (chosen === undefined) return undefined;
    // Events use the clock of the audio that they belong to (RFC 4733 2.1).
    const events = formats.find(
      ({ encoding, rate }) => encoding.toLowerCase() === TELEPHONE_EVENT && rate === chosen.rate,
    );
    const { parameters: _, ...codec } = chosen;
    return events === undefined ? [codec] : [codec, { ...events, parameters: events.parameters ?? EVENTS }];
  },

  offer(allow) {
    const events = { payload: 101, encoding: TELEPHONE_EVENT, rate: 8000, channels: 1, parameters: EVENTS };
    return [...allow.map((codec) => encodings[codec]), events];
  },
};
