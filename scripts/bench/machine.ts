// The machine on which is measured, and how the measurement is put ahead of what else it does.
import { spawnSync } from 'node:child_process';
import { cpus, release, totalmem } from 'node:os';
import type { Machine } from './results.ts';

const git = (...args: string[]): string =>
  spawnSync('git', args, { cwd: import.meta.dirname, encoding: 'utf8' }).stdout?.trim() ?? '';

export function machine(): Machine {
  const isChanged = git('status', '--porcelain', '--untracked-files=no') !== '';
  return {
    cpu: cpus()[0]?.model.trim() ?? 'unknown',
    cores: cpus().length,
    memoryGb: Math.round(totalmem() / 2 ** 30),
    system: `${process.platform} ${release()}`,
    node: process.version,
    commit: `${git('rev-parse', '--short', 'HEAD') || 'unknown'}${isChanged ? ', changed' : ''}`,
    date: new Date().toISOString(),
  };
}

const chrt = (pid: number, ...how: string[]): boolean =>
  spawnSync('chrt', ['-a', ...how, '-p', '1', `${pid}`]).status === 0;

/**
 * Schedules these processes in real time, in turns (SCHED_RR), and so whatever they start: other work of the machine gets the
 * time that they leave. Whether that was allowed.
 */
export const goAhead = (pids: readonly number[]): boolean => pids.every((pid) => chrt(pid, '-r'));

/** As they were before. */
export function goBack(pids: readonly number[]): void {
  for (const pid of pids) spawnSync('chrt', ['-a', '-o', '-p', '0', `${pid}`]);
}
