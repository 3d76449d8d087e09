// SIP URIs (RFC 3261 19.1), as far as a server looks into them.
import { isIPv6 } from 'node:net';
import { parseParams, paramOf } from './lists.ts';

export interface SipUri {
  readonly scheme: 'sip' | 'sips';
  /** As written, with the password and escapes. */
  readonly user: string | undefined;
  /** Without the brackets of an IPv6 address. */
  readonly host: string;
  readonly port: number | undefined;
  /** "udp", "tcp" ..., in lower case. */
  readonly transport: string | undefined;
  /** RFC 3261 19.1.1: the host that is asked instead, without brackets. */
  readonly maddr: string | undefined;
  /** RFC 3261 19.1.1: the next hop is a loose router. */
  readonly isLoose: boolean;
}

const shape =
  /^(sips?):(?:([^@\s<>"]+)@)?(\[[0-9a-f:.]+\]|[a-z0-9._-]+)(?::(\d{1,5}))?((?:;[^?\s<>"]*)?)(?:\?[^\s<>"]*)?$/i;

/** Whether something can be sent there. The grammar (RFC 3261 25.1) sets no bound. */
export const isPort = (port: number): boolean => port >= 1 && port <= 65535;

/** Undefined when it is no SIP URI. */
export function parseSipUri(text: string): SipUri | undefined {
  const match = shape.exec(text);
  if (match === null) return undefined;
  const host = match[3]!.startsWith('[') ? match[3]!.slice(1, -1) : match[3]!;
  const port = match[4] === undefined ? undefined : Number(match[4]);
  if ((match[3]!.startsWith('[') && !isIPv6(host)) || (port !== undefined && !isPort(port))) return undefined;
  const params = parseParams(match[5]!) ?? [];
  return {
    scheme: match[1]!.toLowerCase() === 'sips' ? 'sips' : 'sip',
    user: match[2],
    host: host.toLowerCase(),
    port,
    transport: paramOf(params, 'transport')?.toLowerCase(),
    maddr:
      paramOf(params, 'maddr')
        ?.replace(/^\[(.*)\]$/, '$1')
        .toLowerCase() || undefined,
    isLoose: paramOf(params, 'lr') !== undefined,
  };
}

/** Any URI, as a request line or a header may hold it: a scheme, and nothing that would end it early. */
export const isUri = (text: string): boolean => /^[a-z][a-z0-9+.-]*:[^\s<>"]+$/i.test(text);

/** What a request line may hold: any URI, but a SIP URI without headers (RFC 3261 19.1.1). */
export const isRequestUri = (text: string): boolean =>
  /^sips?:/i.test(text) ? !text.includes('?', text.indexOf('@') + 1) && parseSipUri(text) !== undefined : isUri(text);

/** "127.0.0.1:5060", "[::1]:5060". */
export const hostPort = (address: string, port: number): string =>
  `${address.includes(':') ? `[${address}]` : address}:${port}`;
