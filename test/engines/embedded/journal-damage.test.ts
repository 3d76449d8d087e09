// What the Journal makes of files that are not as it wrote them.
import { appendFile, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { crc32 } from 'node:zlib';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { openJournal } from '../../../src/engines/embedded/journal.ts';
import { day, numbered, readAll } from '../../contracts/journal.contract.ts';
import { damage, directory, journalIn, segmentsIn } from './journal-files.ts';

test('half a record at the end is cut off and told, and the next one follows the last whole one', async () => {
  const path = await directory();
  const first = await journalIn(path);
  const stream = await first.open('hello');
  const begin = stream.last;
  for (const text of numbered(3)) await stream.append(text);
  await first.close();
  const [file] = await segmentsIn(path);
  const bytes = await readFile(file!);
  await appendFile(file!, bytes.subarray(34, 80));

  const second = await journalIn(path);
  const again = await second.open('hello');
  expect(second.told).toEqual([`warn: ${file} ended in 46 bytes that are no whole record; they were cut off`]);
  await again.append('after');
  expect(await readAll(again, begin)).toMatchObject({ texts: [...numbered(3), 'after'], gaps: [] });
});

test('damage in the middle is a gap between what is before and behind it, told once', async () => {
  const path = await directory();
  const first = await journalIn(path, { maxBytes: 160_000 });
  const stream = await first.open('hello');
  const begin = stream.last;
  const cursors: string[] = [];
  for (const text of numbered(300)) cursors.push(await stream.append(text));
  await first.close();
  const [oldest] = await segmentsIn(path);
  await damage(oldest!, 5_000);
  await damage(oldest!, 5_116);

  const second = await journalIn(path, { maxBytes: 160_000 });
  const again = await second.open('hello');
  const { texts, gaps } = await readAll(again, begin);
  expect(gaps).toEqual([{ from: expect.any(String), to: expect.any(String), count: 2, reason: 'corrupt' }]);
  const lost = cursors.indexOf(gaps[0]!.from!);
  expect(gaps[0]!.to).toBe(cursors[lost + 1]);
  expect(texts).toEqual([...numbered(lost), ...numbered(298 - lost, lost + 3)]);
  expect((await readAll(again, cursors[lost]!)).gaps).toEqual([{ ...gaps[0], from: cursors[lost + 1], count: 1 }]);
  expect((await readAll(again, cursors[lost + 1]!)).gaps).toEqual([]);
  expect(second.told[0]).toBe(`error: the journal of hello is damaged: records ${lost + 1} to ${lost + 2} are lost`);
  expect(second.metrics.damaged).toBeGreaterThanOrEqual(2);
});

test('a file that is missing, and a header that is damaged, are told; the rest is read', async () => {
  const path = await directory();
  const first = await journalIn(path, { maxBytes: 160_000 });
  const stream = await first.open('hello');
  const begin = stream.last;
  for (const text of numbered(400)) await stream.append(text);
  await first.close();
  const files = await segmentsIn(path);
  await rm(files[1]!);
  await damage(files[2]!, 10);

  const second = await journalIn(path, { maxBytes: 160_000 });
  const { texts, gaps } = await readAll(await second.open('hello'), begin);
  expect(gaps).toMatchObject([{ reason: 'corrupt' }]);
  expect(texts).toHaveLength(400 - gaps[0]!.count!);
  expect(second.told).toContain(`error: the header of ${files[2]} is damaged; its records are read all the same`);
});

test('a later format is refused, and left as it was', async () => {
  const path = await directory();
  const first = await journalIn(path);
  await (await first.open('hello')).append('1');
  await first.close();
  const lives = join(path, 'journal.json');
  const text = await readFile(lives, 'utf8');
  await writeFile(lives, text.replace('"format":1', '"format":2'));
  await expect(openJournal(path, { maxAge: day, maxBytes: 1_000 })).rejects.toMatchObject({
    kind: 'unsupported',
    code: 'journal-format',
    message: `${lives} has format 2, and only format 1 can be read`,
  });
  await writeFile(lives, 'nonsense');
  const second = await journalIn(path);
  expect(second.told).toEqual([`warn: ${lives} is damaged, and is written anew`]);
});

test('a segment of a later format is refused', async () => {
  const path = await directory();
  const first = await journalIn(path);
  await (await first.open('hello')).append('1');
  await first.close();
  const [file] = await segmentsIn(path);
  const bytes = await readFile(file!);
  bytes.writeUInt32BE(2, 4);
  bytes.writeUInt32BE(crc32(bytes.subarray(0, 30)), 30);
  await writeFile(file!, bytes);
  const second = await journalIn(path);
  await expect(second.open('hello')).rejects.toMatchObject({
    kind: 'unsupported',
    code: 'journal-format',
    message: `${file} has format 2, and only format 1 can be read`,
  });
  expect(await readFile(file!)).toEqual(bytes);
});

test('wherever a byte is damaged, what is not read is told, and all else is read', async () => {
  const path = await directory();
  const first = await journalIn(path, { maxBytes: 160_000 });
  const stream = await first.open('hello');
  const begin = stream.last;
  const texts = numbered(300);
  for (const text of texts) await stream.append(text);
  const { last } = stream;
  await first.close();
  const wholes = await Promise.all(
    (await segmentsIn(path)).map(async (file) => ({ file, bytes: await readFile(file) })),
  );

  const places = wholes.flatMap(({ bytes }, segment) => [...bytes.keys()].map((at) => ({ segment, at })));
  await fc.assert(
    fc.asyncProperty(fc.constantFrom(...places), fc.integer({ min: 1, max: 255 }), async ({ segment, at }, flip) => {
      const { file, bytes } = wholes[segment]!;
      const changed = Buffer.from(bytes);
      changed[at] = changed[at]! ^ flip;
      await writeFile(file, changed);
      const again = await journalIn(path, { maxBytes: 160_000 });
      const hello = await again.open('hello');
      const found = await readAll(hello, begin, 50);
      const missing = texts.filter((text) => !found.texts.includes(text));
      const told = found.gaps.reduce((sum, { count }) => sum + count!, 0);
      const cut = hello.last === last ? 0 : 1;
      expect(found.texts).toEqual(texts.filter((text) => !missing.includes(text)));
      expect(missing.length).toBeLessThanOrEqual(1);
      expect(told + cut).toBe(missing.length);
      expect(again.told).not.toEqual([]);
      await again.close();
      for (const each of wholes) await writeFile(each.file, each.bytes);
    }),
    { numRuns: 60 },
  );
});
