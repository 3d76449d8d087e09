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
  readonly key: DatastoreKey<never>;
  readonly value: unknown;
}

export class Datastores {
  readonly #log: Log;
  /** A handful at most, of each of very many sessions: a Map would be ten times as large. Copied, not grown, for the same reason. */
  #stored: Datastore[] = [];
  #hasEnded = false;

  constructor(log: Log) {
    this.#log = log;
  }

  /** Fails with a Fault 'conflict' when the name is taken, or the session has ended. */
  add<T>(key: DatastoreKey<T>, value: T): T {
    if (this.#hasEnded) throw new Fault('conflict', `The session has ended: it cannot keep ${key.name}`);
    if (this.#stored.some((each) => each.key.name === key.name))
      throw new Fault('conflict', `The session keeps ${key.name} already`);
    this.#stored = [...this.#stored, { key, value }];
    return value;
  }

  get<T>(key: DatastoreKey<T>): T | undefined {
    return this.#stored.find((each) => each.key === key)?.value as T | undefined;
  }

  /** Says whether it was there. What its destroy throws, is thrown. */
  remove<T>(key: DatastoreKey<T>): boolean {
    const at = this.#stored.findIndex((each) => each.key === key);
    if (at === -1) return false;
    const [{ value }] = this.#stored.splice(at, 1) as [Datastore];
    key.destroy(value as T);
    return true;
  }

  /** Removes all, the last first. What one throws is told, and keeps none of the others. */
  end(): void {
    this.#hasEnded = true;
    // One may remove another.
    for (let last = this.#stored.pop(); last !== undefined; last = this.#stored.pop()) {
      const { key, value } = last;
      try {
        key.destroy(value as never);
      } catch (error) {
        this.#log('error', `A bug in destroying ${key.name} of a session: ${inWords(error)}`);
      }
    }
  }
}
