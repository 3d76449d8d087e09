// Until where the server has everything that was sent: it works in order, so it has what came before a question that it answers.

interface Waiter {
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
}

export class Checkpoints {
  readonly #ask: () => Promise<unknown>;
  #waiting: Waiter[] = [];
  #isAsking = false;

  /** `ask` asks the server something, and resolves with its answer. */
  constructor(ask: () => Promise<unknown>) {
    this.#ask = ask;
  }

  /** Resolves when the server has all that was sent before; fails as the question does. One question serves many. */
  reached(): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ resolve, reject });
      this.#next();
    });
  }

  #next(): void {
    if (this.#isAsking || this.#waiting.length === 0) return;
    this.#isAsking = true;
    const those = this.#waiting.splice(0);
    void this.#ask()
      .then(
        () => those.forEach(({ resolve }) => resolve()),
        (error: unknown) => those.forEach(({ reject }) => reject(error)),
      )
      .then(() => {
        this.#isAsking = false;
        this.#next();
      });
  }
}
