// What is due when: the heap against a list that is sorted each time.
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { Deadlines } from '../../src/core/deadlines.ts';

const step = fc.oneof(
  fc.record({
    do: fc.constant('set' as const),
    key: fc.integer({ min: 0, max: 20 }),
    at: fc.integer({ min: 0, max: 50 }),
  }),
  fc.record({ do: fc.constant('delete' as const), key: fc.integer({ min: 0, max: 20 }) }),
  fc.record({
    do: fc.constant('take' as const),
    now: fc.integer({ min: 0, max: 50 }),
    limit: fc.integer({ min: 0, max: 5 }),
  }),
);

test('whatever is set, moved, taken out and taken, the soonest is always first, and each key stands once', () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 100 }), (steps) => {
      const deadlines = new Deadlines();
      const naive = new Map<string, number>();
      for (const each of steps) {
        if (each.do === 'set') {
          deadlines.set(String(each.key), each.at);
          naive.set(String(each.key), each.at);
        } else if (each.do === 'delete') {
          deadlines.delete(String(each.key));
          naive.delete(String(each.key));
        } else {
          const taken = deadlines.take(each.now, each.limit).map((key) => naive.get(key)!);
          const due = [...naive.values()].filter((at) => at <= each.now).sort((one, other) => one - other);
          expect(taken).toEqual(due.slice(0, each.limit));
          for (const key of naive.keys()) if (!has(deadlines, key, naive.get(key)!)) naive.delete(key);
        }
        expect(deadlines.size).toBe(naive.size);
        expect(deadlines.next).toBe(Math.min(...naive.values(), Infinity));
      }
    }),
  );
});

/** Takes everything out, and puts it back. */
function has(deadlines: Deadlines, key: string, at: number): boolean {
  const before = deadlines.size;
  deadlines.delete(key);
  const isThere = deadlines.size < before;
  if (isThere) deadlines.set(key, at);
  return isThere;
}
