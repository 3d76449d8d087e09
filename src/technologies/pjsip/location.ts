// Where an address of record can be reached now: its static contacts, and those that registered, which outlive the process.
//
// A change is on disk before it is in memory, and in memory before anyone is told. The changes of one address of
// record come one after the other.
import { createHash } from 'node:crypto';
import type { Store, StoreWrite } from '../../core/store.ts';
import { Fault } from '../../errors.ts';
import type { Clock } from './clock.ts';
import { inWords, type Log } from './log.ts';
import { divide, parseNameAddress } from './name-address.ts';
import type { AorObject } from './objects/index.ts';
import type { OutgoingRequest } from './stack.ts';

export interface Contact {
  readonly uri: string;
  /** The Path of its registration, to be used as Route (RFC 3327); empty for none. */
  readonly path: string;
}

/** A contact that registered. */
export interface Registered extends Contact {
  /** Names it within its address of record, and gives its place in the order. */
  readonly id: string;
  /** Milliseconds since 1970. */
  readonly expiresAt: number;
  /** Of the REGISTER that made or refreshed it last. */
  readonly callId: string;
  readonly cseq: number;
}

export interface LocationParts {
  readonly store: Store;
  readonly aors: ReadonlyMap<string, AorObject>;
  readonly clock: Clock;
  readonly log: Log;
  /** Told each contact that came or went, when `contacts` shows it already. A refresh is not told. */
  readonly onChange: (aor: string, contact: Contact, change: 'added' | 'removed') => void;
}

/** How many changes of one address of record may wait for their turn; beyond it they are refused. */
const TURNS = 100;
/** The longest that a timer of the system can wait, in milliseconds. */
const LONGEST = 0x7fff_ffff;
/** How long to wait before trying again to remove what has expired, in milliseconds. */
const RETRY = 1_000;
const PREFIX = 'contact:';

/** The name of a contact, as Asterisk's: it gives the order in which contacts are listed and tried. */
export const contactId = (uri: string): string => createHash('md5').update(uri).digest('hex');

/** How to send a request to a contact: by the way that it registered, if that was kept. */
export function towards({ uri, path }: Contact): Pick<OutgoingRequest, 'uri' | 'nextHop' | 'headers'> {
  if (path === '') return { uri };
  const nextHop = parseNameAddress(divide(path, ',')[0] ?? '')?.uri;
  return { uri, ...(nextHop !== undefined && { nextHop }), headers: [['Route', path]] };
}

export class Location {
  readonly #parts: LocationParts;
  readonly #registered = new Map<string, readonly Registered[]>();
  readonly #turns = new Map<string, { waiting: number; last: Promise<unknown> }>();
  #refused = 0;
  #isClosed = false;
  #armedFor = Infinity;
  #disarm: () => void = () => undefined;

  constructor(parts: LocationParts) {
    this.#parts = parts;
  }

  /** Reads what registered before; what has expired since, or belongs to no address of record any longer, is dropped. */
  async load(): Promise<void> {
    const { store, aors, clock } = this.#parts;
    const gone: StoreWrite[] = [];
    const found: { readonly aor: string; readonly contact: Registered }[] = [];
    for await (const [key, value] of store.range(PREFIX)) {
      const entry = JSON.parse(value) as { readonly aor: string; readonly contact: Registered };
      if (aors.has(entry.aor) && entry.contact.expiresAt > clock.now()) found.push(entry);
      else gone.push({ kind: 'delete', key });
    }
    if (gone.length > 0) await store.batch(gone);
    for (const { aor, contact } of found) this.#add(aor, contact);
  }

