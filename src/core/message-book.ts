// The kept text messages: on disk, or while they are under way in memory alone; and what is known of each without reading it.
import { randomBytes } from 'node:crypto';
import { notFound } from '../errors.ts';
import type { TextMessage } from './facts.ts';
import type { MessageQuery, MessageSnapshot, MessageState } from './message.ts';
import {
  messageDeletes,
  messageWrite,
  readRecord,
  readRecords,
  stateWrite,
  type MessageRecord,
} from './message-record.ts';
import type { Store, StoreWrite } from './store.ts';

/** What is known of a message without reading it. */
export type MessageEntry = Pick<
  MessageSnapshot,
  'id' | 'endpoint' | 'direction' | 'state' | 'createdAt' | 'changedAt' | 'expiresAt'
> & {
  /** Of those that are to be sent; else empty. */
  readonly from: string;
  readonly to: string;
  readonly key: string | undefined;
};

type Changing = { -readonly [Name in keyof MessageEntry]: MessageEntry[Name] };

const charactersOf = ({ body, variables }: TextMessage): number =>
  Object.values(variables).reduce((sum, { length }) => sum + length, body.length);

export const isFinal = (state: MessageState): boolean => state !== 'queued' && state !== 'sent';

/** How many of those that wait are at hand without being read, and how many characters their texts may have together. */
const AT_HAND = 4_000;
const CHARACTERS = 16_000_000;
/** How many random bytes are drawn at once: one draw costs as much as a thousand of them. */
const POOL = 4_096;
const RANDOM = 4;

/** How long what nobody waits for waits for others to be written with it, in milliseconds. */
export const PATIENCE = 5;

export interface MessageBookOptions {
  /** Left out, nothing outlives the process. */
  readonly store?: Store | undefined;
  readonly now: () => number;
  /** How many that have ended are kept; the oldest go first. */
  readonly maxEnded: number;
}

export class MessageBook {
  readonly #store: Store | undefined;
  readonly #now: () => number;
  readonly #maxEnded: number;
  /** In the order of their ids. */
  readonly #entries = new Map<string, Changing>();
  readonly #byKey = new Map<string, string>();
  /** Those that are not on disk yet. */
  readonly #writing = new Map<string, { readonly record: MessageRecord; readonly written: Promise<void> }>();
  /** Where there is no store, all of them; else those that are further than their record on disk. */
  readonly #inMemory = new Map<string, MessageRecord>();
  /** The latest that are to be sent or told, as they are on disk. */
  readonly #atHand = new Map<string, MessageRecord>();
  /** Of their texts together. */
  #characters = 0;
  #random = Buffer.alloc(0);
  #ended = 0;
  #lastMoment = 0;
  #inMoment = 0;

  constructor({ store, now, maxEnded }: MessageBookOptions) {
    this.#store = store;
    this.#now = now;
    this.#maxEnded = maxEnded;
  }

