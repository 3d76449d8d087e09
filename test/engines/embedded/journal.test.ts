// The Journal on disk: the contract, and what only a directory can show.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { open, readdir, rename, stat, truncate } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { expect, onTestFinished, test, vi } from 'vitest';
import { openJournal } from '../../../src/engines/embedded/journal.ts';
import type { OpenFile } from '../../../src/engines/embedded/journal-segments.ts';
import { day, journalContract, numbered, readAll } from '../../contracts/journal.contract.ts';
import { testClock } from '../../support/test-clock.ts';
import { directory, journalIn, segmentsIn } from './journal-files.ts';

journalContract('the embedded engine', async (limits, now) => {
  const journal = await openJournal(join(await directory(), 'made', 'on', 'the', 'way'), { ...limits, now });
  onTestFinished(() => journal.close());
  return journal;
});

test('cursors hold over openings, and what is written later has later ones', async () => {
  const path = await directory();
  const first = await journalIn(path, { maxBytes: 100_000 });
  const stream = await first.open('hello');
  const begin = stream.last;
  const cursors = await Promise.all(numbered(300).map((text) => stream.append(text)));
  await first.close();

  const second = await journalIn(path, { maxBytes: 100_000 });
  const again = await second.open('hello');
  expect(again.last).toBe(cursors.at(-1));
  cursors.push(...(await Promise.all(numbered(100, 301).map((text) => again.append(text)))));
  expect(cursors[300]!.slice(-8) > cursors[299]!.slice(-8)).toBe(true);
  expect([...cursors].sort()).toEqual(cursors);
  expect(await readAll(again, begin)).toEqual({ texts: numbered(400), cursors, gaps: [] });
  for (const place of [0, 128, 299, 300, 398]) {
    expect((await again.read(cursors[place]!, 1)).records).toEqual([
      { cursor: cursors[place + 1], text: numbered(400)[place + 1] },
    ]);
  }
  expect(second.told).toEqual([]);
});

test('a cursor of a record that a loss of power took is not mistaken for the one that came in its place', async () => {
  const path = await directory();
  const first = await journalIn(path);
  const stream = await first.open('hello');
  const kept = await stream.append('kept');
  const [file] = await segmentsIn(path);
  const { size } = await stat(file!);
  const lost = await stream.append('lost');
  await first.close();
  await truncate(file!, size);

  const again = await (await journalIn(path)).open('hello');
  expect(again.last).toBe(kept);
  const other = await again.append('other');
  expect(await again.read(lost, 10)).toEqual({ gap: { reason: 'not-kept' }, records: [] });
  expect(await again.read(kept, 10)).toEqual({ records: [{ cursor: other, text: 'other' }] });
});

test('what is too much or too old is no longer on the disk', async () => {
  const path = await directory();
  const clock = testClock();
  const journal = await journalIn(path, { maxBytes: 32_000, now: clock.now });
  const stream = await journal.open('hello');
  const begin = stream.last;
  for (const text of numbered(2_000)) await stream.append(text);
  expect(journal.metrics.bytes).toBeLessThan(34_500);
  const files = await segmentsIn(path);
  expect(files.length).toBeLessThanOrEqual(18);
  clock.advance(day / 2);
  const young = await stream.append('young');
  clock.advance(day / 2 + 1);
  const { gaps, texts } = await readAll(stream, begin);
  expect(gaps).toMatchObject([{ reason: 'retention' }]);
  expect(texts.at(-1)).toBe('young');
  expect(texts.length).toBeLessThan(20);
  clock.advance(day);
  expect((await stream.read(begin, 10)).gap).toMatchObject({ to: young, count: 2_001 });
  await journal.close();

  const again = await (await journalIn(path, { maxBytes: 32_000, now: clock.now })).open('hello');
  expect(again.last).toBe(young);
  expect((await again.read(begin, 10)).gap).toMatchObject({ to: young, count: 2_001 });
  expect(journal.metrics.dropped).toBe(2_001);
});

test('once a second what was written is handed to the disk itself, and then an idle file is closed', async () => {
  vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] });
  onTestFinished(() => void vi.useRealTimers());
  const asked: string[] = [];
  const openFile: OpenFile = async (file, flags) => {
    const handle = await open(file, flags);
    const note = (what: string): void => void asked.push(what);
    return {
      write: (bytes, from, length, at) => handle.write(bytes, from, length, at),
      truncate: (length) => handle.truncate(length),
      datasync: () => handle.datasync().finally(() => note('datasync')),
      close: () => handle.close().finally(() => note('close')),
    };
  };
  const path = await directory();
  const clock = testClock();
  const journal = await journalIn(path, { openFile, now: clock.now });
  const stream = await journal.open('hello');
  expect(asked.splice(0)).toEqual(['close']);
  await stream.append('1');
  vi.advanceTimersByTime(1_000);
  await vi.waitFor(() => expect(asked).toEqual(['datasync']));
  await vi.waitFor(() => {
    vi.advanceTimersByTime(1_000);
    expect(asked).toEqual(['datasync', 'close']);
  });
  await stream.append('2');
  clock.advance(day + 1);
  const [old] = await segmentsIn(path);
  await vi.waitFor(async () => {
    vi.advanceTimersByTime(1_000);
    expect(await segmentsIn(path)).not.toContain(old);
  });
  expect(journal.metrics.dropped).toBe(2);
  await stream.append('3');
  await journal.close();
  expect(asked.slice(-2)).toEqual(['datasync', 'close']);
  expect(vi.getTimerCount()).toBe(0);
});

