// What is remembered of each application's place in its journal: what a client has acknowledged, and from where the newest records can be read.
import type { Store } from '../core/store.ts';

const PREFIX = 'application-bookmarks:';
const VERSION = 1;

export interface Bookmark {
  /** The cursor of the last event that a client has acknowledged; at first that behind which the stream began. */
  readonly acknowledged: string;
  /** A cursor not far behind the last record. */
  readonly tail: string;
  /** Whether a client has ever acknowledged anything. */
  readonly acknowledges?: boolean;
  /** Of a WebSocket that we opened: the cursor of the last event that its peer has certainly received. */
  readonly received?: string;
}

/** The bookmark of one application. */
export class Place {
  readonly #bookmarks: Bookmarks;
  readonly #name: string;

  constructor(bookmarks: Bookmarks, name: string) {
    this.#bookmarks = bookmarks;
    this.#name = name;
  }

  /** At the start: `last` is where the stream ends. Gives the tail. */
  begin(last: string): string {
    const bookmark = this.#bookmark;
    if (bookmark === undefined) this.#bookmarks.put(this.#name, { acknowledged: last, tail: last });
    return bookmark?.tail ?? last;
  }

  get acknowledged(): string {
    return this.#bookmark?.acknowledged ?? '';
  }

  /** The cursor from which a WebSocket that we open goes on: a peer that acknowledges has nothing else to say. */
  get resumption(): string {
    const { acknowledged, acknowledges = false, received = acknowledged } = this.#bookmark ?? { acknowledged: '' };
    return acknowledges ? acknowledged : received;
  }

  /** `last` is where the stream ends. */
  acknowledge(cursor: string, last: string): void {
    const { acknowledged = '' } = this.#bookmark ?? {};
    // One of a stream that is no more may be greater than any that was sent.
    if (cursor > acknowledged || acknowledged > last) this.#change({ acknowledged: cursor, acknowledges: true });
  }

  /** By the peer of a WebSocket that we opened: all up to this cursor. */
  setReceived(cursor: string): void {
    if (cursor !== this.#bookmark?.received && this.#bookmark?.acknowledges !== true)
      this.#change({ received: cursor });
  }

  setTail(tail: string): void {
    this.#change({ tail });
  }

  get #bookmark(): Bookmark | undefined {
    return this.#bookmarks.get(this.#name);
  }

  /** Without a stream there is no bookmark. */
  #change(change: Partial<Bookmark>): void {
    const bookmark = this.#bookmark;
    if (bookmark !== undefined) this.#bookmarks.put(this.#name, { ...bookmark, ...change });
  }
}

/** One write per application is under way; what comes meanwhile is written together, after it. */
export class Bookmarks {
  readonly #store: Store;
  readonly #onError: (error: unknown) => void;
  readonly #known = new Map<string, Bookmark>();
  readonly #dirty = new Set<string>();
  readonly #writing = new Map<string, Promise<void>>();

  constructor(store: Store, onError: (error: unknown) => void) {
    this.#store = store;
    this.#onError = onError;
  }

  /** From the Store, unless it is known. One that was written in another form is none. */
  async load(name: string): Promise<Bookmark | undefined> {
    await this.#writing.get(name);
    const text = await this.#store.get(PREFIX + name);
    const {
      v,
      acknowledged = '',
      tail = '',
      ...more
    } = (text === undefined ? {} : JSON.parse(text)) as Partial<Bookmark> & {
      readonly v?: number;
    };
    if (v !== VERSION) return undefined;
    const bookmark = { acknowledged, tail, ...more };
    this.#known.set(name, bookmark);
    return bookmark;
  }

  get(name: string): Bookmark | undefined {
    return this.#known.get(name);
  }

  put(name: string, bookmark: Bookmark): void {
    this.#known.set(name, bookmark);
    this.#write(name);
  }

  delete(name: string): void {
    this.#known.delete(name);
    this.#write(name);
  }

  async close(): Promise<void> {
    await Promise.all(this.#writing.values());
  }

  #write(name: string): void {
    this.#dirty.add(name);
    if (this.#writing.has(name)) return;
    const written = this.#writeAll(name)
      .catch(this.#onError)
      .finally(() => this.#writing.delete(name));
    this.#writing.set(name, written);
  }

  async #writeAll(name: string): Promise<void> {
    while (this.#dirty.delete(name)) {
      const bookmark = this.#known.get(name);
      if (bookmark === undefined) await this.#store.delete(PREFIX + name);
      else await this.#store.put(PREFIX + name, JSON.stringify({ v: VERSION, ...bookmark }));
    }
  }
}
