// What the time goes to: V8's profiles of a service (`--cpu-prof`), summed up by the room or the package whose code it was.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

export interface Profile {
  /** Of which load: a group of rows. */
  readonly title: string;
  readonly threads: readonly ThreadProfile[];
}

export interface ThreadProfile {
  readonly name: 'main' | 'SIP server';
  /** Seconds in which it did anything. */
  readonly busy: number;
  /** The parts of that, the largest first. */
  readonly shares: readonly { readonly of: string; readonly share: number }[];
}

/** As V8 writes it, of what is used here. */
interface CpuProfile {
  readonly nodes: readonly {
    readonly id: number;
    readonly callFrame: { readonly functionName: string; readonly url: string };
  }[];
  readonly samples: readonly number[];
  /** In microseconds, before each of the samples. */
  readonly timeDeltas: readonly number[];
}

const IDLE = '(idle)';
/** What is less of a thread's time goes without a line. */
const LEAST = 0.01;

/** Whose code it is: "ari", "engines/drachtio", "fastify", "Node.js". */
export function ownerOf({ functionName, url }: CpuProfile['nodes'][number]['callFrame']): string {
  if (functionName === '(garbage collector)') return 'garbage collector';
  const [, room] = /\/dist\/((?:engines|technologies)\/[^/]+|[^/]+)/.exec(url) ?? [];
  const [, library] = /.*\/node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(url) ?? [];
  if (library !== undefined) return library;
  if (room !== undefined) return `Arion: ${room.replace(/\.js$/, '')}`;
  return url.startsWith('node:') ? 'Node.js' : functionName === IDLE ? IDLE : 'Node.js and V8, native';
}

export function summedUp({ nodes, samples, timeDeltas }: CpuProfile, name: ThreadProfile['name']): ThreadProfile {
  const owners = new Map(nodes.map(({ id, callFrame }) => [id, ownerOf(callFrame)]));
  const times = new Map<string, number>();
  samples.forEach((id, index) => {
    const owner = owners.get(id) ?? IDLE;
    times.set(owner, (times.get(owner) ?? 0) + (timeDeltas[index] ?? 0));
  });
  times.delete(IDLE);
  const busy = [...times.values()].reduce((sum, time) => sum + time, 0);
  const shares = [...times].map(([of, time]) => ({ of, share: Math.round((1_000 * time) / busy) / 1_000 }));
  const told = shares.filter(({ share }) => share >= LEAST).sort((one, other) => other.share - one.share);
  return { name, busy: busy / 1e6, shares: told };
}

/** Those that a process has left in the directory: `CPU.<date>.<time>.<pid>.<thread>.<number>.cpuprofile`. */
export const profilesIn = (directory: string): ThreadProfile[] =>
  readdirSync(directory)
    .filter((name) => name.endsWith('.cpuprofile'))
    .sort()
    .map((name) => {
      const profile = JSON.parse(readFileSync(join(directory, name), 'utf8')) as CpuProfile;
      return summedUp(profile, name.split('.')[4] === '0' ? 'main' : 'SIP server');
    });
