// What is due when, soonest first: a heap in which each key stands once and can be moved or taken out.

interface Entry {
  readonly key: string;
  at: number;
  place: number;
}

export class Deadlines {
  readonly #entries = new Map<string, Entry>();
  readonly #heap: Entry[] = [];

  /** From now on it is due at `at`, in milliseconds since 1970, and no longer when it was before. */
  set(key: string, at: number): void {
    const known = this.#entries.get(key);
    const entry = known ?? { key, at, place: this.#heap.length };
    entry.at = at;
    if (known === undefined) {
      this.#entries.set(key, entry);
      this.#heap.push(entry);
    }
    this.#settle(entry);
  }

  delete(key: string): void {
    const entry = this.#entries.get(key);
    if (entry === undefined) return;
    this.#entries.delete(key);
    const last = this.#heap.pop()!;
    if (last === entry) return;
    last.place = entry.place;
    this.#heap[last.place] = last;
    this.#settle(last);
  }

  /** When the soonest is due; Infinity when there is none. */
  get next(): number {
    return this.#heap[0]?.at ?? Infinity;
  }

  get size(): number {
    return this.#heap.length;
  }

  /** Takes out what is due by then, at most so many. */
  take(now: number, limit: number): string[] {
    const due: string[] = [];
    while (due.length < limit && this.next <= now) {
      const { key } = this.#heap[0]!;
      this.delete(key);
      due.push(key);
    }
    return due;
  }

  #settle(entry: Entry): void {
    while (entry.place > 0 && entry.at < this.#heap[(entry.place - 1) >> 1]!.at)
      this.#swap(entry, (entry.place - 1) >> 1);
    for (;;) {
      const left = 2 * entry.place + 1;
      const [one, other] = [this.#heap[left], this.#heap[left + 1]];
      const sooner = other !== undefined && one !== undefined && other.at < one.at ? other : one;
      if (sooner === undefined || sooner.at >= entry.at) return;
      this.#swap(entry, sooner.place);
    }
  }

  #swap(entry: Entry, place: number): void {
    const other = this.#heap[place]!;
    other.place = entry.place;
    this.#heap[other.place] = other;
    entry.place = place;
    this.#heap[place] = entry;
  }
}
