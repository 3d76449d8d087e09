// Journals in directories of their own, and what one needs to look into these.
import { mkdtemp, open, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { openJournal, type JournalOptions } from '../../../src/engines/embedded/journal.ts';
import { day } from '../../contracts/journal.contract.ts';

export async function directory(): Promise<string> {
  const path = await mkdtemp(join(tmpdir(), 'arion-journal-'));
  onTestFinished(() => rm(path, { recursive: true }));
  return path;
}

export async function journalIn(path: string, options: Partial<JournalOptions> = {}) {
  const told: string[] = [];
  const log = (level: string, text: string): void => void told.push(`${level}: ${text}`);
  const journal = await openJournal(path, { maxAge: day, maxBytes: 64 * 1024 * 1024, log, ...options });
  onTestFinished(() => journal.close());
  return Object.assign(journal, { told });
}

/** The files of the only stream, the oldest first. */
export async function segmentsIn(path: string): Promise<string[]> {
  const files = await readdir(path, { recursive: true });
  return files
    .filter((file) => file.endsWith('.log'))
    .sort()
    .map((file) => join(path, file));
}

export async function damage(file: string, at: number, bytes = 'damage'): Promise<void> {
  const handle = await open(file, 'r+');
  await handle.write(bytes, at);
  await handle.close();
}
