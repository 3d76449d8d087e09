// Mailboxes: how many messages wait in each, old ones and new ones. Applications set them, and they outlive the process.
import { Fault, notFound } from '../errors.ts';
import type { Store } from './store.ts';

export interface Mailbox {
  readonly name: string;
  readonly oldMessages: number;
  readonly newMessages: number;
}

const PREFIX = 'mailbox:';
/** How many there may be, and changes that wait. */
const LIMITS = { mailboxes: 10_000, waiting: 1_000 };

/** How a mailbox is written down; its name is in the key. */
interface Written {
  readonly v: 1;
  readonly old: number;
  readonly new: number;
}

export class Mailboxes {
  readonly #mailboxes = new Map<string, Mailbox>();
  readonly #limits: typeof LIMITS;
  #store: Store | undefined;
  #last: Promise<void> = Promise.resolve();
  #waiting = 0;
  #refused = 0;

  constructor(limits: typeof LIMITS = LIMITS) {
    this.#limits = limits;
  }

  /** Reads them; from then on they can be set. Fails with a Fault 'unsupported' when one was written by a later version. */
  async load(store: Store): Promise<void> {
    for await (const [key, value] of store.range(PREFIX)) {
      const { v, old: oldMessages, new: newMessages } = JSON.parse(value) as Written;
      if (v !== 1) throw new Fault('unsupported', `${key} has the version ${String(v)}, and only 1 can be read`);
      const name = key.slice(PREFIX.length);
      this.#mailboxes.set(name, { name, oldMessages, newMessages });
    }
    this.#store = store;
  }

  list(): Mailbox[] {
    return [...this.#mailboxes.values()];
  }

  /** Fails with a Fault 'not-found'. */
  get(name: string): Mailbox {
    const found = this.#mailboxes.get(name);
    if (found === undefined) throw notFound('Mailbox');
    return found;
  }

  /** Makes it if it is not there; resolves when that is on disk. Fails with a Fault 'unavailable' when there are too many. */
  set(mailbox: Mailbox): Promise<void> {
    const { name, oldMessages, newMessages } = mailbox;
    return this.#change(async (store) => {
      if (!this.#mailboxes.has(name) && this.#mailboxes.size >= this.#limits.mailboxes)
        throw this.#refuse(`There are ${this.#limits.mailboxes} mailboxes already`);
      const written: Written = { v: 1, old: oldMessages, new: newMessages };
      await store.put(PREFIX + name, JSON.stringify(written));
      this.#mailboxes.set(name, mailbox);
    });
  }

  /** Resolves when that is on disk. Fails with a Fault 'not-found'. */
  delete(name: string): Promise<void> {
    return this.#change(async (store) => {
      this.get(name);
      await store.delete(PREFIX + name);
      this.#mailboxes.delete(name);
    });
  }

  get metrics(): {
    readonly mailboxes: number;
    readonly waiting: number;
    readonly limits: typeof LIMITS;
    /** Of whatever there were too many. */
    readonly refused: number;
  } {
    return {
      ...{ mailboxes: this.#mailboxes.size, waiting: this.#waiting },
      ...{ limits: this.#limits, refused: this.#refused },
    };
  }

  /** One change after the other, so that the last one is also the last on disk. */
  async #change(work: (store: Store) => Promise<void>): Promise<void> {
    const store = this.#store;
    if (store === undefined) throw new Fault('unavailable', 'Mailboxes have not been loaded yet');
    if (this.#waiting >= this.#limits.waiting) throw this.#refuse('Too many changes of mailboxes at once');
    this.#waiting += 1;
    const done = this.#last.then(() => work(store)).finally(() => (this.#waiting -= 1));
    // Whoever asked for it hears of a failure; the next one is done all the same.
    this.#last = done.catch(() => undefined);
    await done;
  }

  #refuse(reason: string): Fault {
    this.#refused += 1;
    return new Fault('unavailable', reason);
  }
}
