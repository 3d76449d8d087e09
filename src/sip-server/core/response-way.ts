// The way of a response: where its request came from (RFC 3261 18.2.2, RFC 3581).
import { isIP } from 'node:net';
import { topVia } from '../grammar/via.ts';
import { defaultPorts } from '../locate/target.ts';
import type { SipRequest } from '../message.ts';
import type { Flow } from '../transport/flow.ts';
import type { Transports } from '../transport/transports.ts';

/**
 * How responses to that request are sent. It does not hold the request: a transaction keeps it long after its answer. A
 * connection that has ended is replaced by one to the port that the Via names, at the address that the request came from;
 * nobody can be called over WebSocket.
 */
export function responseWay(transports: Transports, request: SipRequest, flow: Flow): (octets: Buffer) => void {
  const { protocol, remote } = flow;
  if (!canBeReplaced(flow)) return along(flow);
  const via = topVia(request);
  const host = via?.host.replace(/^\[|\]$/g, '');
  const place = { address: remote.address, port: via?.port ?? defaultPorts[protocol] };
  const name = host !== undefined && isIP(host) === 0 ? host : undefined;
  return alongOrTo(flow, () => transports.flowTo(protocol, place, name));
}

/** False when no response can reach the sender any more. */
export const hasResponseWay = (flow: Flow): boolean => flow.isOpen || canBeReplaced(flow);

const canBeReplaced = ({ protocol }: Flow): boolean => protocol === 'tcp' || protocol === 'tls';

const along = (flow: Flow) => (octets: Buffer) => {
  if (flow.isOpen) flow.send(octets);
};

const alongOrTo = (flow: Flow, another: () => Flow | undefined) => (octets: Buffer) =>
  (flow.isOpen ? flow : another())?.send(octets);
