// Where an address of record can be reached now: its static contacts, and those that registered, which outlive the process.
//
// A change is on disk before it is in memory, and in memory before anyone is told. The changes of one address of
// record come one after the other. Whatever must go without being asked for, goes by its deadline: an expired contact
// when its time is up, one whose connection has ended at once.
import type { RegistrationChange } from '../../core/registrations.ts';
import type { Store, StoreWrite } from '../../core/store.ts';
import type { Clock } from '../../core/clock.ts';
import { contactId, flowOf, nextHopOf, type Contact, type Located, type Registered } from './contact.ts';
import { Deadlines } from '../../core/deadlines.ts';
import { FlowIndex } from './flow-index.ts';
import { onePerInstance, otherFlows } from './instances.ts';
import { inWords, type Log } from './log.ts';
import type { AorObject } from './objects/index.ts';
import type { SipAddress, SipFlows } from './stack.ts';
import { Works, type WorksMetrics } from './work.ts';

export interface LocationParts {
  readonly store: Store;
  readonly aors: ReadonlyMap<string, AorObject>;
  readonly clock: Clock;
  readonly log: Log;
  /** The stack's, if it tells of its connections. */
  readonly flows?: SipFlows | undefined;
  /** Told each contact that came, was refreshed or went, when `contacts` shows it already. */
  readonly onChange: (aor: string, contact: Registered, change: RegistrationChange) => void;
}

/** What is to be registered from now on, and why those go that are not in it. */
export interface Decision {
  readonly contacts: readonly Registered[];
  readonly why: (gone: Registered) => RegistrationChange;
}

interface StoreEntry {
  readonly key: string;
  readonly value: string;
  readonly contact: Registered;
}

/** How many changes of one address of record may wait for their turn; beyond it they are refused. */
const TURNS = 100;
/** The longest that a timer of the system can wait, in milliseconds. */
const LONGEST = 0x7fff_ffff;
/** How long to wait before trying again to remove what has to go, in milliseconds. */
const RETRY = 1_000;
/** How many contacts go at once, so that others are served in between. */
const AT_ONCE = 100;
const PREFIX = 'contact:';

export class Location {
  readonly #parts: LocationParts;
  readonly #registered = new Map<string, readonly Registered[]>();
  readonly #works = new Works({ limit: TURNS });
  readonly #deadlines = new Deadlines();
  readonly #flows = new FlowIndex();
  /** Contacts that have to go though their time is not up, and why. */
  readonly #ending = new Map<string, RegistrationChange>();
  /** The static ones of those that were asked for: their names are hashes. */
  readonly #fixed = new WeakMap<AorObject, readonly Located[]>();
  readonly #unwatch: () => void;
  #count = 0;
  #isClosed = false;
  #isSweeping = false;
  #armedFor = Infinity;
  #disarm: () => void = () => undefined;

  constructor(parts: LocationParts) {
    this.#parts = parts;
    this.#unwatch = parts.flows?.onFlowClosed((flow) => this.#flowClosed(flow)) ?? (() => undefined);
  }

