// The segments of one stream on the disk: found when it is opened, begun when one is full, dropped when they are too old or too many.
import { open, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { JournalLimits } from '../../core/journal.ts';
import type { Log } from './journal-directory.ts';
import { encodeHeader, headerBytes, type SegmentHeader, type Written } from './segment-format.ts';
import { Segment } from './segment.ts';

interface Progress {
  readonly bytesWritten: number;
}

/** What is asked of a file that is written. */
export interface WritableFile {
  /** Gives no promise when it is done already. Fails with a promise only. */
  write(bytes: Buffer, offset: number, length: number, position: number): Promise<Progress> | Progress;
  truncate(length: number): Promise<void>;
  datasync(): Promise<void>;
  close(): Promise<void>;
}

export type OpenFile = (file: string, flags: string) => Promise<WritableFile>;

export const fileOf = (folder: string, first: number): string => join(folder, `${String(first).padStart(15, '0')}.log`);

/** The segments of the folder, the oldest first; the newest is known, and ends with a whole record. */
export async function findSegments(folder: string, log: Log, onDamaged: () => void): Promise<Segment[]> {
  const files = (await readdir(folder)).filter((file) => /^\d{15}\.log$/.test(file)).sort();
  const segments: Segment[] = [];
  for (const file of files) segments.push(await Segment.found(join(folder, file), parseInt(file, 10)));
  const newest = segments.at(-1);
  if (newest === undefined) return [];
  for (const segment of segments) {
    // The newest one's header may be half written: nothing was in that segment yet.
    if (segment.header !== undefined || segment.size < headerBytes) continue;
    onDamaged();
    log('error', `the header of ${segment.file} is damaged; its records are read all the same`);
  }
  await newest.learn();
  await cutTail(newest, log);
  if (newest.header === undefined && newest.last === undefined) await mendHeader(segments, newest);
  return segments;
}

/** Whoever dies in the middle of a write leaves half a record. Nobody was told that it was written. */
async function cutTail(newest: Segment, log: Log): Promise<void> {
  const rest = newest.size - newest.end;
  if (rest <= 0) return;
  const handle = await open(newest.file, 'r+');
  try {
    await handle.truncate(newest.end);
    await handle.datasync();
  } finally {
    await handle.close();
  }
  newest.size = newest.end;
  log('warn', `${newest.file} ended in ${rest} bytes that are no whole record; they were cut off`);
}

async function mendHeader(segments: readonly Segment[], newest: Segment): Promise<void> {
  const before = segments.at(-2);
  await before?.learn();
  const birth = segments.find(({ header }) => header !== undefined)?.header?.birth ?? before?.last?.generation ?? 0;
  const { generation, time } = before?.last ?? { generation: birth, time: 0 };
  const header = { first: newest.first, birth, previous: { generation, time } };
  const handle = await open(newest.file, 'r+');
  try {
    await handle.write(encodeHeader(header), 0, headerBytes, 0);
    await handle.datasync();
  } finally {
    await handle.close();
  }
  newest.header = header;
  newest.size = headerBytes;
}

/** Writes the file of a segment without records. When it fails there is no such file. */
export async function beginSegment(
  folder: string,
  header: SegmentHeader,
  openFile: OpenFile,
): Promise<{ segment: Segment; handle: WritableFile }> {
  const file = fileOf(folder, header.first);
  const handle = await openFile(file, 'w');
  try {
    await writeFully(handle, encodeHeader(header), 0);
  } catch (error) {
    await handle.close();
    await rm(file, { force: true });
    throw error;
  }
  return { segment: Segment.begun(file, header), handle };
}

/** Nothing when it is done already. */
export function writeFully(handle: WritableFile, bytes: Buffer, position: number): Promise<void> | undefined {
  const progress = handle.write(bytes, 0, bytes.length, position);
  if (!('then' in progress) && progress.bytesWritten === bytes.length) return undefined;
  return writeRest(handle, bytes, position, progress);
}

/** The system may take less than all of it at once. */
async function writeRest(
  handle: WritableFile,
  bytes: Buffer,
  position: number,
  begun: Promise<Progress> | Progress,
): Promise<void> {
  let { bytesWritten: done } = await begun;
  while (done < bytes.length) {
    const { bytesWritten } = await handle.write(bytes, done, bytes.length - done, position + done);
    done += bytesWritten;
  }
}

/** The last record that a stream with these segments had. */
export function lastOf(segments: readonly Segment[]): Written {
  const newest = segments.at(-1)!;
  const previous = newest.header?.previous ?? { generation: 0, time: 0 };
  return newest.last ?? { ordinal: newest.first - 1, ...previous };
}

/** How many of the segments are to go, the oldest first; of the newest only whether its records are too old. */
export function overdue(
  segments: readonly Segment[],
  { maxAge, maxBytes }: JournalLimits,
  now: number,
): { readonly count: number; readonly isNewestToo: boolean } {
  let bytes = segments.reduce((sum, { size }) => sum + size, 0);
  let count = 0;
  while (count < segments.length - 1) {
    const behind = segments.slice(count + 1).find(({ header }) => header !== undefined);
    const time = behind?.header?.previous.time ?? segments.at(-1)!.last?.time ?? now;
    if (bytes <= maxBytes && time >= now - maxAge) break;
    bytes -= segments[count]!.size;
    count += 1;
  }
  const newest = segments.at(-1)!;
  const isNewestToo = newest.last !== undefined && newest.last.time < now - maxAge;
  return { count, isNewestToo };
}
