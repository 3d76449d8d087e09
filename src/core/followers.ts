// Which applications are subscribed to an object, so that those that are not cost nothing when something happens to it.
import type { SourceKind } from './application.ts';

export class Followers<Follower> {
  readonly #of = new Map<string, Set<Follower>>();

  add(kind: SourceKind, id: string, follower: Follower): void {
    const key = `${kind}:${id}`;
    const found = this.#of.get(key);
    if (found === undefined) this.#of.set(key, new Set([follower]));
    else found.add(follower);
  }

  delete(kind: SourceKind, id: string, follower: Follower): void {
    const key = `${kind}:${id}`;
    const found = this.#of.get(key);
    if (found?.delete(follower) === true && found.size === 0) this.#of.delete(key);
  }

  of(kind: SourceKind, id: string): Iterable<Follower> {
    return this.#of.get(`${kind}:${id}`) ?? [];
  }
}