  /**
   * Reads what registered before. What has expired since, belongs to no address of record any longer, or came over a
   * connection that has ended, is dropped.
   */
  async load(): Promise<void> {
    const { store } = this.#parts;
    const gone: StoreWrite[] = [];
    for await (const [key, value] of store.range(PREFIX)) {
      const { aor, contact } = JSON.parse(value) as { readonly aor: string; readonly contact: Registered };
      if (this.#isStillThere(aor, contact)) this.#keep(aor, contact);
      else gone.push({ kind: 'delete', key });
    }
    if (gone.length > 0) await store.batch(gone);
    this.#arm();
  }

  /** Waits for the changes that have begun; nothing expires from then on. */
  async close(): Promise<void> {
    this.#isClosed = true;
    this.#unwatch();
    this.#disarm();
    await this.#works.close();
  }

  /** Where to send to now: those that registered, in Asterisk's order and each telephone once, then the static ones. */
  contacts(aor: string): readonly Contact[] {
    if (!this.#registered.has(aor)) return this.fixed(aor);
    return [...onePerInstance(this.registered(aor)), ...this.fixed(aor)];
  }

  /** All of them, each flow of a telephone too. */
  all(aor: string): Located[] {
    return [...this.registered(aor), ...this.fixed(aor)];
  }

  /** The static ones. */
  fixed(aor: string): readonly Located[] {
    const object = this.#parts.aors.get(aor);
    if (object === undefined) return [];
    const known = this.#fixed.get(object);
    const fixed = known ?? object.contact.map((uri) => ({ id: `static;${contactId(uri)}`, uri, path: '' }));
    if (known === undefined) this.#fixed.set(object, fixed);
    return fixed;
  }

  registered(aor: string): readonly Registered[] {
    const now = this.#parts.clock.now();
    return this.#registered.get(aor)?.filter((each) => this.#isLive(aor, each, now)) ?? [];
  }

  /** All that have registered, anywhere. */
  *entries(): Iterable<readonly [aor: string, contact: Registered]> {
    const now = this.#parts.clock.now();
    for (const [aor, contacts] of this.#registered)
      for (const contact of contacts) if (this.#isLive(aor, contact, now)) yield [aor, contact];
  }

  /** The other flows to the telephone that a request with such a next hop is for, the newest first (RFC 5626 5.3). */
  flowsBeside(nextHop: string): Registered[] {
    for (const { aor, id } of this.#flows.at(nextHop)) {
      const contact = this.#find(aor, id);
      if (contact?.regId !== undefined) return otherFlows(contact, this.registered(aor));
    }
    return [];
  }

  /** A request by that next hop could not be delivered. If it is a flow, what registered by it is gone, unless UDP lost it. */
  failed(nextHop: string): void {
    const [contact] = this.#flows.at(nextHop).flatMap(({ aor, id }) => this.#find(aor, id) ?? []);
    if (contact !== undefined && flowOf(contact)?.protocol !== 'udp') this.#end(nextHop, 'unreachable');
  }

  get metrics(): { readonly contacts: number } & WorksMetrics {
    return { contacts: this.#count, ...this.#works.metrics };
  }

  /**
   * Replaces what has registered by what `decide` makes of it, and resolves when that is on disk and was told.
   * Fails as `decide` does, as the store does, or with a Fault 'unavailable' when too many changes wait; nothing has
   * changed then.
   */
  change(aor: string, decide: (now: readonly Registered[]) => Decision): Promise<void> {
    return this.#works.run(aor, async () => {
      const before = this.#registered.get(aor) ?? [];
      const live = this.registered(aor);
      const { contacts, why } = decide(live);
      const known = new Set(before);
      const staying = new Set(contacts.map(({ id }) => id));
      const written = contacts.filter((each) => !known.has(each)).map((each) => entryOf(aor, each));
      const removed = before.filter(({ id }) => !staying.has(id));
      if (written.length + removed.length === 0) return;
      await this.#parts.store.batch([
        ...written.map(({ key, value }): StoreWrite => ({ kind: 'put', key, value })),
        ...removed.map(({ id }): StoreWrite => ({ kind: 'delete', key: `${PREFIX}${keyOf(aor, id)}` })),
      ]);
      for (const { contact } of written) this.#add(aor, contact);
      for (const contact of removed)
        this.#remove(aor, contact, live.includes(contact) ? why(contact) : this.#whyDue(aor, contact));
    });
  }

  #find(aor: string, id: string): Registered | undefined {
    return this.#registered.get(aor)?.find((each) => each.id === id);
  }

  #isLive(aor: string, { id, expiresAt }: Registered, now: number): boolean {
    return expiresAt > now && (this.#ending.size === 0 || !this.#ending.has(keyOf(aor, id)));
  }

