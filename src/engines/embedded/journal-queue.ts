// Records of one stream that wait to be written: those of one turn go together, and those that come while a write is under way.
//
// It does for records what GroupCommit does for whoever has but a few: each record is told itself what has become of it, so
// that thousands a second cost no promises, and a write that the system takes at once costs none either.
import type { JournalEntry } from '../../core/journal.ts';
import { Fault } from '../../errors.ts';
import { cursorsFrom, type Place } from './cursor.ts';
import { recordBytes } from './segment-format.ts';

/** The place of the first record; those behind it follow. Or why none was written. */
export type Outcome = Place | Fault;

export interface JournalQueueOptions {
  /** The most bytes that wait, the write under way included. One record that alone is more is taken when nothing waits. */
  readonly limit: number;
  /** The most bytes that go into one write, unless one record is more. */
  readonly atOnce: number;
  /** One call at a time. Gives no promise when it is done already. Does not fail. */
  readonly write: (entries: readonly JournalEntry[]) => Outcome | Promise<Outcome>;
  /** What a record is refused with when too much waits. */
  readonly full: () => Fault;
  /** What a record is refused with after the end. */
  readonly ended: () => Fault;
}

export class JournalQueue {
  readonly #options: JournalQueueOptions;
  #entries: JournalEntry[] = [];
  #isWriting = false;
  #waiting = 0;
  #refused = 0;
  #hasEnded = false;
  readonly #onIdle: (() => void)[] = [];

  constructor(options: JournalQueueOptions) {
    this.#options = options;
  }

  get waiting(): number {
    return this.#waiting;
  }

  get refused(): number {
    return this.#refused;
  }

  put(entry: JournalEntry): void {
    if (this.#hasEnded) return entry.refused(this.#options.ended());
    const size = recordBytes(entry.size);
    if (this.#waiting > 0 && this.#waiting + size > this.#options.limit) {
      this.#refused += 1;
      return entry.refused(this.#options.full());
    }
    this.#waiting += size;
    this.#entries.push(entry);
    if (this.#isWriting) return undefined;
    this.#isWriting = true;
    // Whoever calls in the same turn is in the first group already.
    queueMicrotask(() => this.#writeAll());
  }

  /** Refuses what comes from now on. Resolves when what waits is written. */
  async end(): Promise<void> {
    this.#hasEnded = true;
    if (this.#isWriting) await new Promise<void>((resolve) => this.#onIdle.push(resolve));
  }

  #writeAll(): void {
    while (this.#entries.length > 0) {
      const group = this.#next();
      const outcome = this.#options.write(group);
      if ('then' in outcome) return void outcome.then((later) => this.#goOn(group, later));
      this.#tell(group, outcome);
    }
    this.#isWriting = false;
    for (const resolve of this.#onIdle.splice(0)) resolve();
  }

  #goOn(group: readonly JournalEntry[], outcome: Outcome): void {
    this.#tell(group, outcome);
    this.#writeAll();
  }

  #next(): JournalEntry[] {
    const all = this.#entries;
    let count = 0;
    let size = 0;
    for (; count < all.length; count += 1) {
      size += recordBytes(all[count]!.size);
      if (count > 0 && size > this.#options.atOnce) return all.splice(0, count);
    }
    this.#entries = [];
    return all;
  }

  #tell(group: readonly JournalEntry[], outcome: Outcome): void {
    for (const { size } of group) this.#waiting -= recordBytes(size);
    if (outcome instanceof Fault) {
      for (const entry of group) entry.refused(outcome);
      return;
    }
    const next = cursorsFrom(outcome);
    for (const entry of group) entry.written(next());
  }
}

/** A text as a record, and what becomes of it as a promise. */
export function textEntry(text: string, put: (entry: JournalEntry) => void): Promise<string> {
  const bytes = Buffer.from(text);
  return new Promise((written, refused) =>
    put({ size: bytes.length, writeRecord: (target, offset) => void bytes.copy(target, offset), written, refused }),
  );
}
