// One stream of the journal: appends to its newest segment in groups, reads pages, and drops what is too old or too much.
import { rm } from 'node:fs/promises';
import type { JournalEntry, JournalLimits, JournalPage, JournalStream } from '../../core/journal.ts';
import { Fault } from '../../errors.ts';
import { cursorOf, placeOf, type Place } from './cursor.ts';
import { faithful } from './faithful.ts';
import { diskFault, syncDirectory, type Log } from './journal-directory.ts';
import { notKept, readPage } from './journal-page.ts';
import { JournalQueue, textEntry, type Outcome } from './journal-queue.ts';
import {
  beginSegment,
  findSegments,
  lastOf,
  overdue,
  writeFully,
  type OpenFile,
  type WritableFile,
} from './journal-segments.ts';
import { encodeRecords, type Written } from './segment-format.ts';
import type { Segment } from './segment.ts';
import { Turns } from './turns.ts';

export interface StreamOptions extends JournalLimits {
  readonly now: () => number;
  readonly log: Log;
  /** In bytes. */
  readonly maxWaiting: number;
  readonly openFile: OpenFile;
  readonly onDropped: (count: number) => void;
  readonly onDamaged: (count: number) => void;
}

/** A stream's share in how large a segment becomes: so much more than `maxBytes` may be on the disk. */
const share = 16;

export class FileStream implements JournalStream {
  readonly name: string;
  readonly #folder: string;
  readonly #options: StreamOptions;
  readonly #generation: number;
  readonly #birth: number;
  readonly #queue: JournalQueue;
  /** Whatever changes the newest segment, or which one it is. */
  readonly #turns = new Turns();
  #segments: readonly Segment[];
  #last: Written;
  /** Of the newest segment; closed when nothing was written for a while. */
  #handle: WritableFile | undefined;
  #isDirty = false;
  #isFolderDirty = true;
  /** A write failed, and what it left behind the last record could not be cut off yet. */
  #hasRest = false;
  #hasEnded = false;
  /** Where the holes begin that were told of. */
  readonly #told = new Set<number>();

