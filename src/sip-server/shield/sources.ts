// The sources that are remembered: strangers by address (IPv6 by its /64), known ones by address and port; as many as allowed.
import type { Metrics } from '../metrics.ts';
import type { Limits } from '../options.ts';
import type { Timers } from '../timers.ts';
import type { Place } from '../transport/flow.ts';
import { Bucket, type Rate } from './bucket.ts';
import { networkOf } from './network.ts';
import { Octets } from './octets.ts';
import { Recent } from './recent.ts';

/** What limits one source. */
export interface Source {
  readonly bucket: Bucket;
  /** Requests that wait for the application's answer. */
  pending: number;
}

export interface Stranger extends Source {
  readonly kind: 'stranger';
  readonly octets: Octets;
}

export interface Known extends Source {
  readonly kind: 'known';
  /** When it becomes a stranger again, in ms. */
  until: number;
  /** It has shown that it hears us. */
  isHeard: boolean;
}

export interface SourcesParts {
  readonly limits: Limits;
  readonly timers: Timers;
  readonly metrics: Metrics;
}

export class Sources {
  readonly strangersRate: Rate;
  readonly knownRate: Rate;
  readonly #parts: SourcesParts;
  readonly #strangers: Recent<Stranger>;
  readonly #known: Recent<Known>;
  /** What `knownAt` said last: it is asked several times about each message. */
  #asked: Place | undefined;
  #answer: Known | undefined;

  constructor(parts: SourcesParts) {
    const { limits } = parts;
    this.#parts = parts;
    this.#strangers = new Recent(limits.sources);
    this.#known = new Recent(limits.knownSources);
    this.strangersRate = { perSecond: limits.requestsPerSource, burst: limits.requestBurst };
    this.knownRate = { perSecond: limits.requestsPerKnownSource, burst: limits.requestsPerKnownSource };
  }

  at(remote: Place): Known | Stranger {
    return this.knownAt(remote) ?? this.strangerAt(remote);
  }

  knownAt(remote: Place): Known | undefined {
    if (remote !== this.#asked) {
      this.#answer = this.#known.get(placeKey(remote));
      this.#asked = remote;
    }
    const known = this.#answer;
    if (known === undefined || known.until > this.#parts.timers.now()) return known;
    this.#known.delete(placeKey(remote));
    this.#asked = undefined;
    this.#count();
    return undefined;
  }

  strangerAt({ address }: Place): Stranger {
    const network = networkOf(address);
    const remembered = this.#strangers.get(network);
    if (remembered !== undefined) return remembered;
    const now = this.#parts.timers.now();
    const bucket = new Bucket(this.strangersRate, now);
    const stranger: Stranger = { kind: 'stranger', bucket, pending: 0, octets: new Octets(now) };
    this.#strangers.set(network, stranger);
    this.#count();
    return stranger;
  }

  /** From now on for `knownTime` it is no stranger. */
  know(remote: Place, isHeard: boolean): void {
    const { timers, limits } = this.#parts;
    const until = timers.now() + limits.knownTime;
    const known = this.knownAt(remote);
    if (known !== undefined) {
      known.until = until;
      known.isHeard ||= isHeard;
      return;
    }
    const bucket = new Bucket(this.knownRate, timers.now());
    this.#asked = undefined;
    this.#known.set(placeKey(remote), { kind: 'known', bucket, pending: 0, until, isHeard });
    this.#count();
  }

  #count(): void {
    this.#parts.metrics.gauges.sources = this.#strangers.size;
    this.#parts.metrics.gauges.knownSources = this.#known.size;
  }
}

export const placeKey = ({ address, port }: Place): string => `${address}|${port}`;
