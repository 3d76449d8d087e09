// Counts what is thrown away, and says so without flooding the log: the first of a kind at once, then how many in each period.
import type { Drop, Metrics } from './metrics.ts';
import type { Log } from './options.ts';
import type { Timers } from './timers.ts';

/** ms between two lines of the log about one reason. */
const defaultPeriod = 60_000;

export class Reporter {
  readonly #metrics: Pick<Metrics, 'drops'>;
  readonly #timers: Timers;
  readonly #log: Log;
  readonly #period: number;
  /** What was logged in this period, and what came after it without being logged. */
  readonly #silent = new Map<Drop, { more: number; detail: string }>();

  constructor(metrics: Pick<Metrics, 'drops'>, timers: Timers, log: Log, period = defaultPeriod) {
    this.#metrics = metrics;
    this.#timers = timers;
    this.#log = log;
    this.#period = period;
  }

  /** Counts it. `detail`: who did what, in one line. */
  report(reason: Drop, detail: string): void {
    this.#metrics.drops[reason] += 1;
    const silent = this.#silent.get(reason);
    if (silent !== undefined) {
      silent.more += 1;
      silent.detail = detail;
      return;
    }
    this.#log('warn', `${reason}: ${detail}`);
    this.#silence(reason);
  }

  #silence(reason: Drop): void {
    const silent = { more: 0, detail: '' };
    this.#silent.set(reason, silent);
    this.#timers.after(this.#period, () => {
      this.#silent.delete(reason);
      if (silent.more === 0) return;
      this.#log('warn', `${reason}: ${silent.more} more in ${this.#period / 1000} s, at last ${silent.detail}`);
      this.#silence(reason);
    });
  }
}
