// A session description read and written: the streams that it holds, whatever else it says (RFC 8866).
import { parse, write } from 'sdp-transform';
import { staticEncoding } from './codecs.ts';

/** One payload type of a stream. */
export interface Format {
  readonly payload: number;
  readonly encoding: string;
  /** In Hz. */
  readonly rate: number;
  readonly channels: number;
  /** What stands behind it in `a=fmtp`. */
  readonly parameters?: string;
}

/** What an `m=` line says, and the attributes that belong to it. */
export interface Stream {
  /** "audio", "video". */
  readonly type: string;
  /** 0: not wanted. */
  readonly port: number;
  readonly protocol: string;
  /** The formats as the line has them, those included that mean nothing here. */
  readonly payloads: string;
  readonly formats: readonly Format[];
  /** Who wrote it does not want to hear anything now. */
  readonly isHeld: boolean;
}

export interface Description {
  readonly timing: { readonly start: number; readonly stop: number };
  readonly streams: readonly Stream[];
}

/** Who speaks: the `o=` and `c=` lines. The version rises by one with each description of a session (RFC 3264 8). */
export interface Origin {
  readonly sessionId: number;
  readonly version: number;
  /** An IP address. */
  readonly address: string;
}

/** How hold was said before there were directions (RFC 2543 B.5). */
const NOWHERE: readonly (string | undefined)[] = ['0.0.0.0', '::'];

/** Undefined when it is not SDP, or has a line of media that cannot be understood. */
export function readSdp(text: string): Description | undefined {
  // The parser leaves out what it does not find, which its types do not say.
  const parsed: Partial<ReturnType<typeof parse>> = parse(text);
  if (parsed.version !== 0 || parsed.origin === undefined) return undefined;
  const media: readonly Partial<ReturnType<typeof parse>['media'][number]>[] = parsed.media ?? [];
  const streams: Stream[] = [];
  for (const { type, port, protocol, payloads = '', rtp = [], fmtp = [], ...own } of media) {
    if (type === undefined || port === undefined || protocol === undefined) return undefined;
    const formats = String(payloads)
      .split(' ')
      .flatMap((each) => format(Number(each), rtp, fmtp) ?? []);
    const direction = own.direction ?? parsed.direction;
    const address = (own.connection ?? parsed.connection)?.ip;
    const isHeld = direction === 'sendonly' || direction === 'inactive' || NOWHERE.includes(address);
    streams.push({ type, port, protocol, payloads: String(payloads), formats, isHeld });
  }
  return { timing: parsed.timing ?? { start: 0, stop: 0 }, streams };
}

type Media = ReturnType<typeof parse>['media'][number];

function format(payload: number, rtp: Media['rtp'], fmtp: Media['fmtp']): Format | undefined {
  const mapped = rtp.find((each) => each.payload === payload);
  const known = staticEncoding(payload);
  const named = mapped === undefined ? known : { encoding: mapped.codec, rate: mapped.rate, channels: mapped.encoding };
  if (named === undefined) return undefined;
  const parameters = fmtp.find((each) => each.payload === payload)?.config;
  return {
    payload,
    encoding: named.encoding,
    rate: named.rate ?? 8000,
    channels: Number(named.channels ?? 1),
    ...(parameters !== undefined && { parameters }),
  };
}

/** Every stream is inactive: there is no media yet. */
export function writeSdp({ timing, streams }: Description, { sessionId, version, address }: Origin): string {
  const ipVer = address.includes(':') ? 6 : 4;
  return write({
    version: 0,
    origin: { username: '-', sessionId, sessionVersion: version, netType: 'IN', ipVer, address },
    name: '-',
    connection: { version: ipVer, ip: address },
    timing,
    media: streams.map(({ type, port, protocol, payloads, formats }) => ({
      type,
      port,
      protocol,
      payloads,
      rtp: formats.map(({ payload, encoding, rate, channels }) => ({
        payload,
        codec: encoding,
        rate,
        ...(channels > 1 && { encoding: channels }),
      })),
      fmtp: formats.flatMap(({ payload, parameters }) =>
        parameters === undefined ? [] : [{ payload, config: parameters }],
      ),
      ...(port > 0 && { direction: 'inactive' as const }),
    })),
  });
}
