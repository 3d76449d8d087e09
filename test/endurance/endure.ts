// One load, and what must hold while it lasts and after it: telephones are served, nothing fails, no memory stays.
import { setTimeout as pause } from 'node:timers/promises';
import { expect } from 'vitest';
import type { Telephone } from '../../scripts/demo/telephone.ts';
import type { Transport } from '../../scripts/demo/wire.ts';
import { startMeasured, type Measured } from '../support/measured.ts';
import { randomOf, type Random } from '../fuzz/mutate.ts';

/** In milliseconds. */
const ANSWERED_WITHIN = 500;
/** How long after the load its memory is looked at, in milliseconds: what SIP keeps for 32 s is over then. */
const REST = 40_000;
const BOTH: readonly Transport[] = ['udp', 'tcp'];
const MB = 1024 * 1024;
const mb = (bytes: number): string => (bytes / MB).toFixed(1);

export interface Scene extends Measured {
  readonly random: Random;
}

export interface Endured {
  readonly listen?: readonly string[];
  readonly sip?: readonly string[];
  /** By which transports telephones are served while the load lasts, too: both, if left out. */
  readonly servedBy?: readonly Transport[];
  /** Says in words what it did. */
  load(scene: Scene): Promise<string>;
}

/** Addresses of this machine that a load comes from: none of them is the telephones'. */
export const strangerAddress = (number: number): string => `127.0.1.${1 + (number % 200)}`;

export async function endure(name: string, given: Endured): Promise<void> {
  const { load, listen = [], sip = [], servedBy = BOTH } = given;
  const seed = Number(process.env['SEED'] ?? Math.floor(Math.random() * 2 ** 31));
  const service = await startMeasured(['udp://127.0.0.1:0', 'tcp://127.0.0.1:0', ...listen], sip);
  const telephones = await Promise.all(BOTH.map((transport) => service.telephone('foo', transport)));
  for (const each of telephones) expect((await each.register()).status).toBe(200);
  await Promise.all(telephones.map((each) => probe(each, 300)));
  const before = await service.memory();

  let isLoaded = true;
  const loading = load({ ...service, random: randomOf(seed) }).finally(() => (isLoaded = false));
  const served = telephones.filter((_, index) => servedBy.includes(BOTH[index]!));
  const during = await Promise.all(served.map((each) => probeWhile(each, () => isLoaded)));
  const done = await loading;
  const counted = await counts(service);
  const after = await Promise.all(telephones.map((each) => probe(each, 20)));
  await pause(REST);
  const left = await service.memory();

  const told = (when: string, times: readonly number[][]): string[] =>
    times.map((each) => `${each.length} messages ${when} it, the slowest ${Math.max(...each).toFixed(0)} ms`);
  const memory = `memory ${mb(before)} MB before, ${mb(left)} MB ${REST / 1_000} s after`;
  const figures = [done, counted, ...told('during', during), ...told('after', after), memory].join('; ');
  console.log(`${name}, seed ${seed}: ${figures}`);
  expect(service.uncaught).toEqual([]);
  expect(service.logged.filter((line) => line.startsWith('error'))).toEqual([]);
  expect(Math.max(...[...during, ...after].flat())).toBeLessThan(ANSWERED_WITHIN);
  expect(left).toBeLessThanOrEqual(before * 1.1 + 5 * MB);
}

/** What of the load the SIP server has read, and what it has thrown away unread. */
async function counts({ url }: Measured): Promise<string> {
  const text = await (await fetch(`${url}/metrics`)).text();
  const sum = (name: string): number =>
    [...text.matchAll(new RegExp(`^arion_${name}(?:\\{[^}]*\\})? (\\d+)$`, 'gm'))].reduce(
      (all, [, value]) => all + Number(value),
      0,
    );
  return `${sum('sip_requests_in_total')} requests read, ${sum('sip_parse_errors_total')} malformed, ${sum('sip_drops_total')} drops`;
}

/** Milliseconds that each of so many messages took, one after the other. */
async function probe(telephone: Telephone, count: number): Promise<number[]> {
  const times: number[] = [];
  for (let number = 0; number < count; number++) times.push(await answered(telephone));
  return times;
}

async function probeWhile(telephone: Telephone, isLoaded: () => boolean): Promise<number[]> {
  const times: number[] = [];
  while (isLoaded()) {
    times.push(await answered(telephone));
    await pause(50);
  }
  return times;
}

async function answered(telephone: Telephone): Promise<number> {
  const begun = performance.now();
  expect((await telephone.message({ to: '1001', body: 'still there?' })).status).toBe(202);
  return performance.now() - begun;
}
