// Messages on their way out: in order for each sender and recipient, tried until they are taken, refused, or too old.
//
// To one recipient only one is on the wire at a time, whoever sends: nothing else holds back what waits for a telephone
// when it comes back (RFC 3428 8).
import { Fault } from '../errors.ts';
import { parseAddress, type EndpointId } from '../ids.ts';
import type { SubscriptionChanged } from '../stasis/index.ts';
import type { Clock } from './clock.ts';
import type { Fact } from './facts.ts';
import { isFinal, type MessageBook, type MessageEntry, type MessageRecord } from './message-book.ts';
import type { MessageSnapshot } from './message.ts';
import type { TextOutcome, TextSender } from './technology.ts';

export interface DeliveryParts {
  readonly book: () => MessageBook;
  readonly senders: ReadonlyMap<string, TextSender>;
  readonly clock: Clock;
  /** Whether what cannot be delivered now is tried again later. */
  readonly keeps: boolean;
  /** Tells a new state of a message. */
  readonly tell: (message: MessageSnapshot) => void;
  readonly onError: (error: unknown) => void;
  /** How many may be on the wire at once. */
  readonly maxUnderWay: number;
}

/** Milliseconds until the next attempt: the first, doubled with each, and the most. */
const BACK_OFF = { first: 1_000, most: 300_000 };

/** The messages of one sender to one recipient: the first goes first. */
interface Lane {
  readonly key: string;
  readonly to: string;
  readonly endpoint: EndpointId;
  readonly ids: string[];
  /** The first, if it need not be read. */
  fresh: MessageRecord | undefined;
  state: 'ready' | 'busy' | 'waiting';
  /** Attempts in a row that came to nothing. */
  failures: number;
  /** The far end has named this time, in milliseconds since 1970. */
  notBefore: number;
  /** There was news while an attempt was under way. */
  isWoken: boolean;
  callOff: () => void;
}

const laneOf = ({ from, to }: MessageEntry): string => `${from}\0${to}`;

export class Deliveries {
  readonly #parts: DeliveryParts;
  readonly #lanes = new Map<string, Lane>();
  readonly #byEndpoint = new Map<EndpointId, Set<Lane>>();
  #ready: Lane[] = [];
  readonly #underWay = new Set<string>();
  /** The lanes that wait for their turn, by recipients to whom something is on the wire. */
  readonly #busy = new Map<string, Lane[]>();
  #isOpen = false;

  constructor(parts: DeliveryParts) {
    this.#parts = parts;
  }

  /** From now on messages are sent. */
  open(): void {
    this.#isOpen = true;
    this.#pump();
  }

  /** Sends no more. What is on the wire is not waited for: it is tried again by the next process, unless its answer still comes. */
  stop(): void {
    this.#isOpen = false;
    for (const lane of this.#lanes.values()) lane.callOff();
  }

  get underWay(): number {
    return this.#underWay.size;
  }

  /** Whether the message is on the wire now. */
  isUnderWay(id: string): boolean {
    return this.#underWay.has(id);
  }

  /** A message is to be sent, after those of its sender to its recipient that were there before. */
  push(entry: MessageEntry, record?: MessageRecord): void {
    const key = laneOf(entry);
    const known = this.#lanes.get(key);
    known?.ids.push(entry.id);
    if (known === undefined)
      this.#open({ key, to: entry.to, endpoint: entry.endpoint, ids: [entry.id], fresh: record });
    this.#pump();
  }

  /** What waits for an endpoint that can be reached again is tried at once, unless the far end has named a later time. */
  hear(fact: Fact | SubscriptionChanged): void {
    if (fact.type === 'PeerStatusChanged' && fact.status === 'Reachable') this.#wake(fact.endpoint.id);
    if (fact.type !== 'RegistrationChanged' || fact.endpoint === undefined) return;
    if (fact.change === 'registered' || fact.change === 'refreshed') this.#wake(fact.endpoint.id);
  }

  #wake(endpoint: EndpointId): void {
    for (const lane of this.#byEndpoint.get(endpoint) ?? []) {
      if (lane.notBefore > this.#parts.clock.now()) continue;
      lane.failures = 0;
      lane.isWoken = true;
      if (lane.state === 'waiting') this.#makeReady(lane);
    }
  }

  /** A message has ended without being sent: those behind it need not wait for its turn. */
  passOver(entry: MessageEntry): void {
    const lane = this.#lanes.get(laneOf(entry));
    if (lane?.ids[0] === entry.id && lane.state === 'waiting') this.#makeReady(lane);
  }

  #open(given: Pick<Lane, 'key' | 'to' | 'endpoint' | 'ids' | 'fresh'>): void {
    const lane: Lane = { ...given, state: 'ready', failures: 0, notBefore: 0, isWoken: false, callOff: () => {} };
    this.#lanes.set(lane.key, lane);
    const lanes = this.#byEndpoint.get(lane.endpoint) ?? new Set();
    this.#byEndpoint.set(lane.endpoint, lanes.add(lane));
    this.#ready.push(lane);
  }

