// What SDP calls the codecs that an endpoint allows.
import type { Codec } from '../objects/index.ts';

export interface Encoding {
  /** As in `a=rtpmap`; compared without regard to case. */
  readonly encoding: string;
  /** In Hz, as SDP writes it: G.722's is 8000 although it samples at 16000 (RFC 3551 4.5.2). */
  readonly rate: number;
  readonly channels: number;
  /** The static payload type of RFC 3551 6, or the dynamic one that our own offers use. */
  readonly payload: number;
}

export const encodings: Readonly<Record<Codec, Encoding>> = {
  ulaw: { encoding: 'PCMU', rate: 8000, channels: 1, payload: 0 },
  gsm: { encoding: 'GSM', rate: 8000, channels: 1, payload: 3 },
  alaw: { encoding: 'PCMA', rate: 8000, channels: 1, payload: 8 },
  g722: { encoding: 'G722', rate: 8000, channels: 1, payload: 9 },
  g729: { encoding: 'G729', rate: 8000, channels: 1, payload: 18 },
  opus: { encoding: 'opus', rate: 48_000, channels: 2, payload: 107 },
};

/** Payload types below this one need no `a=rtpmap` (RFC 3551 3). */
const FIRST_DYNAMIC = 96;

export const staticEncoding = (payload: number): Encoding | undefined =>
  payload < FIRST_DYNAMIC ? Object.values(encodings).find((each) => each.payload === payload) : undefined;
