// What every Journal does. Each engine's test calls this with its own way to make an empty one.
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Journal, JournalGap, JournalLimits, JournalStream } from '../../src/core/journal.ts';
import { Fault } from '../../src/errors.ts';
import { testClock } from '../support/test-clock.ts';

export type MakeJournal = (limits: JournalLimits, now: () => number) => Promise<Journal>;

export const day = 24 * 60 * 60 * 1000;
const ample: JournalLimits = { maxAge: day, maxBytes: 64 * 1024 * 1024 };

/** All that can be read behind the cursor, by pages of that size, and the gaps between. */
export async function readAll(
  stream: JournalStream,
  after: string,
  limit = 7,
): Promise<{ texts: string[]; cursors: string[]; gaps: JournalGap[] }> {
  const texts: string[] = [];
  const cursors: string[] = [];
  const gaps: JournalGap[] = [];
  for (let cursor = after; ;) {
    const { gap, records } = await stream.read(cursor, limit);
    expect(records.length).toBeLessThanOrEqual(limit);
    if (gap !== undefined) gaps.push(gap);
    texts.push(...records.map(({ text }) => text));
    cursors.push(...records.map((record) => record.cursor));
    const next = records.at(-1)?.cursor ?? gap?.to;
    if (next === undefined || next === stream.last) return { texts, cursors, gaps };
    cursor = next;
  }
}

export const numbered = (count: number, from = 1): string[] =>
  Array.from({ length: count }, (_, index) => `record ${from + index} ${'x'.repeat(80)}`);

