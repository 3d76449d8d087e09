// The Store on disk: the contract, and what only a directory can show.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, open, readdir, readFile, rm, stat, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { ClassicLevel } from 'classic-level';
import fc from 'fast-check';
import { expect, onTestFinished, test } from 'vitest';
import { Fault } from '../../../src/errors.ts';
import { openStore } from '../../../src/engines/embedded/store.ts';
import { migrations, type Migration } from '../../../src/engines/embedded/store-format.ts';
import { entriesOf, storeContract } from '../../contracts/store.contract.ts';

async function directory(): Promise<string> {
  const path = await mkdtemp(join(tmpdir(), 'arion-store-'));
  onTestFinished(() => rm(path, { recursive: true }));
  return path;
}

storeContract('the embedded engine', async () => {
  const path = join(await directory(), 'made', 'on', 'the', 'way');
  let store = await openStore(path);
  onTestFinished(() => store.close());
  return {
    store,
    reopen: async () => {
      await store.close();
      store = await openStore(path);
      return store;
    },
  };
});

/** Works on the LevelDB itself. */
async function raw<T>(path: string, work: (level: ClassicLevel) => Promise<T>): Promise<T> {
  const level = new ClassicLevel(path);
  await level.open();
  try {
    return await work(level);
  } finally {
    await level.close();
  }
}

/** Another process that opens the directory, and writes "1", "2", … without end, telling of each one that was written. */
function writer(path: string) {
  const module = join(import.meta.dirname, '../../../src/engines/embedded/store.ts');
  const program = `
    import { openStore } from ${JSON.stringify(module)};
    const store = await openStore(${JSON.stringify(path)});
    for (let count = 1; ; count += 1) {
      await store.put(String(count), 'x'.repeat(100));
      process.stdout.write(count + '\\n');
    }`;
  const child = spawn(process.execPath, ['--import', 'tsx', '--input-type=module', '--eval', program], {
    stdio: ['ignore', 'pipe', 'inherit'],
    cwd: join(import.meta.dirname, '../../..'),
  });
  onTestFinished(() => void child.kill('SIGKILL'));
  return child;
}

test('everything that was acknowledged survives kill -9, and meanwhile nobody else may open the directory', async () => {
  const path = await directory();
  const child = writer(path);
  let acknowledged = 0;
  for await (const line of createInterface({ input: child.stdout })) {
    acknowledged = Number(line);
    if (acknowledged === 100) {
      await expect(openStore(path)).rejects.toMatchObject({
        kind: 'conflict',
        code: 'store-locked',
        message: `another process uses the store in ${path}`,
      });
    }
    if (acknowledged === 1_000) child.kill('SIGKILL');
  }
  if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
  expect(child.signalCode).toBe('SIGKILL');

  const store = await openStore(path);
  onTestFinished(() => store.close());
  for (let count = 1; count <= acknowledged; count += 1) expect(await store.get(String(count))).toHaveLength(100);
});

test('another format is refused, with both versions named, and is left as it was', async () => {
  const path = await directory();
  await raw(path, (level) => level.put('format', '3'));
  await expect(openStore(path)).rejects.toMatchObject({
    kind: 'unsupported',
    code: 'store-format',
    message: `the store in ${path} has format 3, and only formats 1 to 2 can be read`,
  });
  expect(await raw(path, (level) => level.iterator().all())).toEqual([['format', '3']]);

  await raw(path, (level) => level.batch().del('format').put('something', 'else').write());
  await expect(openStore(path)).rejects.toThrow('has format unknown, and only formats 1 to 2 can be read');
});

