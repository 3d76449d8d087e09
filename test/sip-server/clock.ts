// A clock that stands still until told.
import type { Clock } from '../../src/sip-server/index.ts';

interface Waiting {
  readonly at: number;
  readonly run: () => void;
}

export class TestClock implements Clock {
  readonly #waiting = new Set<Waiting>();
  #now = 0;

  now(): number {
    return this.#now;
  }

  setTimer(ms: number, run: () => void): Waiting {
    const waiting = { at: this.#now + ms, run };
    this.#waiting.add(waiting);
    return waiting;
  }

  clearTimer(handle: unknown): void {
    this.#waiting.delete(handle as Waiting);
  }

  /** How many timers run. */
  get size(): number {
    return this.#waiting.size;
  }

  /** Lets that many ms pass; timers run in their order, at their time. */
  pass(ms: number): void {
    const end = this.#now + ms;
    for (;;) {
      const [next] = [...this.#waiting].filter(({ at }) => at <= end).sort((one, other) => one.at - other.at);
      if (next === undefined) break;
      this.#now = next.at;
      this.#waiting.delete(next);
      next.run();
    }
    this.#now = end;
  }
}
