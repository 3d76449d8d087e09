// Works that must not overlap, one after the other in the order in which they were asked for.

export class Turns {
  #last: Promise<unknown> = Promise.resolve();
  #open = 0;

  /** Whether none is under way or waits. */
  get isIdle(): boolean {
    return this.#open === 0;
  }

  /** Resolves, or fails, as the work does. */
  run<Result>(work: () => Promise<Result>): Promise<Result> {
    this.#open += 1;
    const mine = this.#last.then(work).finally(() => (this.#open -= 1));
    // Whoever asked is told of the failure; the next one begins all the same.
    this.#last = mine.catch(() => undefined);
    return mine;
  }
}
