// The load tools, written in C so that they leave the cores to what is measured: made when first needed, then run as processes.
import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, readdirSync, renameSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

const SOURCES = join(import.meta.dirname, 'load');
const BUILT = join(import.meta.dirname, '../../node_modules/.cache/arion-bench');

/** What cannot be measured here, with what to do about it. */
export class Unmeasurable extends Error {}

export const compiler = (): string => process.env['CC'] ?? 'cc';

/** The compiled tools; one file for each state of their sources. */
export function loadTools(): string {
  const files = readdirSync(SOURCES).toSorted();
  const hash = createHash('sha256');
  for (const file of files) hash.update(readFileSync(join(SOURCES, file)));
  const binary = join(BUILT, `load-${hash.digest('hex').slice(0, 16)}`);
  if (existsSync(binary)) return binary;
  mkdirSync(BUILT, { recursive: true });
  const sources = files.filter((file) => file.endsWith('.c')).map((file) => join(SOURCES, file));
  // Whoever else makes it at the same time makes the same.
  const made = `${binary}.${process.pid}`;
  const { error, status, stderr } = spawnSync(compiler(), ['-O2', '-o', made, ...sources], { encoding: 'utf8' });
  if (error !== undefined) {
    throw new Unmeasurable(
      `The load tools are written in C, and "${compiler()}" cannot be run (${error.message}): install a C compiler ` +
        '(Debian: apt install gcc libc6-dev), or name one in the environment variable CC.',
    );
  }
  if (status !== 0) throw new Unmeasurable(`The load tools cannot be compiled:\n${stderr}`);
  renameSync(made, binary);
  return binary;
}

/** Milliseconds, and how many. */
export interface Latency {
  readonly count: number;
  readonly p50?: number;
  readonly p90?: number;
  readonly p99?: number;
  readonly max?: number;
}

export interface Blasted {
  readonly sent: number;
  readonly rate: number;
  readonly answered: number;
  readonly statuses: Readonly<Record<string, number>>;
  readonly latency: Latency;
}

export interface Requested {
  readonly sent: number;
  readonly failed: number;
  readonly rate: number;
  readonly statuses: Readonly<Record<string, number>>;
  readonly latency: Latency;
}

export interface Arrived {
  readonly unique: number;
  readonly duplicates: number;
  readonly latency: Latency;
}

export interface Heard extends Arrived {
  /** WebSockets that the service has closed. */
  readonly closed: number;
  /** Of the application that heard the fewest. */
  readonly fewest: number;
  /** From the first to the last. */
  readonly secs: number;
}

/** One that listens until it is ended. */
export interface Listener<Figures extends Arrived> {
  /** Waits until so many have arrived, or for 2 seconds nothing more, and ends it. */
  collect(expected: number): Promise<Figures>;
}

type Options = Readonly<Record<string, string | number>>;

const LOOK_EVERY = 100;
const SILENCE = 2_000;

export class Load {
  readonly #binary = loadTools();
  /** Those that run. */
  readonly pids = new Set<number>();

  blast(options: Options): Promise<Blasted> {
    return this.#finished('blast', options) as Promise<Blasted>;
  }

  requests(options: Options): Promise<Requested> {
    return this.#finished('requests', options) as Promise<Requested>;
  }

  sink(options: Options): Promise<Listener<Arrived>> {
    return this.#listener('sink', options);
  }

  events(options: Options): Promise<Listener<Heard>> {
    return this.#listener('events', options);
  }

  async #finished(tool: string, options: Options): Promise<unknown> {
    const { next } = this.#start(tool, options);
    return next();
  }

  async #listener<Figures extends Arrived>(tool: string, options: Options): Promise<Listener<Figures>> {
    const { child, next } = this.#start(tool, options);
    await next();
    return {
      collect: async (expected) => {
        let [unique, since] = [-1, performance.now()];
        while (unique < expected && performance.now() - since < SILENCE) {
          await new Promise((resolve) => setTimeout(resolve, LOOK_EVERY));
          child.stdin.write('\n');
          const looked = (await next()) as Arrived;
          if (looked.unique > unique) [unique, since] = [looked.unique, performance.now()];
        }
        child.stdin.end();
        return (await next()) as Figures;
      },
    };
  }

  #start(tool: string, options: Options) {
    const given = Object.entries(options).map(([name, value]) => `${name}=${value}`);
    const child = spawn(this.#binary, [tool, ...given], { stdio: ['pipe', 'pipe', 'pipe'] });
    this.follow(child);
    let said = '';
    child.stderr.on('data', (data: Buffer) => (said += data.toString()));
    const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
    const next = async (): Promise<unknown> => {
      const { value, done } = await lines.next();
      if (done === true) throw new Error(`load ${tool} ended: ${said.trim() || 'it said nothing'}`);
      return JSON.parse(value) as unknown;
    };
    return { child, next };
  }

  /** Its CPU time counts as that of a tool. */
  follow(child: ChildProcess): void {
    const { pid } = child;
    if (pid === undefined) return;
    this.pids.add(pid);
    child.on('exit', () => this.pids.delete(pid));
  }
}
