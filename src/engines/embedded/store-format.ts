// How the Store's entries are laid out in LevelDB, and how those of an older version become those of the present one.
import { crc32 } from 'node:zlib';
import type { ClassicLevel } from 'classic-level';
import { Fault } from '../../errors.ts';
import { damaged } from './store-faults.ts';

export type Level = ClassicLevel<string, string>;

/** Brings a database to the version after its own. It may have been begun before, by a process that died. */
export type Migration = (level: Level) => Promise<void>;

/** The version, a number in decimal. */
const format = 'format';
/** The entries: this and their key. Before the value stand 8 hexadecimal digits, the CRC-32 of key and value. */
export const entry = 'r:';
const digits = 8;

/** So many entries are read at once. */
const atOnce = 1_000;

const checksum = (key: string, value: string): string => crc32(value, crc32(key)).toString(16).padStart(digits, '0');

export const sealed = (key: string, value: string): string => checksum(key, value) + value;

/** What is damaged while the database is open: LevelDB does not look at its own checksums, so each entry has one. */
export function unsealed(key: string, text: string, directory: string): string {
  const value = text.slice(digits);
  if (text.slice(0, digits) !== checksum(key, value)) {
    throw damaged(directory, `the entry ${JSON.stringify(key)} is not what was written`);
  }
  return value;
}

/** Version 1 had the entries under "e:" and their key, without a checksum. */
async function addChecksums(level: Level): Promise<void> {
  const old = 'e:';
  const iterator = level.iterator({ gte: old, lt: 'e;' });
  try {
    for (;;) {
      const entries = await iterator.nextv(atOnce);
      if (entries.length === 0) return;
      await level.batch(
        entries.flatMap(([key, value]) => {
          const own = key.slice(old.length);
          return [
            { type: 'put' as const, key: entry + own, value: sealed(own, value) },
            { type: 'del' as const, key },
          ];
        }),
      );
    }
  } finally {
    await iterator.close();
  }
}

/** The first leads from version 1 to version 2, and so on. */
export const migrations: readonly Migration[] = [addChecksums];

/**
 * Brings the database to the version that the migrations lead to. One without entries has it from the start;
 * entries without a version are nothing that we wrote. Fails with a Fault 'unsupported' for what no step begins at.
 */
export async function migrate(level: Level, directory: string, steps: readonly Migration[]): Promise<void> {
  const current = steps.length + 1;
  const found = (await level.get(format)) ?? (await ofNothing(level, current));
  const version = Number(found);
  if (!Number.isInteger(version) || version < 1 || version > current) {
    const readable = current === 1 ? 'only format 1' : `only formats 1 to ${current}`;
    const text = `the store in ${directory} has format ${found}, and ${readable} can be read`;
    throw new Fault('unsupported', text, { code: 'store-format' });
  }
  for (const [index, step] of steps.entries()) {
    if (index + 1 < version) continue;
    await step(level);
    await level.put(format, String(index + 2), { sync: true });
  }
}

async function ofNothing(level: Level, current: number): Promise<string> {
  const [anything] = await level.keys({ limit: 1 }).all();
  if (anything !== undefined) return 'unknown';
  await level.put(format, String(current), { sync: true });
  return String(current);
}
