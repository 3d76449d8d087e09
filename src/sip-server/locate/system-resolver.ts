// The system's name servers. Node reads their list once for each resolver, so a new one is taken now and then.
import { Resolver as NodeResolver } from 'node:dns/promises';
import type { Resolver } from './names.ts';

/** ms after which the list is read again. */
const age = 60_000;

/** `make` reads the list. */
export function systemResolver(
  now: () => number,
  make: () => Resolver = () => new NodeResolver({ timeout: 1_500, tries: 2 }),
): Resolver {
  let former: Resolver | undefined;
  let current = make();
  let made = now();
  const fresh = (): Resolver => {
    if (now() - made < age) return current;
    former = current;
    made = now();
    return (current = make());
  };
  return {
    resolveNaptr: (name) => fresh().resolveNaptr(name),
    resolveSrv: (name) => fresh().resolveSrv(name),
    resolve4: (name) => fresh().resolve4(name),
    resolve6: (name) => fresh().resolve6(name),
    cancel() {
      current.cancel?.();
      former?.cancel?.();
    },
  };
}
