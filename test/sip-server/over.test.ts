// What is remembered of transactions that are over, and for how long.
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { Timers } from '../../src/sip-server/timers.ts';
import { Over } from '../../src/sip-server/transaction/over.ts';
import { TestClock } from './clock.ts';

function memory() {
  const clock = new TestClock();
  const sizes: number[] = [];
  const over: Over = new Over(new Timers(clock), 32_000, 7, () => sizes.push(over.size));
  return { clock, over, sizes };
}

test('whatever is remembered is found as it was, and nothing else', () => {
  const { over } = memory();
  const octets = (index: number) => Buffer.alloc((index * 37) % 5_000, index % 251);
  for (let index = 0; index < 20_000; index++) over.add(`key-${index}|é`, `place-${index}`, octets(index));
  over.add('large', 'place', Buffer.alloc(1_000_000, 1));
  over.add('after', 'place', Buffer.from('x'));
  for (let index = 0; index < 20_000; index += 7) {
    const found = over.find(`key-${index}|é`)!;
    expect(found.place).toBe(`place-${index}`);
    expect(found.octets.equals(octets(index))).toBe(true);
  }
  expect(over.find('large')!.octets.equals(Buffer.alloc(1_000_000, 1))).toBe(true);
  expect(over.find('after')).toEqual({ place: 'place', octets: Buffer.from('x') });
  expect(over.find('key-20000|é')).toBeUndefined();
  expect(over.size).toBe(20_002);
});

test('each is remembered for its time, and at most a sixteenth of it longer', () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 0, max: 6_000 }), { minLength: 1, maxLength: 30 }), (pauses) => {
      const { clock, over, sizes } = memory();
      const times = pauses.map((pause, index) => {
        clock.pass(pause);
        over.add(`${index}`, '', Buffer.alloc(1));
        return clock.now();
      });
      for (let ms = 0; ms < 40_000; ms += 500) {
        for (const [index, time] of times.entries()) {
          const age = clock.now() - time;
          if (age < 32_000) expect(over.find(`${index}`)).toBeDefined();
          if (age > 34_000) expect(over.find(`${index}`)).toBeUndefined();
        }
        clock.pass(500);
      }
      expect([over.size, sizes.at(-1), clock.size]).toEqual([0, 0, 0]);
    }),
    { numRuns: 20 },
  );
});

test('what is marked is found, and is no transaction', () => {
  const { over } = memory();
  over.mark('origin');
  expect(over.find('origin')).toBeDefined();
  expect(over.size).toBe(0);
});
