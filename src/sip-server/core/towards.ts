// The way from a SIP URI to a flow, and to the next one when that fails (RFC 3263 4.3).
import type { SipUri } from '../grammar/uri.ts';
import type { Target } from '../locate/target.ts';
import type { Flow } from '../transport/flow.ts';
import type { Exit } from './compose-request.ts';
import type { Stack } from './stack.ts';

export interface Way {
  readonly flow: Flow;
  /** Where to try next. */
  readonly others: readonly Target[];
  /** The protocol is given: a large request does not change it. */
  readonly isNamed: boolean;
  /** There were others, over UDP, for which the request is too large. */
  readonly lacksUdp?: boolean;
}

/** Where a request goes; or that its host name has no address; or why it will never go there. */
export type Destination =
  | ({ readonly kind: 'flow' } & Way)
  | { readonly kind: 'unresolved' }
  | { readonly kind: 'refused'; readonly reason: string };

/** Finds the way to that URI; calls back at once when no name needs to be looked up. */
export function towards(stack: Stack, uri: SipUri, found: (destination: Destination) => void): void {
  const registered = stack.transports.aliases.flowTo(uri);
  const isSecure = registered?.protocol === 'tls' || registered?.protocol === 'wss';
  if (registered !== undefined && (uri.scheme === 'sip' || isSecure))
    return found({ kind: 'flow', flow: registered, others: [], isNamed: true });
  stack.locator.locate(uri, (located) => {
    if (located !== 'unavailable' && located.length === 0) return found({ kind: 'unresolved' });
    const targets = located === 'unavailable' ? [] : located;
    const others = targets.filter((target) => !stack.transports.isOwn(target.protocol, target));
    const way = nextWay(stack, others);
    if (way !== undefined) return found({ kind: 'flow', ...way, isNamed: uri.transport !== undefined });
    const isOwn = targets.length > 0 && others.length === 0;
    found({
      kind: 'refused',
      reason: isOwn ? 'can not send request to myself' : 'requested protocol/transport not available',
    });
  });
}

/** The first of these to which there is a flow. */
export function nextWay(
  stack: Pick<Stack, 'transports'>,
  targets: readonly Target[],
): Omit<Way, 'isNamed'> | undefined {
  for (const [index, target] of targets.entries()) {
    const flow = stack.transports.flowTo(target.protocol, target, target.serverName);
    if (flow !== undefined) return { flow, others: targets.slice(index + 1) };
  }
  return undefined;
}

/** What a request shows of the way it leaves; for one that finds none, of any. */
export const exitOf = (stack: Stack, destination: Destination): Exit =>
  destination.kind === 'flow' ? destination.flow : { protocol: 'udp', local: stack.transports.anyPlace };
