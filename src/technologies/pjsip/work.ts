// Work that belongs together is done in order, while other work goes on.
import { Fault } from '../../errors.ts';

export interface WorksOptions {
  /** How many tasks of one key may wait or be under way; beyond it they are refused. */
  readonly limit: number;
}

export interface WorksMetrics {
  /** Of the key that has most of them. */
  readonly waiting: number;
  readonly limit: number;
  readonly refused: number;
}

interface Work {
  waiting: number;
  last: Promise<unknown>;
}

/** A key names what belongs together: a dialog, an address of record. It is forgotten when its last task is done. */
export class Works {
  readonly #limit: number;
  readonly #works = new Map<string, Work>();
  #refused = 0;
  #isClosed = false;

  constructor({ limit }: WorksOptions) {
    this.#limit = limit;
  }

  /**
   * Runs the task when those of the same key that were given before are done, whether they failed or not. Settles as
   * the task does. Fails with a Fault 'unavailable', and does not run it, over the limit and after `close`.
   */
  run<T>(key: string, task: () => Promise<T> | T): Promise<T> {
    const work = this.#works.get(key) ?? { waiting: 0, last: Promise.resolve() };
    if (this.#isClosed || work.waiting >= this.#limit) {
      this.#refused += 1;
      const reason = this.#isClosed ? 'No new work is taken' : `More than ${this.#limit} tasks at once for ${key}`;
      return Promise.reject(new Fault('unavailable', reason));
    }
    work.waiting += 1;
    this.#works.set(key, work);
    const done = work.last.then(task).finally(() => {
      work.waiting -= 1;
      if (work.waiting === 0) this.#works.delete(key);
    });
    // Whoever gave it hears of a failure; the next one runs all the same.
    work.last = done.catch(() => undefined);
    return done;
  }

  /** Refuses what comes, and resolves when all that was given before is done. */
  async close(): Promise<void> {
    this.#isClosed = true;
    await Promise.all([...this.#works.values()].map(({ last }) => last));
  }

  get metrics(): WorksMetrics {
    let longest = 0;
    for (const { waiting } of this.#works.values()) longest = Math.max(longest, waiting);
    return { waiting: longest, limit: this.#limit, refused: this.#refused };
  }
}
