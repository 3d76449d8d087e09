// Waiting with a deadline: nothing in the telephone waits for ever, and each wait says what it waited for.

interface Waiter<T> {
  readonly resolve: (item: T) => void;
  readonly reject: (reason: Error) => void;
}

/** What has arrived and was not yet asked for, and those who ask for what has not arrived yet. */
export class Mailbox<T> {
  readonly #arrived: T[] = [];
  readonly #waiting = new Set<Waiter<T>>();

  put(item: T): void {
    const [first] = this.#waiting;
    if (first === undefined) this.#arrived.push(item);
    else first.resolve(item);
  }

  /** The oldest item, now or as soon as there is one. Fails after `deadline` milliseconds. */
  next(deadline: number, what: string): Promise<T> {
    const [item] = this.#arrived.splice(0, 1);
    if (item !== undefined) return Promise.resolve(item);
    return new Promise((resolve, reject) => {
      const leave = (): void => {
        clearTimeout(timer);
        this.#waiting.delete(waiter);
      };
      const waiter: Waiter<T> = {
        resolve: (each) => (leave(), resolve(each)),
        reject: (reason) => (leave(), reject(reason)),
      };
      const timer = setTimeout(() => waiter.reject(new Error(`no ${what} within ${deadline} ms`)), deadline);
      this.#waiting.add(waiter);
    });
  }

  /** Fails everyone who waits. */
  close(reason: Error): void {
    for (const { reject } of [...this.#waiting]) reject(reason);
  }
}

export interface Deferred<T> extends Waiter<T> {
  readonly promise: Promise<T>;
}

/** A promise, and the means to settle it. */
export function deferred<T>(): Deferred<T> {
  let waiter: Waiter<T> | undefined;
  const promise = new Promise<T>((resolve, reject) => {
    waiter = { resolve, reject };
  });
  return { promise, resolve: (item) => waiter?.resolve(item), reject: (reason) => waiter?.reject(reason) };
}

/** The promise, or a failure when it has not settled after `deadline` milliseconds. */
export async function within<T>(promise: Promise<T>, deadline: number, what: string): Promise<T> {
  const late = deferred<never>();
  const timer = setTimeout(() => late.reject(new Error(`no ${what} within ${deadline} ms`)), deadline);
  try {
    return await Promise.race([promise, late.promise]);
  } finally {
    clearTimeout(timer);
  }
}
