// The Journal in memory: what it keeps ends with the process. For events that need not outlive it.
import { randomInt } from 'node:crypto';
import type { Journal, JournalEntry, JournalLimits, JournalPage, JournalStream } from '../../core/journal.ts';
import { Fault } from '../../errors.ts';
import { cursorOf, placeOf } from './cursor.ts';
import { faithful } from './faithful.ts';
import type { JournalMetrics } from './journal.ts';
import { textEntry } from './journal-queue.ts';

export interface MemoryJournalOptions extends JournalLimits {
  /** Milliseconds since 1970. */
  readonly now?: () => number;
  /** The first generation, below 2^31: cursors of another process are not to be taken for ours. */
  readonly generation?: number;
  /** More streams than this are refused. */
  readonly maxStreams?: number;
}

interface Kept {
  readonly time: number;
  readonly bytes: Buffer;
}

export function memoryJournal({
  maxAge,
  maxBytes,
  now = Date.now,
  generation = randomInt(2 ** 31),
  maxStreams = 10_000,
}: MemoryJournalOptions): Journal & { readonly metrics: JournalMetrics } {
  const streams = new Map<string, MemoryStream>();
  let born = generation;
  let dropped = 0;
  let refused = 0;
  let hasEnded = false;
  return {
    async open(name) {
      if (hasEnded) throw new Fault('unavailable', 'the journal is closed', { code: 'journal-closed' });
      const known = streams.get(faithful(name));
      if (known !== undefined) return known;
      if (streams.size >= maxStreams) {
        refused += 1;
        throw new Fault('unavailable', 'too many streams', { code: 'journal-full' });
      }
      born += 1;
      const made = new MemoryStream(name, born, { maxAge, maxBytes, now, onDropped: (count) => (dropped += count) });
      streams.set(name, made);
      return made;
    },
    names: async () => [...streams.keys()],
    async remove(name) {
      streams.get(name)?.end();
      streams.delete(name);
    },
    async close() {
      hasEnded = true;
      for (const stream of streams.values()) stream.end();
      streams.clear();
    },
    get metrics() {
      const bytes = [...streams.values()].reduce((sum, stream) => sum + stream.bytes, 0);
      return { streams: streams.size, bytes, waiting: 0, limit: 0, refused, dropped, damaged: 0 };
    },
  };
}

interface MemoryStreamOptions extends JournalLimits {
  readonly now: () => number;
  readonly onDropped: (count: number) => void;
}

class MemoryStream implements JournalStream {
  readonly name: string;
  bytes = 0;
  readonly #generation: number;
  readonly #options: MemoryStreamOptions;
  #kept: Kept[] = [];
  /** How many went, of all that there were. */
  #gone = 0;
  #hasEnded = false;

  constructor(name: string, generation: number, options: MemoryStreamOptions) {
    this.name = name;
    this.#generation = generation;
    this.#options = options;
  }

  get last(): string {
    return this.#cursor(this.#gone + this.#kept.length);
  }

  async append(text: string): Promise<string> {
    return textEntry(faithful(text), (entry) => this.put(entry));
  }

  put(entry: JournalEntry): void {
    if (this.#hasEnded) return entry.refused(this.#ended());
    const bytes = Buffer.allocUnsafe(entry.size);
    entry.writeRecord(bytes, 0);
    this.#kept.push({ time: this.#options.now(), bytes });
    this.bytes += bytes.length;
    this.#retain();
    entry.written(this.last);
  }

  async read(after: string, limit: number): Promise<JournalPage> {
    if (this.#hasEnded) throw this.#ended();
    this.#retain();
    const place = placeOf(after);
    if (place?.generation !== this.#generation || place.ordinal > this.#gone + this.#kept.length) {
      return { gap: { reason: 'not-kept' }, records: [] };
    }
    const from = Math.max(place.ordinal, this.#gone);
    const records = this.#kept
      .slice(from - this.#gone, from - this.#gone + limit)
      .map(({ bytes }, index) => ({ cursor: this.#cursor(from + index + 1), text: bytes.toString() }));
    const count = from - place.ordinal;
    if (count === 0) return { records };
    const gap = { from: this.#cursor(place.ordinal + 1), to: this.#cursor(from), count, reason: 'retention' } as const;
    return { gap, records };
  }

  end(): void {
    this.#hasEnded = true;
    this.#kept = [];
    this.bytes = 0;
  }

  #cursor(ordinal: number): string {
    return cursorOf({ ordinal, generation: this.#generation });
  }

  #ended(): Fault {
    return new Fault('unavailable', `the stream ${this.name} has ended`, { code: 'journal-closed' });
  }

  /** The oldest go a sixteenth at a time: to take each one from the front of a long list would cost its length. */
  #retain(): void {
    const { maxAge, maxBytes, now, onDropped } = this.#options;
    const oldest = now() - maxAge;
    if (this.bytes <= maxBytes && (this.#kept[0]?.time ?? oldest) >= oldest) return;
    const enough = this.bytes > maxBytes ? maxBytes - maxBytes / 16 : maxBytes;
    let count = 0;
    for (const { time, bytes } of this.#kept) {
      if (this.bytes <= enough && time >= oldest) break;
      this.bytes -= bytes.length;
      count += 1;
    }
    this.#kept.splice(0, count);
    this.#gone += count;
    onDropped(count);
  }
}