  /** Reads what is on disk. Fails as `readRecords`. */
  async load(): Promise<void> {
    if (this.#store === undefined) return;
    for await (const record of readRecords(this.#store)) this.#enter(record);
  }

  /** The number of those that have not ended, and of those that have. */
  get counts(): { readonly open: number; readonly ended: number } {
    return { open: this.#entries.size - this.#ended, ended: this.#ended };
  }

  /** A new id, greater than every one before. */
  newId(): string {
    const now = Math.max(this.#now(), this.#lastMoment);
    this.#inMoment = now === this.#lastMoment ? this.#inMoment + 1 : 0;
    this.#lastMoment = now;
    if (this.#random.length === 0) this.#random = randomBytes(POOL);
    const random = this.#random.toString('hex', 0, RANDOM);
    this.#random = this.#random.subarray(RANDOM);
    return [hex(now, 12), hex(this.#inMoment, 6), random].join('');
  }

  entries(): IterableIterator<MessageEntry> {
    return this.#entries.values();
  }

  find(id: string): MessageEntry | undefined {
    return this.#entries.get(id);
  }

  /** The message that was made under that key, as soon as it is kept; nothing at once if there is none. Fails as its `add` did. */
  findByKey(key: string): Promise<string> | undefined {
    const id = this.#byKey.get(key);
    return id === undefined ? undefined : (this.#writing.get(id)?.written ?? Promise.resolve()).then(() => id);
  }

  /** Keeps new messages, all or none. Fails as the store does; then there are none of them. */
  async add(records: readonly MessageRecord[]): Promise<void> {
    const written = this.#write(records, messageWrite);
    for (const record of records) {
      this.#enter(record);
      this.#writing.set(record.message.id, { record, written });
    }
    try {
      await written;
      for (const each of records) this.#putAtHand(each);
    } catch (error) {
      for (const { message } of records) this.#forget(message.id);
      throw error;
    } finally {
      for (const { message } of records) this.#writing.delete(message.id);
    }
  }

  /** How a message is now, until the process ends. Says no when it has ended already, or was forgotten: then it stays so. */
  note(record: MessageRecord): boolean {
    const { id, state, changedAt } = record.message;
    const entry = this.#entries.get(id);
    if (entry === undefined || isFinal(entry.state)) return false;
    entry.state = state;
    entry.changedAt = changedAt;
    this.#putAway(id);
    this.#inMemory.set(id, record);
    if (isFinal(state)) this.#end(entry);
    return true;
  }

  /** Writes down what was noted, with others if it has the patience. */
  async keep(records: readonly MessageRecord[], patience?: number): Promise<void> {
    if (this.#store !== undefined) {
      await this.#write(records, stateWrite, patience);
      for (const record of records) {
        const { id } = record.message;
        if (this.#inMemory.get(id) === record) this.#inMemory.delete(id);
      }
    }
    if (this.#ended > this.#maxEnded) await this.#makeRoom();
  }

  /** What is known of it without reading it, of the latest at least. */
  recall(id: string): MessageRecord | undefined {
    return this.#inMemory.get(id) ?? this.#atHand.get(id) ?? this.#writing.get(id)?.record;
  }

  /** The oldest go, which have waited for long, and may wait for longer. */
  #putAtHand(record: MessageRecord): void {
    const { id, text } = record.message;
    const entry = this.#entries.get(id);
    const isWaiting = entry !== undefined && !isFinal(entry.state) && !this.#inMemory.has(id);
    if (this.#store === undefined || !isWaiting) return;
    this.#atHand.set(id, record);
    this.#characters += charactersOf(text);
    while (this.#atHand.size > AT_HAND || this.#characters > CHARACTERS)
      this.#putAway(this.#atHand.keys().next().value!);
  }

  #putAway(id: string): void {
    const record = this.#atHand.get(id);
    if (record === undefined) return;
    this.#atHand.delete(id);
    this.#characters -= charactersOf(record.message.text);
  }

  /** Fails with a Fault 'not-found'. */
  async read(id: string): Promise<MessageRecord> {
    if (!this.#entries.has(id)) throw notFound('Message');
    const kept = this.recall(id);
    if (kept !== undefined) return kept;
    const record = this.#store && (await readRecord(this.#store, id));
    if (record === undefined) throw notFound('Message');
    return record;
  }

  /** The ids of those that are asked for, in their order. */
  select({ endpoint, direction, states, since, until, after, limit }: MessageQuery): string[] {
    const found: string[] = [];
    for (const each of this.#entries.values()) {
      if (found.length >= limit) break;
      if (after !== undefined && each.id <= after) continue;
      if (endpoint !== undefined && each.endpoint !== endpoint) continue;
      if (direction !== undefined && each.direction !== direction) continue;
      if (states !== undefined && !states.includes(each.state)) continue;
      if (since !== undefined && each.createdAt < since) continue;
      if (until !== undefined && each.createdAt >= until) continue;
      found.push(each.id);
    }
    return found;
  }

  /** Forgets those that ended before that moment. */
  async forgetEndedBefore(moment: number): Promise<void> {
    const old = [...this.#entries.values()].filter((each) => isFinal(each.state) && each.changedAt < moment);
    await this.#remove(old.map(({ id }) => id));
  }

  /** A part at once, so that not every message pays for a walk through all of them; a small one, so that none waits for long. */
  async #makeRoom(): Promise<void> {
    const tooMany = this.#ended - Math.floor((this.#maxEnded * 255) / 256);
    const oldest: string[] = [];
    for (const { id, state } of this.#entries.values()) {
      if (oldest.length >= tooMany) break;
      if (isFinal(state)) oldest.push(id);
    }
    await this.#remove(oldest);
  }

  async #remove(ids: readonly string[]): Promise<void> {
    for (const id of ids) this.#forget(id);
    if (this.#store !== undefined && ids.length > 0) await this.#store.batch(ids.flatMap(messageDeletes), PATIENCE);
  }

  #enter(record: MessageRecord): void {
    const entry = entryOf(record);
    this.#entries.set(entry.id, entry);
    if (record.key !== undefined) this.#byKey.set(record.key, entry.id);
    if (isFinal(entry.state)) this.#end(entry);
  }

  /** Nothing is sent any more: the addresses may have been cut from a whole message, which they would keep in memory. */
  #end(entry: Changing): void {
    this.#ended += 1;
    entry.from = '';
    entry.to = '';
  }

  #forget(id: string): void {
    const entry = this.#entries.get(id);
    if (entry === undefined) return;
    this.#entries.delete(id);
    this.#inMemory.delete(id);
    this.#putAway(id);
    if (entry.key !== undefined && this.#byKey.get(entry.key) === id) this.#byKey.delete(entry.key);
    if (isFinal(entry.state)) this.#ended -= 1;
  }

  async #write(
    records: readonly MessageRecord[],
    writeOf: (record: MessageRecord) => StoreWrite,
    patience?: number,
  ): Promise<void> {
    if (this.#store !== undefined) return this.#store.batch(records.map(writeOf), patience);
    for (const each of records) this.#inMemory.set(each.message.id, each);
  }
}

const hex = (value: number, width: number): string => value.toString(16).padStart(width, '0');

function entryOf({ message, key }: MessageRecord): Changing {
  const { id, endpoint, direction, state, createdAt, changedAt, expiresAt } = message;
  // Of those that came they are not asked for.
  const { from, to } = direction === 'outbound' ? message.text : NOBODY;
  return { id, endpoint, direction, state, createdAt, changedAt, expiresAt, from, to, key };
}

const NOBODY = { from: '', to: '' };
