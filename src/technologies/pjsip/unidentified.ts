// Requests from nobody whom we know: counted by source, and said once for each source and period.
import type { Clock } from './clock.ts';
import type { Log } from './log.ts';
import type { GlobalObject } from './objects/index.ts';
import type { SipRequest } from './stack.ts';

/** How many sources are remembered; beyond it the oldest is forgotten. */
const LIMIT = 1_000;

export class Unidentified {
  readonly #clock: Clock;
  readonly #log: Log;
  /** How many of a source within one period are worth a word. */
  readonly #enough: number;
  /** Milliseconds. */
  readonly #period: number;
  readonly #sources = new Map<string, { readonly since: number; count: number }>();
  #requests = 0;
  #forgotten = 0;

  constructor(global: GlobalObject, clock: Clock, log: Log) {
    this.#clock = clock;
    this.#log = log;
    // A sender that is recognised by its credentials is unknown as long as it has not been asked for them.
    const isUsual = global.endpoint_identifier_order.includes('auth_username');
    this.#enough = isUsual ? global.unidentified_request_count : 1;
    this.#period = global.unidentified_request_period * 1000;
  }

  count({ method, headers, source }: SipRequest): void {
    this.#requests += 1;
    const entry = this.#entryOf(source.address);
    entry.count += 1;
    if (entry.count !== this.#enough) return;
    const from = headers.get('From') ?? '';
    this.#log('warn', `No endpoint matches ${method} from ${JSON.stringify(from)} at ${source.address}:${source.port}`);
  }

  get metrics(): {
    readonly requests: number;
    readonly sources: number;
    readonly limit: number;
    readonly forgotten: number;
  } {
    return { requests: this.#requests, sources: this.#sources.size, limit: LIMIT, forgotten: this.#forgotten };
  }

  #entryOf(address: string): { readonly since: number; count: number } {
    const now = this.#clock.now();
    const known = this.#sources.get(address);
    if (known !== undefined && now - known.since < this.#period) return known;
    this.#sources.delete(address);
    const [oldest] = this.#sources.keys();
    if (this.#sources.size >= LIMIT && oldest !== undefined) {
      this.#sources.delete(oldest);
      this.#forgotten += 1;
    }
    const entry = { since: now, count: 0 };
    this.#sources.set(address, entry);
    return entry;
  }
}
