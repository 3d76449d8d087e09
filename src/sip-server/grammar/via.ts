// The Via header: reading its first value, and writing into it where the request came from (RFC 3261 18.2.1, RFC 3581).
import { headerOf, type Header, type SipRequest } from '../message.ts';
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
export function topVia(message: { readonly headers: readonly Header[] }): Via | undefined {
  const value = headerOf(message, 'via');
  const first = value === undefined ? undefined : split(value, ',')?.[0];
  return first === undefined ? undefined : parseVia(first);
}

/** The request with the sender's address in its topmost Via, which is where the response goes. */
export function stampVia(request: SipRequest, remote: { readonly address: string; readonly port: number }): SipRequest {
  const via = request.reading?.via ?? topVia(request);
  if (via === undefined) return request;
  const { kind, method, uri, body, reading } = request;
  const index = request.headers.findIndex(({ key }) => key === 'via');
  const { name, value } = request.headers[index]!;
  const others = value.includes(',') ? split(value, ',')!.slice(1) : [];
  const sentBy = via.port === undefined ? via.host : `${via.host}:${via.port}`;
  const stamped = `SIP/2.0/${via.protocol} ${sentBy}${formatParams(stampedParams(via, remote))}`;
  const headers = request.headers.with(index, { key: 'via', name, value: [stamped, ...others].join(', ') });
  return { kind, method, uri, headers, body, reading };
}

function stampedParams(via: Via, remote: { readonly address: string; readonly port: number }): Param[] {
  const rport: Param = ['rport', String(remote.port)];
  const params: Param[] = [];
  let asked = -1;
  for (const param of via.params) {
    const name = param[0].toLowerCase();
    if (name === 'received') continue;
    if (name === 'rport' && asked < 0) asked = params.push(rport) - 1;
    else params.push(param);
  }
  if (asked < 0) params.push(rport);
  const host = via.host.startsWith('[') ? via.host.slice(1, -1) : via.host;
  if (host.toLowerCase() !== remote.address) params.push(['received', remote.address]);
  return params;
}
