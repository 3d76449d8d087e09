// Responses: what the request dictates, what we add, and what the application may say.
import type { Draft } from '../control/command.ts';
import { splitChallenges } from '../grammar/lists.ts';
import { formatNameAddress, parseNameAddresses, tagOf, withTag } from '../grammar/name-address.ts';
import { hostPort } from '../grammar/uri.ts';
import { headerName, headerOf, ourHeader, type Header, type SipRequest, type SipResponse } from '../message.ts';
import { singleHeaders } from '../parser.ts';
import { isReliable, uriTransport, type Flow } from '../transport/flow.ts';
import { bodyHeaders } from './bodies.ts';

/** Never taken from an application's response. */
const dictated = new Set([
  'via',
  'from',
  'to',
  'call-id',
  'cseq',
  'record-route',
  'route',
  'rseq',
  'content-type',
  'content-length',
]);
/** RFC 3261 7.3.1: the headers that must not be joined by commas. */
const challengeKeys = new Set(['www-authenticate', 'proxy-authenticate', 'authorization', 'proxy-authorization']);
/** Headers in which "@localhost" stands for us. */
const localised = new Set(['from', 'to', 'contact', 'p-asserted-identity']);

/** `<sip:127.0.0.1:5060;transport=tcp>`: where we are reached. */
export const ourContact = (flow: Pick<Flow, 'protocol' | 'local'>): string =>
  `<sip:${hostPort(flow.local.address, flow.local.port)}${isReliable(flow) ? `;transport=${uriTransport(flow)}` : ''}>`;

/** The application's headers as they go out: well-known names spelled out, challenges divided, "@localhost" replaced; of two that must be one, the first. */
export function applicationHeaders(
  draft: Pick<Draft, 'headers'>,
  without: ReadonlySet<string>,
  flow: Pick<Flow, 'local'>,
): Header[] {
  const headers: Header[] = [];
  for (const header of draft.headers) {
    const { key, name, value } = header;
    if (without.has(key) || isSecond(draft, header)) continue;
    if (challengeKeys.has(key)) {
      for (const each of splitChallenges(value)) headers.push(ourHeader(headerName(name), each));
    } else headers.push({ key, name: headerName(name), value: localised.has(key) ? localise(value, flow) : value });
  }
  return headers;
}

/** drachtio-srf adds some headers of its own to those that the application gives. */
const isSecond = ({ headers }: Pick<Draft, 'headers'>, header: Header): boolean =>
  singleHeaders.has(header.key) && headers.find(({ key }) => key === header.key) !== header;

/** An address, or several, with brackets and with our address in place of "localhost"; left alone when malformed. */
export function localise(value: string, { local }: Pick<Flow, 'local'>): string {
  const replaced = value.replace(/@localhost(?=[;>?,\s]|$)/gi, `@${hostPort(local.address, local.port)}`);
  return parseNameAddresses(replaced)?.map(formatNameAddress).join(', ') ?? replaced;
}

const dialogMakers = new Set(['INVITE', 'SUBSCRIBE', 'REFER', 'NOTIFY']);
const targetMakers = new Set(['INVITE', 'SUBSCRIBE', 'UPDATE']);

export interface ResponseParts extends Pick<Draft, 'headers' | 'body'> {
  readonly status: number;
  readonly reason: string;
}

/** Undefined when the body has no type. `toTag` is "" where none belongs (100 Trying); `added` are headers of the server's own. */
export function composeResponse(
  request: SipRequest,
  flow: Flow,
  toTag: string,
  parts: ResponseParts,
  added: readonly Header[] = [],
): SipResponse | undefined {
  const body = bodyHeaders(parts);
  if (body === undefined) return undefined;
  const { status, reason } = parts;
  const isReliable = headerOf({ headers: added }, 'rseq') !== undefined;
  const headers: Header[] = [];
  const copy = (key: string): void => {
    for (const header of request.headers)
      if (header.key === key) headers.push({ key, name: headerName(key), value: header.value });
  };
  copy('via');
  const makesDialog = dialogMakers.has(request.method);
  // Whoever is asked for the target of a dialog says where it is (RFC 3311 5.2).
  const isAsked =
    targetMakers.has(request.method) || (request.method === 'REFER' && tagOf(headerOf(request, 'to')) === undefined);
  const hasContact = isAsked && (status >= 200 || isReliable);
  if (makesDialog && status > 100 && status < 300) copy('record-route');
  copy('from');
  const to = headerOf(request, 'to');
  if (to !== undefined) headers.push(ourHeader('To', toTag === '' ? to : withTag(to, toTag)));
  copy('call-id');
  copy('cseq');
  if (status === 100) copy('timestamp');
  const own = applicationHeaders(parts, dictated, flow);
  if (hasContact && status < 300 && !own.some(({ key }) => key === 'contact')) {
    headers.push(ourHeader('Contact', ourContact(flow)));
  }
  headers.push(...added, ...own, ...body);
  return { kind: 'response', status, reason, headers, body: parts.body };
}
