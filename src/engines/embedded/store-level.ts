// The LevelDB of a Store: its entries are read with their checksums, and after a write that failed it is opened anew.
import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { ClassicLevel } from 'classic-level';
import type { StoreWrite } from '../../core/store.ts';
import { damaged, faultOf } from './store-faults.ts';
import { entry, migrate, sealed, unsealed, type Level, type Migration } from './store-format.ts';
import { damageIn } from './store-log-check.ts';
import { damagedTable, tablesIn } from './store-table-check.ts';

/** About what LevelDB writes when it is opened: the contents of its log, of at most 4 MiB, as a table, and room for a new one. */
const roomBytes = 8 * 1024 * 1024;

export class LevelDirectory {
  readonly #directory: string;
  readonly #level: Level;
  /** A write failed: LevelDB would write the next one where it cannot be found again. */
  #hasFailed = false;
  #reopening: Promise<void> | undefined;

  private constructor(directory: string) {
    this.#directory = directory;
    this.#level = new ClassicLevel(directory);
  }

  static async open(directory: string, migrations: readonly Migration[]): Promise<LevelDirectory> {
    const found = await damageIn(directory);
    if (found !== undefined) throw damaged(directory, found);
    const before = new Set(await tablesIn(directory));
    const opened = new LevelDirectory(directory);
    const level = opened.#level;
    try {
      await level.open();
      // What it took away just now was no part of it: a process died before it had finished that table.
      const table = await damagedTable(
        directory,
        (await tablesIn(directory)).filter((file) => before.has(file)),
      );
      if (table !== undefined) throw damaged(directory, `${table} is not what was written`);
      await migrate(level, directory, migrations);
      return opened;
    } catch (error) {
      await level.close();
      throw faultOf(error, directory);
    }
  }

  async get(key: string): Promise<string | undefined> {
    try {
      await this.#reopening;
      const text = await this.#level.get(entry + key);
      return text === undefined ? undefined : unsealed(key, text, this.#directory);
    } catch (error) {
      throw faultOf(error, this.#directory);
    }
  }

  async *range(prefix: string): AsyncGenerator<readonly [key: string, value: string]> {
    const from = entry + prefix;
    try {
      await this.#reopening;
      for await (const [key, text] of this.#level.iterator({ gte: from })) {
        if (!key.startsWith(from)) return;
        const own = key.slice(entry.length);
        yield [own, unsealed(own, text, this.#directory)];
      }
    } catch (error) {
      throw faultOf(error, this.#directory);
    }
  }

  /** All of them or none, on the disk itself. One call at a time. */
  async write(writes: readonly StoreWrite[]): Promise<void> {
    try {
      if (this.#hasFailed) await this.#reopen();
      // One after the other, not as an array: of that the library copies each member twice.
      const batch = this.#level.batch();
      for (const each of writes) {
        const key = entry + each.key;
        if (each.kind === 'put') batch.put(key, sealed(each.key, each.value));
        else batch.del(key);
      }
      await batch.write({ sync: true });
    } catch (error) {
      this.#hasFailed = true;
      throw faultOf(error, this.#directory);
    }
  }

  async close(): Promise<void> {
    await this.#level.close();
  }

  /** Not before there is room: until then what was written can be read. */
  async #reopen(): Promise<void> {
    const room = join(this.#directory, 'room');
    try {
      await writeFile(room, Buffer.alloc(roomBytes), { flush: true });
    } finally {
      await rm(room, { force: true });
    }
    this.#reopening = this.#level.close().then(() => this.#level.open());
    await this.#reopening;
    this.#hasFailed = false;
  }
}
