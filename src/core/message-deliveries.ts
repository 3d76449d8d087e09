// Messages on their way out: in order for each sender and recipient, tried until they are taken, refused, or too old.
//
// To one recipient only one is on the wire at a time, whoever sends: nothing else holds back what waits for a telephone
// when it comes back (RFC 3428 8).
import { Fault } from '../errors.ts';
import { parseAddress, type EndpointId } from '../ids.ts';
import type { SubscriptionChanged } from '../stasis/index.ts';
import type { Clock } from './clock.ts';
import type { Fact } from './facts.ts';
import { backOff, enqueue, firstOf, Lanes, passFirst, type Lane } from './message-lane.ts';
import { isFinal, type MessageBook, type MessageEntry } from './message-book.ts';
import { recordOf, type MessageRecord } from './message-record.ts';
import { changed, type MessageSnapshot } from './message.ts';
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
  /** How many may be with others, who have not said what became of them. Of more the oldest end. */
  readonly maxAway: number;
}

/** What is told of a message whose time is over while others have it. */
export const NO_WORD = 'Nobody said that it arrived';

type Changes = Parameters<typeof changed>[1];

export class Deliveries {
  readonly #parts: DeliveryParts;
  readonly #lanes = new Lanes();
  #ready: Lane[] = [];
  readonly #underWay = new Set<string>();
  /** The lanes that wait for their turn, by recipients to whom something is on the wire. */
  readonly #busy = new Map<string, Lane[]>();
  /** Those that are with others, who have not said yet what became of them: in the order in which they left. */
  readonly #away = new Set<string>();
  #givenUp = 0;
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
    for (const lane of this.#lanes.all()) lane.callOff();
  }

  get underWay(): number {
    return this.#underWay.size;
  }

  /** Those that are with others, and how many of such were given up because there were too many. */
  get away(): { readonly count: number; readonly givenUp: number } {
    return { count: this.#away.size, givenUp: this.#givenUp };
  }

  /** Whether the message is on the wire now. */
  isUnderWay(id: string): boolean {
    return this.#underWay.has(id);
  }

  /** A message is to be sent, after those of its sender to its recipient that were there before. */
  push(entry: MessageEntry, restUntil = 0): void {
    if (entry.state === 'sent') return void this.#away.add(entry.id);
    const known = this.#lanes.get(entry);
    const lane = known ?? this.#lanes.open(entry);
    if (known === undefined) this.#ready.push(lane);
    else enqueue(lane, entry.id);
    lane.restUntil = Math.max(lane.restUntil, restUntil);
    this.#pump();
  }

  /** What waits for an endpoint that can be reached again is tried at once, unless the far end has named a later time. */
  hear(fact: Fact | SubscriptionChanged): void {
    if (fact.type === 'PeerStatusChanged' && fact.status === 'Reachable') this.#wake(fact.endpoint.id);
    if (fact.type !== 'RegistrationChanged' || fact.endpoint === undefined) return;
    if (fact.change === 'registered' || fact.change === 'refreshed') this.#wake(fact.endpoint.id);
  }

  #wake(endpoint: EndpointId): void {
    for (const lane of this.#lanes.of(endpoint)) {
      if (lane.notBefore > this.#parts.clock.now()) continue;
      lane.failures = 0;
      lane.restUntil = 0;
      lane.isWoken = true;
      if (lane.state === 'waiting') this.#makeReady(lane);
    }
  }

  /** A message has ended without being sent: those behind it need not wait for its turn. */
  passOver({ id, text }: MessageSnapshot): void {
    this.#away.delete(id);
    const lane = this.#lanes.get(text);
    if (lane !== undefined && firstOf(lane) === id && lane.state === 'waiting') this.#makeReady(lane);
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
      const rest = lane.restUntil - this.#parts.clock.now();
      if (entry === undefined) this.#lanes.close(lane);
      else if (rest > 0) this.#wait(lane, rest);
      else if (held !== undefined) held.push(lane);
      else this.#start(lane, entry);
    }
  }

