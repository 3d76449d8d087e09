// Requests over HTTP: those that send a MESSAGE to a telephone, and those that read an endpoint.
import { figure, rest as client, runId, type Bench } from '../bench.ts';
import type { Figure, Point } from '../results.ts';
import { REST_CONNECTIONS } from '../rows.ts';
import type { Peer } from '../service.ts';

const ENDPOINT = '/endpoints/PJSIP/bench';
const keyOf = ({ user }: Peer): string => Buffer.from(user).toString('base64');
const rateOf = ({ details }: Point): number => details['rate'] as number;

/** Every request that is accepted is to arrive as a MESSAGE, once. */
async function send(bench: Bench, peer: Peer, connections: number, secs = bench.secs): Promise<Point> {
  const run = runId();
  const sink = await bench.load.sink({ port: peer.sinkPort, run });
  const path = `${peer.path}${ENDPOINT}/sendMessage?from=sip:app@127.0.0.1&body=`;
  return bench.measure(`REST → SIP, ${connections} connections`, peer, async () => {
    const options = { port: peer.httpPort, method: 'PUT', path, key: keyOf(peer), connections, secs, run };
    const { sent, failed, rate, statuses, latency } = await bench.load.requests(options);
    const accepted = statuses['202'] ?? 0;
    return async () => {
      const { unique, duplicates, latency: delivery } = await sink.collect(accepted);
      return { lost: sent - unique, duplicates, latency, rate, sent, failed, accepted, unique, statuses, delivery };
    };
  });
}

export async function rest(bench: Bench): Promise<Figure[]> {
  const load = async (peer: Peer): Promise<Point[]> => {
    await send(bench, peer, 16, Math.min(bench.secs, 3));
    const points: Point[] = [];
    for (const connections of REST_CONNECTIONS) points.push(await send(bench, peer, connections));
    return points;
  };
  const floor = await bench.withFloor('send', {}, load);
  const service = await bench.withService(load);
  return REST_CONNECTIONS.map((connections, index) => {
    const [ours, bare] = [service[index]!, floor[index]!];
    return figure(`rest-${connections}`, rateOf(ours), [ours, bare], rateOf(bare));
  });
}

export async function get(bench: Bench): Promise<Figure[]> {
  const read = async (peer: Peer, secs: number): Promise<Point> =>
    bench.measure('GET of an endpoint, 16 connections', peer, async () => {
      const options = { port: peer.httpPort, path: `${peer.path}${ENDPOINT}`, key: keyOf(peer), connections: 16, secs };
      const { sent, failed, rate, statuses, latency } = await bench.load.requests(options);
      return async () => ({ lost: sent - (statuses['200'] ?? 0), latency, rate, sent, failed, statuses });
    });
  const load = async (peer: Peer): Promise<Point> => {
    await read(peer, Math.min(bench.secs, 3));
    return read(peer, bench.secs);
  };
  const { service, body } = await bench.withService(async (peer) => ({
    ...{ service: await load(peer), body: (await client(peer)('GET', ENDPOINT)).body },
  }));
  const floor = await bench.withFloor('get', { body }, load);
  return [figure('get-16', rateOf(service), [service, floor], rateOf(floor))];
}
