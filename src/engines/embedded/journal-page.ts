// Reads a page of a stream from its segments, and finds what is missing before it.
import type { JournalGap, JournalPage, JournalRecord } from '../../core/journal.ts';
import { cursorOf, type Place } from './cursor.ts';
import { textOf, type FoundRecord, type Written } from './segment-format.ts';
import type { Segment } from './segment.ts';

export interface PageRequest {
  readonly after: Place;
  readonly limit: number;
  readonly segments: readonly Segment[];
  /** The last record that was written when the page was asked for. */
  readonly last: Written;
  /** The generation in which the stream was made. */
  readonly birth: number;
  /** Told of records that are damaged, each time that they are missed. */
  readonly onDamaged: (from: number, to: number) => void;
}

export const notKept: JournalPage = { gap: { reason: 'not-kept' }, records: [] };

interface Hole {
  readonly to: number;
  /** Of the record behind it. */
  readonly generation: number;
}

interface Collected {
  readonly records: readonly JournalRecord[];
  readonly hole?: Hole | undefined;
  /** The generation of the record that was asked after; of the first one behind it when that one is not there. */
  readonly generation: number;
  readonly isThere: boolean;
}

export async function readPage(request: PageRequest): Promise<JournalPage> {
  const { after, last, birth, segments } = request;
  if (after.ordinal > last.ordinal || after.generation < birth) return notKept;
  if (after.ordinal === last.ordinal) return after.generation === last.generation ? { records: [] } : notKept;
  const before = segments[0]!.first - 1;
  const found = await collect(request, Math.max(after.ordinal, before));
  // Of a record that is no longer there only this is known: it is no younger than the one behind it.
  const isOurs =
    found.isThere && after.ordinal >= before
      ? after.generation === found.generation
      : after.generation <= found.generation;
  if (!isOurs) return notKept;
  const gap = gapOf(after, before, segments[0]!, found);
  return gap === undefined ? { records: found.records } : { gap, records: found.records };
}

function gapOf(after: Place, before: number, oldest: Segment, { hole, generation }: Collected): JournalGap | undefined {
  const from = after.ordinal + 1;
  const to = hole?.to ?? before;
  if (to < from) return undefined;
  const end = hole?.generation ?? oldest.header?.previous.generation ?? generation;
  return {
    from: cursorOf({ ordinal: from, generation: after.generation }),
    to: cursorOf({ ordinal: to, generation: end }),
    count: to - after.ordinal,
    reason: hole === undefined ? 'retention' : 'corrupt',
  };
}

/** The records behind the ordinal up to the limit, or up to the second hole: a page tells of one. */
async function collect({ limit, segments, last, onDamaged }: PageRequest, after: number): Promise<Collected> {
  const records: JournalRecord[] = [];
  let expected = after + 1;
  let hole: Hole | undefined;
  // The record before the oldest segment is known from that one's header.
  let own = after < segments[0]!.first ? segments[0]!.header?.previous.generation : undefined;
  let behind: number | undefined;
  for await (const { record, bytes } of recordsFrom(segments, after, limit)) {
    if (record.ordinal === after) own = record.generation;
    if (record.ordinal < expected) continue;
    if (record.ordinal > last.ordinal || records.length >= limit) break;
    behind ??= record.generation;
    if (record.ordinal > expected) {
      onDamaged(expected, record.ordinal - 1);
      if (records.length > 0) break;
      hole = { to: record.ordinal - 1, generation: record.generation };
    }
    records.push({ cursor: cursorOf(record), text: textOf(record, bytes) });
    expected = record.ordinal + 1;
  }
  if (records.length === 0 && expected <= last.ordinal) {
    onDamaged(expected, last.ordinal);
    hole = { to: last.ordinal, generation: last.generation };
  }
  return { records, hole, generation: own ?? behind ?? last.generation, isThere: own !== undefined };
}

/** The whole records from that one on, read about so many at once. */
async function* recordsFrom(
  segments: readonly Segment[],
  ordinal: number,
  limit: number,
): AsyncGenerator<{ record: FoundRecord; bytes: Buffer }> {
  const start = Math.max(
    0,
    segments.findLastIndex(({ first }) => first <= ordinal),
  );
  for (const segment of segments.slice(start)) {
    let offset = await segment.offsetOf(ordinal);
    while (offset < segment.size) {
      const { to, bytes, records } = await segment.read(offset, limit);
      for (const record of records) yield { record, bytes };
      offset = to;
    }
  }
}
