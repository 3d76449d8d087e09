// How the cost of a MESSAGE grows with what the service holds besides.
import { figure, runId, subscribe, type Bench } from './bench.ts';
import { holding } from './groups/calls.ts';
import { listen, messages } from './groups/messages.ts';
import { hasSipp } from './groups/sipp.ts';
import type { Curve } from './results.ts';
import { freePort, type Peer } from './service.ts';

/** MESSAGEs a second: a load that leaves the service time. */
const RATE = 500;
const SECS = 6;
const audience = { application: 'bench', applications: 1, eventSource: 'endpoint:PJSIP/bench' };
/** Subscriptions in one request. */
const AT_ONCE = 100;

type CurvePoint = Curve['points'][number];

/** What a MESSAGE costs at the moment, in microseconds of CPU time. */
async function cost(bench: Bench, peer: Peer, name: string, of: number): Promise<CurvePoint> {
  const { heard, warmUp } = messages(bench, peer, await freePort());
  await warmUp();
  const point = await heard({ name: `${name}: ${of}`, rate: RATE, secs: SECS }, audience);
  const { failed } = figure('', undefined, [point]);
  if (failed !== undefined) console.error(`  ${name}: ${of}: ${failed}`);
  return { of, microseconds: (point.cpuSecs * 1e6) / (RATE * SECS), rss: point.rss };
}

/** Applications that are there and have nothing to do with it. */
async function amongApplications(bench: Bench, peer: Peer, count: number): Promise<CurvePoint> {
  if (count === 1) return cost(bench, peer, 'applications', count);
  const others = { application: 'idle', applications: count - 1, eventSource: '' };
  const listener = await listen(bench, peer, others, runId());
  const point = await cost(bench, peer, 'applications', count);
  await listener.collect(0);
  return point;
}

/** Subscriptions of the application, one of which is to the endpoint. */
async function amongSubscriptions(bench: Bench, peer: Peer, count: number): Promise<CurvePoint> {
  const listener = await listen(bench, peer, audience, runId());
  const sources = Array.from({ length: count - 1 }, (_, index) => `endpoint:PJSIP/other${index}`);
  for (let index = 0; index < sources.length; index += AT_ONCE)
    await subscribe(peer, audience.application, sources.slice(index, index + AT_ONCE).join(','));
  const point = await cost(bench, peer, 'subscriptions', count);
  await listener.collect(0);
  return point;
}

export async function curves(bench: Bench): Promise<Curve[]> {
  const over = async (title: string, counts: readonly number[], at: (count: number) => Promise<CurvePoint>) => {
    console.error(title);
    const points: CurvePoint[] = [];
    for (const count of counts) points.push(await at(count));
    return { title, points };
  };
  const found: Curve[] = [
    await over('endpoints', [10, 100, 1_000, 10_000, 100_000], (count) =>
      bench.withService((peer) => cost(bench, peer, 'endpoints', count), count - 2),
    ),
    await over('applications, one of which has subscribed', [1, 10, 100, 1_000], (count) =>
      bench.withService((peer) => amongApplications(bench, peer, count)),
    ),
    await over('subscriptions of the application', [1, 100, 10_000], (count) =>
      bench.withService((peer) => amongSubscriptions(bench, peer, count), count - 1),
    ),
  ];
  if (!hasSipp()) return found;
  const amongCalls = await over('calls that stand', [10, 100, 1_000], (count) =>
    bench.withService((peer) => holding(bench, peer, count, 5 * SECS, () => cost(bench, peer, 'calls', count))),
  );
  return [...found, amongCalls];
}
