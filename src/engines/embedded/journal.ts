// The Journal on this machine's disk: a folder for each stream, in it files that are only appended to.
//
// What was appended survives the death of the process, since the system has it when the promise resolves. It is handed to
// the disk itself once a second and at the close: a loss of power may cost the records of the last second.
// One process at a time may have the directory open. Nothing here holds another one off: the Store's lock in the same
// data directory does.
import { mkdir } from 'node:fs/promises';
import type { Journal, JournalLimits } from '../../core/journal.ts';
import { Fault } from '../../errors.ts';
import { faithful } from './faithful.ts';
import { journalFiles } from './journal-file.ts';
import {
  diskFault,
  makeFolder,
  nextGeneration,
  removeFolder,
  removeRests,
  streamNames,
  type Log,
} from './journal-directory.ts';
import type { OpenFile } from './journal-segments.ts';
import { FileStream } from './journal-stream.ts';
import { Turns } from './turns.ts';

export interface JournalMetrics {
  /** Those that are open. */
  readonly streams: number;
  /** What is kept of them. */
  readonly bytes: number;
  /** Bytes that are not yet written, of all streams, and how many these may be. */
  readonly waiting: number;
  readonly limit: number;
  /** Appends that were refused since too much waited, and streams since too many were open. */
  readonly refused: number;
  /** Records that went by the limits of time or size. */
  readonly dropped: number;
  /** Records and headers of files that the disk no longer holds as they were written. */
  readonly damaged: number;
}

export interface JournalOptions extends JournalLimits {
  /** Milliseconds since 1970. */
  readonly now?: () => number;
  readonly log?: Log;
  /** Bytes that may wait in one stream. More are refused with a Fault 'unavailable', code 'journal-full'. */
  readonly maxWaiting?: number;
  /** More streams than this are not open at once. */
  readonly maxStreams?: number;
  /** How the files are opened that are written. */
  readonly openFile?: OpenFile;
}

/** Milliseconds between two times of handing over to the disk, and of looking for what is too old. */
const interval = 1_000;

/**
 * Opens the directory, and makes it if it is not there. A stream keeps its file open while it is written to, and two
 * seconds longer. Fails with a Fault 'unsupported' when a later version wrote what is there, 'unavailable' when the disk refuses.
 */
export async function openJournal(
  directory: string,
  options: JournalOptions,
): Promise<Journal & { readonly metrics: JournalMetrics }> {
  const journal = new FileJournal(directory, options);
  await journal.start();
  return journal;
}

class FileJournal implements Journal {
  readonly #directory: string;
  readonly #options: Required<JournalOptions>;
  readonly #streams = new Map<string, FileStream>();
  /** Streams are opened and removed one after the other. */
  readonly #turns = new Turns();
  #life = 0;
  #timer: NodeJS.Timeout | undefined;
  #ticking: Promise<void> | undefined;
  #hasEnded = false;
  #dropped = 0;
  #damaged = 0;
  /** Streams, and appends to streams that are no longer open. */
  #refused = 0;

  constructor(directory: string, options: JournalOptions) {
    this.#directory = directory;
    this.#options = {
      now: Date.now,
      log: () => undefined,
      maxWaiting: 16 * 1024 * 1024,
      maxStreams: 10_000,
      openFile: journalFiles(),
      ...options,
    };
  }

  async start(): Promise<void> {
    await this.#withDisk(async () => {
      await mkdir(this.#directory, { recursive: true });
      this.#life = await this.#born();
      await removeRests(this.#directory);
    });
    const tick = (): void => {
      this.#ticking ??= this.#tick().finally(() => (this.#ticking = undefined));
    };
    this.#timer = setInterval(tick, interval).unref();
  }

  open(name: string): Promise<FileStream> {
    return this.#turns.run(() =>
      this.#withDisk(async () => {
        const known = this.#streams.get(faithful(name));
        if (known !== undefined) return known;
        if (this.#streams.size >= this.#options.maxStreams) {
          this.#refused += 1;
          throw new Fault('unavailable', 'too many streams', { code: 'journal-full' });
        }
        const folder = await makeFolder(this.#directory, name);
        const generations = { made: () => this.#born(), found: this.#life };
        const stream = await FileStream.open(name, folder, generations, {
          ...this.#options,
          onDropped: (count) => (this.#dropped += count),
          onDamaged: (count) => (this.#damaged += count),
        });
        this.#streams.set(name, stream);
        return stream;
      }),
    );
  }

  names(): Promise<string[]> {
    return this.#turns.run(() => this.#withDisk(() => streamNames(this.#directory, this.#options.log)));
  }

  remove(name: string): Promise<void> {
    return this.#turns.run(() =>
      this.#withDisk(async () => {
        const stream = this.#streams.get(faithful(name));
        await stream?.end();
        this.#refused += stream?.refused ?? 0;
        this.#streams.delete(name);
        await removeFolder(this.#directory, name);
      }),
    );
  }

  close(): Promise<void> {
    return this.#turns.run(async () => {
      this.#hasEnded = true;
      clearInterval(this.#timer);
      await this.#ticking;
      await Promise.all([...this.#streams.values()].map((stream) => stream.end()));
      this.#streams.clear();
    });
  }

  get metrics(): JournalMetrics {
    const streams = [...this.#streams.values()];
    const sum = (of: (stream: FileStream) => number): number => streams.reduce((total, each) => total + of(each), 0);
    return {
      streams: streams.length,
      bytes: sum(({ bytes }) => bytes),
      waiting: sum(({ waiting }) => waiting),
      limit: streams.length * this.#options.maxWaiting,
      refused: this.#refused + sum(({ refused }) => refused),
      dropped: this.#dropped,
      damaged: this.#damaged,
    };
  }

  #born(): Promise<number> {
    const { now, log } = this.#options;
    return nextGeneration(this.#directory, now(), log);
  }

  async #withDisk<Result>(work: () => Promise<Result>): Promise<Result> {
    if (this.#hasEnded) throw new Fault('unavailable', 'the journal is closed', { code: 'journal-closed' });
    try {
      return await work();
    } catch (error) {
      throw diskFault(error, `the journal in ${this.#directory} failed`);
    }
  }

  async #tick(): Promise<void> {
    for (const stream of this.#streams.values()) {
      try {
        await stream.sync();
        await stream.retain();
      } catch (error) {
        this.#options.log('error', `the journal of ${stream.name} cannot be kept in order: ${String(error)}`);
      }
    }
  }
}
