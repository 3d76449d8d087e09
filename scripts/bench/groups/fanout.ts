// Fan-out: each MESSAGE that comes in is an event for many applications, each with a WebSocket of its own.
import { once } from 'node:events';
import { connectApp } from '../../demo/application.ts';
import { figure, runId, subscribe, type Bench } from '../bench.ts';
import { geometric, highest } from '../ladder.ts';
import type { Figure, Point } from '../results.ts';
import { FAN_OUT } from '../rows.ts';
import { freePort, type Peer } from '../service.ts';
import { held, messages } from './messages.ts';

const SOURCE = 'endpoint:PJSIP';
/** Events a second that go out. */
const RUNGS = geometric(1_000, 250_000, 0.05);
const WARM_UP = 12_000;
const SATURATION = 2;

interface FanOut {
  readonly best: number | undefined;
  readonly saturated: Point;
}

async function load(bench: Bench, peer: Peer, applications: number): Promise<FanOut> {
  const { heard, warmUp } = messages(bench, peer, await freePort());
  const audience = { application: `fan${applications}x`, applications, eventSource: SOURCE };
  const at = (out: number): Promise<Point> => {
    const name = `fan-out to ${applications}, ${out} events/s asked for`;
    return heard({ name, rate: out / applications, secs: bench.shortSecs }, audience);
  };
  await warmUp();
  await at(WARM_UP);
  const best = await highest(RUNGS, async (out) => held(await at(out), out / applications));
  return { best, saturated: await at((best ?? RUNGS[0]!) * SATURATION) };
}

/** An event of the service, in which "BODY" stands for that of its message. */
async function sample(bench: Bench, peer: Peer): Promise<string> {
  const base = `http://127.0.0.1:${peer.httpPort}${peer.path}`;
  const application = await connectApp(base, 'sample', { user: peer.user });
  await subscribe(peer, 'sample', SOURCE);
  const run = runId();
  const received = once(application.socket, 'message') as Promise<[Buffer]>;
  await bench.load.blast({ port: peer.sipPort, 'from-port': await freePort(), run, rate: 1, secs: 1 });
  const [data] = await received;
  await application.close();
  return data.toString().replace(new RegExp(`${run} 0 \\d+ x*`), 'BODY');
}

export async function fanOut(bench: Bench): Promise<Figure[]> {
  const figures: Figure[] = [];
  const event = await bench.withService((peer) => sample(bench, peer));
  for (const applications of FAN_OUT) {
    const service = await bench.withService((peer) => load(bench, peer, applications));
    const floor = await bench.withFloor('broadcast', { event }, (peer) => load(bench, peer, applications));
    const rateOf = ({ saturated }: FanOut): number => saturated.details['perSecond'] as number;
    const { failed: _, ...saturated } = figure(
      ...([`fanout-${applications}-saturated`, rateOf(service), [service.saturated, floor.saturated]] as const),
      rateOf(floor),
    );
    figures.push(figure(`fanout-${applications}`, service.best ?? 0, [], floor.best), saturated);
  }
  return figures;
}