  /** The first that has not ended meanwhile. */
  #head(lane: Lane): MessageEntry | undefined {
    for (let id = firstOf(lane); id !== undefined; id = firstOf(lane)) {
      const entry = this.#parts.book().find(id);
      if (entry !== undefined && !isFinal(entry.state)) return entry;
      passFirst(lane);
    }
    return undefined;
  }

  #start(lane: Lane, { id }: MessageEntry): void {
    lane.state = 'busy';
    lane.isWoken = false;
    this.#underWay.add(id);
    this.#busy.set(lane.to, []);
    void this.#run(lane, id);
  }

  async #run(lane: Lane, id: string): Promise<void> {
    let retryAfter: number | undefined = 0;
    try {
      retryAfter = await this.#attempt(id);
    } catch (error) {
      this.#parts.onError(error);
    }
    this.#underWay.delete(id);
    const held = this.#busy.get(lane.to);
    if (held !== undefined && held.length > 0) this.#ready.unshift(...held);
    this.#busy.delete(lane.to);
    this.#next(lane, retryAfter);
  }

  /** What comes after an attempt: nothing more of this message, or another attempt of it, at once or later. */
  #next(lane: Lane, retryAfter: number | undefined): void {
    if (retryAfter === undefined) {
      passFirst(lane);
      lane.failures = 0;
      this.#makeReady(lane);
    } else if (lane.isWoken && retryAfter === 0) this.#makeReady(lane);
    else {
      const after = retryAfter || backOff(lane.failures);
      lane.failures += 1;
      lane.notBefore = retryAfter === 0 ? 0 : this.#parts.clock.now() + retryAfter;
      this.#wait(lane, after);
      this.#pump();
    }
  }

  #wait(lane: Lane, ms: number): void {
    lane.state = 'waiting';
    if (this.#isOpen) lane.callOff = this.#parts.clock.after(ms, () => this.#makeReady(lane));
  }

  /** Nothing when the message has ended; else the milliseconds that the far end asked for, 0 when it named none. */
  async #attempt(id: string): Promise<number | undefined> {
    const record = this.#parts.book().recall(id) ?? (await this.#parts.book().read(id));
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

  /** What became of a message that others had. Nothing when they do not have it. */
  async settle(id: string, outcome: Exclude<TextOutcome, { kind: 'sent' }>): Promise<void> {
    const isAway = (): boolean => this.#parts.book().find(id)?.state === 'sent';
    if (!isAway()) return;
    const record = await this.#parts.book().read(id);
    if (!isAway()) return;
    const { kind, ...said } = outcome;
    if (kind === 'delivered' || kind === 'failed') await this.#end(record, { state: kind, ...said });
    else if (record.message.expiresAt <= this.#parts.clock.now())
      await this.#end(record, { state: 'expired', ...said });
    else {
      const { retryAfter, ...told } = { retryAfter: 0, ...said };
      const queued = this.#with(record, { state: 'queued', ...told });
      if (!this.#parts.book().note(queued)) return;
      this.#away.delete(id);
      this.#parts.tell(queued.message);
      await this.#parts.book().keep([queued]).catch(this.#parts.onError);
      const entry = this.#parts.book().find(id);
      if (entry?.state !== 'queued') return;
      this.push(entry, this.#parts.clock.now() + (retryAfter || backOff(queued.message.attempts - 1)));
    }
  }

  /** It is with others, who are asked no more: those behind it need not wait for what they say. */
  async #handOver(record: MessageRecord, contact: string): Promise<undefined> {
    const { message } = record;
    if (message.expiresAt <= this.#parts.clock.now()) return this.#end(record, { state: 'expired', reason: NO_WORD });
    const away = this.#with(record, { state: 'sent', contact, attempts: message.attempts + 1 });
    if (!this.#parts.book().note(away)) return undefined;
    this.#away.add(message.id);
    if (message.state !== 'sent') this.#parts.tell(away.message);
    await this.#parts.book().keep([away]).catch(this.#parts.onError);
    const [oldest] = this.#away;
    if (this.#away.size <= this.#parts.maxAway || oldest === undefined) return undefined;
    this.#givenUp += 1;
    return this.#end(await this.#parts.book().read(oldest), { state: 'expired', reason: NO_WORD });
  }

  /** The next one waits until it is written down that this one has ended: whoever kills us has one repeated at most. */
  async #settle(record: MessageRecord, outcome: TextOutcome): Promise<number | undefined> {
    if (outcome.kind === 'sent') return this.#handOver(record, outcome.contact);
    if (outcome.kind === 'delivered' || outcome.kind === 'failed') {
      const { kind: state, ...said } = outcome;
      return this.#end(record, { attempts: record.message.attempts + 1, state, ...said });
    }
    const { kind, retryAfter = 0, ...said } = { retryAfter: 0, ...outcome };
    const attempts = record.message.attempts + (kind === 'temporary' ? 1 : 0);
    // Nobody has refused it but ourselves, who go.
    if (!this.#isOpen) return 0;
    if (!this.#parts.keeps) return this.#end(record, { attempts, state: 'failed', reason: 'No contact', ...said });
    if (record.message.expiresAt <= this.#parts.clock.now())
      return this.#end(record, { attempts, state: 'expired', ...said });
    if (kind === 'temporary') {
      const queued = this.#with(record, { state: 'queued', ...said, attempts });
      if (this.#parts.book().note(queued)) this.#parts.tell(queued.message);
      // That it was tried is worth knowing after a restart, and not worth waiting for.
      this.#parts.book().keep([queued]).catch(this.#parts.onError);
    }
    return retryAfter;
  }

  async #end(record: MessageRecord, changes: Changes): Promise<undefined> {
    const ended = this.#with(record, changes);
    this.#away.delete(record.message.id);
    if (!this.#parts.book().note(ended)) return undefined;
    // What the disk refuses is over all the same: it must not be sent again.
    await this.#parts.book().keep([ended]).catch(this.#parts.onError);
    this.#parts.tell(ended.message);
    return undefined;
  }

  #with({ message, key }: MessageRecord, changes: Changes): MessageRecord {
    return recordOf(changed(message, changes, this.#parts.clock.now()), key);
  }

  #senderOf(to: string): { readonly sender: TextSender | undefined; readonly address: string } {
    const { scheme = '', address = '' } = parseAddress(to) ?? {};
    return { sender: this.#parts.senders.get(scheme), address };
  }
}
