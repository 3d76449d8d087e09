// What is X now? A cache keeps the newest snapshot of each object, and its topic tells what it was before.
import type { Bus } from './bus.ts';
import type { Topic } from './topic.ts';

/** What became of a snapshot: something new has no `was`, something gone has no `now`. */
export type Change<S> =
  | { readonly was?: undefined; readonly now: S }
  | { readonly was: S; readonly now: S }
  | { readonly was: S; readonly now?: undefined };

export interface CacheUpdate<S> {
  readonly type: 'CacheUpdate';
  readonly id: string;
  readonly change: Change<S>;
}

/** Written synchronously by the one who owns the snapshots, so that a reader never sees an old one. */
export class Cache<S> {
  /** Every update, old and new. */
  readonly topic: Topic<CacheUpdate<S>>;
  readonly #entries = new Map<string, S>();

  constructor(name: string, bus: Bus) {
    this.topic = bus.topic(name);
  }

  /** Keeps the newest snapshot; says what changed. */
  put(id: string, now: S): Change<S> {
    const was = this.#entries.get(id);
    this.#entries.set(id, now);
    const change: Change<S> = was === undefined ? { now } : { was, now };
    this.topic.publish({ type: 'CacheUpdate', id, change });
    return change;
  }

  /** Forgets; says what was forgotten. Forgetting what is not there tells nobody. */
  delete(id: string): Change<S> | undefined {
    const was = this.#entries.get(id);
    if (was === undefined) return undefined;
    this.#entries.delete(id);
    const change: Change<S> = { was };
    this.topic.publish({ type: 'CacheUpdate', id, change });
    return change;
  }

  get(id: string): S | undefined {
    return this.#entries.get(id);
  }

  /** In the order in which they came. */
  values(): IterableIterator<S> {
    return this.#entries.values();
  }

  get size(): number {
    return this.#entries.size;
  }
}