test('what format 1 wrote is there, also when the process died in the middle of its migration', async () => {
  const path = await directory();
  await raw(path, (level) => level.batch().put('format', '1').put('e:', 'empty').put('e:contact', 'sip:foo').write());
  await expect(
    openStore(path, { migrations: [...migrations, () => Promise.reject(new Error('died'))] }),
  ).rejects.toThrow();
  await raw(path, (level) => level.batch().put('format', '1').put('e:later', 'é').write());

  const store = await openStore(path);
  onTestFinished(() => store.close());
  expect(await Promise.all(['', 'contact', 'later'].map((key) => store.get(key)))).toEqual(['empty', 'sip:foo', 'é']);
  expect((await entriesOf(store)).map(([key]) => key)).toEqual(['', 'contact', 'later']);
});

test('each version is brought to the next, once', async () => {
  const path = await directory();
  const first = await openStore(path);
  await first.put('a', '1');
  await first.close();
  const steps: Migration[] = [...migrations, (level) => level.put('steps', `${level.location === path} 3`)];
  await (await openStore(path, { migrations: steps })).close();
  expect(await raw(path, async (level) => [await level.get('format'), await level.get('steps')])).toEqual([
    '3',
    'true 3',
  ]);
  await (await openStore(path, { migrations: [() => Promise.reject(new Error('again')), ...steps.slice(1)] })).close();
  await expect(openStore(path)).rejects.toMatchObject({ code: 'store-format' });
});

test('writes that wait are bounded, those refused are counted, and those taken are written at the close', async () => {
  const path = await directory();
  const store = await openStore(path, { maxWaiting: 3 });
  const outcomes = Promise.allSettled(['a', 'b', 'c', 'd'].map((key) => store.put(key, key)));
  expect(store.metrics).toEqual({ waiting: 3, limit: 3, refused: 1 });
  await store.close();
  expect((await outcomes).map(({ status }) => status)).toEqual(['fulfilled', 'fulfilled', 'fulfilled', 'rejected']);
  expect((await outcomes)[3]).toMatchObject({ reason: { kind: 'unavailable', code: 'store-full' } });
  await expect(store.put('e', 'e')).rejects.toMatchObject({ kind: 'unavailable', code: 'store-closed' });
  expect(store.metrics.waiting).toBe(0);

  const again = await openStore(path);
  onTestFinished(() => again.close());
  expect((await entriesOf(again)).map(([key]) => key)).toEqual(['a', 'b', 'c']);
});

/** A store that was closed, with its entries in a table, or still in the log. */
async function left(where: 'table' | 'log'): Promise<{ path: string; file: string }> {
  const path = await directory();
  const store = await openStore(path);
  for (let count = 0; count < 1_000; count += 1) await store.put(`key ${count}`, `value ${count} `.repeat(20));
  await store.close();
  if (where === 'table') await raw(path, (level) => level.compactRange('a', 'z'));
  const [name] = (await readdir(path)).filter((file) => file.endsWith(where === 'table' ? '.ldb' : '.log'));
  return { path, file: join(path, name!) };
}

async function damage(file: string, at: number): Promise<void> {
  const bytes = await readFile(file);
  bytes.fill('damage', at, at + 6);
  await writeFile(file, bytes);
}

test('wherever a table is damaged, it is told, or all of it is there', async () => {
  const { path, file } = await left('table');
  const whole = await readFile(file);
  const entries = async (): Promise<unknown> => {
    const store = await openStore(path);
    return entriesOf(store).finally(() => store.close());
  };
  const all = await entries();
  await fc.assert(
    fc.asyncProperty(fc.nat(whole.length - 1), fc.integer({ min: 1, max: 255 }), async (at, flip) => {
      const bytes = Buffer.from(whole);
      bytes[at] = bytes[at]! ^ flip;
      await writeFile(file, bytes);
      const found = await entries().catch((fault: unknown) => fault);
      if (found instanceof Fault) expect(found).toMatchObject({ kind: 'unavailable', code: 'store-corrupt' });
      else expect(found).toEqual(all);
    }),
    { numRuns: 50 },
  );
  await writeFile(file, whole);
  expect(await entries()).toEqual(all);
});

