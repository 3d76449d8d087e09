// The negotiations of each leg, one after the other, and whether its media is led to anyone.
//
// Few can wait: a channel comes into one bridge at a time, and leaves the one before; and an offer of a far end does not wait.
import type { MediaLeg } from '../../core/media.ts';
import { Fault } from '../../errors.ts';

interface Line {
  last: Promise<unknown>;
  waiting: number;
  isLed: boolean;
}

export class Negotiations {
  readonly #lines = new WeakMap<MediaLeg, Line>();

  /** Does it when nothing else is negotiated with any of these legs. It must not ask for another one of them, and wait. */
  async run<T>(legs: readonly MediaLeg[], work: () => Promise<T>): Promise<T> {
    const lines = legs.map((leg) => this.#line(leg));
    const before = Promise.all(lines.map(({ last }) => last));
    const done = before.then(work).finally(() => lines.forEach((line) => (line.waiting -= 1)));
    const settled = done.catch(() => undefined);
    for (const line of lines) {
      line.waiting += 1;
      line.last = settled;
    }
    return done;
  }

  isBusy(leg: MediaLeg): boolean {
    return this.#line(leg).waiting > 0;
  }

  /** Its media is led to someone now. */
  led(leg: MediaLeg): void {
    this.#line(leg).isLed = true;
  }

  /** Leads it nowhere, unless that is so. A far end that does not hear of it cannot be helped. */
  async rest(leg: MediaLeg): Promise<void> {
    const line = this.#line(leg);
    if (!line.isLed) return;
    line.isLed = false;
    await unlessRefused(leg.hold());
  }

  /** It is on hold, and needs nothing for it: its call is over, or an answer has put it there. */
  rests(leg: MediaLeg): void {
    this.#line(leg).isLed = false;
  }

  #line(leg: MediaLeg): Line {
    const known = this.#lines.get(leg) ?? { last: Promise.resolve(), waiting: 0, isLed: false };
    this.#lines.set(leg, known);
    return known;
  }
}

/** What may happen is not told to anyone; bugs are. */
export async function unlessRefused(done: Promise<void>): Promise<void> {
  await done.catch((error: unknown) => {
    if (!(error instanceof Fault)) throw error;
  });
}
