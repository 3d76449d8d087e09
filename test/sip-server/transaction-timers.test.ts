// Each timer of RFC 3261's table 4 (with RFC 6026), by transport: what a machine does when, from first to last.
import { describe, expect, test } from 'vitest';
import { Timers } from '../../src/sip-server/timers.ts';
import { InviteClientTransaction } from '../../src/sip-server/transaction/client-invite.ts';
import { ClientTransaction } from '../../src/sip-server/transaction/client.ts';
import { InviteServerTransaction } from '../../src/sip-server/transaction/server-invite.ts';
import { ServerTransaction } from '../../src/sip-server/transaction/server.ts';
import { TestClock } from './clock.ts';

interface Machine {
  receive?(status: number): unknown;
  respond?(status: number, octets: Buffer): void;
  acknowledge?(): boolean;
}

const machines = {
  'INVITE client': InviteClientTransaction,
  client: ClientTransaction,
  'INVITE server': InviteServerTransaction,
  server: ServerTransaction,
} as const;

type Event = readonly [at: number, what: number | 'ACK'];

/** Doubling from `first` to at most `longest`, before `end`. */
function intervals(first: number, longest: number, end: number): number[] {
  const times: number[] = [];
  for (let at = first, pause = first; at < end; at += pause) {
    times.push(at);
    pause = Math.min(2 * pause, longest);
  }
  return times;
}

/** What goes out again (times), and when it is over and how. */
function run(kind: keyof typeof machines, isReliable: boolean, events: readonly Event[]) {
  const clock = new TestClock();
  const timers = new Timers(clock);
  const sent: number[] = [];
  let [ended, outcome] = [-1, 'over'];
  const send = (): void => void sent.push(clock.now());
  const parts = {
    timers,
    isReliable,
    send,
    repeats: () => true,
    sendCancel: send,
    timedOut: () => void (outcome = 'timed out'),
    ended: () => void (ended = clock.now()),
  };
  const machine = new machines[kind](parts);
  if ('start' in machine) machine.start();
  const driven: Machine = machine;
  for (const [at, what] of events) {
    clock.pass(at - clock.now());
    if (what === 'ACK') driven.acknowledge!();
    else if (driven.receive) driven.receive(what);
    else driven.respond!(what, Buffer.from('x'));
  }
  clock.pass(200_000);
  expect(clock.size).toBe(0);
  return { again: sent.slice(1), ended, outcome };
}

type Row = readonly [
  timers: string,
  kind: keyof typeof machines,
  transport: 'unreliable' | 'reliable',
  events: readonly Event[],
  again: readonly number[],
  ended: number,
  outcome?: 'timed out',
];

const rows: readonly Row[] = [
  ['A and B', 'INVITE client', 'unreliable', [], intervals(500, Infinity, 32_000), 32_000, 'timed out'],
  ['B', 'INVITE client', 'reliable', [], [], 32_000, 'timed out'],
  [
    'A, not after a provisional response',
    'INVITE client',
    'unreliable',
    [
      [600, 180],
      [90_000, 486],
    ],
    [500],
    122_000,
  ],
  ['D', 'INVITE client', 'unreliable', [[100, 486]], [], 32_100],
  ['D', 'INVITE client', 'reliable', [[100, 486]], [], 100],
  ['M', 'INVITE client', 'unreliable', [[100, 200]], [], 32_100],
  ['M', 'INVITE client', 'reliable', [[100, 200]], [], 32_100],
  ['E and F', 'client', 'unreliable', [], intervals(500, 4_000, 32_000), 32_000, 'timed out'],
  ['F', 'client', 'reliable', [], [], 32_000, 'timed out'],
  ['F, after a provisional response too', 'client', 'reliable', [[100, 100]], [], 32_000, 'timed out'],
  [
    'E at T2',
    'client',
    'unreliable',
    [
      [600, 100],
      [9_000, 200],
    ],
    [500, 4_600, 8_600],
    14_000,
  ],
  ['K', 'client', 'unreliable', [[100, 200]], [], 5_100],
  ['K', 'client', 'reliable', [[100, 404]], [], 100],
  ['G and H', 'INVITE server', 'unreliable', [[0, 486]], intervals(500, 4_000, 32_000), 32_000],
  ['H', 'INVITE server', 'reliable', [[0, 486]], [], 32_000],
  [
    'G, not after the ACK; I',
    'INVITE server',
    'unreliable',
    [
      [0, 486],
      [1_600, 'ACK'],
    ],
    [500, 1_500],
    6_600,
  ],
  [
    'I',
    'INVITE server',
    'reliable',
    [
      [0, 486],
      [1_600, 'ACK'],
    ],
    [],
    1_600,
  ],
  ['L', 'INVITE server', 'unreliable', [[0, 200]], [], 32_000],
  ['L', 'INVITE server', 'reliable', [[0, 200]], [], 32_000],
  ['J', 'server', 'unreliable', [[0, 200]], [], 32_000],
  ['J', 'server', 'reliable', [[0, 503]], [], 0],
];

describe('timer', () => {
  for (const [timers, kind, transport, events, again, ended, outcome = 'over'] of rows)
    test(`${timers} of the ${kind} transaction, ${transport}`, () => {
      expect(run(kind, transport === 'reliable', events)).toEqual({ again, ended, outcome });
    });
});
