// Writes that are asked for while another is under way go together in the next one: what the disk takes for one, it takes for all.
import type { Fault } from '../../errors.ts';

export interface GroupCommitOptions<Item, Result> {
  /** How much of an item's kind (bytes, writes) it is. */
  readonly sizeOf: (item: Item) => number;
  /** The most that waits, the write under way included. One item that alone is more is taken when nothing waits. */
  readonly limit: number;
  /** The most that goes into one write, unless one item is more. */
  readonly atOnce: number;
  /** One call at a time. A result for each of the items, in their order; if it fails, it fails for all of them. */
  readonly write: (items: readonly Item[]) => Promise<readonly Result[]>;
  /** What an item is refused with when too much waits. */
  readonly full: () => Fault;
  /** What an item is refused with after the end. */
  readonly ended: () => Fault;
}

interface Waiting<Item, Result> {
  readonly item: Item;
  readonly size: number;
  readonly resolve: (result: Result) => void;
  readonly reject: (reason: unknown) => void;
}

export class GroupCommit<Item, Result> {
  readonly #options: GroupCommitOptions<Item, Result>;
  #queue: Waiting<Item, Result>[] = [];
  #writing: Promise<void> | undefined;
  /** Whether anything in the queue has no patience left. */
  #isUrgent = false;
  #patience: NodeJS.Timeout | undefined;
  #waiting = 0;
  #refused = 0;
  #hasEnded = false;

  constructor(options: GroupCommitOptions<Item, Result>) {
    this.#options = options;
  }

  get waiting(): number {
    return this.#waiting;
  }

  get refused(): number {
    return this.#refused;
  }

  /**
   * Resolves when the item is written; promises resolve in the order of the calls. With patience it begins no group before
   * so many milliseconds are over, and goes along with any.
   */
  add(item: Item, patience = 0): Promise<Result> {
    const { sizeOf, limit, full, ended } = this.#options;
    if (this.#hasEnded) return Promise.reject(ended());
    const size = sizeOf(item);
    if (this.#waiting > 0 && this.#waiting + size > limit) {
      this.#refused += 1;
      return Promise.reject(full());
    }
    this.#waiting += size;
    return new Promise((resolve, reject) => {
      this.#queue.push({ item, size, resolve, reject });
      if (patience === 0) this.#begin();
      else this.#patience ??= setTimeout(() => this.#begin(), patience);
    });
  }

  /** Refuses what comes from now on. Resolves when what waits is written. */
  async end(): Promise<void> {
    this.#hasEnded = true;
    this.#begin();
    await this.#writing;
  }

  #begin(): void {
    this.#calm();
    // Without a pause `#writeAll` would be over before it is known to be under way.
    if (this.#queue.length === 0) return;
    this.#isUrgent = true;
    this.#writing ??= this.#writeAll();
  }

  /** Nothing that has patience waits any longer for its time to be over. */
  #calm(): void {
    clearTimeout(this.#patience);
    this.#patience = undefined;
  }

  async #writeAll(): Promise<void> {
    while (this.#isUrgent && this.#queue.length > 0) {
      // Whatever else this turn of the event loop brings goes along: a group costs as much as ten items of it.
      await new Promise(setImmediate);
      await this.#writeGroup(this.#next());
    }
    this.#writing = undefined;
  }

  #next(): Waiting<Item, Result>[] {
    const all = this.#queue;
    if (this.#waiting <= this.#options.atOnce) {
      this.#queue = [];
      this.#isUrgent = false;
      this.#calm();
      return all;
    }
    let count = 0;
    let size = 0;
    for (const each of this.#queue) {
      if (count > 0 && size + each.size > this.#options.atOnce) break;
      size += each.size;
      count += 1;
    }
    return this.#queue.splice(0, count);
  }

  async #writeGroup(group: readonly Waiting<Item, Result>[]): Promise<void> {
    try {
      const results = await this.#options.write(group.map(({ item }) => item));
      group.forEach(({ resolve }, index) => resolve(results[index]!));
    } catch (error) {
      for (const { reject } of group) reject(error);
    }
    for (const { size } of group) this.#waiting -= size;
  }
}
