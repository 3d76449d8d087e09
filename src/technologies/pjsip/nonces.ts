// Nonces of our challenges: what tells that we made one, and how often it was used (RFC 7616 3.3, 5.12).
//
// Before it is used nothing is kept of a nonce: it is its time, something unique, and a seal over both, the sender's
// address and the realm. Of one that was used with the right credentials the count is kept until its lifetime ends. When
// too many are kept, the oldest is forgotten; from then on every nonce of its age that is not kept is too old.
import { createHmac, timingSafeEqual } from 'node:crypto';
import type { Clock } from '../../core/clock.ts';

/** How a nonce was used. */
export interface Use {
  readonly nonce: string;
  /** Of who uses it. */
  readonly address: string;
  readonly realm: string;
  /** In seconds. */
  readonly lifetime: number;
  /** The nonce-count; undefined for an answer without one, which uses its nonce up. */
  readonly count: number | undefined;
}

export interface NoncesMetrics {
  readonly kept: number;
  readonly limit: number;
  readonly forgotten: number;
}

export interface NoncesParts {
  readonly clock: Clock;
  readonly random: (bytes: number) => Buffer;
  /** How many that were used are kept, 50,000 if left out. */
  readonly limit?: number;
}

const LIMIT = 50_000;
/** Hexadecimal digits. */
const UNIQUE = 16;
const SEAL = 32;

interface Kept {
  /** In seconds since 1970. */
  readonly madeAt: number;
  readonly until: number;
  readonly count: number;
}

export class Nonces {
  readonly #clock: Clock;
  readonly #random: NoncesParts['random'];
  readonly #key: Buffer;
  readonly #limit: number;
  readonly #used = new Map<string, Kept>();
  /** What is as old as this, or older, and not kept, is too old. In seconds since 1970. */
  #forgottenUpTo = 0;
  #forgotten = 0;

  constructor({ clock, random, limit = LIMIT }: NoncesParts) {
    this.#clock = clock;
    this.#random = random;
    this.#key = random(32);
    this.#limit = limit;
  }

  make(address: string, realm: string): string {
    const time = String(this.#now());
    const unique = this.#random(UNIQUE / 2).toString('hex');
    return `${time}/${unique}${this.#seal(time, unique, address, realm)}`;
  }

  /** False when we did not make it for that sender and realm, when it is too old, or when its count did not rise. */
  use(use: Use): boolean {
    const [, time = '', unique = '', seal = ''] = SHAPE.exec(use.nonce) ?? [];
    const isOurs = areEqual(seal, this.#seal(time, unique, use.address, use.realm));
    return isOurs && this.#now() - Number(time) <= use.lifetime && this.#count(use, Number(time));
  }

  /** The same for a nonce that another made and answers for: within its lifetime since it was used last. */
  useGiven(use: Use): boolean {
    return this.#count(use, this.#now());
  }

  /** Forgets those whose lifetime has ended. */
  prune(): void {
    const now = this.#now();
    for (const [nonce, { until }] of this.#used) if (until < now) this.#used.delete(nonce);
  }

  get metrics(): NoncesMetrics {
    return { kept: this.#used.size, limit: this.#limit, forgotten: this.#forgotten };
  }

  #count({ nonce, lifetime, count = Infinity }: Use, madeAt: number): boolean {
    const known = this.#used.get(nonce);
    if (known === undefined ? madeAt <= this.#forgottenUpTo : count <= known.count) return false;
    if (known === undefined && this.#used.size >= this.#limit) this.#forgetOldest();
    this.#used.set(nonce, { madeAt, until: madeAt + lifetime, count });
    return true;
  }

  #forgetOldest(): void {
    const [oldest] = this.#used;
    if (oldest === undefined) return;
    const [nonce, { madeAt }] = oldest;
    this.#used.delete(nonce);
    this.#forgotten += 1;
    this.#forgottenUpTo = Math.max(this.#forgottenUpTo, madeAt);
  }

  #now(): number {
    return Math.floor(this.#clock.now() / 1000);
  }

  #seal(time: string, unique: string, address: string, realm: string): string {
    return createHmac('sha256', this.#key)
      .update(JSON.stringify([time, unique, address, realm]))
      .digest('hex')
      .slice(0, SEAL);
  }
}

const SHAPE = new RegExp(`^(\\d{1,15})/([\\da-f]{${UNIQUE}})([\\da-f]{${SEAL}})$`);

/** In a time that does not tell how much of it was right. */
export function areEqual(one: string, other: string): boolean {
  const [left, right] = [Buffer.from(one), Buffer.from(other)];
  return left.length === right.length && timingSafeEqual(left, right);
}