  #close(lane: Lane): void {
    this.#lanes.delete(lane.key);
    const lanes = this.#byEndpoint.get(lane.endpoint);
    lanes?.delete(lane);
    if (lanes?.size === 0) this.#byEndpoint.delete(lane.endpoint);
  }

  #makeReady(lane: Lane): void {
    lane.callOff();
    lane.state = 'ready';
    this.#ready.push(lane);
    this.#pump();
  }

  #pump(): void {
    while (this.#isOpen && this.#underWay.size < this.#parts.maxUnderWay) {
      const lane = this.#ready.shift();
      if (lane === undefined) return;
      const entry = this.#head(lane);
      const held = this.#busy.get(lane.to);
      if (entry === undefined) this.#close(lane);
      else if (held !== undefined) held.push(lane);
      else this.#start(lane, entry);
    }
  }

  /** The first that has not ended meanwhile. */
  #head(lane: Lane): MessageEntry | undefined {
    for (let id = lane.ids[0]; id !== undefined; id = lane.ids[0]) {
      const entry = this.#parts.book().find(id);
      if (entry !== undefined && !isFinal(entry.state)) return entry;
      lane.ids.shift();
      lane.fresh = undefined;
    }
    return undefined;
  }

  #start(lane: Lane, { id }: MessageEntry): void {
    lane.state = 'busy';
    lane.isWoken = false;
    this.#underWay.add(id);
    this.#busy.set(lane.to, []);
    const { fresh } = lane;
    lane.fresh = undefined;
    void this.#attempt(id, fresh)
      .catch((error: unknown): number => {
        this.#parts.onError(error);
        return 0;
      })
      .then((retryAfter) => {
        this.#underWay.delete(id);
        this.#ready.unshift(...(this.#busy.get(lane.to) ?? []));
        this.#busy.delete(lane.to);
        this.#next(lane, retryAfter);
      });
  }

  /** What comes after an attempt: nothing more of this message, or another attempt of it, at once or later. */
  #next(lane: Lane, retryAfter: number | undefined): void {
    if (retryAfter === undefined) {
      lane.ids.shift();
      lane.failures = 0;
      this.#makeReady(lane);
    } else if (lane.isWoken && retryAfter === 0) this.#makeReady(lane);
    else {
      const backOff = Math.min(BACK_OFF.first * 2 ** lane.failures, BACK_OFF.most);
      lane.failures += 1;
      lane.notBefore = retryAfter === 0 ? 0 : this.#parts.clock.now() + retryAfter;
      lane.state = 'waiting';
      if (this.#isOpen) lane.callOff = this.#parts.clock.after(retryAfter || backOff, () => this.#makeReady(lane));
      this.#pump();
    }
  }

  /** Nothing when the message has ended; else the milliseconds that the far end asked for, 0 when it named none. */
  async #attempt(id: string, fresh: MessageRecord | undefined): Promise<number | undefined> {
    const record = fresh ?? (await this.#parts.book().read(id));
    const { text, attempts, createdAt, expiresAt } = record.message;
    const { sender, address } = this.#senderOf(text.to);
    let current = record;
    const onSent = (contact: string): void => {
      current = this.#with(current, { state: 'sent', contact });
      if (this.#parts.book().note(current)) this.#parts.tell(current.message);
    };
    let outcome: TextOutcome = { kind: 'unreachable' };
    try {
      if (sender?.recipient(address, text).isReachable)
        outcome = await sender.deliver(address, text, { id, createdAt, expiresAt, number: attempts + 1, onSent });
    } catch (error) {
      if (!(error instanceof Fault)) throw error;
      // An endpoint that is not there now may come back; what cannot be written never can.
      if (error.kind !== 'not-found') outcome = { kind: 'failed', reason: error.message };
    }
    return this.#settle(current, outcome);
  }

  async #settle(record: MessageRecord, outcome: TextOutcome): Promise<number | undefined> {
    if (outcome.kind === 'delivered' || outcome.kind === 'failed') {
      const { kind: state, ...said } = outcome;
      return this.#end(record, { state, ...said, attempts: record.message.attempts + 1 });
    }
    const { kind, retryAfter = 0, ...said } = { retryAfter: 0, ...outcome };
    const attempts = record.message.attempts + (kind === 'temporary' ? 1 : 0);
    // Nobody has refused it but ourselves, who go.
    if (!this.#isOpen) return 0;
    if (!this.#parts.keeps) return this.#end(record, { state: 'failed', reason: 'No contact', ...said, attempts });
    if (record.message.expiresAt <= this.#parts.clock.now())
      return this.#end(record, { state: 'expired', ...said, attempts });
    if (kind === 'temporary') {
      const queued = this.#with(record, { state: 'queued', ...said, attempts });
      if (this.#parts.book().note(queued)) this.#parts.tell(queued.message);
      // That it was tried is worth knowing after a restart, and not worth waiting for.
      this.#parts.book().keep(queued).catch(this.#parts.onError);
    }
    return retryAfter;
  }

  async #end(record: MessageRecord, changes: Partial<MessageSnapshot>): Promise<undefined> {
    const ended = this.#with(record, changes);
    if (!this.#parts.book().note(ended)) return undefined;
    // What the disk refuses is over all the same: it must not be sent again.
    await this.#parts.book().keep(ended).catch(this.#parts.onError);
    this.#parts.tell(ended.message);
    return undefined;
  }

  #with(record: MessageRecord, changes: Partial<MessageSnapshot>): MessageRecord {
    return { ...record, message: { ...record.message, ...changes, changedAt: this.#parts.clock.now() } };
  }

  #senderOf(to: string): { readonly sender: TextSender | undefined; readonly address: string } {
    const { scheme = '', address = '' } = parseAddress(to) ?? {};
    return { sender: this.#parts.senders.get(scheme), address };
  }
}
