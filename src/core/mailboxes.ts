// Mailboxes: how many messages wait in each, old ones and new ones. Applications set them, and they outlive the process.
import { Fault, notFound } from '../errors.ts';
import { Changes } from './changes.ts';
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
  readonly #changes: Changes;

  constructor(limits: typeof LIMITS = LIMITS) {
    this.#limits = limits;
    this.#changes = new Changes('mailboxes', limits.waiting);
  }

  /** Reads them; from then on they can be set. Fails with a Fault 'unsupported' when one was written by a later version. */
  async load(store: Store): Promise<void> {
    for await (const [key, value] of store.range(PREFIX)) {
      const { v, old: oldMessages, new: newMessages } = JSON.parse(value) as Written;
      if (v !== 1) throw new Fault('unsupported', `${key} has the version ${String(v)}, and only 1 can be read`);
      const name = key.slice(PREFIX.length);
      this.#mailboxes.set(name, { name, oldMessages, newMessages });
    }
    this.#changes.open(store);
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
    return this.#changes.run(async (store) => {
      if (!this.#mailboxes.has(name) && this.#mailboxes.size >= this.#limits.mailboxes)
        throw this.#changes.refuse(`There are ${this.#limits.mailboxes} mailboxes already`);
      const written: Written = { v: 1, old: oldMessages, new: newMessages };
      await store.put(PREFIX + name, JSON.stringify(written));
      this.#mailboxes.set(name, mailbox);
    });
  }

  /** Resolves when that is on disk. Fails with a Fault 'not-found'. */
  delete(name: string): Promise<void> {
    return this.#changes.run(async (store) => {
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
      ...{ mailboxes: this.#mailboxes.size, waiting: this.#changes.waiting },
      ...{ limits: this.#limits, refused: this.#changes.refused },
    };
  }
}