/** A disk that refuses while it is told to, after it has taken a part. */
function failingDisk() {
  const disk = { isFull: false, cuts: true };
  const full = (): Error => Object.assign(new Error('ENOSPC: no space left on device, write'), { code: 'ENOSPC' });
  const openFile: OpenFile = async (file, flags) => {
    const handle = await open(file, flags);
    return {
      async write(bytes, from, length, at) {
        if (!disk.isFull) return handle.write(bytes, from, length, at);
        await handle.write(bytes, from, Math.floor(length * 0.8), at);
        throw full();
      },
      truncate: (length) => (disk.cuts ? handle.truncate(length) : Promise.reject(full())),
      datasync: () => handle.datasync(),
      close: () => handle.close(),
    };
  };
  return { disk, openFile };
}

test.for([true, false])(
  'when the disk refuses the append fails, and the stream goes on (what was half written can be cut off: %s)',
  async (cuts) => {
    const path = await directory();
    const { disk, openFile } = failingDisk();
    const first = await journalIn(path, { openFile, maxBytes: 16_000 });
    const stream = await first.open('hello');
    const begin = stream.last;
    const good = numbered(40);
    for (const text of good) {
      const { last } = stream;
      Object.assign(disk, { isFull: true, cuts });
      const outcomes = await Promise.allSettled(['not', 'to be', 'found'].map((each) => stream.append(each)));
      for (const outcome of outcomes) {
        expect(outcome).toMatchObject({ reason: { kind: 'unavailable', code: 'journal-failed' } });
      }
      expect(stream.last).toBe(last);
      if (!cuts) await expect(stream.append('not either')).rejects.toMatchObject({ code: 'journal-failed' });
      Object.assign(disk, { isFull: false, cuts: true });
      await stream.append(text);
    }
    expect(await readAll(stream, begin)).toMatchObject({ texts: good, gaps: [] });
    expect((await segmentsIn(path)).length).toBeGreaterThan(2);
    await first.close();

    const second = await journalIn(path, { maxBytes: 16_000 });
    expect(await readAll(await second.open('hello'), begin)).toMatchObject({ texts: good, gaps: [] });
    expect(second.told).toEqual([]);
  },
);

test('what waits is bounded, and what is refused is counted', async () => {
  const journal = await journalIn(await directory(), { maxWaiting: 1_000 });
  const stream = await journal.open('hello');
  const outcomes = Promise.allSettled(numbered(20).map((text) => stream.append(text)));
  const { waiting, limit, refused } = journal.metrics;
  expect(waiting).toBeLessThanOrEqual(1_000);
  expect({ limit, refused }).toEqual({ limit: 1_000, refused: 12 });
  const refusals = (await outcomes).filter(({ status }) => status === 'rejected');
  expect(refusals).toHaveLength(12);
  expect(refusals[0]).toMatchObject({ reason: { kind: 'unavailable', code: 'journal-full' } });
  expect(journal.metrics.waiting).toBe(0);
});

test('what a process left that died while it removed a stream is taken away', async () => {
  const path = await directory();
  const first = await journalIn(path);
  await (await first.open('hello')).append('1');
  await first.close();
  const [folder] = (await readdir(path)).filter((entry) => entry.startsWith('hello.'));
  await rename(join(path, folder!), join(path, `removed-${folder}`));
  const second = await journalIn(path);
  expect(await second.names()).toEqual([]);
  expect((await readdir(path)).filter((entry) => entry.includes('hello'))).toEqual([]);
});

/** Another process that appends "1", "2", … without end, many at once, telling of each one that was written. */
function writer(path: string) {
  const module = join(import.meta.dirname, '../../../src/engines/embedded/journal.ts');
  const program = `
    import { openJournal } from ${JSON.stringify(module)};
    const journal = await openJournal(${JSON.stringify(path)}, { maxAge: 86400000, maxBytes: 8 * 1024 * 1024 });
    const stream = await journal.open('hello');
    process.stdout.write('0 ' + stream.last + '\\n');
    for (let count = 1; ; ) {
      const group = Array.from({ length: 20 }, () => count++);
      await Promise.all(group.map(async (each) => {
        const cursor = await stream.append(String(each).padEnd(300));
        process.stdout.write(each + ' ' + cursor + '\\n');
      }));
    }`;
  const child = spawn(process.execPath, ['--import', 'tsx', '--input-type=module', '--eval', program], {
    stdio: ['ignore', 'pipe', 'inherit'],
    cwd: join(import.meta.dirname, '../../..'),
  });
  onTestFinished(() => void child.kill('SIGKILL'));
  return child;
}

test('everything that was acknowledged survives kill -9, in order, at the cursor that was told', async () => {
  const path = await directory();
  const child = writer(path);
  const told: string[] = [];
  for await (const line of createInterface({ input: child.stdout })) {
    told.push(line);
    if (told.length === 3_000) child.kill('SIGKILL');
  }
  if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
  expect(child.signalCode).toBe('SIGKILL');
  const whole = told.filter((line) => /^\d+ [0-9a-f]{12}-[0-9a-f]{8}$/.test(line));

  const stream = await (await journalIn(path, { maxBytes: 8 * 1024 * 1024 })).open('hello');
  const { texts, cursors, gaps } = await readAll(stream, whole[0]!.split(' ')[1]!, 500);
  expect(gaps).toEqual([]);
  const found = texts.map((text, index) => `${text.trim()} ${cursors[index]}`);
  expect(found.slice(0, whole.length - 1)).toEqual(whole.slice(1));
  expect(texts.map(Number)).toEqual(texts.map((_, index) => index + 1));
});
