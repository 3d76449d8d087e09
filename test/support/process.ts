// The service as a process of its own, started as a user starts it, so that it can be killed.
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';

export interface ServiceProcess {
  readonly child: ChildProcess;
  /** "http://127.0.0.1:40000" */
  readonly url: string;
  readonly sip: { readonly host: string; readonly port: number };
  /** All that it has said. */
  readonly output: () => string;
  /** Sends the signal, and resolves with the exit status (null when the signal ended it). */
  end(signal: 'SIGTERM' | 'SIGKILL'): Promise<number | null>;
}

const root = join(import.meta.dirname, '../..');
const DEADLINE = 20_000;

/** Runs `src/main.ts` with these options; the sample configuration on free ports, with `data` as its directory. */
export function spawnMain(options: readonly string[], environment: Readonly<Record<string, string>> = {}) {
  const child = spawn(process.execPath, ['--import', 'tsx', 'src/main.ts', ...options], {
    cwd: root,
    env: { ...process.env, ...environment },
  });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (data: Buffer) => (output += data.toString()));
  const closed = once(child, 'close') as Promise<[number | null]>;
  onTestFinished(async () => {
    child.kill('SIGKILL');
    await closed;
  });
  return { child, output: () => output, closed };
}

export async function startProcess(data: string, options: readonly string[] = []): Promise<ServiceProcess> {
  const ports = ['--http-port', '0', '--sip-port', '0'];
  const { child, output, closed } = spawnMain([...ports, ...options], { ARION_DATA: data });
  await new Promise<void>((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error(`the service did not start:\n${output()}`)), DEADLINE);
    const look = (): void => {
      if (!output().includes('is ready')) return;
      clearTimeout(timer);
      resolve();
    };
    child.stdout.on('data', look);
    void closed.then(() => reject(new Error(`the service ended:\n${output()}`)));
  });
  const url = /API +(http:\/\/[^/]+)\/ari/.exec(output())![1]!;
  const [, host, port] = /SIP +udp ([^:]+):(\d+)/.exec(output())!;
  return {
    child,
    url,
    sip: { host: host!, port: Number(port) },
    output,
    async end(signal) {
      child.kill(signal);
      const [code] = await closed;
      return code;
    },
  };
}
