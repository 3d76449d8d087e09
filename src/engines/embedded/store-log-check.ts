// Looks for damage in the logs of a LevelDB before it is opened: LevelDB itself would leave out what it cannot read, and say nothing.
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { maskedCrc } from './crc32c.ts';

/** LevelDB's log format: blocks, and in them records of masked CRC-32C (4), length (2), type (1), contents; little-endian. */
const blockBytes = 32_768;
const headerBytes = 7;
/** A write is one full record; or a first, any number of middle ones, and a last. */
const fullType = 1;
const firstType = 2;
const lastType = 4;

/** In words what is damaged, if anything is. A directory that is not there, or is empty, is not damaged. */
export async function damageIn(directory: string): Promise<string | undefined> {
  const files = await readdir(directory).catch((): string[] => []);
  // LevelDB would begin an empty database over the files of the old one.
  if (!files.includes('CURRENT') && files.some((file) => /\.(ldb|sst|log)$|^MANIFEST-/.test(file))) {
    return 'the file CURRENT is missing';
  }
  for (const file of files.filter((name) => name.endsWith('.log'))) {
    const offset = damagedAt(await readFile(join(directory, file)));
    if (offset !== undefined) return `${file} cannot be read at byte ${offset}`;
  }
  return undefined;
}

/**
 * Where the first record is that cannot be read although a later write follows it, in its place or wherever else.
 * One that nothing follows is no damage: so ends a log whose process died while it wrote. Writes come one at a time, so the
 * first part of a later one says that the one before it was told to be on the disk.
 */
export function damagedAt(log: Buffer): number | undefined {
  const at = firstUnreadable(log);
  if (at === undefined) return undefined;
  for (let later = at + 1; later + headerBytes <= log.length; later += 1) {
    const type = log[later + 6]!;
    if ((type === fullType || type === firstType) && isWhole(log, later, log.length)) return at;
  }
  return undefined;
}

function firstUnreadable(log: Buffer): number | undefined {
  for (let block = 0; block < log.length; block += blockBytes) {
    const end = Math.min(block + blockBytes, log.length);
    for (let at = block; at + headerBytes <= end; at += headerBytes + log.readUInt16LE(at + 4)) {
      if (!isWhole(log, at, end)) return at;
    }
  }
  return undefined;
}

function isWhole(log: Buffer, at: number, end: number): boolean {
  const next = at + headerBytes + log.readUInt16LE(at + 4);
  const type = log[at + 6]!;
  if (next > end || type < fullType || type > lastType) return false;
  return log.readUInt32LE(at) === maskedCrc(log.subarray(at + 6, next));
}
