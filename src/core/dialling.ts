// All legs being dialled: how many there are and may be, and their end when the service ends.
import { Fault } from '../errors.ts';
import type { Bus } from '../stasis/index.ts';
import type { OutboundLeg } from './callers.ts';
import { NORMAL_CLEARING } from './causes.ts';
import type { Clock } from './clock.ts';
import { Dial, type DialOptions } from './dial.ts';

export interface DiallingMetrics {
  readonly legs: number;
  readonly limit: number;
  /** For the limit, or because the service ends. */
  readonly refused: number;
}

export interface DiallingParts {
  readonly bus: Bus;
  readonly clock: Clock;
  /** How many legs may be dialled at once; 10,000, if left out. */
  readonly limit?: number | undefined;
}

const LIMIT = 10_000;

export class Dialling {
  readonly #parts: DiallingParts;
  readonly #limit: number;
  readonly #dials = new Set<Dial>();
  #refused = 0;
  #isClosed = false;

  constructor(parts: DiallingParts) {
    this.#parts = parts;
    this.#limit = parts.limit ?? LIMIT;
  }

  get metrics(): DiallingMetrics {
    return { legs: this.#dials.size, limit: this.#limit, refused: this.#refused };
  }

  /** Whether one more may be dialled: to be asked before its leg is made. Fails with a Fault 'unavailable'. */
  admit(): void {
    if (!this.#isClosed && this.#dials.size < this.#limit) return;
    this.#refused += 1;
    throw new Fault('unavailable', 'Too many calls are being made', { code: 'too-many-calls' });
  }

  /** Calls the far end of a leg, which was not dialled before and has not ended. What is told at once is told before it returns. */
  dial(leg: OutboundLeg, options: DialOptions = {}): Dial {
    const dial: Dial = new Dial(leg, options, this.#parts, () => this.#dials.delete(dial));
    this.#dials.add(dial);
    dial.begin();
    return dial;
  }

  /** Gives up all of them, and takes no more. */
  close(): void {
    this.#isClosed = true;
    for (const dial of [...this.#dials]) dial.cancel(NORMAL_CLEARING);
  }
}
