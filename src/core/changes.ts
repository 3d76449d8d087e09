// Changes of what is kept in the Store, one after the other, so that the last one is also the last on disk.
import { Fault } from '../errors.ts';
import type { Store } from './store.ts';

export class Changes {
  readonly #what: string;
  readonly #limit: number;
  #store: Store | undefined;
  #last: Promise<void> = Promise.resolve();
  #waiting = 0;
  #refused = 0;

  /** `what` is changed, in words: "mailboxes". `limit` is how many changes may wait. */
  constructor(what: string, limit: number) {
    this.#what = what;
    this.#limit = limit;
  }

  get waiting(): number {
    return this.#waiting;
  }

  /** How often `refuse` was asked for a refusal. */
  get refused(): number {
    return this.#refused;
  }

  /** From now on there may be changes. */
  open(store: Store): void {
    this.#store = store;
  }

  /** Resolves, or fails, as the work does. Fails with a Fault 'unavailable' before `open`, or when too many wait. */
  async run(work: (store: Store) => Promise<void>): Promise<void> {
    const store = this.#store;
    if (store === undefined) throw new Fault('unavailable', `The ${this.#what} have not been loaded yet`);
    if (this.#waiting >= this.#limit) throw this.refuse(`Too many changes of ${this.#what} at once`);
    this.#waiting += 1;
    const done = this.#last.then(() => work(store)).finally(() => (this.#waiting -= 1));
    // Whoever asked for it hears of a failure; the next one is done all the same.
    this.#last = done.catch(() => undefined);
    await done;
  }

  refuse(reason: string): Fault {
    this.#refused += 1;
    return new Fault('unavailable', reason);
  }
}
