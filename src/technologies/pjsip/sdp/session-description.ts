// A session description, line by line: what is passed through keeps each line as it came (RFC 8866).

/** An `m=` line and the lines below it. */
export interface Stream {
  /** "audio", "video". */
  readonly type: string;
  /** As written, with the number of ports behind it, if any. */
  readonly port: string;
  /** "RTP/AVP". */
  readonly protocol: string;
  /** The payload types, in the order of preference. */
  readonly formats: readonly string[];
  /** What stands below, without line ends. */
  readonly lines: readonly string[];
}

export interface SessionDescription {
  /** What stands above the first stream, without line ends. */
  readonly head: readonly string[];
  readonly streams: readonly Stream[];
}

/** In characters; no SIP message is longer. */
const MAX_SIZE = 65_535;
export const MAX_STREAMS = 32;
/** RTP has no more payload types (RFC 3550 5.1). */
const MAX_FORMATS = 128;

/** Undefined when it is not SDP, has a line that is none, or is too long. */
export function readDescription(text: string): SessionDescription | undefined {
  if (text.length > MAX_SIZE) return undefined;
  const lines = text.split(/\r\n|\r|\n/);
  while (lines.at(-1) === '') lines.pop();
  if (lines[0] !== 'v=0' || !lines.every((line) => /^[a-z]=[^\0]*$/i.test(line))) return undefined;
  const starts = lines.flatMap((line, index) => (line.startsWith('m=') ? [index] : []));
  if (starts.length > MAX_STREAMS) return undefined;
  const head = lines.slice(0, starts[0]);
  if (!head.some((line) => /^o=\S+ \S+ \S+ \S+ \S+ \S+\s*$/.test(line))) return undefined;
  const streams: Stream[] = [];
  for (const [index, start] of starts.entries()) {
    const stream = readStream(lines.slice(start, starts[index + 1]));
    if (stream === undefined) return undefined;
    streams.push(stream);
  }
  return { head, streams };
}

function readStream([first = '', ...lines]: readonly string[]): Stream | undefined {
  const [, type, port, protocol, formats] = /^m=(\S+) (\d{1,5}(?:\/\d{1,5})?) (\S+)((?: +\S+)+) *$/.exec(first) ?? [];
  if (type === undefined || port === undefined || protocol === undefined || formats === undefined) return undefined;
  const all = formats.trim().split(/ +/);
  if (Number.parseInt(port, 10) > 65_535 || all.length > MAX_FORMATS) return undefined;
  return { type, port, protocol, formats: all, lines };
}

export const writeDescription = ({ head, streams }: SessionDescription): string =>
  [
    ...head,
    ...streams.flatMap(({ type, port, protocol, formats, lines }) => [
      `m=${type} ${port} ${protocol} ${formats.join(' ')}`,
      ...lines,
    ]),
    '',
  ].join('\r\n');

/** The value of the first such attribute; empty when it has none. */
export function attribute(lines: readonly string[], name: string): string | undefined {
  const start = `a=${name}`;
  const line = lines.find((each) => each === start || each.startsWith(`${start}:`));
  return line?.slice(start.length + 1).trim();
}

/** Of the stream itself, or of the session that it belongs to. */
export const inherited = (stream: Stream, head: readonly string[], name: string): string | undefined =>
  attribute(stream.lines, name) ?? attribute(head, name);

/** Of the certificate of the first stream that has one. */
export const fingerprintOf = ({ head, streams }: SessionDescription): string | undefined =>
  streams.map((stream) => inherited(stream, head, 'fingerprint')).find((each) => each !== undefined);

/** With port 0 a stream is off (RFC 3264 8.2), if it does not only ride with another (RFC 8843 6). */
export const isLive = ({ port, lines }: Stream): boolean =>
  Number.parseInt(port, 10) > 0 || attribute(lines, 'bundle-only') !== undefined;

/** In its place, but off. */
export const switchedOff = ({ type, protocol, formats }: Stream): Stream => ({
  type,
  port: '0',
  protocol,
  formats,
  lines: [],
});

const DIRECTIONS = ['sendrecv', 'sendonly', 'recvonly', 'inactive'] as const;
export type Direction = (typeof DIRECTIONS)[number];

export function directionOf(stream: Stream, head: readonly string[]): Direction {
  const said = (lines: readonly string[]): Direction | undefined =>
    DIRECTIONS.find((each) => lines.some((line) => line.trim() === `a=${each}`));
  return said(stream.lines) ?? said(head) ?? 'sendrecv';
}

/** How hold was said before there were directions (RFC 2543 B.5). With ICE the address says nothing (RFC 8839 4.2.1.2). */
export function hasNoAddress(stream: Stream, head: readonly string[]): boolean {
  const connection = [...stream.lines, ...head].find((line) => line.startsWith('c=')) ?? '';
  return /^c=IN IP[46] (?:0\.0\.0\.0|::)\s*$/i.test(connection) && inherited(stream, head, 'ice-ufrag') === undefined;
}
