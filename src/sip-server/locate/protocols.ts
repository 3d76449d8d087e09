// Which protocols a SIP URI allows, and what DNS calls them (RFC 3263 4.1).
import type { SipUri } from '../grammar/uri.ts';
import type { Protocol } from '../transport/flow.ts';

const plain: Readonly<Record<string, readonly Protocol[]>> = {
  udp: ['udp'],
  tcp: ['tcp'],
  tls: ['tls'],
  // RFC 7118 has one name for both, and only the connection knows which it is.
  ws: ['ws', 'wss'],
  wss: ['wss'],
};

/** RFC 3261 19.1: a sips URI is reached over TLS, whatever runs above it. */
const secure: Readonly<Record<string, readonly Protocol[]>> = { tcp: ['tls'], tls: ['tls'], ws: ['wss'], wss: ['wss'] };

/** What the URI names, in order; undefined when it leaves the choice to us, empty when we know none of that name. */
export function namedProtocols({ scheme, transport }: SipUri): readonly Protocol[] | undefined {
  if (transport === undefined) return undefined;
  const table = scheme === 'sips' ? secure : plain;
  return Object.hasOwn(table, transport) ? table[transport] : [];
}

/** Our own order, where neither the URI nor DNS has one. */
export const preferred = ({ scheme }: SipUri): readonly Protocol[] =>
  scheme === 'sips' ? ['tls'] : ['udp', 'tcp', 'tls'];

/** The name of the SRV record; undefined for WebSocket, whose servers are never called. */
export function serviceName(protocol: Protocol, domain: string): string | undefined {
  const prefixes: Readonly<Partial<Record<Protocol, string>>> = {
    udp: '_sip._udp',
    tcp: '_sip._tcp',
    tls: '_sips._tcp',
  };
  const prefix = prefixes[protocol];
  return prefix && `${prefix}.${domain}`;
}

/** What a NAPTR record's service means; undefined for any other. */
export function protocolOfService(service: string): Protocol | undefined {
  const services: Readonly<Record<string, Protocol>> = { 'SIP+D2U': 'udp', 'SIP+D2T': 'tcp', 'SIPS+D2T': 'tls' };
  return services[service.toUpperCase()];
}
