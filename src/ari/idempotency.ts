// Requests that say by a key that they are one: the first has the effect, and all of them the same answer.
//
// What is known of a key is written down before its operation runs, with a token that the operation may use to know itself
// again: after a crash in between it runs once more, with the same token. The answer is written down after it.
import { createHash, randomUUID } from 'node:crypto';
import type { Store } from '../core/store.ts';
import { Fault } from '../errors.ts';
import type { AriResponse } from './dispatch.ts';

const PREFIX = 'idempotency:';
/** How long a key is known, in milliseconds. */
const LIFETIME = 24 * 3_600_000;
/** How many keys are known at once, and how many bytes their answers may have. */
const LIMIT = 100_000;
const MAX_BYTES = 256 * 1024 * 1024;
const KEY = /^[\x20-\x7e]{1,255}$/;
/** Answers that say nothing of the request itself: asked again, it may be answered otherwise. */
const NOT_KEPT: readonly number[] = [401, 403, 429];

/** What makes two requests the same. */
export interface Asked {
  readonly method: string;
  readonly path: string;
  readonly query: URLSearchParams;
  readonly contentType?: string | undefined;
  readonly body?: string | undefined;
}

type Kept = Pick<AriResponse, 'status' | 'headers' | 'body'>;

/** How it is written down. Without an answer its operation may, or may not, have run. */
interface Written {
  readonly v: 1;
  readonly hash: string;
  readonly token: string;
  /** Milliseconds since 1970. */
  readonly at: number;
  readonly answer?: Kept;
}

export interface IdempotencyOptions {
  readonly store: Store;
  /** Milliseconds since 1970. */
  readonly now: () => number;
  readonly newToken?: () => string;
  readonly limit?: number;
  readonly maxBytes?: number;
}

export class Idempotency {
  readonly #store: Store;
  readonly #now: () => number;
  readonly #newToken: () => string;
  readonly #limit: number;
  readonly #maxBytes: number;
  /** When each was first asked, the oldest first, and how much is written of it. */
  readonly #known = new Map<string, { readonly at: number; readonly bytes: number }>();
  #bytes = 0;
  /** Those that are being answered. */
  readonly #underWay = new Map<string, { readonly hash: string; readonly answer: Promise<AriResponse> }>();
  #refused = 0;

  constructor({ store, now, newToken = randomUUID, limit = LIMIT, maxBytes = MAX_BYTES }: IdempotencyOptions) {
    this.#store = store;
    this.#now = now;
    this.#newToken = newToken;
    this.#limit = limit;
    this.#maxBytes = maxBytes;
  }

