// Values that somebody keeps with a session, under names of their own, until they are removed or the session ends.
import { Fault } from '../../errors.ts';
import { inWords, type Log } from './log.ts';

/** What a value is kept under: the name, and of which type it is. Two keys of one name are not the same. */
export class DatastoreKey<T> {
  readonly name: string;
  /** Called once with each value, when it is removed or the session ends. */
  readonly destroy: (value: T) => void;

  constructor(name: string, destroy: (value: T) => void = () => undefined) {
    this.name = name;
    this.destroy = destroy;
  }
}

interface Datastore {
  readonly key: unknown;
  readonly value: unknown;
  readonly destroy: () => void;
}

export class Datastores {
  readonly #log: Log;
  readonly #stored = new Map<string, Datastore>();
  #hasEnded = false;

  constructor(log: Log) {
    this.#log = log;
  }

  /** Fails with a Fault 'conflict' when the name is taken, or the session has ended. */
  add<T>(key: DatastoreKey<T>, value: T): T {
    if (this.#hasEnded) throw new Fault('conflict', `The session has ended: it cannot keep ${key.name}`);
    if (this.#stored.has(key.name)) throw new Fault('conflict', `The session keeps ${key.name} already`);
    this.#stored.set(key.name, { key, value, destroy: () => key.destroy(value) });
    return value;
  }

  get<T>(key: DatastoreKey<T>): T | undefined {
    const found = this.#stored.get(key.name);
    return found?.key === key ? (found.value as T) : undefined;
  }

  /** Says whether it was there. What its destroy throws, is thrown. */
  remove<T>(key: DatastoreKey<T>): boolean {
    const found = this.#stored.get(key.name);
    if (found?.key !== key) return false;
    this.#stored.delete(key.name);
    found.destroy();
    return true;
  }

  /** Removes all, the last first. What one throws is told, and keeps none of the others. */
  end(): void {
    this.#hasEnded = true;
    for (const [name, { destroy }] of [...this.#stored].reverse()) {
      // One may have removed another.
      if (!this.#stored.delete(name)) continue;
      try {
        destroy();
      } catch (error) {
        this.#log('error', `A bug in destroying ${name} of a session: ${inWords(error)}`);
      }
    }
  }
}
