// The Via header: reading its first value, and writing into it where the request came from (RFC 3261 18.2.1, RFC 3581).
import type { Header, SipRequest } from '../message.ts';
import { formatParams, paramOf, parseParams, split, type Param } from './lists.ts';
import { isPort } from './uri.ts';

export interface Via {
  /** "UDP", "TCP" ... */
  readonly protocol: string;
  readonly host: string;
  readonly port: number | undefined;
  readonly params: readonly Param[];
  /** "" when there is none. */
  readonly branch: string;
}

const shape = /^SIP\s*\/\s*2\.0\s*\/\s*([!-.0-~]+)\s+(\[[0-9a-f:.]+\]|[a-z0-9._-]+)(?:\s*:\s*(\d{1,5}))?\s*(|;[^]*)$/i;

/** One value; undefined when malformed. */
function parseVia(value: string): Via | undefined {
  const match = shape.exec(value);
  const params = match === null ? undefined : parseParams(match[4]!);
  if (match === null || params === undefined) return undefined;
  const port = match[3] === undefined ? undefined : Number(match[3]);
  // Nothing can be sent there, so no response could reach the sender over another connection.
  if (port !== undefined && !isPort(port)) return undefined;
  return {
    protocol: match[1]!.toUpperCase(),
    host: match[2]!,
    port,
    params,
    branch: paramOf(params, 'branch') ?? '',
  };
}

/** The topmost Via of a message; undefined when it is missing or malformed. */
export function topVia({ headers }: { readonly headers: readonly Header[] }): Via | undefined {
  const line = headers.find(({ key }) => key === 'via');
  const first = line && split(line.value, ',')?.[0];
  return first === undefined ? undefined : parseVia(first);
}

/** The request with the sender's address in its topmost Via, which is where the response goes. */
export function stampVia(request: SipRequest, remote: { readonly address: string; readonly port: number }): SipRequest {
  const index = request.headers.findIndex(({ key }) => key === 'via');
  const line = request.headers[index];
  const values = line && split(line.value, ',');
  const via = values && parseVia(values[0]!);
  if (via === undefined) return request;
  const kept = via.params.filter(([name]) => name.toLowerCase() !== 'received');
  const rport: Param = ['rport', String(remote.port)];
  const asked = kept.findIndex(([name]) => name.toLowerCase() === 'rport');
  const params = asked < 0 ? [...kept, rport] : kept.with(asked, rport);
  const host = via.host.startsWith('[') ? via.host.slice(1, -1) : via.host;
  if (host.toLowerCase() !== remote.address) params.push(['received', remote.address]);
  const sentBy = via.port === undefined ? via.host : `${via.host}:${via.port}`;
  const stamped = `SIP/2.0/${via.protocol} ${sentBy}${formatParams(params)}`;
  const value = [stamped, ...values!.slice(1)].join(', ');
  return { ...request, headers: request.headers.with(index, { key: 'via', name: line!.name, value }) };
}
