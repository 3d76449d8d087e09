// MESSAGEs that come in, each an event for one application: what they cost, how long they take, how many there may be.
import { figure, type Bench } from '../bench.ts';
import { geometric, highest } from '../ladder.ts';
import type { Figure, Point } from '../results.ts';
import { freePort, type Peer } from '../service.ts';
import { held, messages, type Stream } from './messages.ts';

const audience = { application: 'bench', applications: 1, eventSource: 'endpoint:PJSIP/bench' };
const RATES = [2_000, 8_000] as const;
const RUNGS = geometric(1_000, 100_000, 0.05);

interface Inbound {
  readonly low: Point;
  readonly high: Point;
  readonly highest: number | undefined;
}

async function load(bench: Bench, peer: Peer): Promise<Inbound> {
  const { answered, heard, warmUp } = messages(bench, peer, await freePort());
  const stream = (given: Stream): Promise<Point> => (peer.of === 'floor' ? answered(given) : heard(given, audience));
  await warmUp();
  const at = (rate: number): Promise<Point> => stream({ name: `inbound at ${rate}/s`, rate, secs: bench.secs });
  const [low, high] = [await at(RATES[0]), await at(RATES[1])];
  const found = await highest(RUNGS, async (rate) => {
    // Twice: once may be luck.
    for (let times = 0; times < 2; times++) {
      const name = `inbound, looking for the highest rate: ${rate}/s`;
      if (!held(await stream({ name, rate, secs: bench.shortSecs }), rate)) return false;
    }
    return true;
  });
  return { low, high, highest: found };
}

export async function inbound(bench: Bench): Promise<Figure[]> {
  const floor = await bench.withFloor('echo', {}, (peer) => load(bench, peer));
  const service = await bench.withService((peer) => load(bench, peer));
  const low = [service.low, floor.low];
  const high = [service.high, floor.high];
  return [
    figure('inbound-2000-cpu', service.low.cpu.service, low, floor.low.cpu.service),
    figure('inbound-2000-p99', service.low.latency.p99, low, floor.low.latency.p99),
    figure('inbound-8000-cpu', service.high.cpu.service, high, floor.high.cpu.service),
    figure('inbound-8000-p99', service.high.latency.p99, high, floor.high.latency.p99),
    figure('inbound-8000-rss', service.high.rss, high),
    figure('inbound-highest', service.highest ?? 0, [], floor.highest),
  ];
}
