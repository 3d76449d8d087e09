// The journal's files: written at once, but by the threads while the disk is slow.
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { journalFiles } from '../../../src/engines/embedded/journal-file.ts';

test('a write keeps nobody waiting for a while after one that took long, and all of them arrive', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'arion-file-'));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  // Each is when a write begins, or the first ends: the first takes 50 ms.
  const moments = [0, 50, 60, 10_049, 10_050, 10_050];
  const path = join(folder, 'log');
  const file = await journalFiles(() => moments.shift()!)(path, 'w');
  onTestFinished(() => file.close());
  for (const [index, text] of ['one', 'two', 'six', 'ten'].entries()) {
    const { bytesWritten } = await file.write(Buffer.from(text), 0, 3, index * 3);
    expect(bytesWritten).toBe(3);
  }
  expect(await readFile(path, 'utf8')).toBe('onetwosixten');
  // Those that the threads wrote have not asked when they ended.
  expect(moments).toEqual([]);
});

test('a write that fails says why', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'arion-file-'));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  const file = await journalFiles()(join(folder, 'log'), 'w');
  await file.close();
  await expect(file.write(Buffer.from('x'), 0, 1, 0)).rejects.toThrow();
});