  #isStillThere(aor: string, contact: Registered): boolean {
    const { aors, clock, flows } = this.#parts;
    const connection = flowOf(contact);
    // With flows told, nothing of a former process is open any more; without, it may be, for all we know.
    const isOver = flows !== undefined && connection !== undefined && isConnection(connection);
    return aors.has(aor) && contact.expiresAt > clock.now() && !isOver;
  }

  #keep(aor: string, contact: Registered): Registered | undefined {
    const before = this.#registered.get(aor) ?? [];
    const known = before.find(({ id }) => id === contact.id);
    const others = known === undefined ? before : before.filter((each) => each !== known);
    this.#registered.set(
      aor,
      [...others, contact].sort((one, other) => (one.id < other.id ? -1 : 1)),
    );
    const key = keyOf(aor, contact.id);
    if (known === undefined) this.#count += 1;
    else this.#flows.delete(known, aor);
    this.#flows.add(contact, aor);
    this.#ending.delete(key);
    this.#deadlines.set(key, contact.expiresAt);
    return known;
  }

  #add(aor: string, contact: Registered): void {
    const known = this.#keep(aor, contact);
    this.#arm();
    this.#parts.onChange(aor, contact, known === undefined ? 'registered' : 'refreshed');
    const flow = flowOf(contact);
    // It may have ended before there was anything to end with it.
    if (flow !== undefined && isConnection(flow) && this.#parts.flows?.isOpen(flow) === false) this.#flowClosed(flow);
  }

  #remove(aor: string, contact: Registered, change: RegistrationChange): void {
    const others = (this.#registered.get(aor) ?? []).filter(({ id }) => id !== contact.id);
    if (others.length === 0) this.#registered.delete(aor);
    else this.#registered.set(aor, others);
    const key = keyOf(aor, contact.id);
    this.#count -= 1;
    this.#flows.delete(contact, aor);
    this.#ending.delete(key);
    this.#deadlines.delete(key);
    this.#parts.onChange(aor, contact, change);
  }

  #flowClosed(flow: SipAddress): void {
    if (isConnection(flow)) this.#end(nextHopOf(flow), 'connection-closed');
  }

  #end(nextHop: string, why: RegistrationChange): void {
    for (const { aor, id } of this.#flows.at(nextHop)) {
      const key = keyOf(aor, id);
      this.#ending.set(key, why);
      this.#deadlines.set(key, 0);
    }
    this.#arm();
  }

  #whyDue(aor: string, { id, expiresAt }: Registered): RegistrationChange {
    return expiresAt <= this.#parts.clock.now() ? 'expired' : (this.#ending.get(keyOf(aor, id)) ?? 'expired');
  }

  /** One timer for all, set for the earliest deadline. */
  #arm(): void {
    const at = this.#deadlines.next;
    if (this.#isClosed || this.#isSweeping || at >= this.#armedFor) return;
    this.#disarm();
    this.#armedFor = at;
    const wait = Math.min(Math.max(at - this.#parts.clock.now(), 0), LONGEST);
    this.#disarm = this.#parts.clock.after(wait, () => void this.#sweep());
  }

  async #sweep(): Promise<void> {
    const { clock, log } = this.#parts;
    this.#armedFor = Infinity;
    this.#isSweeping = true;
    const failures: unknown[] = [];
    for (;;) {
      const due = this.#deadlines.take(clock.now(), AT_ONCE);
      if (due.length === 0 || this.#isClosed) break;
      const aors = [...new Set(due.map(aorOf))];
      const outcomes = await Promise.allSettled(
        aors.map((aor) => this.change(aor, (live) => ({ contacts: live, why: (gone) => this.#whyDue(aor, gone) }))),
      );
      for (const outcome of outcomes) if (outcome.status === 'rejected') failures.push(outcome.reason);
      for (const key of due) this.#postpone(key);
    }
    if (failures.length > 0)
      log('error', `Contacts could not be removed, ${failures.length} times; the first: ${inWords(failures[0])}`);
    this.#isSweeping = false;
    this.#arm();
  }

  /** What is still there after its time has a further time: since it came again, or could not be removed. */
  #postpone(key: string): void {
    const aor = aorOf(key);
    const now = this.#parts.clock.now();
    const contact = this.#find(aor, key.slice(aor.length + 1));
    if (contact !== undefined)
      this.#deadlines.set(key, this.#isLive(aor, contact, now) ? contact.expiresAt : now + RETRY);
  }
}

const isConnection = ({ protocol }: SipAddress): boolean => protocol !== 'udp';

const keyOf = (aor: string, id: string): string => `${aor}:${id}`;
const aorOf = (key: string): string => key.slice(0, key.lastIndexOf(':'));

/** The contact is kept as it will be read again: its texts then do not keep the whole request in memory that they were cut from. */
function entryOf(aor: string, contact: Registered): StoreEntry {
  const value = JSON.stringify({ aor, contact });
  const { contact: kept } = JSON.parse(value) as { readonly contact: Registered };
  return { key: `${PREFIX}${keyOf(aor, contact.id)}`, value, contact: kept };
}
