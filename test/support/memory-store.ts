// A Store that lives as long as its map: for tests of those who use one.
import type { Store } from '../../src/core/store.ts';
import { Fault } from '../../src/errors.ts';

export function memoryStore(entries = new Map<string, string>()): Store {
  const write = (key: string, value: string): void => void entries.set(whole(key), whole(value));
  return {
    get: async (key) => entries.get(key),
    put: async (key, value) => write(key, value),
    delete: async (key) => void entries.delete(key),
    async *range(prefix) {
      const found = [...entries].filter(([key]) => key.startsWith(prefix));
      yield* found.sort(([one], [other]) => Buffer.compare(Buffer.from(one), Buffer.from(other)));
    },
    async batch(writes) {
      for (const each of writes) {
        if (each.kind === 'put') write(each.key, each.value);
        else entries.delete(each.key);
      }
    },
    close: async () => undefined,
  };
}

/** Half a character could not be given back by a store that keeps UTF-8. */
function whole(text: string): string {
  if (Buffer.from(text).toString() !== text) throw new Fault('invalid', 'Half a character');
  return text;
}
