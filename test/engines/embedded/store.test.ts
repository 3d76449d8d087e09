// The Store on disk: the contract, and what only a directory can show.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { ClassicLevel } from 'classic-level';
import { expect, onTestFinished, test } from 'vitest';
import { openStore } from '../../../src/engines/embedded/store.ts';
import { storeContract } from '../../contracts/store.contract.ts';

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
  const raw = async <T>(work: (level: ClassicLevel) => Promise<T>): Promise<T> => {
    const level = new ClassicLevel(path);
    await level.open();
    try {
      return await work(level);
    } finally {
      await level.close();
    }
  };
  await raw((level) => level.put('format', '2'));
  await expect(openStore(path)).rejects.toMatchObject({
    kind: 'unsupported',
    code: 'store-format',
    message: `the store in ${path} has format 2, and only format 1 can be read`,
  });
  expect(await raw((level) => level.iterator().all())).toEqual([['format', '2']]);

  await raw((level) => level.batch().del('format').put('something', 'else').write());
  await expect(openStore(path)).rejects.toThrow('has format unknown, and only format 1 can be read');
});

test('a place that cannot be a directory is refused with the reason', async () => {
  await expect(openStore('/dev/null/store')).rejects.toMatchObject({ kind: 'unavailable' });
});
