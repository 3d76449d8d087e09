// Works that must not overlap, one after the other in the order in which they were asked for.

export class Turns {
  #last: Promise<unknown> = Promise.resolve();

  /** Resolves, or fails, as the work does. */
  run<Result>(work: () => Promise<Result>): Promise<Result> {
    const mine = this.#last.then(work);
    // Whoever asked is told of the failure; the next one begins all the same.
    this.#last = mine.catch(() => undefined);
    return mine;
  }
}
