// Contacts of addresses of record, and the way by which each is reached.
import { createHash } from 'node:crypto';
import { divide, parseNameAddress } from './name-address.ts';
import type { OutgoingRequest, SipAddress } from './stack.ts';

export interface Contact {
  readonly uri: string;
  /** The Path of its registration, to be used as Route (RFC 3327); empty for none. */
  readonly path: string;
  /** Where its registration came from. */
  readonly source?: SipAddress;
  /** The number of the flow by which it registered, if it means to be reached by that flow (RFC 5626 4.2). */
  readonly regId?: number;
}

/** A contact that an address of record has now. */
export interface Located extends Contact {
  /** Names it within its address of record, and gives its place in the order. */
  readonly id: string;
}

/** A contact that registered. */
export interface Registered extends Located {
  /** Milliseconds since 1970. */
  readonly expiresAt: number;
  /** Of the REGISTER that made or refreshed it last. */
  readonly callId: string;
  readonly cseq: number;
  /** The name of the endpoint that registered it. */
  readonly endpoint?: string;
  /** Of that REGISTER, too: when it came, in milliseconds since 1970, and its User-Agent. */
  readonly registeredAt?: number;
  readonly agent?: string;
  /** The telephone behind it: "<urn:uuid:...>" (RFC 5626 4.1). */
  readonly instance?: string;
  /** What the telephone wrote, where `uri` is where it really is. */
  readonly written?: string;
}

/** The name of a contact, as Asterisk's: it gives the order in which contacts are listed and tried. */
export const contactId = (uri: string): string => createHash('md5').update(uri).digest('hex');

/** The connection, or the flow of RFC 5626, by which alone a contact can be reached; undefined where its URI leads to it. */
export function flowOf({ path, source, regId }: Contact): SipAddress | undefined {
  if (path !== '' || source === undefined) return undefined;
  return source.protocol !== 'udp' || regId !== undefined ? source : undefined;
}

/** The next hop that uses the flow from that address: over a connection it is the one that is open. */
export const nextHopOf = ({ protocol, address, port }: SipAddress): string =>
  `sip:${hostPort({ address, port })};transport=${protocol}`;

/** "192.0.2.1:5060", "[2001:db8::1]:5060" */
export const hostPort = ({ address, port }: Pick<SipAddress, 'address' | 'port'>): string =>
  `${address.includes(':') ? `[${address}]` : address}:${port}`;

/** How to send a request to a contact: by the way that it registered, if that was kept. */
export function towards(contact: Contact): Pick<OutgoingRequest, 'uri' | 'nextHop' | 'headers'> {
  const { uri, path } = contact;
  const flow = flowOf(contact);
  if (flow !== undefined) return { uri, nextHop: nextHopOf(flow) };
  if (path === '') return { uri };
  const nextHop = parseNameAddress(divide(path, ',')[0] ?? '')?.uri;
  return { uri, ...(nextHop !== undefined && { nextHop }), headers: [['Route', path]] };
}
