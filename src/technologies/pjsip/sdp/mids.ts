// The names of streams (RFC 5888): each session keeps its own, whatever the peer calls them.
import { attribute, isLive, type Stream } from './session-description.ts';

/** What a stream is called in one description, and in another. */
export type Renaming = ReadonlyMap<string, string>;

export const midOf = ({ lines }: Stream): string | undefined => attribute(lines, 'mid') || undefined;

/** The name in each packet (RFC 8843 15) would be the peer's: where they differ, packets go without. */
const NAME_IN_PACKETS = /^a=extmap:\d+(?:\/\w+)?[ \t]+urn:ietf:params:rtp-hdrext:sdes:mid\s*$/;

export function withMid(stream: Stream, mid: string | undefined): Stream {
  const before = midOf(stream);
  if (before === mid) return stream;
  if (before === undefined) return { ...stream, lines: [...stream.lines, `a=mid:${mid}`] };
  const lines = stream.lines.flatMap((line) => {
    if (line.startsWith('a=mid:')) return mid === undefined ? [] : [`a=mid:${mid}`];
    return NAME_IN_PACKETS.test(line) ? [] : [line];
  });
  return { ...stream, lines };
}

/** The lines of a session, with the names of another in its groups; a group of nobody goes. */
export const regrouped = (head: readonly string[], names: Renaming): string[] =>
  head.flatMap((line) => {
    const [, semantics, members] = /^a=group:(\S+)(.*)$/.exec(line) ?? [];
    if (semantics === undefined || members === undefined) return [line];
    const kept = members
      .trim()
      .split(/[ \t]+/)
      .flatMap((mid) => names.get(mid) ?? []);
    return kept.length === 0 ? [] : [`a=group:${semantics} ${kept.join(' ')}`];
  });

/** The names of the streams that are on, out of those that the offer lets ride together, if it is not our own. */
export function bundled(streams: readonly Stream[], offerHead?: readonly string[]): string[] {
  const mids = streams.flatMap((stream) => (isLive(stream) ? (midOf(stream) ?? []) : []));
  const offered = offerHead?.flatMap((line) => /^a=group:BUNDLE (.*)$/.exec(line)?.[1]?.split(/[ \t]+/) ?? []);
  return offered === undefined ? mids : mids.filter((mid) => offered.includes(mid));
}