/** `make` gives an empty journal, and sees to it that it is closed when the test has ended. */
export function journalContract(name: string, make: MakeJournal): void {
  describe(`${name} as a Journal`, () => {
    test('gives back what was appended, in order, from any of its cursors on', async () => {
      const stream = await (await make(ample, Date.now)).open('hello');
      const begin = stream.last;
      expect(await stream.read(begin, 10)).toEqual({ records: [] });
      const cursors: string[] = [];
      for (const text of numbered(200)) cursors.push(await stream.append(text));
      expect(stream.last).toBe(cursors.at(-1));
      expect([...cursors].sort()).toEqual(cursors);
      expect(await readAll(stream, begin)).toEqual({ texts: numbered(200), cursors, gaps: [] });
      expect((await readAll(stream, cursors[149]!, 500)).texts).toEqual(numbered(50, 151));
      expect(await stream.read(stream.last, 10)).toEqual({ records: [] });
    });

    test('appends that are asked for at once are written, and told, in the order of the calls', async () => {
      const stream = await (await make(ample, Date.now)).open('hello');
      const begin = stream.last;
      const told: string[] = [];
      const texts = numbered(500);
      await Promise.all(texts.map((text) => stream.append(text).then((cursor) => void told.push(cursor))));
      expect(await readAll(stream, begin)).toEqual({ texts, cursors: told, gaps: [] });
    });

    test('any text can be a record and a name; half a character is refused, and takes nothing along', async () => {
      const journal = await make(ample, Date.now);
      const text = fc.string({ unit: 'binary' });
      await fc.assert(
        fc.asyncProperty(text, text, async (streamName, record) => {
          const stream = await journal.open(streamName);
          const before = stream.last;
          await stream.append(record);
          expect((await stream.read(before, 10)).records.map((each) => each.text)).toEqual([record]);
          expect(await journal.names()).toContain(streamName);
          await journal.remove(streamName);
        }),
        {
          examples: [
            ['', ''],
            ['..', '\u0000'],
            ['a/b\\c', '😀'],
            ['x'.repeat(5_000), 'é'.repeat(100_000)],
          ],
          numRuns: 30,
        },
      );
      const stream = await journal.open('hello');
      const begin = stream.last;
      const outcomes = await Promise.allSettled(['a', '\ud83d', 'b'].map((each) => stream.append(each)));
      expect(outcomes.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled']);
      expect((await readAll(stream, begin)).texts).toEqual(['a', 'b']);
      await expect(journal.open('\ude00')).rejects.toMatchObject({ kind: 'invalid' });
    });

    test('streams know nothing of each other, and each is there once', async () => {
      const journal = await make(ample, Date.now);
      const [one, again, other] = await Promise.all(['one', 'one', 'other'].map((each) => journal.open(each)));
      expect(again).toBe(one);
      const [first, begin] = [one!.last, other!.last];
      await Promise.all([one!.append('1'), other!.append('2')]);
      expect((await readAll(one!, first)).texts).toEqual(['1']);
      expect((await readAll(other!, begin)).texts).toEqual(['2']);
      expect((await journal.names()).sort()).toEqual(['one', 'other']);
    });

    test('a cursor that is none of this stream is a gap', async () => {
      const stream = await (await make(ample, Date.now)).open('hello');
      const cursor = await stream.append('1');
      const beyond = cursor.replace(/^.{12}/, 'f'.repeat(12));
      const elsewhere = cursor.replace(/.{8}$/, '00000001');
      for (const unknown of ['', 'nonsense', `${cursor}0`, beyond, elsewhere]) {
        expect(await stream.read(unknown, 10)).toEqual({ gap: { reason: 'not-kept' }, records: [] });
      }
    });

    test('a removed stream is gone, and a later one of its name knows none of its cursors', async () => {
      const journal = await make(ample, Date.now);
      const stream = await journal.open('hello');
      const begin = stream.last;
      const cursor = await stream.append('1');
      await journal.remove('hello');
      await journal.remove('hello');
      await expect(stream.append('2')).rejects.toMatchObject({ kind: 'unavailable', code: 'journal-closed' });
      await expect(stream.read(begin, 10)).rejects.toBeInstanceOf(Fault);
      expect(await journal.names()).toEqual([]);
      const later = await journal.open('hello');
      const origin = later.last;
      await later.append('3');
      for (const old of [begin, cursor]) expect((await later.read(old, 10)).gap).toEqual({ reason: 'not-kept' });
      expect((await readAll(later, origin)).texts).toEqual(['3']);
    });

    test('when there is too much the oldest goes, and whoever did not read it is told how much', async () => {
      const stream = await (await make({ maxAge: day, maxBytes: 16_000 }, Date.now)).open('hello');
      const begin = stream.last;
      const cursors: string[] = [];
      for (const text of numbered(1_000)) cursors.push(await stream.append(text));
      const { texts, gaps } = await readAll(stream, begin);
      const lost = 1_000 - texts.length;
      expect(texts).toEqual(numbered(texts.length, lost + 1));
      expect(texts.join('').length).toBeGreaterThan(8_000);
      expect(texts.join('').length).toBeLessThan(17_000);
      expect(gaps).toEqual([{ from: cursors[0], to: cursors[lost - 1], count: lost, reason: 'retention' }]);
      expect((await readAll(stream, cursors[lost - 1]!)).gaps).toEqual([]);
      const [gap] = (await readAll(stream, cursors[99]!)).gaps;
      expect(gap).toMatchObject({ from: cursors[100], count: lost - 100 });
    });

    test('what is too old goes, at the latest when somebody reads', async () => {
      const clock = testClock();
      const stream = await (await make({ maxAge: day, maxBytes: 64_000 }, clock.now)).open('hello');
      const begin = stream.last;
      const old = await stream.append('old');
      clock.advance(day + 1);
      expect(await stream.read(begin, 10)).toEqual({
        gap: { from: old, to: old, count: 1, reason: 'retention' },
        records: [],
      });
      expect(stream.last).toBe(old);
      const young = await stream.append('young');
      expect(await stream.read(old, 10)).toEqual({ records: [{ cursor: young, text: 'young' }] });
    });

    test('what was asked for before the close is written, and afterwards nothing is', async () => {
      const journal = await make(ample, Date.now);
      const stream = await journal.open('hello');
      const appended = Promise.all(numbered(100).map((text) => stream.append(text)));
      await journal.close();
      expect(await appended).toHaveLength(100);
      await expect(stream.append('late')).rejects.toMatchObject({ kind: 'unavailable' });
      await expect(journal.open('other')).rejects.toMatchObject({ kind: 'unavailable' });
    });
  });
}
