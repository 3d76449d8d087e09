// What an event log and those who follow it tell each other.
import type { JournalEntry, JournalStream } from '../core/journal.ts';
import { EventBytes, type RecordKind } from './event-text.ts';
import type { Payload } from './socket-frame.ts';
import type { AriEvent } from './resources/events.ts';

/** Who is told what has become of an event. */
export interface Told {
  /** It is in the journal. */
  recorded(event: PassingEvent): void;
  refused(event: PassingEvent, error: unknown): void;
}

/** An event on its way: into the journal, then to a socket. */
export class PassingEvent extends EventBytes implements JournalEntry, Payload {
  /** How many events are lost with it if the journal does not take it. */
  readonly count: number;
  /** Where it is in the journal; left out when the journal could not take it. */
  cursor: string | undefined;
  isThrough = false;
  readonly #told: Told;

  constructor(kind: RecordKind, json: Buffer, added: Buffer, count: number, told: Told) {
    super(kind, json, added);
    this.count = count;
    this.#told = told;
  }

  written(cursor: string): void {
    this.cursor = cursor;
    this.isThrough = true;
    this.#told.recorded(this);
  }

  refused(error: unknown): void {
    this.#told.refused(this, error);
  }

  get length(): number {
    return this.frameSize(this.cursor);
  }

  copyTo(bytes: Buffer, offset: number): void {
    this.writeFrame(this.cursor, bytes, offset);
  }
}

/** What is to be done when all before it have passed. */
export interface Mark {
  readonly isThrough: true;
  run(): void;
}

/** The event is told what becomes of it. */
export function record(event: PassingEvent, stream: JournalStream): void {
  if (stream.put !== undefined) return stream.put(event);
  const bytes = Buffer.allocUnsafe(event.size);
  event.writeRecord(bytes, 0);
  stream.append(bytes.toString()).then(
    (cursor) => event.written(cursor),
    (error: unknown) => event.refused(error),
  );
}

export interface Follows {
  /** Whether it wants events that ARI does not have. */
  readonly extensions: boolean;
  /** An event has passed. */
  offer(event: PassingEvent): void;
  /** Someone else follows from here on. */
  replaced(): void;
  /** Events were lost that it should have been given. */
  missed(): void;
}

export type Loss = Omit<Extract<AriEvent, { type: 'EventsLost' }>, 'type' | 'timestamp'>;

/** Of events that the journal did not take. */
export const lossOf = (count: number): Loss => ({
  ...(Number.isFinite(count) && { count }),
  reason: 'not-written',
});

/** What a WebSocket is told of its applications themselves. */
export type Notice = 'ApplicationRegistered' | 'ApplicationUnregistered' | 'ApplicationReplaced';
