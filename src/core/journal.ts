// The port to what is told in order and must outlive the process: streams of texts that are only appended to. The applications' events.

export interface JournalRecord {
  /** Where the record is in its stream: a later one is greater, as text. It means nothing else to whoever holds it. */
  readonly cursor: string;
  readonly text: string;
}

/** Records that can no longer be read. */
export interface JournalGap {
  /** The cursors of the first and the last of them, as far as they are known. */
  readonly from?: string;
  readonly to?: string;
  /** How many, if that is known. */
  readonly count?: number;
  /** By the limits of time or size; because the cursor is none of this stream; because the disk no longer holds what was written. */
  readonly reason: 'retention' | 'not-kept' | 'corrupt';
}

export interface JournalPage {
  /** What is missing between the cursor that was asked for and the first record of the page. */
  readonly gap?: JournalGap;
  readonly records: readonly JournalRecord[];
}

/** How much is kept of a stream: the oldest goes first. */
export interface JournalLimits {
  /** In milliseconds. */
  readonly maxAge: number;
  /** In bytes. */
  readonly maxBytes: number;
}

/** A record that writes itself: nobody has to make a text of it first. */
export interface JournalEntry {
  /** In bytes of UTF-8. */
  readonly size: number;
  /** Writes as many bytes as it has. */
  writeRecord(bytes: Buffer, offset: number): void;
  /** It survives the death of the process. */
  written(cursor: string): void;
  /** As `append` fails. */
  refused(error: unknown): void;
}

export interface JournalStream {
  readonly name: string;
  /** The cursor of the last record that was written; of an empty stream, the one before its first. */
  readonly last: string;
  /**
   * Adds a record behind those of earlier calls. Resolves with its cursor when it survives the death of the process;
   * promises resolve in the order of the calls. Fails with a Fault 'unavailable' when the disk refuses, or when too much waits.
   */
  append(text: string): Promise<string>;
  /**
   * The same for whoever writes much, if the engine knows how: without a promise and a text for each record. It is told in
   * the order of the calls, and may be within the call.
   */
  put?(entry: JournalEntry): void;
  /** The records behind the cursor, at most `limit`, as far as they are written. A cursor that is none of this stream is a gap. */
  read(after: string, limit: number): Promise<JournalPage>;
}

export interface Journal {
  /** The stream of that name, made if it is not there. Twice is the same one. */
  open(name: string): Promise<JournalStream>;
  /** The streams that are there, opened or not. */
  names(): Promise<string[]>;
  /** Ends the stream and what is kept of it. One that is not there is no error. A later one of its name knows none of its cursors. */
  remove(name: string): Promise<void>;
  /** Writes what waits, and closes every stream. */
  close(): Promise<void>;
}
