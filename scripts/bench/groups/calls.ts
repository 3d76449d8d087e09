// Calls: INVITE, StasisStart, POST answer, half a second, BYE. How many a second, and what one costs that is held.
import { setTimeout as pause } from 'node:timers/promises';
import { figure, rest, type Bench, type Outcome } from '../bench.ts';
import { geometric, highest, PILING_UP } from '../ladder.ts';
import { resident } from '../proc.ts';
import type { Figure, Point } from '../results.ts';
import { ANSWER_CONNECTIONS, HELD_CHANNELS } from '../rows.ts';
import type { Peer } from '../service.ts';
import { answering, call } from './sipp.ts';

const HOLD = 500;
const RUNGS = geometric(100, 2_000, 0.05);
/** Seconds that the last calls may be late: more, and they only pile up. */
const LATE = 1;
const SET_UP_RATE = 100;
/** Milliseconds after which memory has settled. */
const SETTLED = 5_000;

/** A floor answers by itself. */
async function callsAt(bench: Bench, peer: Peer, rate: number, connections: number): Promise<Point> {
  const application = peer.of === 'service' ? await answering(peer, connections) : undefined;
  const count = Math.round(rate * bench.shortSecs);
  const name = `${rate} calls/s, answered over ${connections} connections`;
  const point = await bench.measure(name, peer, async () => {
    const called = await call(bench, peer, { rate, count, hold: HOLD });
    return async (): Promise<Outcome> => {
      const told = application?.figures();
      const latency = told?.latency ?? { count: 0 };
      return { lost: count - called.succeeded, count, ...called, ...told, latency };
    };
  });
  await application?.close();
  return point;
}

/** Whether no call failed, and none had to wait; a floor has no application that could be late. */
const held = ({ lost, latency, details }: Point, rate: number): boolean =>
  lost === 0 &&
  (latency.p99 ?? 0) < PILING_UP &&
  (details['secs'] as number) < (details['count'] as number) / rate + HOLD / 1000 + LATE;

async function load(bench: Bench, peer: Peer, connections: number) {
  await callsAt(bench, peer, 50, connections);
  const hundred = await callsAt(bench, peer, 100, connections);
  const best = await highest(RUNGS, async (rate) => held(await callsAt(bench, peer, rate, connections), rate));
  return { hundred, best };
}

export async function calls(bench: Bench): Promise<Figure[]> {
  const figures: Figure[] = [];
  const floor = await bench.withFloor('answer', {}, (peer) => load(bench, peer, 0));
  for (const connections of ANSWER_CONNECTIONS) {
    const service = await bench.withService((peer) => load(bench, peer, connections));
    if (figures.length === 0) {
      const both = [service.hundred, floor.hundred];
      figures.push(figure('calls-100-cpu', service.hundred.cpu.service, both, floor.hundred.cpu.service));
    }
    figures.push(figure(`calls-${connections}`, service.best ?? 0, [], floor.best));
  }
  return figures;
}

/** Begins so many calls, runs `work` while all of them stand, which they do for so many seconds, and lets them end. */
export async function holding<Done>(
  bench: Bench,
  peer: Peer,
  channels: number,
  secs: number,
  work: () => Promise<Done>,
): Promise<Done> {
  const application = await answering(peer, 16);
  const setUp = (channels / SET_UP_RATE) * 1000;
  const calling = call(bench, peer, { rate: SET_UP_RATE, count: channels, hold: setUp + SETTLED + secs * 1000 });
  const deadline = performance.now() + setUp + SETTLED;
  while (application.answered < channels && performance.now() < deadline) await pause(50);
  try {
    return await work();
  } finally {
    await calling;
    await application.close();
  }
}

export async function memory(bench: Bench): Promise<Figure[]> {
  const figures: Figure[] = [];
  for (const channels of HELD_CHANNELS) {
    const held = await bench.withService(async (peer) => {
      await pause(SETTLED);
      const before = resident(peer.pids);
      return holding(bench, peer, channels, (2 * SETTLED) / 1000, async () => {
        await pause(SETTLED);
        const kilobytes = ((resident(peer.pids) - before) * 1024) / channels;
        return { kilobytes, count: ((await rest(peer)('GET', '/channels')).body as unknown[]).length };
      });
    });
    figures.push({
      ...figure(`channel-${channels}`, held.kilobytes, []),
      ...(held.count < channels && { failed: `only ${held.count} channels were up` }),
    });
  }
  return figures;
}

export async function idle(bench: Bench): Promise<Figure[]> {
  const settled = async ({ pids }: Peer): Promise<number> => {
    await pause(SETTLED);
    return resident(pids);
  };
  const floor = await bench.withFloor('get', { body: {} }, settled);
  return [figure('idle', await bench.withService(settled), [], floor)];
}
