// Text messages outside of calls: out by the technology that the address names, in to whoever listens or to another endpoint.
//
//   send ────► book (on disk) ─► deliveries ─► the technology      in order per sender and recipient, until expires
//   receive ─► book (on disk) ─┬► arrivals ─► endpoint.topic       in order per endpoint, when somebody hears
//                              └► deliveries                       from user to user, if a route says so
//
// Whoever is answered has his message on disk. Each of its states is told, and it ends in exactly one.
import { Fault, notFound } from '../errors.ts';
import type { Bus, Closable, Subscription, SubscriptionChanged, Topic } from '../stasis/index.ts';
import type { Applications } from './applications.ts';
import { systemClock, type Clock } from './clock.ts';
import type { Endpoints } from './endpoints.ts';
import type { Fact, TextMessage } from './facts.ts';
import { Arrivals } from './message-arrivals.ts';
import { isFinal, MessageBook, type MessageEntry } from './message-book.ts';
import { recordOf, type MessageRecord } from './message-record.ts';
import { Deliveries, NO_WORD } from './message-deliveries.ts';
import { OutgoingRecords } from './message-outgoing.ts';
import { MessageExpiry } from './message-expiry.ts';
import { MessageRoutes } from './message-routes.ts';
import { defaultSettings, refusalOf, type MessageSettings } from './message-settings.ts';
import { MessageTopics } from './message-topics.ts';
import { changed, newMessage } from './message.ts';
import type { IncomingMessage, MessageDraft, MessageQuery, MessageSnapshot } from './message.ts';
import type { Store } from './store.ts';
import type { TextOutcome, TextSender } from './technology.ts';

export interface MessagesParts {
  readonly bus: Bus;
  readonly everything: Topic<Fact>;
  readonly applications: Pick<Applications, 'hearsTexts' | 'settled' | 'messageEnded'>;
  readonly endpoints: Pick<Endpoints, 'find'>;
  readonly settings?: Partial<MessageSettings> | undefined;
  readonly clock?: Clock | undefined;
}

/** What comes of an incoming message: `relayed` when the endpoint that it is for has it already. */
export type Reception = 'accepted' | 'relayed';

/** How long a sender is kept waiting for the word that the other side has it, in milliseconds: less than his patience. */
const RELAY_WAIT = 4_000;

export class Messages {
  readonly #parts: MessagesParts;
  readonly #settings: MessageSettings;
  readonly #clock: Clock;
  readonly #senders = new Map<string, TextSender>();
  readonly #outgoing: OutgoingRecords;
  readonly #routes: MessageRoutes;
  readonly #topics: MessageTopics;
  readonly #deliveries: Deliveries;
  readonly #arrivals: Arrivals;
  readonly #expiry: MessageExpiry;
  /** By id: who waits for the end of a message. */
  readonly #waiters = new Map<string, (message: MessageSnapshot) => void>();
  #book: MessageBook;
  #news: Subscription<Fact> | undefined;
  #refused = 0;