  /** Reads which keys are known; before the first request. Fails with a Fault 'unsupported' for what a later version wrote. */
  async load(): Promise<void> {
    const found: { readonly name: string; readonly at: number; readonly bytes: number }[] = [];
    for await (const [key, value] of this.#store.range(PREFIX))
      found.push({ name: key.slice(PREFIX.length), at: read(value).at, bytes: value.length });
    for (const { name, at, bytes } of found.sort((one, other) => one.at - other.at)) this.#note(name, at, bytes);
    await this.sweep();
  }

  /** Forgets the keys whose time is over. */
  async sweep(): Promise<void> {
    for (const [name, { at }] of this.#known) {
      if (at + LIFETIME > this.#now()) return;
      if (!this.#underWay.has(name)) await this.#forget(name);
    }
  }

  /**
   * Gives the answer of the user's first request with this key; if this is it, that of `run`, which gets a token that is
   * the same for every try. Fails with a Fault 'invalid' for a key that is none, 'unprocessable' when the first request
   * with it was another one, 'unavailable' when too many are known.
   */
  async once(
    user: string,
    key: string,
    asked: Asked,
    run: (token: string) => Promise<AriResponse>,
  ): Promise<AriResponse> {
    if (!KEY.test(key))
      throw new Fault('invalid', 'Idempotency-Key has 1 to 255 printable ASCII characters', {
        code: 'invalid-idempotency-key',
      });
    const name = `${user}:${key}`;
    const hash = hashOf(asked);
    let first = this.#underWay.get(name);
    while (first !== undefined) {
      const answer = await first.answer.catch(() => undefined);
      if (answer !== undefined && first.hash === hash) return replayed(answer);
      first = this.#underWay.get(name);
    }
    const answer = this.#answer(name, hash, run);
    this.#underWay.set(name, { hash, answer });
    try {
      return await answer;
    } finally {
      this.#underWay.delete(name);
    }
  }

  get metrics(): { readonly kept: number; readonly limit: number; readonly refused: number } {
    return { kept: this.#known.size, limit: this.#limit, refused: this.#refused };
  }

  async #answer(name: string, hash: string, run: (token: string) => Promise<AriResponse>): Promise<AriResponse> {
    const known = await this.#find(name);
    if (known !== undefined && known.hash !== hash) throw reused();
    if (known?.answer !== undefined) return replayed({ kind: 'response', ...known.answer });
    const pending = known ?? (await this.#begin(name, hash));
    const answer = await run(pending.token);
    const { status, headers, body } = answer;
    // Nobody knows what it has done: the token stays, so that the next try does not do it twice.
    if (status === 500) return answer;
    if (status > 500 || NOT_KEPT.includes(status)) await this.#forget(name);
    else await this.#write(name, { ...pending, answer: { status, headers, ...(body !== undefined && { body }) } });
    return answer;
  }

  async #find(name: string): Promise<Written | undefined> {
    const known = this.#known.get(name);
    if (known === undefined) return undefined;
    if (known.at + LIFETIME <= this.#now()) {
      await this.#forget(name);
      return undefined;
    }
    const value = await this.#store.get(PREFIX + name);
    return value === undefined ? undefined : read(value);
  }

  async #begin(name: string, hash: string): Promise<Written> {
    const isFull = (): boolean => this.#known.size >= this.#limit || this.#bytes >= this.#maxBytes;
    if (isFull()) await this.sweep();
    if (isFull()) {
      this.#refused += 1;
      throw new Fault('unavailable', 'Too many idempotency keys are known already', { code: 'idempotency-full' });
    }
    const pending: Written = { v: 1, hash, token: this.#newToken(), at: this.#now() };
    await this.#write(name, pending);
    return pending;
  }

  #write(name: string, written: Written): Promise<void> {
    const value = JSON.stringify(written);
    this.#note(name, written.at, value.length);
    return this.#store.put(PREFIX + name, value);
  }

  #note(name: string, at: number, bytes: number): void {
    this.#bytes += bytes - (this.#known.get(name)?.bytes ?? 0);
    this.#known.set(name, { at, bytes });
  }

  async #forget(name: string): Promise<void> {
    await this.#store.delete(PREFIX + name);
    this.#bytes -= this.#known.get(name)?.bytes ?? 0;
    this.#known.delete(name);
  }
}

function read(value: string): Written {
  const written = JSON.parse(value) as Written;
  if (written.v === 1) return written;
  throw new Fault('unsupported', `an idempotency key has the version ${String(written.v)}, and only 1 can be read`);
}

/** Wherever the credentials stand, and in whatever order the parameters, save those of one name. */
function hashOf({ method, path, query, contentType = '', body = '' }: Asked): string {
  const parameters = new URLSearchParams(query);
  parameters.delete('api_key');
  parameters.sort();
  const parts = [method, path, parameters.toString(), body === '' ? '' : contentType, body];
  return createHash('sha256').update(JSON.stringify(parts)).digest('base64');
}

const replayed = (answer: AriResponse): AriResponse => ({
  ...answer,
  headers: { ...answer.headers, 'Idempotency-Replayed': 'true' },
});

const reused = (): Fault =>
  new Fault('unprocessable', 'Another request had this Idempotency-Key', { code: 'idempotency-key-reused' });
