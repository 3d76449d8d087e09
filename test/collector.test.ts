// What a burst leaves behind goes when it is calm.
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { expect, onTestFinished, test, vi } from 'vitest';
import { keepTidy } from '../src/collector.ts';
import { readingSources } from './support/sources.ts';

const MB = 1024 * 1024;

test('what the heap has grown by is collected in a calm second, and only if it is much', () => {
  vi.useFakeTimers();
  onTestFinished(() => void vi.useRealTimers());
  const state = { size: 90 * MB, busyness: 0, collected: 0 };
  keepTidy({
    size: () => state.size,
    busyness: () => state.busyness,
    collect() {
      state.collected += 1;
      state.size = 60 * MB;
    },
  });
  const after = (change: Partial<typeof state>): typeof state => {
    Object.assign(state, { collected: 0 }, change);
    vi.advanceTimersByTime(1_000);
    return { ...state };
  };
  expect(state, 'what the start has left').toMatchObject({ size: 60 * MB, collected: 1 });
  expect(after({ size: 75 * MB })).toMatchObject({ collected: 0 });
  expect(after({ size: 76 * MB, busyness: 0.05 })).toMatchObject({ collected: 0 });
  expect(after({ busyness: 0.04 })).toMatchObject({ collected: 1 });
  expect(after({ size: 50 * MB })).toMatchObject({ collected: 0 });
  expect(after({ size: 66 * MB }), 'it has been less meanwhile').toMatchObject({ collected: 1 });
});

/** A million objects that live long enough to grow old, and then are needed no more. */
const program = `
  const { heapOfProcess } = await import(${JSON.stringify(join(import.meta.dirname, '../src/collector.ts'))});
  const { size, collect } = heapOfProcess() ?? {};
  if (size === undefined) process.exit(3);
  collect();
  const before = size();
  const grown = (() => {
    const made = Array.from({ length: 500_000 }, (_, index) => ({ index, text: [index] }));
    return made.length && size();
  })();
  await new Promise(setImmediate);
  collect();
  console.log(JSON.stringify([before, grown, size()]));
`;
const run = (...flags: string[]) =>
  spawnSync(process.execPath, [...flags, ...readingSources, '--input-type=module', '-e', program], {
    encoding: 'utf8',
  });

test('V8 gives back what is garbage, if it may be told to', () => {
  const { stdout, stderr } = run('--expose-gc', '--max-semi-space-size=4');
  const [before, grown, after] = JSON.parse(stdout || stderr) as [number, number, number];
  expect(grown - before).toBeGreaterThan(16 * MB);
  expect(after - before).toBeLessThan((grown - before) / 2);
  expect(run()).toMatchObject({ status: 3 });
});
