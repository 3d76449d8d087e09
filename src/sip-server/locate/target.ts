// A place that a SIP URI leads to, and by which protocol.
import type { Protocol } from '../transport/flow.ts';

export interface Target {
  readonly protocol: Protocol;
  /** An IP address, without brackets. */
  readonly address: string;
  readonly port: number;
  /** The name that a certificate must be for (RFC 5922 7.2): that of the URI, whatever DNS made of it; undefined for an address. */
  readonly serverName: string | undefined;
}

/** Which places can be reached at all: those that a transport listens for. */
export interface Reach {
  /** Without an address: whether any place can be reached by that protocol. */
  canReach(protocol: Protocol, address?: string): boolean;
}

/** RFC 3261 19.1.2, RFC 7118 5.2. */
export const defaultPorts: Readonly<Record<Protocol, number>> = { udp: 5060, tcp: 5060, tls: 5061, ws: 80, wss: 443 };