  constructor(parts: MessagesParts) {
    this.#parts = parts;
    this.#settings = { ...defaultSettings, ...parts.settings };
    this.#clock = parts.clock ?? systemClock;
    this.#routes = new MessageRoutes(this.#settings.routes);
    this.#topics = new MessageTopics(parts.bus, parts.everything, parts.endpoints);
    this.#book = this.#open(undefined);
    const { maxUnderWay, maxAway, store: keeps } = this.#settings;
    this.#outgoing = new OutgoingRecords({ book: () => this.#book, senders: this.#senders, keeps });
    const common = {
      book: () => this.#book,
      clock: this.#clock,
      tell: (message: MessageSnapshot) => this.#tell(message),
      onError: parts.bus.onError,
    };
    this.#deliveries = new Deliveries({ ...common, senders: this.#senders, keeps, maxUnderWay, maxAway });
    this.#arrivals = new Arrivals({ ...common, applications: parts.applications, endpoints: parts.endpoints });
    this.#expiry = new MessageExpiry({
      ...common,
      isUnderWay: (id) => this.#deliveries.isUnderWay(id),
      expire: async (record) => {
        const isAway = record.message.state === 'sent';
        await this.#giveUp(record, { state: 'expired', ...(isAway && { reason: NO_WORD }) });
      },
      keepFor: this.#settings.expires,
    });
  }

  addSender(sender: TextSender): void {
    this.#senders.set(sender.scheme, sender);
  }

  /** Reads those that are kept, and keeps further ones there, if they are to be kept. Fails as `MessageBook.load`. */
  async load(store: Store): Promise<void> {
    if (!this.#settings.store) return;
    this.#book = this.#open(store);
    await this.#book.load();
    for (const entry of this.#book.entries()) {
      if (isFinal(entry.state)) continue;
      this.#expiry.set(entry);
      this.#pass(entry);
    }
  }

  /** From now on messages leave, and are told. The technologies must know their endpoints. */
  open(): void {
    const types = ['PeerStatusChanged', 'RegistrationChanged'] as const;
    const hear = (fact: Fact | SubscriptionChanged): void => this.#deliveries.hear(fact);
    this.#news = this.#parts.everything.subscribe(hear, { name: 'messages', types });
    this.#expiry.open();
    this.#deliveries.open();
    this.#arrivals.open();
  }

  /** Sends and tells no more. Those that are under way stay as they are. */
  stop(): void {
    this.#expiry.stop();
    this.#news?.unsubscribe();
    this.#deliveries.stop();
    this.#arrivals.stop();
  }

  /**
   * Takes the message: when this resolves it is kept, and its delivery has begun. Fails with a Fault 'not-found' when the
   * address leads nowhere, or to nobody who can be reached while nothing is kept; 'invalid', 'too-large' or
   * 'unsupported-media' when it cannot be taken so; 'unavailable' when too many wait.
   */
  async send({ text, key, expires }: MessageDraft): Promise<MessageSnapshot> {
    const made = key === undefined ? undefined : this.#book.findByKey(`out:${key}`);
    if (made !== undefined) return this.get(await made);
    this.#check(text);
    const createdAt = this.#clock.now();
    const expiresAt = createdAt + (expires ?? this.#settings.expires);
    const record = this.#outgoing.record(text, { createdAt, expiresAt }, key);
    await this.#add([record]);
    return record.message;
  }

  /**
   * A message has come. When this resolves it is kept. Fails with a Fault 'not-found' when nobody takes it, 'too-large' or
   * 'unsupported-media' when it cannot be taken so, 'unavailable' when too many wait.
   */
  async receive(incoming: IncomingMessage): Promise<Reception> {
    const { endpoint, text, recipient } = incoming;
    const key = `in:${endpoint.id}:${incoming.key}`;
    const known = this.#book.findByKey(key);
    if (known !== undefined) {
      await known;
      return 'accepted';
    }
    this.#check(text);
    const now = this.#clock.now();
    const expiresAt = Math.min(incoming.expiresAt ?? Infinity, now + this.#settings.expires);
    const { deliver, address } = this.#routes.find(recipient);
    const times = { createdAt: now, expiresAt };
    const onward = deliver === 'applications' ? undefined : this.#outgoing.onward(incoming, address, times);
    if (onward === undefined && (deliver === 'endpoint' || !this.#isHeard(endpoint))) throw notFound('Recipient');
    const id = this.#book.newId();
    const state = expiresAt <= now ? 'expired' : deliver === 'endpoint' ? 'delivered' : 'queued';
    const message = newMessage({ id, direction: 'inbound', endpoint: endpoint.id, state, text }, times);
    if (onward !== undefined) return this.#relay({ message, key }, onward);
    await this.#add([{ message, key }]);
    return 'accepted';
  }

  /** Now, or as long as it is kept. */
  #isHeard({ snapshot }: IncomingMessage['endpoint']): boolean {
    return this.#settings.store || this.#parts.applications.hearsTexts(snapshot);
  }

  /** A sender is told that the other side has it, if that is known soon enough. */
  async #relay(record: MessageRecord, onward: MessageRecord): Promise<Reception> {
    const { id } = onward.message;
    let callOff = (): void => {};
    const ended = new Promise<MessageSnapshot | undefined>((resolve) => {
      this.#waiters.set(id, resolve);
      callOff = this.#clock.after(RELAY_WAIT, () => resolve(undefined));
    });
    try {
      await this.#add([record, onward]);
      return (await ended)?.state === 'delivered' ? 'relayed' : 'accepted';
    } finally {
      callOff();
      this.#waiters.delete(id);
    }
  }

  /** What became of a message after its sending had the outcome `sent`. Nothing when it has ended, or is sent anew. */
  async settle(id: string, outcome: Exclude<TextOutcome, { kind: 'sent' }>): Promise<void> {
    await this.#deliveries.settle(id, outcome);
  }

  /** Fails with a Fault 'not-found'. */
  async get(id: string): Promise<MessageSnapshot> {
    return (await this.#book.read(id)).message;
  }

  /** In the order of their ids. */
  async list(query: MessageQuery): Promise<MessageSnapshot[]> {
    const found = this.#book.select(query).map((id) => this.#book.read(id).catch(() => undefined));
    return (await Promise.all(found)).flatMap((record) => record?.message ?? []);
  }

  /** Gives up a message that is queued. Fails with a Fault 'not-found', or 'conflict' when it is no longer queued. */
  async cancel(id: string): Promise<MessageSnapshot> {
    const record = await this.#book.read(id);
    const isQueued = record.message.state === 'queued' && !this.#deliveries.isUnderWay(id);
    const cancelled = isQueued ? await this.#giveUp(record, { state: 'failed', reason: 'Cancelled' }) : undefined;
    if (cancelled !== undefined) return cancelled;
    throw new Fault('conflict', 'The message is no longer queued', { code: 'message-not-queued' });
  }

  /** Somebody may hear now what nobody heard before. */
  hearersChanged(): void {
    this.#arrivals.hearersChanged();
  }

  /** Whether something may still happen to it. */
  isOpen(id: string): boolean {
    const entry = this.#book.find(id);
    return entry !== undefined && !isFinal(entry.state);
  }

  /** Sends what happens to an open message to another topic. */
  follow(id: string, to: Topic<Fact>): Closable | undefined {
    const entry = this.#book.find(id);
    return entry && this.#topics.follow(entry, to);
  }

  get metrics() {
    const { open, ended } = this.#book.counts;
    const { maxQueued, maxUnderWay, maxAway } = this.#settings;
    const limits = { queued: maxQueued, underWay: maxUnderWay, away: maxAway };
    const { underWay, away } = this.#deliveries;
    return { queued: open - away.count, kept: ended, underWay, away, limits, refused: this.#refused };
  }

  #open(store: Store | undefined): MessageBook {
    const { maxEnded, maxEndedInMemory } = this.#settings;
    const now = (): number => this.#clock.now();
    return new MessageBook({ store, now, maxEnded: store === undefined ? maxEndedInMemory : maxEnded });
  }

  /** Fails when the message cannot be taken, whoever it is for. */
  #check(text: TextMessage): void {
    const { maxQueued } = this.#settings;
    const isFull = this.#book.counts.open - this.#deliveries.away.count >= maxQueued;
    const refusal = isFull
      ? new Fault('unavailable', `${maxQueued} messages wait already`, { code: 'messages-full' })
      : refusalOf(text, this.#settings);
    if (refusal === undefined) return;
    this.#refused += 1;
    throw refusal;
  }

  async #add(records: readonly MessageRecord[]): Promise<void> {
    await this.#book.add(records);
    for (const { message } of records) {
      this.#tell(message);
      if (isFinal(message.state)) continue;
      this.#expiry.set(message);
      this.#pass(this.#book.find(message.id)!);
    }
  }

  #pass(entry: MessageEntry): void {
    if (entry.direction === 'outbound') this.#deliveries.push(entry);
    else this.#arrivals.push(entry.id, entry.endpoint);
  }

  /** Nothing when it has ended meanwhile. */
  async #giveUp(
    record: MessageRecord,
    end: Pick<MessageSnapshot, 'state' | 'reason'>,
  ): Promise<MessageSnapshot | undefined> {
    const message = changed(record.message, end, this.#clock.now());
    const given = recordOf(message, record.key);
    if (!this.#book.note(given)) return undefined;
    await this.#book.keep([given]);
    this.#tell(message);
    if (message.direction === 'outbound') this.#deliveries.passOver(message);
    return message;
  }

  #tell(message: MessageSnapshot): void {
    const { id } = message;
    this.#topics.tell(message);
    if (!isFinal(message.state)) return;
    this.#expiry.delete(id);
    this.#waiters.get(id)?.(message);
    if (this.#topics.isFollowed(id)) void this.#ended(id);
  }

  /** Those who follow it hear of its end first. */
  async #ended(id: string): Promise<void> {
    const { applications, bus } = this.#parts;
    await applications.settled().catch(bus.onError);
    applications.messageEnded(id);
    this.#topics.end(id);
  }
}
