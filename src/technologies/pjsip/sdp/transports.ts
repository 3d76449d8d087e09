// How streams are carried and secured: which endpoints want it, what it must say, what we say when nothing is sent.
import type { MediaSettings } from './handler.ts';
import type { Keys } from './keys.ts';
import { attribute, inherited, type Stream } from './session-description.ts';

export interface Transport {
  /** As the `m=` line has it; our own offers use the first. */
  readonly protocols: readonly string[];
  isWanted(settings: MediaSettings): boolean;
  /** Whether a stream has what it needs. */
  isComplete(stream: Stream, head: readonly string[]): boolean;
  /** What an inactive stream of ours says. */
  attributes(presented: Presented): readonly string[];
}

export interface Presented {
  readonly as: 'offer' | 'answer';
  readonly keys: Keys;
  readonly settings: MediaSettings;
  /** The far end's, that is answered or was the last; undefined when it has said nothing yet. */
  readonly stream: Stream | undefined;
  readonly head: readonly string[];
}

/** RFC 3551, RFC 4585. */
export const plain: Transport = {
  protocols: ['RTP/AVP', 'RTP/AVPF'],
  isWanted: ({ media_encryption }) => media_encryption === 'no',
  isComplete: () => true,
  attributes: () => [],
};

/** DTLS-SRTP (RFC 5763, RFC 5764), with ICE where the endpoint is a browser or offers it. */
export const dtls: Transport = {
  protocols: ['UDP/TLS/RTP/SAVPF', 'UDP/TLS/RTP/SAVP'],
  isWanted: ({ media_encryption }) => media_encryption === 'dtls',
  isComplete: (stream, head) => inherited(stream, head, 'fingerprint') !== undefined,
  attributes({ as, keys, settings, stream, head }) {
    const has = (name: string): boolean =>
      stream === undefined ? settings.webrtc : inherited(stream, head, name) !== undefined;
    return [
      ...(has('ice-ufrag') ? [`a=ice-ufrag:${keys.ufrag}`, `a=ice-pwd:${keys.pwd}`] : []),
      `a=fingerprint:${keys.fingerprint}`,
      `a=setup:${as === 'offer' ? 'actpass' : roleFor(stream && inherited(stream, head, 'setup'))}`,
      ...(has('rtcp-mux') ? ['a=rtcp-mux'] : []),
    ];
  },
};

/** RFC 4145 4.1. */
const roleFor = (offered: string | undefined): string => (offered === 'active' ? 'passive' : 'active');

/** RFC 4568 6.2, RFC 7714 14.2: the key of the others has another length. */
const SUITES = ['AES_CM_128_HMAC_SHA1_80', 'AES_CM_128_HMAC_SHA1_32'];

/** SDES (RFC 4568). */
export const sdes: Transport = {
  protocols: ['RTP/SAVP', 'RTP/SAVPF'],
  isWanted: ({ media_encryption }) => media_encryption === 'sdes',
  isComplete: ({ lines }) => attribute(lines, 'crypto') !== undefined,
  attributes({ keys, stream }) {
    const chosen = (stream?.lines ?? [])
      .map((line) => /^a=crypto:(\d{1,9}) (\S+) inline:/.exec(line))
      .find((each) => each !== null && SUITES.includes(each[2]!));
    return [`a=crypto:${chosen?.[1] ?? '1'} ${chosen?.[2] ?? SUITES[0]} inline:${keys.crypto}`];
  },
};
