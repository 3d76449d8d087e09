// What a burst leaves behind goes when it is calm.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { readingSources } from './support/sources.ts';

/** Half a million objects that live long enough to grow old, and then are needed no more. */
const program = `
  const { keepTidy } = await import(${JSON.stringify(join(import.meta.dirname, '../src/collector.ts'))});
  const { getHeapStatistics } = await import('node:v8');
  const size = () => getHeapStatistics().total_heap_size / 2 ** 20;
  keepTidy();
  const before = size();
  let made = Array.from({ length: 500_000 }, (_, index) => ({ index, text: String(index) }));
  const grown = size();
  made = undefined;
  setInterval(() => {
    if (size() > before + (grown - before) / 2) return;
    console.log(JSON.stringify({ before, grown }));
    process.exit();
  }, 50);
`;

test('the heap that a burst has taken is given back in a calm second', async () => {
  const child = spawn(process.execPath, ['--expose-gc', ...readingSources, '--input-type=module', '-e', program]);
  onTestFinished(() => void child.kill());
  let said = '';
  child.stdout.on('data', (data: Buffer) => (said += data.toString()));
  child.stderr.on('data', (data: Buffer) => (said += data.toString()));
  await once(child, 'exit');
  const { before, grown } = JSON.parse(said) as { readonly before: number; readonly grown: number };
  expect(grown - before).toBeGreaterThan(16);
});
