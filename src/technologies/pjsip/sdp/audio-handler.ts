// Audio: the codecs that an endpoint allows, and what goes along with them.
import type { Codec } from '../objects/index.ts';
import { inactiveAudio } from './alone.ts';
import { encodings } from './codecs.ts';
import { answeredFormats, formatsOf, isSame, TELEPHONE_EVENT, withFormats, type Format } from './formats.ts';
import type { StreamHandler } from './handler.ts';
import type { Transport } from './transports.ts';

/** Keys and comfort noise belong to the codecs of their rate (RFC 4733 2.1, RFC 3389 4). */
const isCompanion = ({ encoding }: Format): boolean => [TELEPHONE_EVENT, 'cn'].includes(encoding.toLowerCase());

const isCodec = (format: Format, codec: Codec): boolean => isSame(format, encodings[codec]);

/** These codecs and their companions. A stream of companions only (RFC 4317 2.4) is as good as it is. */
function chosen(codecs: readonly Format[], formats: readonly Format[]): readonly Format[] {
  if (formats.every(isCompanion)) return formats;
  if (codecs.length === 0) return [];
  return [
    ...codecs,
    ...formats.filter((format) => isCompanion(format) && codecs.some(({ rate }) => rate === format.rate)),
  ];
}

export const audioOver = (transport: Transport): StreamHandler => ({
  type: 'audio',

  incoming(stream, { settings, head, keys, isKnown }) {
    if (!transport.isWanted(settings) || !transport.protocols.includes(stream.protocol)) return { kind: 'not mine' };
    if (!transport.isComplete(stream, head)) return { kind: 'failed' };
    const formats = formatsOf(stream);
    // The order stays that of the offer, which is the offerer's preference (RFC 3264 5.1).
    const codecs = formats.filter((format) => settings.allow.some((codec) => isCodec(format, codec)));
    const passed = chosen(codecs, formats);
    if (passed.length === 0) return { kind: 'not mine' };
    const isTaken = isKnown || codecs.length > 0;
    const alone = isTaken ? inactiveAudio(transport, { as: 'answer', keys, settings, stream, head }) : undefined;
    return { kind: 'mine', passed: withFormats(stream, passed), alone };
  },

  outgoing(source, { settings, head, keys }) {
    if (!transport.isWanted(settings)) return { kind: 'not mine' };
    if (source.of !== 'the peer') {
      const stream = source.of === 'nobody' ? undefined : source.stream;
      return { kind: 'mine', offer: inactiveAudio(transport, { as: 'offer', keys, settings, stream, head }) };
    }
    const { stream } = source;
    if (!transport.protocols.includes(stream.protocol)) return { kind: 'not mine' };
    if (!transport.isComplete(stream, head)) return { kind: 'failed' };
    const formats = formatsOf(stream);
    const codecs = settings.allow.flatMap((codec) => formats.filter((format) => isCodec(format, codec)));
    const passed = chosen(codecs, formats);
    return passed.length === 0 ? { kind: 'not mine' } : { kind: 'mine', offer: withFormats(stream, passed) };
  },

  answered(offer, answer, { head }) {
    if (![offer, answer].every(({ protocol }) => transport.protocols.includes(protocol))) return { kind: 'not mine' };
    const areCompanions = formatsOf(offer).every(isCompanion);
    const formats = answeredFormats(offer, answer, (format) => areCompanions || !isCompanion(format));
    if (formats === undefined) return { kind: 'not mine' };
    if (!transport.isComplete(answer, head)) return { kind: 'failed' };
    return { kind: 'mine', answer: withFormats(answer, formats) };
  },
});
