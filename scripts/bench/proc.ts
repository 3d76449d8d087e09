// What processes cost: CPU time and memory, as the system tells them in /proc.
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';

/** In seconds of CPU time. */
export interface Snapshot {
  /** Seconds of some clock. */
  readonly at: number;
  readonly service: number;
  /** The load tools and this process. */
  readonly tools: number;
  /** All processes, and what the hypervisor gave to others. */
  readonly all: number;
}

/** In percent of one core. */
export interface Cpu {
  readonly service: number;
  readonly tools: number;
  /** Processes that have nothing to do with the measurement. */
  readonly other: number;
}

/** The ticks of a process, from its /proc/PID/stat; those of its children that have ended only if asked for. */
export function processTicks(stat: string, withChildren = false): number {
  // The command's name may hold anything; the state follows its closing parenthesis as the third field.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  const [user, system, childrenUser, childrenSystem] = fields.slice(11, 15).map(Number) as [
    number,
    number,
    number,
    number,
  ];
  return user + system + (withChildren ? childrenUser + childrenSystem : 0);
}

/** The ticks that all processes have used, from /proc/stat. Interrupts are nobody's. */
export function machineTicks(stat: string): number {
  const [user, nice, system, , , , , steal] = stat
    .slice(0, stat.indexOf('\n'))
    .trim()
    .split(/\s+/)
    .slice(1)
    .map(Number);
  return user! + nice! + system! + (steal ?? 0);
}

/** In KB, from /proc/PID/status. */
export const residentKb = (status: string): number => Number(/^VmRSS:\s+(\d+)/m.exec(status)?.[1] ?? 0);

export function cpuBetween(before: Snapshot, after: Snapshot): Cpu {
  const percent = (seconds: number): number => Math.max(0, Math.round((seconds * 1000) / (after.at - before.at)) / 10);
  const service = after.service - before.service;
  const tools = after.tools - before.tools;
  return {
    service: percent(service),
    tools: percent(tools),
    other: percent(after.all - before.all - service - tools),
  };
}

let hertz: number | undefined;
/** Ticks in a second. */
const ticks = (): number => (hertz ??= Number(execFileSync('getconf', ['CLK_TCK'], { encoding: 'utf8' })));

/** Of a process that has ended there is nothing. */
function read(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return undefined;
  }
}

function secondsOf(pid: number | 'self', withChildren = false): number {
  const stat = read(`/proc/${pid}/stat`);
  return stat === undefined ? 0 : processTicks(stat, withChildren) / ticks();
}

/** `tools` are children of ours that run; those that have ended are in what the system counts for us. */
export function snapshot(service: readonly number[], tools: Iterable<number>): Snapshot {
  let ours = secondsOf('self', true);
  for (const pid of tools) ours += secondsOf(pid);
  return {
    at: performance.now() / 1000,
    service: service.reduce((sum, pid) => sum + secondsOf(pid), 0),
    tools: ours,
    all: machineTicks(read('/proc/stat') ?? '') / ticks(),
  };
}

/** In MB. */
export const resident = (pids: readonly number[]): number =>
  pids.reduce((sum, pid) => sum + residentKb(read(`/proc/${pid}/status`) ?? ''), 0) / 1024;
