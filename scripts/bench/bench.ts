// One run of the benchmark: whom it measures, with what tools, and the points that it has measured so far.
import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { restClient, type RestClient } from '../demo/application.ts';
import { grown } from './drops.ts';
import { Load, type Latency } from './load.ts';
import { cpuBetween, resident, snapshot } from './proc.ts';
import { profilesIn, type Profile } from './profile.ts';
import type { Figure, Point } from './results.ts';
import { attach, startArion, startFloor, type Attached, type Peer } from './service.ts';

export interface Settings {
  /** Seconds of load at each point. */
  readonly secs: number;
  /** Another server than Arion. */
  readonly attached?: Attached;
  /** Whether it is looked what the time of the service goes to. */
  readonly withProfiles?: boolean;
  readonly onPoint: (point: Point) => void;
}

/** What a load has come to. */
export interface Outcome {
  readonly lost: number;
  readonly latency: Latency;
  readonly [detail: string]: unknown;
}

/** More than this much of a core used by others, and a point is not to be trusted. */
const DISTURBED = 24;
/** A service that uses less of a core has nothing more to do. */
const CALM = 10;
const CALM_DEADLINE = 20_000;

export class Bench {
  readonly load = new Load();
  readonly points: Point[] = [];
  readonly profiles: Profile[] = [];
  /** What is measured at the moment. */
  title = '';
  readonly secs: number;
  readonly #settings: Settings;

  constructor(settings: Settings) {
    this.#settings = settings;
    this.secs = settings.secs;
  }

  /** For ladders, which have many points. */
  get shortSecs(): number {
    return Math.max(this.secs / 2, 1);
  }

  /** The service, with nothing behind it: for as long as `work` takes. */
  async withService<Done>(work: (peer: Peer) => Promise<Done>, others = 0): Promise<Done> {
    const { attached, withProfiles = false } = this.#settings;
    if (attached !== undefined) return ended(attach(attached), work);
    if (!withProfiles) return ended(await startArion(others), work);
    const directory = await mkdtemp(join(tmpdir(), 'arion-bench-profiles-'));
    try {
      const done = await ended(await startArion(others, directory), work);
      this.profiles.push({ title: this.title, threads: profilesIn(directory) });
      return done;
    } finally {
      await rm(directory, { recursive: true, force: true });
    }
  }

  async withFloor<Done>(
    name: string,
    told: Readonly<Record<string, unknown>>,
    work: (peer: Peer) => Promise<Done>,
  ): Promise<Done> {
    return ended(await startFloor(name, told), work);
  }

  /** Puts a load on, and keeps what it has come to: `work` ends with the load, and gives what collects its outcome. */
  async measure(name: string, peer: Peer, work: () => Promise<() => Promise<Outcome>>): Promise<Point> {
    await this.calm(peer);
    const dropsBefore = await peer.drops();
    const before = snapshot(peer.pids, this.load.pids);
    const collect = await work();
    const after = snapshot(peer.pids, this.load.pids);
    const { lost, latency, ...details } = await collect();
    const cpu = cpuBetween(before, after);
    const point: Point = {
      ...{ name, of: peer.of, secs: after.at - before.at, lost, latency, cpu, cpuSecs: after.service - before.service },
      ...{
        rss: resident(peer.pids),
        drops: grown(dropsBefore, await peer.drops()),
        isDisturbed: cpu.other > DISTURBED,
        details,
      },
    };
    this.points.push(point);
    this.#settings.onPoint(point);
    return point;
  }

  /** Waits until the service has nothing more to do. */
  async calm({ pids }: Peer): Promise<void> {
    const deadline = performance.now() + CALM_DEADLINE;
    for (let before = snapshot(pids, []); performance.now() < deadline;) {
      await pause(400);
      const after = snapshot(pids, []);
      if (cpuBetween(before, after).service < CALM) return;
      before = after;
    }
  }
}

async function ended<Done>(peer: Peer, work: (peer: Peer) => Promise<Done>): Promise<Done> {
  try {
    return await work(peer);
  } finally {
    await peer.end();
  }
}

/** What no other load has in its messages; all are of one length. */
export const runId = (): string => `R${randomBytes(4).toString('hex')}z`;

export const rest = ({ httpPort, path, user }: Peer): RestClient =>
  restClient(`http://127.0.0.1:${httpPort}${path}`, user);

export async function subscribe(peer: Peer, application: string, eventSource: string): Promise<void> {
  const { status, body } = await rest(peer)('POST', `/applications/${application}/subscription`, { eventSource });
  if (status !== 200) throw new Error(`subscribing ${application} was answered ${status}: ${JSON.stringify(body)}`);
}

const round = (value: number): number => Math.round(value * 100) / 100;

/** A row's figure, from points of the service and of the floor. */
export function figure(id: string, value: number | undefined, points: readonly Point[], floor?: number): Figure {
  const lossy = points.find(({ of, lost }) => of === 'service' && lost > 0);
  return {
    id,
    ...(value !== undefined && { value: round(value) }),
    ...(floor !== undefined && { floor: round(floor) }),
    ...(lossy !== undefined && { failed: `lost ${lossy.lost}` }),
    ...(points.some(({ isDisturbed }) => isDisturbed) && { isDisturbed: true }),
  };
}
