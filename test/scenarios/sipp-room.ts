// SIPp for tests: whether it is there, and how a scenario is run.
import { spawn, spawnSync } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished } from 'vitest';

const isInstalled = spawnSync('sipp', ['-v']).error === undefined;
const isRequired = process.env['REQUIRE_ENGINES'] === '1';
/** True only where SIPp is absent, which is then said; the project's own run demands it. */
export const skipsSipp = !isInstalled && !isRequired;
if (skipsSipp) console.log('The SIPp scenarios are skipped: sipp (Debian package sip-tester) is not installed.');

export interface Sipp {
  /** Resolves when all its calls have ended well; fails with what SIPp says if any has not. */
  readonly finished: Promise<void>;
}

/** Runs a scenario of test/sipp so many times. `files` are put into its working folder. */
export async function startSipp(
  scenario: string,
  calls: number,
  options: readonly string[],
  files: Readonly<Record<string, Buffer>> = {},
): Promise<Sipp> {
  const folder = await mkdtemp(join(tmpdir(), 'arion-sipp-'));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  for (const [name, bytes] of Object.entries(files)) await writeFile(join(folder, name), bytes);
  const process = spawn(
    'sipp',
    [
      ...['-sf', join(import.meta.dirname, `../sipp/${scenario}.xml`), '-m', `${calls}`, '-i', '127.0.0.1'],
      ...['-timeout', '30s', '-timeout_error', '-nostdin', '-trace_err', '-error_file', join(folder, 'errors')],
      ...options,
    ],
    { cwd: folder },
  );
  onTestFinished(() => void process.kill('SIGKILL'));
  let output = '';
  for (const stream of [process.stdout, process.stderr])
    stream.on('data', (data: Buffer) => (output += data.toString()));
  const ended = new Promise((resolve, reject) => process.on('close', resolve).on('error', reject));
  const finished = ended.then((code) => expect(code, output.slice(-3_000)).toBe(0));
  finished.catch(() => undefined);
  return { finished };
}
