// Requests from nobody whom we know: counted. They, and what else is wrong with a sender, are told once for each source and period.
import type { Clock } from '../../core/clock.ts';
import type { Log } from './log.ts';
import type { GlobalObject } from './objects/index.ts';
import type { SipRequest } from './stack.ts';

/** How many sources are remembered; beyond it the oldest is forgotten. */
const LIMIT = 1_000;

export interface UnidentifiedMetrics {
  readonly requests: number;
  readonly sources: number;
  readonly limit: number;
  readonly forgotten: number;
}

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

  /** Nobody knows who sent it. */
  count(request: SipRequest): void {
    this.#requests += 1;
    if (this.#seen(request.source.address) !== this.#enough) return;
    const from = JSON.stringify(request.headers.get('From') ?? '');
    this.#log('warn', `No endpoint matches ${request.method} from ${from} at ${sourceOf(request)}`);
  }

  /** Says what is wrong with it: the same is said once for each source and period. */
  warn(request: SipRequest, text: string): void {
    if (this.#seen(`${request.source.address} ${text}`) === 1) this.#log('warn', `${text} from ${sourceOf(request)}`);
  }

  /** Forgets the sources that have been silent for a period. */
  prune(): void {
    const now = this.#clock.now();
    for (const [key, { since }] of this.#sources) if (now - since >= this.#period) this.#sources.delete(key);
  }

  get metrics(): UnidentifiedMetrics {
    return { requests: this.#requests, sources: this.#sources.size, limit: LIMIT, forgotten: this.#forgotten };
  }

  /** How many there have been within this period. */
  #seen(key: string): number {
    const now = this.#clock.now();
    const known = this.#sources.get(key);
    if (known !== undefined && now - known.since < this.#period) return (known.count += 1);
    this.#sources.delete(key);
    const [oldest] = this.#sources.keys();
    if (this.#sources.size >= LIMIT && oldest !== undefined) {
      this.#sources.delete(oldest);
      this.#forgotten += 1;
    }
    this.#sources.set(key, { since: now, count: 1 });
    return 1;
  }
}

const sourceOf = ({ source }: SipRequest): string => `${source.address}:${source.port}`;
