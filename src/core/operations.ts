// What is asked of one channel: done one after the other, each with an id under which is told what became of it.
import { Fault } from '../errors.ts';

/** What the queues of all channels have in common. */
export interface OperationsParts {
  readonly newId: () => string;
  /** How many may wait in one queue. Beyond it the next one is refused, and counted. */
  readonly limit: number;
  readonly onRefused: () => void;
}

export interface Operation {
  readonly id: string;
  /** Fails as the work does; with a Fault 'conflict' when the channel has ended, or left its application, before. */
  readonly done: Promise<void>;
}

/** Is given the operation's id, for what it tells. */
export type Work = (operation: string) => void | Promise<void>;

interface Asked {
  readonly id: string;
  readonly work: Work;
  readonly settle: (failure?: unknown) => void;
}

export class Operations {
  readonly #parts: OperationsParts;
  readonly #waiting: Asked[] = [];
  #current: Asked | undefined;
  #isEnded = false;

  constructor(parts: OperationsParts) {
    this.#parts = parts;
  }

  /** Without the one that is under way. */
  get waiting(): number {
    return this.#waiting.length;
  }

  newId(): string {
    return this.#parts.newId();
  }

  /**
   * Does the work when all that was asked before is done: at once, if that is so. `tell` is called before `done` settles.
   * Fails with a Fault 'unavailable' when too many wait, 'conflict' when the channel has ended.
   */
  run(work: Work, tell: (operation: string, failure?: unknown) => void): Operation {
    if (this.#isEnded) throw ended();
    if (this.#waiting.length >= this.#parts.limit) {
      this.#parts.onRefused();
      throw new Fault('unavailable', `${this.#parts.limit} operations wait for the channel already`, {
        code: 'too-many-operations',
      });
    }
    const id = this.newId();
    const done = new Promise<void>((resolve, reject) => {
      const settle = (failure?: unknown): void => {
        tell(id, failure);
        if (failure === undefined) resolve();
        else reject(failure);
      };
      this.#waiting.push({ id, work, settle });
    });
    // Whoever does not wait is told by the fact.
    done.catch(() => undefined);
    if (this.#current === undefined) void this.#next();
    return { id, done };
  }

  /** The channel has ended: what is not done fails. */
  end(): void {
    this.#isEnded = true;
    const open = [...(this.#current === undefined ? [] : [this.#current]), ...this.#waiting.splice(0)];
    this.#current = undefined;
    for (const { settle } of open) settle(ended());
  }

  async #next(): Promise<void> {
    for (let asked = this.#waiting.shift(); asked !== undefined; asked = this.#waiting.shift()) {
      this.#current = asked;
      const failure = await failureOf(asked);
      // The channel has ended meanwhile, and that was told.
      if (this.#current !== asked) return;
      asked.settle(failure);
    }
    this.#current = undefined;
  }
}

async function failureOf({ id, work }: Asked): Promise<unknown> {
  try {
    await work(id);
    return undefined;
  } catch (error) {
    return error;
  }
}

const ended = (): Fault => new Fault('conflict', 'The channel has ended', { code: 'channel-ended' });
