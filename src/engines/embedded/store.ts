// The Store on this machine's disk: a LevelDB in one directory, for one process at a time. A write outlives a loss of power.
import type { Store, StoreWrite } from '../../core/store.ts';
import { Fault } from '../../errors.ts';
import { faithful } from './faithful.ts';
import { GroupCommit } from './group-commit.ts';
import { closed } from './store-faults.ts';
import { migrations as known, type Migration } from './store-format.ts';
import { LevelDirectory } from './store-level.ts';

export interface StoreMetrics {
  /** Writes that are not yet on the disk, and how many these may be. */
  readonly waiting: number;
  readonly limit: number;
  /** Calls that were refused since too many writes waited. */
  readonly refused: number;
}

export interface StoreOptions {
  /** More writes than this do not wait: they are refused with a Fault 'unavailable', code 'store-full'. */
  readonly maxWaiting?: number;
  /** The steps from version 1 on to the one that is written. */
  readonly migrations?: readonly Migration[];
}

/** So many writes are handed to LevelDB at once. */
const atOnce = 1_000;

/**
 * Opens the directory, and makes it if it is not there; reads all of it once, so that damage is known before anyone relies on it.
 * Fails with a Fault 'conflict' when another process has it open, 'unsupported' when it holds a later format,
 * 'unavailable' when it is damaged (code 'store-corrupt') or cannot be opened for any other reason.
 */
export async function openStore(
  directory: string,
  { maxWaiting = 100_000, migrations = known }: StoreOptions = {},
): Promise<Store & { readonly metrics: StoreMetrics }> {
  const level = await LevelDirectory.open(directory, migrations);
  const commit = new GroupCommit<readonly StoreWrite[], void>({
    sizeOf: (writes) => writes.length,
    limit: maxWaiting,
    atOnce,
    async write(group) {
      await level.write(group.length === 1 ? group[0]! : group.flat());
      return group.map(() => undefined);
    },
    full: () => new Fault('unavailable', `too much waits for the store in ${directory}`, { code: 'store-full' }),
    ended: () => closed(directory),
  });
  return {
    get: async (key) => level.get(faithful(key)),
    put: async (key, value) => commit.add([{ kind: 'put', key: faithful(key), value: faithful(value) }]),
    delete: async (key) => commit.add([{ kind: 'delete', key: faithful(key) }]),
    range: (prefix) => level.range(faithful(prefix)),
    async batch(writes, patience) {
      for (const each of writes) {
        faithful(each.key);
        if (each.kind === 'put') faithful(each.value);
      }
      if (writes.length > 0) await commit.add([...writes], patience);
    },
    async close() {
      await commit.end();
      await level.close();
    },
    get metrics() {
      return { waiting: commit.waiting, limit: maxWaiting, refused: commit.refused };
    },
  };
}
