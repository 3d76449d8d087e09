// Requests to telephones that registered by several flows: when one fails, the next is tried (RFC 5626 5.3).
import { Fault } from '../../errors.ts';
import { towards } from './contact.ts';
import type { Location } from './location.ts';
import type { Outbound } from './outbound.ts';
import type { SipResponse } from './stack.ts';

/** RFC 5626 11.5 */
const FLOW_FAILED = 430;

export interface ByFlowsParts {
  readonly outbound: Outbound;
  readonly location: Pick<Location, 'flowsBeside' | 'failed'>;
  /** Whether the end of a connection is told; where it is not, a request that fails tells it. */
  readonly areFlowsTold: boolean;
}

/** As the outbound that it is given. `sent` tells of the first flow, unless that could not be used at all. */
export function byFlows({ outbound, location, areFlowsTold }: ByFlowsParts): Outbound {
  return (object, request) => {
    const { nextHop, dialogId } = request;
    const first = outbound(object, request);
    if (nextHop === undefined || dialogId !== undefined) return first;
    const others = location.flowsBeside(nextHop);
    let current = first;
    let isCancelled = false;

    const finish = async (): Promise<SipResponse> => {
      let used = nextHop;
      for (;;) {
        const outcome = await settled(current.final);
        const isOver = hasFailed(outcome);
        const isTold = areFlowsTold && (outcome instanceof Fault || outcome.status !== FLOW_FAILED);
        if (isOver && !isTold) location.failed(used);
        const next = isOver && !isCancelled ? others.shift() : undefined;
        if (next === undefined) {
          if (outcome instanceof Fault) throw outcome;
          return outcome;
        }
        const way = towards(next);
        used = way.nextHop ?? used;
        current = outbound(object, { ...request, ...way, headers: [...(way.headers ?? []), ...withoutRoute(request)] });
      }
    };
    const final = finish();
    final.catch(() => undefined);
    const sent = first.sent.catch((error: unknown) =>
      others.length === 0 ? Promise.reject(error) : final.then(() => current.sent),
    );
    sent.catch(() => undefined);
    return {
      sent,
      final,
      cancel() {
        isCancelled = true;
        current.cancel();
      },
    };
  };
}

const withoutRoute = ({ headers = [] }: Parameters<Outbound>[1]) =>
  headers.filter(([name]) => name.toLowerCase() !== 'route');

/** A Fault is an outcome; a bug is thrown. */
const settled = (final: Promise<SipResponse>): Promise<SipResponse | Fault> =>
  final.catch((error: unknown) => {
    if (error instanceof Fault) return error;
    throw error;
  });

/** The flow has failed: it could not be used, nobody answered on it, or a proxy says so. */
const hasFailed = (outcome: SipResponse | Fault): boolean =>
  outcome instanceof Fault
    ? outcome.kind === 'unavailable'
    : outcome.status === FLOW_FAILED || (outcome.source === undefined && [408, 503].includes(outcome.status));
