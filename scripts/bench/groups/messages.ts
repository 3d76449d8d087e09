// MESSAGEs put on a peer: heard by applications, or, at a floor that has none, answered.
import type { Bench, Outcome } from '../bench.ts';
import { runId, subscribe } from '../bench.ts';
import type { Blasted } from '../load.ts';
import { PILING_UP } from '../ladder.ts';
import type { Point } from '../results.ts';
import type { Peer } from '../service.ts';

export interface Stream {
  readonly name: string;
  /** MESSAGEs a second. */
  readonly rate: number;
  readonly secs: number;
}

export interface Audience {
  /** Of the application, or how their names begin. */
  readonly application: string;
  readonly applications: number;
  readonly eventSource: string;
}

/** The first messages are slower: code is compiled, memory is taken. */
const WARM_UP = { rate: 1_000, secs: 4 };

/** They keep the address from which they come. */
export function messages(bench: Bench, peer: Peer, fromPort: number) {
  const blast = (run: string, { rate, secs }: Omit<Stream, 'name'>): Promise<Blasted> =>
    bench.load.blast({ port: peer.sipPort, 'from-port': fromPort, run, rate, secs });
  const sent = ({ sent: count, rate, answered, statuses, latency: roundTrip }: Blasted) => ({
    ...{ sent: count, rate, answered, statuses, roundTrip },
  });

  return {
    /** To a floor: what is not answered is lost. */
    answered: ({ name, ...stream }: Stream): Promise<Point> =>
      bench.measure(name, peer, async () => {
        const blasted = await blast(runId(), stream);
        return async (): Promise<Outcome> => ({
          ...{ lost: blasted.sent - blasted.answered, duplicates: 0, latency: blasted.latency, ...sent(blasted) },
        });
      }),

    /** To applications, each of which has a WebSocket of its own and is to hear every one of them. */
    async heard({ name, ...stream }: Stream, audience: Audience): Promise<Point> {
      const run = runId();
      const { application, applications, eventSource } = audience;
      const events = await listen(bench, peer, audience, run);
      if (peer.of === 'service') {
        for (let index = 0; index < applications; index++)
          await subscribe(peer, applications === 1 ? application : `${application}${index}`, eventSource);
      }
      return bench.measure(name, peer, async () => {
        const blasted = await blast(run, stream);
        return async (): Promise<Outcome> => {
          const expected = blasted.sent * applications;
          const { unique, duplicates, closed, fewest, secs, latency } = await events.collect(expected);
          const perSecond = secs > 0 ? Math.round(unique / secs) : 0;
          const heard = { duplicates, unique, perSecond, closed, fewest };
          return { lost: expected - unique, latency, ...heard, ...sent(blasted) };
        };
      });
    },

    warmUp: () => blast(runId(), { ...WARM_UP, secs: Math.min(WARM_UP.secs, bench.secs) }),
  };
}

/** Opens the WebSockets. */
export const listen = (bench: Bench, peer: Peer, { application, applications }: Audience, run: string) =>
  bench.load.events({
    ...{ port: peer.httpPort, path: `${peer.path}/events`, key: peer.user },
    ...{ app: application, count: applications, run },
  });

/** Whether everything arrived, in time, at the rate that was asked for. */
export const held = ({ lost, latency, details }: Point, rate: number): boolean =>
  lost === 0 && (latency.p99 ?? Infinity) < PILING_UP && Math.abs((details['rate'] as number) / rate - 1) < 0.05;
