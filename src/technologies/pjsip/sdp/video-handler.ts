// Video: between two calls only, whatever its codecs. Alone it is not taken, but what was on is kept, inactive.
import { inactiveVideo } from './alone.ts';
import { answeredFormats, withFormats } from './formats.ts';
import type { StreamHandler } from './handler.ts';
import type { Transport } from './transports.ts';

export const videoOver = (transport: Transport): StreamHandler => ({
  type: 'video',

  incoming(stream, { settings, head, keys, isKnown }) {
    if (!transport.isWanted(settings) || !transport.protocols.includes(stream.protocol)) return { kind: 'not mine' };
    if (!transport.isComplete(stream, head)) return { kind: 'failed' };
    const alone = isKnown ? inactiveVideo(transport, { as: 'answer', keys, settings, stream, head }) : undefined;
    return { kind: 'mine', passed: stream, alone };
  },

  outgoing(source, { settings, head, keys }) {
    if (source.of === 'nobody') return { kind: 'not mine' };
    const { stream } = source;
    if (!transport.isWanted(settings) || !transport.protocols.includes(stream.protocol)) return { kind: 'not mine' };
    if (source.of === 'the far end')
      return { kind: 'mine', offer: inactiveVideo(transport, { as: 'offer', keys, settings, stream, head }) };
    return transport.isComplete(stream, head) ? { kind: 'mine', offer: stream } : { kind: 'failed' };
  },

  answered(offer, answer, { head }) {
    if (![offer, answer].every(({ protocol }) => transport.protocols.includes(protocol))) return { kind: 'not mine' };
    const formats = answeredFormats(offer, answer, () => true);
    if (formats === undefined) return { kind: 'not mine' };
    if (!transport.isComplete(answer, head)) return { kind: 'failed' };
    return { kind: 'mine', answer: withFormats(answer, formats) };
  },
});
