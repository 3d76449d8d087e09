// Whom the load is put on: Arion, freshly started; another ARI server that runs; or a floor, a bare program that does as little as can be done.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { dropCounters } from './drops.ts';

/** All of it is on 127.0.0.1. */
export interface Peer {
  readonly of: 'service' | 'floor';
  readonly pids: readonly number[];
  readonly httpPort: number;
  readonly sipPort: number;
  /** Where it sends what goes to the endpoint `bench`. */
  readonly sinkPort: number;
  /** The path before "/events". */
  readonly path: string;
  /** A name and a password: "ari:ari". */
  readonly user: string;
  drops(): Promise<Record<string, number>>;
  end(): Promise<void>;
}

const root = join(import.meta.dirname, '../..');
const DEADLINE = 180_000;

/** A port that nobody uses at the moment. */
export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  return port;
}

/** Endpoints `bench`, which has a contact, and `sipp`, and as many others as that; extension 2001 leads to the application `bench`. */
async function configuration(data: string, sinkPort: number, others: number) {
  const [httpPort, sipPort] = [await freePort(), await freePort()];
  const plain = { context: 'default' };
  return {
    httpPort,
    sipPort,
    config: {
      http: { host: '127.0.0.1', port: httpPort },
      ari: { users: { ari: { password: 'ari' } } },
      sip: {
        listen: [`udp://127.0.0.1:${sipPort}`],
        // All the load comes from one address, of whom the service has known nothing before.
        limits: {
          ...{ requests_per_source: 1_000_000, request_burst: 1_000_000, requests_of_strangers: 1_000_000 },
          ...{ requests_per_known_source: 1_000_000 },
        },
      },
      pjsip: {
        endpoint: {
          ...{ bench: { ...plain, aors: ['bench'] }, sipp: plain },
          ...Object.fromEntries(Array.from({ length: others }, (_, index) => [`other${index}`, plain])),
        },
        aor: { bench: { contact: [`sip:bench@127.0.0.1:${sinkPort}`] } },
      },
      contexts: { default: { '2001': { app: 'bench' } } },
      data,
    },
  };
}

/** Runs a program until it is ended. Fails with what it has said when it ends by itself before it is ready. */
async function run(args: readonly string[], isReady: (line: string) => Promise<boolean>) {
  const child = spawn(process.execPath, args, { cwd: root, stdio: ['ignore', 'pipe', 'pipe'] });
  const exited = once(child, 'exit');
  let said = '';
  child.stderr.on('data', (data: Buffer) => (said += data.toString()));
  await new Promise<void>((resolve, reject) => {
    const wrong = (): void => reject(new Error(`${args.join(' ')} did not start:\n${said}`));
    const timer = setTimeout(wrong, DEADLINE);
    void exited.then(wrong);
    createInterface({ input: child.stdout }).on('line', (line) => {
      said += `${line}\n`;
      void isReady(line).then((ready) => {
        if (!ready) return;
        clearTimeout(timer);
        resolve();
      });
    });
  });
  return {
    pid: child.pid!,
    async end() {
      child.kill('SIGTERM');
      const timer = setTimeout(() => child.kill('SIGKILL'), 10_000);
      await exited;
      clearTimeout(timer);
    },
  };
}

/** The built Arion with an empty directory. Profiles of its threads are left in `profiles` when it has ended. */
export async function startArion(others = 0, profiles?: string): Promise<Peer> {
  const directory = await mkdtemp(join(tmpdir(), 'arion-bench-'));
  const sinkPort = await freePort();
  const { httpPort, sipPort, config } = await configuration(join(directory, 'data'), sinkPort, others);
  const file = join(directory, 'arion.json');
  await writeFile(file, JSON.stringify(config));
  const profiling = profiles === undefined ? [] : ['--cpu-prof', `--cpu-prof-dir=${profiles}`];
  const asStarted = ['--expose-gc', '--max-semi-space-size=4', '--v8-pool-size=0', 'dist/main.js'];
  const { pid, end } = await run([...profiling, ...asStarted, '--config', file], async (line) =>
    line.endsWith('is ready.'),
  );
  return {
    ...{ of: 'service', pids: [pid], httpPort, sipPort, sinkPort, path: '/ari', user: 'ari:ari' },
    drops: async () => dropCounters(await (await fetch(`http://127.0.0.1:${httpPort}/metrics`)).text()),
    async end() {
      await end();
      await rm(directory, { recursive: true, force: true });
    },
  };
}

export interface Attached {
  readonly url: URL;
  readonly sipPort: number;
  readonly sinkPort: number;
  readonly pids: readonly number[];
  readonly user: string;
}

/** A server that runs already, and goes on. */
export const attach = ({ url, ...given }: Attached): Peer => ({
  ...{ of: 'service', httpPort: Number(url.port), path: url.pathname.replace(/\/$/, ''), drops: async () => ({}) },
  end: async () => undefined,
  ...given,
});

/** One of `floors/`: it is told what it must know, and says where it listens. */
export async function startFloor(name: string, told: Readonly<Record<string, unknown>> = {}): Promise<Peer> {
  let ports = { http: 0, sip: 0 };
  const sinkPort = await freePort();
  const args = ['--import', 'tsx', `scripts/bench/floors/${name}.ts`, JSON.stringify({ sinkPort, ...told })];
  const { pid, end } = await run(args, async (line) => {
    ports = { ...ports, ...(JSON.parse(line) as object) };
    return true;
  });
  return {
    ...{ of: 'floor', pids: [pid], httpPort: ports.http, sipPort: ports.sip, sinkPort, path: '/ari', user: 'ari:ari' },
    ...{ drops: async () => ({}), end },
  };
}
