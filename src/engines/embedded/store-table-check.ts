// Looks for damage in LevelDB's tables: LevelDB does not look at the checksums of their blocks, and may leave out what it cannot read.
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { maskedCrc } from './crc32c.ts';

/** LevelDB's table format: blocks, each with its compression (1) and masked CRC-32C (4) behind it; at the end where the indexes are. */
const trailerBytes = 5;
const footerBytes = 48;
const snappy = 1;

export const tablesIn = async (directory: string): Promise<string[]> =>
  (await readdir(directory).catch((): string[] => [])).filter((file) => /\.(ldb|sst)$/.test(file));

/** The first of the tables that is damaged. One that has gone meanwhile was merged into another. */
export async function damagedTable(directory: string, tables: readonly string[]): Promise<string | undefined> {
  for (const file of tables) {
    const bytes = await readFile(join(directory, file)).catch((error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT') return undefined;
      throw error;
    });
    if (bytes !== undefined && !isWhole(bytes)) return file;
  }
  return undefined;
}

function isWhole(table: Buffer): boolean {
  if (table.length < footerBytes) return false;
  const footer = new Reader(table.subarray(-footerBytes));
  // Of the filters, and of the entries.
  for (const index of [footer.handle(), footer.handle()]) {
    const block = blockAt(table, index);
    if (block === undefined) return false;
    if (!handlesIn(block).every((handle) => blockAt(table, handle) !== undefined)) return false;
  }
  return true;
}

interface Handle {
  readonly offset: number;
  readonly size: number;
}

interface Block {
  readonly contents: Buffer;
  readonly isCompressed: boolean;
}

/** Nothing when it is damaged. */
function blockAt(table: Buffer, { offset, size }: Handle): Block | undefined {
  const end = offset + size;
  if (end + trailerBytes > table.length) return undefined;
  if (table.readUInt32LE(end + 1) !== maskedCrc(table.subarray(offset, end + 1))) return undefined;
  return { contents: table.subarray(offset, end), isCompressed: table[end] === snappy };
}

/** An index has entries of: length shared with the key before, length of the rest, length of the value, the rest, the value. */
function handlesIn({ contents, isCompressed }: Block): Handle[] {
  const bytes = isCompressed ? uncompressed(contents) : contents;
  const end = bytes.length - 4 * (bytes.readUInt32LE(bytes.length - 4) + 1);
  const reader = new Reader(bytes);
  const handles: Handle[] = [];
  while (reader.at < end) {
    reader.number();
    const rest = reader.number();
    const next = reader.number() + rest + reader.at;
    reader.at += rest;
    handles.push(reader.handle());
    reader.at = next;
  }
  return handles;
}

class Reader {
  at = 0;
  readonly #bytes: Buffer;

  constructor(bytes: Buffer) {
    this.#bytes = bytes;
  }

  /** Seven bits a byte, the lowest first. */
  number(): number {
    let value = 0;
    for (let factor = 1; ; factor *= 128) {
      const byte = this.#bytes[this.at] ?? 0;
      this.at += 1;
      value += (byte & 0x7f) * factor;
      if (byte < 0x80) return value;
    }
  }

  handle(): Handle {
    return { offset: this.number(), size: this.number() };
  }
}

/** Snappy's format (google/snappy, format_description.txt): of blocks whose checksum was right. */
function uncompressed(bytes: Buffer): Buffer {
  const reader = new Reader(bytes);
  const result = Buffer.alloc(reader.number());
  let done = 0;
  let at = reader.at;
  while (at < bytes.length) {
    const tag = bytes[at]!;
    const kind = tag & 3;
    at += 1;
    if (kind === 0) {
      const extra = Math.max(0, (tag >> 2) - 59);
      const length = (extra === 0 ? tag >> 2 : bytes.readUIntLE(at, extra)) + 1;
      done += bytes.copy(result, done, at + extra, at + extra + length);
      at += extra + length;
      continue;
    }
    const length = kind === 1 ? ((tag >> 2) & 7) + 4 : (tag >> 2) + 1;
    const distance = kind === 1 ? ((tag >> 5) << 8) | bytes[at]! : bytes.readUIntLE(at, kind === 2 ? 2 : 4);
    at += kind === 1 ? 1 : kind === 2 ? 2 : 4;
    for (let count = 0; count < length; count += 1, done += 1) result[done] = result[done - distance]!;
  }
  return result;
}
