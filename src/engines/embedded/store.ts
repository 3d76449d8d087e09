// The Store on this machine's disk: a LevelDB in one directory, for one process at a time.
import { ClassicLevel } from 'classic-level';
import type { Store } from '../../core/store.ts';
import { Fault } from '../../errors.ts';

/** How entries are laid out: the version under `format`, the entries under "e:" and their key. */
const version = '1';
const format = 'format';
const entry = 'e:';

/**
 * Opens the directory, and makes it if it is not there.
 * Fails with a Fault 'conflict' when another process has it open, 'unsupported' when it holds another format,
 * 'unavailable' when it cannot be opened for any other reason.
 */
export async function openStore(directory: string): Promise<Store> {
  const level = new ClassicLevel<string, string>(directory);
  await open(level, directory);
  try {
    await checkFormat(level, directory);
  } catch (error) {
    await level.close();
    throw error;
  }
  return {
    get: async (key) => level.get(entry + faithful(key)),
    put: async (key, value) => level.put(entry + faithful(key), faithful(value)),
    delete: async (key) => level.del(entry + faithful(key)),
    range: (prefix) => range(level, prefix),
    batch: async (writes) =>
      level.batch(
        writes.map((write) => {
          const key = entry + faithful(write.key);
          return write.kind === 'put' ? { type: 'put', key, value: faithful(write.value) } : { type: 'del', key };
        }),
      ),
    close: () => level.close(),
  };
}

async function open(level: ClassicLevel<string, string>, directory: string): Promise<void> {
  try {
    await level.open();
  } catch (error) {
    const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error;
    if (cause instanceof Error && 'code' in cause && cause.code === 'LEVEL_LOCKED') {
      throw new Fault('conflict', `another process uses the store in ${directory}`, { cause, code: 'store-locked' });
    }
    throw new Fault('unavailable', `the store in ${directory} cannot be opened: ${String(cause)}`, { cause });
  }
}

/** A directory without entries gets the current version; entries without a version are nothing that we wrote. */
async function checkFormat(level: ClassicLevel<string, string>, directory: string): Promise<void> {
  const found = await level.get(format);
  if (found === version) return;
  const [anything] = await level.keys({ limit: 1 }).all();
  if (anything === undefined) return level.put(format, version);
  throw new Fault(
    'unsupported',
    `the store in ${directory} has format ${found ?? 'unknown'}, and only format ${version} can be read`,
    { code: 'store-format' },
  );
}

async function* range(level: ClassicLevel<string, string>, prefix: string): AsyncGenerator<readonly [string, string]> {
  const from = entry + faithful(prefix);
  for await (const [key, value] of level.iterator({ gte: from })) {
    if (!key.startsWith(from)) return;
    yield [key.slice(entry.length), value];
  }
}

/** UTF-8 cannot write half a character: it would come back as another text, and two keys could become one. */
function faithful(text: string): string {
  if (/\p{Surrogate}/u.test(text)) throw new Fault('invalid', 'a text for the store has half a character in it');
  return text;
}
