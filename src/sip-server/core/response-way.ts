// The way of a response: where its request came from (RFC 3261 18.2.2, RFC 3581).
import { isIP } from 'node:net';
import { topVia } from '../grammar/via.ts';
import { defaultPorts } from '../locate/target.ts';
import type { SipRequest } from '../message.ts';
import type { Flow } from '../transport/flow.ts';
import type { Transports } from '../transport/transports.ts';

/**
 * A connection that has ended is replaced by one to the port that the Via names, at the address that the request came from.
 * Undefined when there is no way: nobody can be called over WebSocket.
 */
export function responseWay(transports: Transports, request: SipRequest, flow: Flow): Flow | undefined {
  const { protocol, remote } = flow;
  if (flow.isOpen) return flow;
  if (protocol !== 'tcp' && protocol !== 'tls') return undefined;
  const via = topVia(request);
  const host = via?.host.replace(/^\[|\]$/g, '');
  const name = host !== undefined && isIP(host) === 0 ? host : undefined;
  return transports.flowTo(protocol, { address: remote.address, port: via?.port ?? defaultPorts[protocol] }, name);
}
