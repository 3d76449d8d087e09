// A clock that moves only when a test says so.
import type { Clock } from '../../src/core/clock.ts';

export interface TestClock extends Clock {
  /** Lets the time pass, and runs what is due, in order. */
  advance(ms: number): void;
  /** How many timers wait. */
  readonly waiting: number;
}

export function testClock(start = 1_700_000_000_000): TestClock {
  let now = start;
  const timers = new Set<{ readonly at: number; readonly run: () => void }>();
  return {
    now: () => now,
    after(ms, run) {
      const timer = { at: now + ms, run };
      timers.add(timer);
      return () => void timers.delete(timer);
    },
    advance(ms) {
      const end = now + ms;
      for (;;) {
        const next = [...timers].sort((one, other) => one.at - other.at).find(({ at }) => at <= end);
        if (next === undefined) break;
        timers.delete(next);
        now = next.at;
        next.run();
      }
      now = end;
    },
    get waiting() {
      return timers.size;
    },
  };
}
