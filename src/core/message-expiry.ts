// When the time of a message is over: those that wait end as expired, and those that ended long ago are forgotten.
import type { Clock } from './clock.ts';
import { Deadlines } from './deadlines.ts';
import { isFinal, type MessageBook } from './message-book.ts';
import type { MessageRecord } from './message-record.ts';
import type { MessageSnapshot } from './message.ts';

export interface MessageExpiryParts {
  readonly book: () => MessageBook;
  readonly clock: Clock;
  readonly isUnderWay: (id: string) => boolean;
  readonly expire: (record: MessageRecord) => Promise<void>;
  /** How long those that ended are remembered, in milliseconds. */
  readonly keepFor: number;
  readonly onError: (error: unknown) => void;
}

/** How often is looked, in milliseconds: for those that expire, and for those that are to be forgotten. */
const OFTEN = 1_000;
const SELDOM = 3_600_000;
/** How many expire in one go, so that many are no standstill. */
const AT_ONCE = 5_000;

export class MessageExpiry {
  readonly #parts: MessageExpiryParts;
  readonly #deadlines = new Deadlines();
  #callOff = (): void => {};
  #sweepAt = 0;

  constructor(parts: MessageExpiryParts) {
    this.#parts = parts;
  }

  open(): void {
    this.#sweepAt = this.#parts.clock.now() + SELDOM;
    this.#wait();
  }

  stop(): void {
    this.#callOff();
  }

  set({ id, expiresAt }: Pick<MessageSnapshot, 'id' | 'expiresAt'>): void {
    this.#deadlines.set(id, expiresAt);
  }

  delete(id: string): void {
    this.#deadlines.delete(id);
  }

  #wait(): void {
    this.#callOff = this.#parts.clock.after(OFTEN, () => {
      this.#look();
      this.#wait();
    });
  }

  #look(): void {
    const { book, clock, isUnderWay, expire, keepFor, onError } = this.#parts;
    const now = clock.now();
    for (const id of this.#deadlines.take(now, AT_ONCE)) {
      // What is on the wire expires with the end of its attempt.
      const state = book().find(id)?.state;
      if (state === undefined || isFinal(state) || isUnderWay(id)) continue;
      book().read(id).then(expire).catch(onError);
    }
    if (now < this.#sweepAt) return;
    this.#sweepAt = now + SELDOM;
    book()
      .forgetEndedBefore(now - keepFor)
      .catch(onError);
  }
}
