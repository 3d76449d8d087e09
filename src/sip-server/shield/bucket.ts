// A token bucket: so many a second, and so many at once.

export interface Rate {
  readonly perSecond: number;
  readonly burst: number;
}

export class Bucket {
  #tokens: number;
  #filled: number;

  /** Full; `now` in ms. */
  constructor({ burst }: Rate, now: number) {
    this.#tokens = burst;
    this.#filled = now;
  }

  /**
   * Takes a token, and returns the ms until the debt is paid that this made: 0 when there was one. Undefined, and nothing
   * is taken, when that would be longer than `longest`.
   */
  take({ perSecond, burst }: Rate, now: number, longest = 0): number | undefined {
    this.#tokens = Math.min(burst, this.#tokens + (Math.max(0, now - this.#filled) / 1000) * perSecond);
    this.#filled = now;
    const wait = Math.max(0, ((1 - this.#tokens) / perSecond) * 1000);
    if (wait > longest) return undefined;
    this.#tokens -= 1;
    return wait;
  }
}