  constructor(name: string, folder: string, segments: readonly Segment[], generation: number, options: StreamOptions) {
    this.name = name;
    this.#folder = folder;
    this.#segments = segments;
    this.#generation = generation;
    this.#options = options;
    this.#birth = segments.find(({ header }) => header !== undefined)?.header?.birth ?? 0;
    this.#last = lastOf(segments);
    this.#queue = new JournalQueue({
      limit: options.maxWaiting,
      atOnce: this.#segmentBytes,
      write: (entries) => this.#write(entries),
      full: () => new Fault('unavailable', `too much waits for the journal of ${name}`, { code: 'journal-full' }),
      ended: () => this.#ended(),
    });
  }

  /** The stream in the folder. `generations` gives the one to write with, of a stream that is made and of one that was there. */
  static async open(
    name: string,
    folder: string,
    generations: { readonly made: () => Promise<number>; readonly found: number },
    options: StreamOptions,
  ): Promise<FileStream> {
    const segments = await findSegments(folder, options.log, () => options.onDamaged(1));
    if (segments.length > 0) return new FileStream(name, folder, segments, generations.found, options);
    const birth = await generations.made();
    const header = { first: 1, birth, previous: { generation: birth, time: 0 } };
    const { segment, handle } = await beginSegment(folder, header, options.openFile);
    await handle.close();
    return new FileStream(name, folder, [segment], birth, options);
  }

  get last(): string {
    return cursorOf(this.#last);
  }

  get bytes(): number {
    return this.#segments.reduce((sum, { size }) => sum + size, 0);
  }

  get waiting(): number {
    return this.#queue.waiting;
  }

  get refused(): number {
    return this.#queue.refused;
  }

  async append(text: string): Promise<string> {
    return textEntry(faithful(text), (entry) => this.put(entry));
  }

  put(entry: JournalEntry): void {
    this.#queue.put(entry);
  }

  async read(after: string, limit: number): Promise<JournalPage> {
    if (this.#hasEnded) throw this.#ended();
    const place = placeOf(after);
    if (place === undefined) return notKept;
    try {
      await this.retain();
      for (;;) {
        const segments = this.#segments;
        const last = this.#last;
        const onDamaged = (from: number, to: number): void => this.#tell(from, to);
        const page = await readPage({ after: place, limit, segments, last, birth: this.#birth, onDamaged });
        // What was dropped meanwhile may look like damage.
        if (segments[0] === this.#segments[0]) return page;
      }
    } catch (error) {
      throw diskFault(error, `the journal of ${this.name} cannot be read`);
    }
  }

  /** Drops the segments that are too old or too many. */
  async retain(): Promise<void> {
    const { count, isNewestToo } = overdue(this.#segments, this.#options, this.#options.now());
    if (count > 0 || isNewestToo) await this.#turns.run(() => this.#retain());
  }

  /** Hands what was written to the disk itself; closes the file when nothing was written since the last time. */
  async sync(): Promise<void> {
    if (!this.#isDirty) return this.#turns.run(() => this.#closeIdle());
    const isFolderDirty = this.#isFolderDirty;
    this.#isDirty = false;
    this.#isFolderDirty = false;
    try {
      await this.#handle?.datasync();
      if (isFolderDirty) await syncDirectory(this.#folder);
    } catch (error) {
      this.#isDirty = true;
      this.#isFolderDirty = isFolderDirty;
      this.#options.log('error', `the journal of ${this.name} is not safe from a loss of power: ${String(error)}`);
    }
  }

  /** Writes what waits, and closes the file. What is asked for later fails with a Fault 'unavailable'. */
  async end(): Promise<void> {
    await this.#queue.end();
    this.#hasEnded = true;
    await this.sync();
    await this.#turns.run(() => this.#close());
  }

  get #segmentBytes(): number {
    return Math.max(1, Math.floor(this.#options.maxBytes / share));
  }

  get #newest(): Segment {
    return this.#segments.at(-1)!;
  }

  #ended(): Fault {
    return new Fault('unavailable', `the stream ${this.name} has ended`, { code: 'journal-closed' });
  }

  #write(entries: readonly JournalEntry[]): Outcome | Promise<Outcome> {
    const handle = this.#handle;
    const isReady = handle !== undefined && this.#turns.isIdle && !this.#hasRest && !this.#isFull;
    if (!isReady) return this.#inTurn(async () => this.#writeRecords(await this.#writable(), entries));
    const place = this.#writeRecords(handle, entries);
    return 'then' in place || this.bytes > this.#options.maxBytes ? this.#inTurn(() => place) : place;
  }

  /** Where something is to be waited for, nobody may change the segments meanwhile. */
  #inTurn(write: () => Place | Promise<Place>): Promise<Outcome> {
    return this.#turns.run(async () => {
      try {
        const place = await write();
        await this.#retain();
        return place;
      } catch (error) {
        return diskFault(error, `the journal of ${this.name} cannot be written`);
      }
    });
  }

  get #isFull(): boolean {
    return this.#newest.last !== undefined && this.#newest.size >= this.#segmentBytes;
  }

  /** The file of a segment that has room. */
  async #writable(): Promise<WritableFile> {
    if (this.#isFull) await this.#roll();
    return this.#opened();
  }

  /** The newest segment's file, as it is after the last record that was written. */
  async #opened(): Promise<WritableFile> {
    this.#handle ??= await this.#options.openFile(this.#newest.file, 'r+');
    if (this.#hasRest) await this.#cut(this.#handle);
    return this.#handle;
  }

  /** Gives the place of the first; no promise when it is done already. */
  #writeRecords(handle: WritableFile, entries: readonly JournalEntry[]): Place | Promise<Place> {
    const first = { ordinal: this.#last.ordinal + 1, generation: this.#generation, time: this.#options.now() };
    const written = writeFully(handle, encodeRecords(entries, first), this.#newest.size);
    if (written === undefined) return this.#note(entries, first);
    return written.then(
      () => this.#note(entries, first),
      async (error: unknown) => {
        this.#hasRest = true;
        // If this fails too, it is done before the next write, which does not happen without it.
        await this.#cut(handle).catch(() => undefined);
        throw error;
      },
    );
  }

  #note(entries: readonly JournalEntry[], first: Written): Place {
    this.#newest.noteAll(entries, first);
    this.#last = this.#newest.last!;
    this.#isDirty = true;
    return first;
  }

  async #cut(handle: WritableFile): Promise<void> {
    await handle.truncate(this.#newest.size);
    this.#hasRest = false;
  }

  async #roll(): Promise<void> {
    const old = await this.#opened();
    await old.datasync();
    const { ordinal, generation, time } = this.#last;
    const header = { first: ordinal + 1, birth: this.#birth, previous: { generation, time } };
    const { segment, handle } = await beginSegment(this.#folder, header, this.#options.openFile);
    this.#handle = handle;
    this.#segments = [...this.#segments, segment];
    this.#isFolderDirty = true;
    this.#isDirty = true;
    await old.close();
  }

  /** What cannot be dropped now stays until later: nobody's append or reading fails of it. */
  async #retain(): Promise<void> {
    if (this.#hasEnded) return;
    const { log, now, onDropped } = this.#options;
    try {
      if (overdue(this.#segments, this.#options, now()).isNewestToo) await this.#roll();
    } catch (error) {
      log('warn', `the journal of ${this.name} keeps what is too old: ${String(error)}`);
    }
    const { count } = overdue(this.#segments, this.#options, now());
    if (count === 0) return;
    const gone = this.#segments.slice(0, count);
    this.#segments = this.#segments.slice(count);
    const { first } = this.#segments[0]!;
    onDropped(first - gone[0]!.first);
    for (const hole of this.#told) if (hole < first) this.#told.delete(hole);
    for (const { file } of gone) await this.#remove(file);
  }

  /** A file that stays is dropped at a later opening, by the same limits. */
  async #remove(file: string): Promise<void> {
    try {
      await rm(file, { force: true });
    } catch (error) {
      this.#options.log('warn', `${file} is no longer needed and cannot be removed: ${String(error)}`);
    }
  }

  #tell(from: number, to: number): void {
    // Nobody misses what was dropped while it was being read.
    if (this.#told.has(from) || from < this.#segments[0]!.first) return;
    this.#told.add(from);
    this.#options.onDamaged(to - from + 1);
    const which = from === to ? `record ${from} is` : `records ${from} to ${to} are`;
    this.#options.log('error', `the journal of ${this.name} is damaged: ${which} lost`);
  }

  async #closeIdle(): Promise<void> {
    if (!this.#isDirty) await this.#close();
  }

  async #close(): Promise<void> {
    const handle = this.#handle;
    this.#handle = undefined;
    await handle?.close();
  }
}
