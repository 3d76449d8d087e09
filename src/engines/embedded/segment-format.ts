// How the journal's files are laid out: a header, then records, each with its own checksum.
import { crc32 } from 'node:zlib';
import type { JournalEntry } from '../../core/journal.ts';
import { Fault } from '../../errors.ts';
import type { Place } from './cursor.ts';

/**
 * The layout that is written. Segments are never written anew: they go by the limits of time and size. So a later layout
 * keeps this header, may add to it, and comes with its own decoder; what the older one wrote is read as it is until it has gone.
 */
const version = 1;
const signature = 0x41524a4c; // "ARJL"
export const headerBytes = 34;

export interface SegmentHeader {
  /** The ordinal of the first record that goes here. */
  readonly first: number;
  /** The generation in which the stream was made. */
  readonly birth: number;
  /** The record before the first: its generation, and its time in milliseconds since 1970. */
  readonly previous: { readonly generation: number; readonly time: number };
}

/** signature (4) version (4) first (8) birth (4) previous generation (4) and time (6) CRC-32 of what is before (4); big-endian. */
export function encodeHeader({ first, birth, previous }: SegmentHeader): Buffer {
  const bytes = Buffer.alloc(headerBytes);
  bytes.writeUInt32BE(signature, 0);
  bytes.writeUInt32BE(version, 4);
  bytes.writeBigUInt64BE(BigInt(first), 8);
  bytes.writeUInt32BE(birth, 16);
  bytes.writeUInt32BE(previous.generation, 20);
  bytes.writeUIntBE(previous.time, 24, 6);
  bytes.writeUInt32BE(crc32(bytes.subarray(0, 30)), 30);
  return bytes;
}

/** Nothing when it is damaged. Fails with a Fault 'unsupported' when a later version wrote it. */
export function decodeHeader(bytes: Buffer, file: string): SegmentHeader | undefined {
  if (bytes.length < headerBytes || bytes.readUInt32BE(30) !== crc32(bytes.subarray(0, 30))) return undefined;
  if (bytes.readUInt32BE(0) !== signature) return undefined;
  const found = bytes.readUInt32BE(4);
  if (found !== version) {
    const text = `${file} has format ${found}, and only format ${version} can be read`;
    throw new Fault('unsupported', text, { code: 'journal-format' });
  }
  return {
    first: Number(bytes.readBigUInt64BE(8)),
    birth: bytes.readUInt32BE(16),
    previous: { generation: bytes.readUInt32BE(20), time: bytes.readUIntBE(24, 6) },
  };
}

/** Bytes that no text in UTF-8 has: no text is taken for a record. */
const mark = 0xfffe;
const fixedBytes = 26;

/** How many bytes a record is whose text is so many. */
export const recordBytes = (size: number): number => fixedBytes + size;

/** The records in the order of the entries, the first of them at that place. */
export function encodeRecords(entries: readonly JournalEntry[], { ordinal, time, generation }: Written): Buffer {
  let size = 0;
  for (const entry of entries) size += recordBytes(entry.size);
  const bytes = Buffer.allocUnsafe(size);
  let offset = 0;
  for (let index = 0; index < entries.length; index += 1)
    offset = encodeRecord(entries[index]!, { ordinal: ordinal + index, time, generation }, bytes, offset);
  return bytes;
}

/**
 * Writes the record at the offset, and gives the offset behind it.
 * mark (2) length of the text (4) CRC-32 of what follows (4) ordinal (6) time (6) generation (4) text; big-endian.
 */
function encodeRecord(entry: JournalEntry, { ordinal, time, generation }: Written, bytes: Buffer, offset: number) {
  const end = offset + fixedBytes + entry.size;
  bytes.writeUInt16BE(mark, offset);
  bytes.writeUInt32BE(entry.size, offset + 2);
  bytes.writeUIntBE(ordinal, offset + 10, 6);
  bytes.writeUIntBE(time, offset + 16, 6);
  bytes.writeUInt32BE(generation, offset + 22);
  entry.writeRecord(bytes, offset + fixedBytes);
  bytes.writeUInt32BE(crc32(bytes.subarray(offset + 10, end)), offset + 6);
  return end;
}

/** What is known of a record without reading it. */
export interface Written extends Place {
  /** Milliseconds since 1970. */
  readonly time: number;
}

/** Its text is read from between its offsets. */
export interface FoundRecord extends Written {
  readonly offset: number;
  /** Where the next one begins. */
  readonly end: number;
}

export const textOf = ({ offset, end }: FoundRecord, bytes: Buffer): string =>
  bytes.toString('utf8', offset + fixedBytes, end);

/** The record that begins exactly here, if a whole one does. */
function recordAt(bytes: Buffer, offset: number): FoundRecord | undefined {
  if (offset + fixedBytes > bytes.length || bytes.readUInt16BE(offset) !== mark) return undefined;
  const end = offset + fixedBytes + bytes.readUInt32BE(offset + 2);
  if (end > bytes.length) return undefined;
  if (bytes.readUInt32BE(offset + 6) !== crc32(bytes.subarray(offset + 10, end))) return undefined;
  return {
    offset,
    end,
    ordinal: bytes.readUIntBE(offset + 10, 6),
    time: bytes.readUIntBE(offset + 16, 6),
    generation: bytes.readUInt32BE(offset + 22),
  };
}

/** The whole records from the offset on. What is damaged between two of them shows as a jump of their ordinals. */
export function* recordsIn(bytes: Buffer, offset: number): Generator<FoundRecord> {
  const sign = Buffer.from([mark >> 8, mark & 0xff]);
  let at = offset;
  while (at !== -1 && at < bytes.length) {
    const found = recordAt(bytes, at);
    if (found !== undefined) yield found;
    at = found?.end ?? bytes.indexOf(sign, at + 1);
  }
}
