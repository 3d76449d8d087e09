// The service as a process that is killed and started again on the same data, with a configuration of its own.
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { startProcess, type ServiceProcess } from '../support/process.ts';
import { below, randomOf, type Random } from '../fuzz/mutate.ts';

export interface Killable {
  /** The process as it is now; while it is killed and started again, the next one. */
  current(): Promise<ServiceProcess>;
  /** Kills it without a warning, and starts another one. */
  killAndRestart(): Promise<void>;
  readonly kills: number;
}

/** `yaml` is the sections besides http, ari, sip and data; `ari` are further options of that one, in one line. */
export async function startKillable(yaml: string, ari = ''): Promise<Killable> {
  const directory = await mkdtemp(join(tmpdir(), 'arion-killed-'));
  onTestFinished(() => rm(directory, { recursive: true, force: true }));
  const file = join(directory, 'arion.yaml');
  await writeFile(
    file,
    `ari: { users: { ari: { password: ari } }, ${ari} }\nsip: { listen: ['udp://127.0.0.1:0', 'tcp://127.0.0.1:0'] }\n${yaml}`,
  );
  const start = (): Promise<ServiceProcess> => startProcess(join(directory, 'data'), ['--config', file]);
  let current = start();
  let kills = 0;
  await current;
  return {
    current: () => current,
    async killAndRestart() {
      const before = await current;
      kills += 1;
      current = before.end('SIGKILL').then(start);
      await current;
    },
    get kills() {
      return kills;
    },
  };
}

/** Not before the work has well begun, and not when it is as good as done. */
const EARLIEST = 200;

/** So many moments of a work of so many steps, in their order. */
export function randomMoments(count: number, steps: number, random: Random): number[] {
  return Array.from({ length: count }, () => EARLIEST + below(random, steps - 2 * EARLIEST)).sort(
    (one, other) => one - other,
  );
}

/** A new seed, or the one that is to be seen again. */
export function seeded(): { readonly seed: number; readonly random: Random } {
  const seed = Number(process.env['SEED'] ?? Math.floor(Math.random() * 2 ** 31));
  return { seed, random: randomOf(seed) };
}
