// Mutated messages for a bounded time: nothing throws, and what must hold does.
import { expect, test } from 'vitest';
import { mutate, randomOf } from './mutate.ts';
import { targets, type Target } from './targets.ts';

const seconds = Number(process.env['FUZZ_SECONDS']) / (2 * targets.length);

interface Figures {
  runs: number;
  wellFormed: number;
  /** ms */
  slowest: number;
}

function fuzz({ name, corpus, run }: Target, seed: number): Figures {
  const figures: Figures = { runs: 0, wellFormed: 0, slowest: 0 };
  const end = performance.now() + seconds * 1_000;
  for (let now = performance.now(); now < end;) {
    // Each run has a seed of its own, so that it can be repeated alone.
    const own = (seed + figures.runs) >>> 0;
    const random = randomOf(own);
    const octets = mutate(random, corpus);
    try {
      if (run(octets, random)) figures.wellFormed += 1;
    } catch (error) {
      throw new Error(`${name}, seed ${own}: ${JSON.stringify(octets.toString('latin1'))}`, { cause: error });
    }
    const after = performance.now();
    figures.slowest = Math.max(figures.slowest, after - now);
    figures.runs += 1;
    now = after;
  }
  return figures;
}

test.each(targets)('$name', (target) => {
  const seed = Number(process.env['SEED']);
  const { runs, wellFormed, slowest } = fuzz(target, seed);
  console.log(
    `${target.name}: ${runs} runs in ${seconds.toFixed(1)} s, ${wellFormed} well-formed, the slowest ${slowest.toFixed(1)} ms`,
  );
  expect(wellFormed).toBeGreaterThan(0);
  expect(wellFormed).toBeLessThan(runs);
});
