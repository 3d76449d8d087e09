// The kept text messages: on disk, or while they are under way in memory alone; and what is known of each without reading it.
import { randomBytes } from 'node:crypto';
import { Fault, notFound } from '../errors.ts';
import type { MessageQuery, MessageSnapshot, MessageState } from './message.ts';
import type { Store, StoreWrite } from './store.ts';

/** One message as it is written. */
export interface MessageRecord {
  readonly message: MessageSnapshot;
  /** Two messages with the same key are one. */
  readonly key?: string;
}

/** What is known of a message without reading it. */
export type MessageEntry = Pick<
  MessageSnapshot,
  'id' | 'endpoint' | 'direction' | 'state' | 'createdAt' | 'changedAt' | 'expiresAt'
> & {
  readonly from: string;
  readonly to: string;
  readonly key: string | undefined;
};

const PREFIX = 'message:';
/** How a record is laid out: `{ "v": 1, "message": MessageSnapshot, "key"?: text }`. */
const VERSION = 1;

export const isFinal = (state: MessageState): boolean => state !== 'queued' && state !== 'sent';

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
  readonly #entries = new Map<string, MessageEntry>();
  readonly #byKey = new Map<string, { readonly id: string; readonly written: Promise<void> }>();
  /** Where there is no store, all of them; else those that are further than their record on disk. */
  readonly #inMemory = new Map<string, MessageRecord>();
  #ended = 0;
  #lastMoment = 0;
  #inMoment = 0;

  constructor({ store, now, maxEnded }: MessageBookOptions) {
    this.#store = store;
    this.#now = now;
    this.#maxEnded = maxEnded;
  }

  /** Reads what is on disk. Fails with a Fault 'unsupported' when a later version wrote it, 'unavailable' when it is damaged. */
  async load(): Promise<void> {
    if (this.#store === undefined) return;
    for await (const [key, text] of this.#store.range(PREFIX)) this.#enter(parse(key, text), Promise.resolve());
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
    return [hex(now, 12), hex(this.#inMoment, 6), randomBytes(4).toString('hex')].join('');
  }

  entries(): IterableIterator<MessageEntry> {
    return this.#entries.values();
  }

  find(id: string): MessageEntry | undefined {
    return this.#entries.get(id);
  }

  /** The message that was made under that key, as soon as it is kept; nothing at once if there is none. Fails as its `add` did. */
  findByKey(key: string): Promise<string> | undefined {
    const found = this.#byKey.get(key);
    return found?.written.then(() => found.id);
  }

  /** Keeps new messages, all or none. Fails as the store does; then there are none of them. */
  async add(records: readonly MessageRecord[]): Promise<void> {
    const written = this.#write(records);
    // Who asks by the key waits for it, and is told; nobody need ask.
    written.catch(() => undefined);
    for (const each of records) this.#enter(each, written);
    try {
      await written;
    } catch (error) {
      for (const { message } of records) this.#forget(message.id);
      throw error;
    }
  }

  /** How a message is now, until the process ends. Says no when it has ended already, or was forgotten: then it stays so. */
  note(record: MessageRecord): boolean {
    const { id, state } = record.message;
    const before = this.#entries.get(id);
    if (before === undefined || isFinal(before.state)) return false;
    this.#entries.set(id, entryOf(record));
    this.#inMemory.set(id, record);
    if (isFinal(state)) this.#ended += 1;
    return true;
  }

  /** Writes down what was noted. */
  async keep(record: MessageRecord): Promise<void> {
    const { id } = record.message;
    if (this.#store !== undefined) {
      await this.#write([record]);
      if (this.#inMemory.get(id) === record) this.#inMemory.delete(id);
    }
    await this.#makeRoom();
  }

  /** Fails with a Fault 'not-found'. */
  async read(id: string): Promise<MessageRecord> {
    if (!this.#entries.has(id)) throw notFound('Message');
    const kept = this.#inMemory.get(id);
    if (kept !== undefined) return kept;
    const text = await this.#store?.get(PREFIX + id);
    if (text === undefined) throw notFound('Message');
    return parse(PREFIX + id, text);
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

  /** A good part at once, so that not every message pays for a walk through all of them. */
  async #makeRoom(): Promise<void> {
    if (this.#ended <= this.#maxEnded) return;
    const tooMany = this.#ended - Math.floor((this.#maxEnded * 15) / 16);
    const oldest: string[] = [];
    for (const { id, state } of this.#entries.values()) {
      if (oldest.length >= tooMany) break;
      if (isFinal(state)) oldest.push(id);
    }
    await this.#remove(oldest);
  }

  async #remove(ids: readonly string[]): Promise<void> {
    for (const id of ids) this.#forget(id);
    if (this.#store !== undefined && ids.length > 0)
      await this.#store.batch(ids.map((id) => ({ kind: 'delete', key: PREFIX + id })));
  }

  #enter(record: MessageRecord, written: Promise<void>): void {
    const { id, state } = record.message;
    this.#entries.set(id, entryOf(record));
    if (record.key !== undefined) this.#byKey.set(record.key, { id, written });
    if (isFinal(state)) this.#ended += 1;
  }

  #forget(id: string): void {
    const entry = this.#entries.get(id);
    if (entry === undefined) return;
    this.#entries.delete(id);
    this.#inMemory.delete(id);
    if (entry.key !== undefined && this.#byKey.get(entry.key)?.id === id) this.#byKey.delete(entry.key);
    if (isFinal(entry.state)) this.#ended -= 1;
  }

  async #write(records: readonly MessageRecord[]): Promise<void> {
    if (this.#store === undefined) {
      for (const each of records) this.#inMemory.set(each.message.id, each);
      return;
    }
    const writes = records.map((each): StoreWrite => {
      return { kind: 'put', key: PREFIX + each.message.id, value: JSON.stringify({ v: VERSION, ...each }) };
    });
    await this.#store.batch(writes);
  }
}

const hex = (value: number, width: number): string => value.toString(16).padStart(width, '0');

function entryOf({ message, key }: MessageRecord): MessageEntry {
  const { id, endpoint, direction, state, createdAt, changedAt, expiresAt, text } = message;
  return { id, endpoint, direction, state, createdAt, changedAt, expiresAt, from: text.from, to: text.to, key };
}

function parse(key: string, text: string): MessageRecord {
  let record: Partial<MessageRecord> & { readonly v?: unknown };
  try {
    record = JSON.parse(text) as typeof record;
  } catch (cause) {
    throw new Fault('unavailable', `${key} in the store is damaged`, { cause, code: 'store-corrupt' });
  }
  const { v, message, key: made } = record;
  if (v !== VERSION || message === undefined) {
    throw new Fault(
      'unsupported',
      `${key} in the store has format ${String(v)}, and only format ${VERSION} can be read`,
      {
        code: 'message-format',
      },
    );
  }
  return { message, ...(made !== undefined && { key: made }) };
}
