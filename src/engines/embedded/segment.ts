// One file of a stream: which of its bytes are which records, so that a page of them is one read.
import { open, type FileHandle } from 'node:fs/promises';
import type { JournalEntry } from '../../core/journal.ts';
import {
  decodeHeader,
  headerBytes,
  recordBytes,
  recordsIn,
  type FoundRecord,
  type SegmentHeader,
  type Written,
} from './segment-format.ts';

/** The place of every so-manieth record is remembered. */
const stride = 64;

export class Segment {
  readonly file: string;
  /** The ordinal of the first record that goes here. */
  readonly first: number;
  /** Nothing when it is damaged. */
  header: SegmentHeader | undefined;
  /** Where the next record goes. */
  size: number;
  /** The last record that is known to be here. */
  last: Written | undefined;
  /** Where it ends. */
  end = headerBytes;
  readonly #places: { readonly ordinal: number; readonly offset: number }[] = [];
  #count = 0;
  #learned: Promise<void> | undefined;

  private constructor(file: string, first: number, header: SegmentHeader | undefined, size: number) {
    this.file = file;
    this.first = first;
    this.header = header;
    this.size = size;
  }

  /** One that was just begun, and has no records yet. */
  static begun(file: string, header: SegmentHeader): Segment {
    const segment = new Segment(file, header.first, header, headerBytes);
    segment.#learned = Promise.resolve();
    return segment;
  }

  /** One that is on the disk. Fails with a Fault 'unsupported' when a later version wrote it. */
  static async found(file: string, first: number): Promise<Segment> {
    const handle = await open(file, 'r');
    try {
      const { size } = await handle.stat();
      return new Segment(file, first, decodeHeader(await readAt(handle, 0, headerBytes), file), size);
    } finally {
      await handle.close();
    }
  }

  /** A record was written, or found: they come in their order. */
  note({ ordinal, generation, time, offset, end }: FoundRecord): void {
    if (this.#count % stride === 0) this.#places.push({ ordinal, offset });
    this.#count += 1;
    this.last = { ordinal, generation, time };
    this.end = end;
  }

  /** The records of these entries were written at its end, the first of them at that place. */
  noteAll(entries: readonly JournalEntry[], { ordinal, generation, time }: Written): void {
    for (let index = 0; index < entries.length; index += 1) {
      const offset = this.size;
      this.size += recordBytes(entries[index]!.size);
      this.note({ ordinal: ordinal + index, generation, time, offset, end: this.size });
    }
  }

  /** Reads all of it, the first time, to know where its records are. */
  learn(): Promise<void> {
    this.#learned ??= this.#learn().catch((error) => {
      this.#learned = undefined;
      throw error;
    });
    return this.#learned;
  }

  async #learn(): Promise<void> {
    for (const record of recordsIn(await this.#bytes(0, this.size), headerBytes)) {
      if (record.ordinal > (this.last?.ordinal ?? this.first - 1)) this.note(record);
    }
  }

  /** Where to begin to read, to find that record and those behind it. */
  async offsetOf(ordinal: number): Promise<number> {
    await this.learn();
    return this.#places.findLast((place) => place.ordinal <= ordinal)?.offset ?? headerBytes;
  }

  /** The records from the offset on, about so many of them; `to` is where those behind them begin. */
  async read(from: number, limit: number): Promise<{ to: number; bytes: Buffer; records: Iterable<FoundRecord> }> {
    const begun = this.#places.findLastIndex(({ offset }) => offset <= from);
    const to = this.#places[begun + Math.ceil(limit / stride) + 1]?.offset ?? this.size;
    const bytes = await this.#bytes(from, to);
    return { to, bytes, records: recordsIn(bytes, 0) };
  }

  /** A file that has gone has no bytes: its records are missing, and are told as such. */
  async #bytes(from: number, to: number): Promise<Buffer> {
    const handle = await open(this.file, 'r').catch((error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT') return undefined;
      throw error;
    });
    if (handle === undefined) return Buffer.alloc(0);
    try {
      return await readAt(handle, from, to - from);
    } finally {
      await handle.close();
    }
  }
}

/** As many of the bytes as there are. */
async function readAt(handle: FileHandle, position: number, length: number): Promise<Buffer> {
  const bytes = Buffer.allocUnsafe(length);
  let filled = 0;
  while (filled < length) {
    const { bytesRead } = await handle.read(bytes, filled, length - filled, position + filled);
    if (bytesRead === 0) break;
    filled += bytesRead;
  }
  return bytes.subarray(0, filled);
}
