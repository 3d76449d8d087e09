// What is remembered of transactions that are over, until nobody repeats their message any more (RFC 3261 17, timers J and K): octets,
// in slabs that belong to a generation and are dropped with it. At 8,000 messages a second there are 256,000 of them, so they have no
// object and no timer of their own; each is remembered for its time and at most a sixteenth of it longer.
import type { Timers } from '../timers.ts';

const generationsAtOnce = 16;
/** Of one slab, in octets: the first of a generation is small, since most servers have little to do. */
const leastSlab = 4_096;
const mostSlab = 262_144;
/** Before each record: where the one before of the same hash is, and the lengths of key, place and octets. */
const headSize = 16;

export interface Remembered {
  /** Where its request came from. */
  readonly place: string;
  readonly octets: Buffer;
}

export class Over {
  readonly #timers: Timers;
  readonly #time: number;
  readonly #seed: number;
  readonly #changed: () => void;
  /** The oldest first. */
  readonly #generations: Generation[] = [];
  #size = 0;

  /** For `time` ms; `seed`: whatever nobody can guess; `changed` when some are forgotten. */
  constructor(timers: Timers, time: number, seed: number, changed: () => void) {
    this.#timers = timers;
    this.#time = time;
    this.#seed = seed;
    this.#changed = changed;
  }

  /** Transactions; what `mark` was told is none. */
  get size(): number {
    return this.#size;
  }

  /** All of these hold one character per octet. */
  add(key: string, place: string, octets: Buffer): void {
    this.#size += 1;
    const generation = this.#current();
    generation.size += 1;
    generation.add(this.#hash(key), key, place, octets);
  }

  /** Remembers the key alone, beside the transaction that it belongs to. */
  mark(key: string): void {
    this.#current().add(this.#hash(key), key, '', nothing);
  }

  find(key: string): Remembered | undefined {
    if (this.#generations.length === 0) return undefined;
    const hash = this.#hash(key);
    for (let index = this.#generations.length - 1; index >= 0; index--) {
      const found = this.#generations[index]!.find(hash, key);
      if (found !== undefined) return found;
    }
    return undefined;
  }

  #current(): Generation {
    const now = this.#timers.now();
    const newest = this.#generations.at(-1);
    if (newest !== undefined && now - newest.since < this.#time / generationsAtOnce) {
      newest.last = now;
      return newest;
    }
    const generation = new Generation(now);
    this.#generations.push(generation);
    this.#timers.after(this.#time, () => this.#forget(generation));
    return generation;
  }

  #forget(generation: Generation): void {
    const rest = generation.last + this.#time - this.#timers.now();
    if (rest > 0) {
      this.#timers.after(rest, () => this.#forget(generation));
      return;
    }
    this.#generations.splice(this.#generations.indexOf(generation), 1);
    this.#size -= generation.size;
    this.#changed();
  }

  #hash(key: string): number {
    let hash = this.#seed;
    for (let at = 0; at < key.length; at++) {
      hash = Math.imul(hash ^ key.charCodeAt(at), 0x5bd1e995);
      hash ^= hash >>> 15;
    }
    return hash & 0x3fffffff;
  }
}

const nothing = Buffer.alloc(0);

class Generation {
  readonly since: number;
  last: number;
  size = 0;
  /** By hash, where its last record is: the number of the slab and the position within, and one more. */
  readonly #newest = new Map<number, number>();
  readonly #slabs: Buffer[] = [];
  /** Of the last slab. */
  #used = 0;

  constructor(now: number) {
    this.since = now;
    this.last = now;
  }

  add(hash: number, key: string, place: string, octets: Buffer): void {
    const size = headSize + key.length + place.length + octets.length;
    const slab = this.#slabFor(size);
    const at = this.#used;
    slab.writeUInt32LE(this.#newest.get(hash) ?? 0, at);
    slab.writeUInt32LE(key.length, at + 4);
    slab.writeUInt32LE(place.length, at + 8);
    slab.writeUInt32LE(octets.length, at + 12);
    slab.write(key, at + headSize, 'latin1');
    slab.write(place, at + headSize + key.length, 'latin1');
    slab.set(octets, at + size - octets.length);
    this.#newest.set(hash, (this.#slabs.length - 1) * mostSlab + at + 1);
    this.#used += size;
  }

  find(hash: number, key: string): Remembered | undefined {
    for (let next = this.#newest.get(hash) ?? 0; next !== 0;) {
      const slab = this.#slabs[Math.floor((next - 1) / mostSlab)]!;
      const at = (next - 1) % mostSlab;
      const keyEnd = at + headSize + slab.readUInt32LE(at + 4);
      if (slab.toString('latin1', at + headSize, keyEnd) === key) {
        const placeEnd = keyEnd + slab.readUInt32LE(at + 8);
        const octets = Buffer.from(slab.subarray(placeEnd, placeEnd + slab.readUInt32LE(at + 12)));
        return { place: slab.toString('latin1', keyEnd, placeEnd), octets };
      }
      next = slab.readUInt32LE(at);
    }
    return undefined;
  }

  /** A record larger than any slab has one of its own; it stands at its beginning. */
  #slabFor(size: number): Buffer {
    const last = this.#slabs.at(-1);
    if (last !== undefined && this.#used + size <= last.length) return last;
    const usual = Math.min(mostSlab, last === undefined ? leastSlab : 2 * last.length);
    const slab = Buffer.allocUnsafeSlow(Math.max(size, usual));
    this.#slabs.push(slab);
    this.#used = 0;
    return slab;
  }
}
