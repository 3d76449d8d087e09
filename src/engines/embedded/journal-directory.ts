// What lies in the journal's directory: a folder for each stream, and the count of the journal's lives.
import { createHash } from 'node:crypto';
import { mkdir, open, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Fault } from '../../errors.ts';

export type Log = (level: 'info' | 'warn' | 'error', text: string) => void;

const format = 1;
const lives = 'journal.json';
const nameFile = 'name';
const removed = 'removed-';

/** The disk refused: a Fault 'unavailable', code 'journal-failed', with the system's words. A Fault is left as it is. */
export function diskFault(error: unknown, what: string): Fault {
  if (error instanceof Fault) return error;
  const text = error instanceof Error ? error.message : String(error);
  return new Fault('unavailable', `${what}: ${text}`, { cause: error, code: 'journal-failed' });
}

/** Makes what was made, renamed or removed in the directory outlive a loss of power. */
export async function syncDirectory(directory: string): Promise<void> {
  const handle = await open(directory, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/** Whole or not at all, also when the power is lost meanwhile. */
async function writeWhole(directory: string, name: string, text: string): Promise<void> {
  const draft = join(directory, `${name}.new`);
  await writeFile(draft, text, { flush: true });
  await rename(draft, join(directory, name));
  await syncDirectory(directory);
}

/** A number that no earlier life of the journal had. Were the count lost, the seconds since 1970 would be greater than it. */
export async function nextGeneration(directory: string, now: number, log: Log): Promise<number> {
  const path = join(directory, lives);
  const text = await readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined;
    throw error;
  });
  const known = text === undefined ? 0 : generationIn(text, path);
  if (known === undefined) log('warn', `${path} is damaged, and is written anew`);
  const generation = Math.max((known ?? 0) + 1, Math.floor(now / 1000));
  await writeWhole(directory, lives, `${JSON.stringify({ format, generation })}\n`);
  return generation;
}

function generationIn(text: string, path: string): number | undefined {
  const [, found, generation] = /^\{"format":(\d+)(?:,"generation":(\d+)\})?/.exec(text) ?? [];
  if (found !== undefined && Number(found) > format) {
    const words = `${path} has format ${found}, and only format ${format} can be read`;
    throw new Fault('unsupported', words, { code: 'journal-format' });
  }
  return generation === undefined ? undefined : Number(generation);
}

/** Any text becomes a safe name, of bounded length; the readable part is for whoever looks into the directory. */
function folderOf(name: string): string {
  const readable = name
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, '-')
    .slice(0, 40);
  return `${readable}.${createHash('sha256').update(name).digest('hex').slice(0, 32)}`;
}

/** The stream's folder, made if it is not there. */
export async function makeFolder(directory: string, name: string): Promise<string> {
  const folder = join(directory, folderOf(name));
  await mkdir(folder, { recursive: true });
  if ((await nameIn(folder)) !== name) await writeWhole(folder, nameFile, name);
  await syncDirectory(directory);
  return folder;
}

const nameIn = (folder: string): Promise<string | undefined> =>
  readFile(join(folder, nameFile), 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined;
    throw error;
  });

/** The names of the streams. A folder whose name cannot be read is told in the log. */
export async function streamNames(directory: string, log: Log): Promise<string[]> {
  const names: string[] = [];
  for (const entry of await readdir(directory, { withFileTypes: true })) {
    if (!entry.isDirectory() || entry.name.startsWith(removed)) continue;
    const name = await nameIn(join(directory, entry.name));
    if (name !== undefined && folderOf(name) === entry.name) names.push(name);
    else log('warn', `it is not known which stream ${join(directory, entry.name)} is of`);
  }
  return names;
}

/** Takes the stream away in one step, and then its files. */
export async function removeFolder(directory: string, name: string): Promise<void> {
  const gone = join(directory, removed + folderOf(name));
  try {
    await rm(gone, { recursive: true, force: true });
    await rename(join(directory, folderOf(name)), gone);
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return;
    throw error;
  }
  await syncDirectory(directory);
  await rm(gone, { recursive: true, force: true });
}

/** What a process left that died while it removed a stream. */
export async function removeRests(directory: string): Promise<void> {
  const rests = (await readdir(directory)).filter((entry) => entry.startsWith(removed));
  await Promise.all(rests.map((entry) => rm(join(directory, entry), { recursive: true, force: true })));
}
