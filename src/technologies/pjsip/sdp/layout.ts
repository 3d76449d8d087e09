// The `m=` lines of a session, of which none is ever taken away (RFC 3264 8), and where a peer's streams go among them.
import { midOf } from './mids.ts';
import { isLive, MAX_STREAMS, switchedOff, type Stream } from './session-description.ts';

export interface Line {
  /** As it was described last. */
  readonly stream: Stream;
  /** Its name (RFC 5888), which stays. */
  readonly mid: string | undefined;
  readonly isOn: boolean;
}

/** `described`: each line as it was offered; `agreed`: what of it holds. */
export const linesOf = (described: readonly Stream[], agreed: readonly Stream[]): Line[] =>
  described.map((stream, index) => ({ stream, mid: midOf(stream), isOn: isLive(agreed[index]!) }));

/** Whether a description of the far end continues the lines: as many or more, of the same type where they are on. */
export const isContinued = (lines: readonly Line[], streams: readonly Stream[]): boolean =>
  streams.length >= lines.length &&
  lines.every(({ stream, isOn }, index) => !isOn || stream.type === streams[index]!.type);

/** Streams of a peer among the lines of this session. */
export interface Placed {
  readonly streams: readonly Stream[];
  /** For each stream of the peer its line; undefined for those that are not wanted, or too many. */
  readonly places: readonly (number | undefined)[];
  /** What the peer calls them, and what they are called here. */
  readonly names: ReadonlyMap<string, string>;
}

/** Each goes to a line of its type, to one that is on rather than to one that is off, or else to a new one. */
export function place(
  lines: readonly Line[],
  wanted: readonly (Stream | undefined)[],
  rename: (stream: Stream, mid: string | undefined) => Stream,
): Placed {
  const streams = lines.map((line) => rename(switchedOff(line.stream), line.mid));
  const free = new Set(lines.keys());
  const taken = new Set(lines.map(({ mid }) => mid));
  const names = new Map<string, string>();
  const places = wanted.map((stream) => {
    if (stream === undefined) return undefined;
    const fits = [...free].filter((index) => lines[index]!.stream.type === stream.type);
    const index = fits.find((each) => lines[each]!.isOn) ?? fits[0] ?? streams.length;
    if (index === MAX_STREAMS) return undefined;
    free.delete(index);
    const before = midOf(stream);
    const mid = lines[index]?.mid ?? unused(before, taken);
    taken.add(mid);
    if (before !== undefined && mid !== undefined) names.set(before, mid);
    streams[index] = rename(stream, mid);
    return index;
  });
  return { streams, places, names };
}

/** The peer's name for it, unless another line has that. */
function unused(mid: string | undefined, taken: ReadonlySet<string | undefined>): string | undefined {
  if (mid === undefined || !taken.has(mid)) return mid;
  let number = taken.size;
  while (taken.has(String(number))) number += 1;
  return String(number);
}