test('a table that a process did not finish before it died is no damage', async () => {
  const { path, file } = await left('table');
  await writeFile(join(path, '000999.ldb'), (await readFile(file)).subarray(0, 5_000));
  const store = await openStore(path);
  onTestFinished(() => store.close());
  expect(await entriesOf(store)).toHaveLength(1_000);
});

test('a damaged log is told before anything is lost by opening it', async () => {
  const { path, file } = await left('log');
  await damage(file, 50_000);
  for (const _ of [1, 2]) {
    await expect(openStore(path)).rejects.toMatchObject({ kind: 'unavailable', code: 'store-corrupt' });
  }
});

test('what is damaged while it is open is told by whoever reads it', async () => {
  const { path, file } = await left('table');
  const store = await openStore(path);
  onTestFinished(() => store.close());
  for (let at = 0; at < 8_000; at += 50) {
    const handle = await open(file, 'r+');
    await handle.write('!', at);
    await handle.close();
  }
  await expect(entriesOf(store)).rejects.toMatchObject({ kind: 'unavailable', code: 'store-corrupt' });
});

test('a log that ends in the middle of a write is no damage', async () => {
  const { path, file } = await left('log');
  await truncate(file, (await stat(file)).size - 100);
  const store = await openStore(path);
  onTestFinished(() => store.close());
  expect(await entriesOf(store)).toHaveLength(999);
});

test('tables without the file that names them are damage, and no empty store', async () => {
  const { path } = await left('table');
  await rm(join(path, 'CURRENT'));
  await expect(openStore(path)).rejects.toMatchObject({ code: 'store-corrupt' });
});

test('a place that cannot be a directory is refused with the reason', async () => {
  await expect(openStore('/dev/null/store')).rejects.toMatchObject({ kind: 'unavailable' });
});

/** Another process whose files may not grow larger than 400 kB, until a write has failed. */
function cramped(path: string) {
  const module = join(import.meta.dirname, '../../../src/engines/embedded/store.ts');
  const program = `
    import { execFileSync } from 'node:child_process';
    import { openStore } from ${JSON.stringify(module)};
    const store = await openStore(${JSON.stringify(path)});
    let failed = 0;
    for (let count = 1; count <= 300; count += 1) {
      try {
        await store.put(String(count), String(count).repeat(1000));
        process.stdout.write(count + '\\n');
      } catch (error) {
        process.stdout.write(error.code + '\\n');
        failed += 1;
        if ((await store.get('1')) === undefined) throw new Error('what was written cannot be read');
        if (failed === 3) execFileSync('prlimit', ['--pid', String(process.pid), '--fsize=unlimited:']);
      }
    }
    process.kill(process.pid, 'SIGKILL');`;
  const node = [process.execPath, '--import', 'tsx', '--input-type=module', '--eval', program];
  const child = spawn('prlimit', ['--fsize=400000:', ...node], {
    stdio: ['ignore', 'pipe', 'inherit'],
    cwd: join(import.meta.dirname, '../../..'),
  });
  onTestFinished(() => void child.kill('SIGKILL'));
  return child;
}

test.runIf(process.platform === 'linux')(
  'what is written after the disk was full is as safe as what was before',
  async () => {
    const path = await directory();
    const told: string[] = [];
    for await (const line of createInterface({ input: cramped(path).stdout })) told.push(line);
    expect(told.filter((line) => line.startsWith('store-'))).toEqual(['store-failed', 'store-failed', 'store-failed']);
    expect(told.at(-1)).toBe('300');

    const store = await openStore(path);
    onTestFinished(() => store.close());
    const written = told.filter((line) => !line.startsWith('store-'));
    expect((await entriesOf(store)).map(([key]) => key)).toEqual([...written].sort());
  },
);

test('a write that follows an unreadable one is found, wherever the log goes on', async () => {
  const { path, file } = await left('log');
  const log = await readFile(file);
  await writeFile(file, Buffer.concat([log.subarray(0, 40_000), log.subarray(50_001)]));
  await expect(openStore(path)).rejects.toMatchObject({ code: 'store-corrupt' });
});