  /** Waits for the changes that have begun; nothing expires from then on. */
  async close(): Promise<void> {
    this.#isClosed = true;
    this.#disarm();
    await Promise.allSettled([...this.#turns.values()].map(({ last }) => last));
  }

  /** Where it can be reached now: those that registered, in Asterisk's order, then the static ones. */
  contacts(aor: string): Contact[] {
    const fixed = this.#parts.aors.get(aor)?.contact ?? [];
    return [...this.registered(aor), ...fixed.map((uri) => ({ uri, path: '' }))];
  }

  registered(aor: string): readonly Registered[] {
    const now = this.#parts.clock.now();
    return (this.#registered.get(aor) ?? []).filter(({ expiresAt }) => expiresAt > now);
  }

  get metrics(): {
    readonly contacts: number;
    readonly waiting: number;
    readonly limit: number;
    readonly refused: number;
  } {
    return {
      contacts: [...this.#registered.values()].reduce((sum, each) => sum + each.length, 0),
      waiting: [...this.#turns.values()].reduce((sum, each) => sum + each.waiting, 0),
      limit: TURNS,
      refused: this.#refused,
    };
  }

  /**
   * Replaces what has registered by what `decide` makes of it, and resolves when that is on disk and was told.
   * Fails as `decide` does, as the store does, or with a Fault 'unavailable' when too many changes wait; nothing has
   * changed then.
   */
  change(aor: string, decide: (now: readonly Registered[]) => readonly Registered[]): Promise<void> {
    return this.#inTurn(aor, async () => {
      const before = this.#registered.get(aor) ?? [];
      const after = decide(this.registered(aor));
      const written = after.filter((each) => !before.includes(each));
      const removed = before.filter(({ id }) => !after.some((each) => each.id === id));
      if (written.length + removed.length === 0) return;
      await this.#parts.store.batch([
        ...written.map((contact) => put(aor, contact)),
        ...removed.map(({ id }): StoreWrite => ({ kind: 'delete', key: keyOf(aor, id) })),
      ]);
      for (const contact of written) this.#add(aor, contact);
      for (const contact of removed) this.#remove(aor, contact);
    });
  }

  #add(aor: string, contact: Registered): void {
    const before = this.#registered.get(aor) ?? [];
    const others = before.filter(({ id }) => id !== contact.id);
    this.#registered.set(
      aor,
      [...others, contact].sort((one, other) => (one.id < other.id ? -1 : 1)),
    );
    this.#arm(contact.expiresAt);
    if (others.length === before.length) this.#parts.onChange(aor, contact, 'added');
  }

  #remove(aor: string, contact: Registered): void {
    const others = (this.#registered.get(aor) ?? []).filter(({ id }) => id !== contact.id);
    if (others.length === 0) this.#registered.delete(aor);
    else this.#registered.set(aor, others);
    this.#parts.onChange(aor, contact, 'removed');
  }

  /** One timer for all, set for the earliest expiry that it was told of. */
  #arm(at: number): void {
    if (this.#isClosed || at >= this.#armedFor) return;
    this.#disarm();
    this.#armedFor = at;
    const wait = Math.min(Math.max(at - this.#parts.clock.now(), 0), LONGEST);
    this.#disarm = this.#parts.clock.after(wait, () => void this.#expire());
  }

  async #expire(): Promise<void> {
    const { clock, log } = this.#parts;
    this.#armedFor = Infinity;
    const now = clock.now();
    const due = [...this.#registered].filter(([, contacts]) => contacts.some(({ expiresAt }) => expiresAt <= now));
    const outcomes = await Promise.allSettled(due.map(([aor]) => this.change(aor, (live) => live)));
    for (const outcome of outcomes) {
      if (outcome.status === 'rejected')
        log('error', `An expired contact could not be removed: ${inWords(outcome.reason)}`);
    }
    const hasFailed = outcomes.some(({ status }) => status === 'rejected');
    const soonest = Math.min(...[...this.#registered.values()].flat().map(({ expiresAt }) => expiresAt), Infinity);
    this.#arm(Math.max(soonest, now + (hasFailed ? RETRY : 0)));
  }

  #inTurn(aor: string, work: () => Promise<void>): Promise<void> {
    const turn = this.#turns.get(aor) ?? { waiting: 0, last: Promise.resolve() };
    if (turn.waiting >= TURNS) {
      this.#refused += 1;
      return Promise.reject(new Fault('unavailable', `Too many registrations of ${aor} at once`));
    }
    turn.waiting += 1;
    this.#turns.set(aor, turn);
    const done = turn.last.then(work).finally(() => {
      turn.waiting -= 1;
      if (turn.waiting === 0) this.#turns.delete(aor);
    });
    // Whoever asked for it hears of a failure; the next turn begins all the same.
    turn.last = done.catch(() => undefined);
    return done;
  }
}

const keyOf = (aor: string, id: string): string => `${PREFIX}${aor}:${id}`;

const put = (aor: string, contact: Registered): StoreWrite => ({
  kind: 'put',
  key: keyOf(aor, contact.id),
  value: JSON.stringify({ aor, contact }),
});
