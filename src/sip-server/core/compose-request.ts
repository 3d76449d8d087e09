// Requests: those an application begins, those within a dialog, and what goes with an INVITE of ours: ACK and CANCEL.
import type { Draft, DraftRequest } from '../control/command.ts';
import type { Dialog } from '../dialogs.ts';
import { formatNameAddress, parseNameAddress, parseNameAddresses, tagOf, withTag } from '../grammar/name-address.ts';
import { hostPort, parseSipUri } from '../grammar/uri.ts';
import {
  headerName,
  headerOf,
  headersOf,
  isCallId,
  ourHeader,
  type Header,
  type SipRequest,
  type SipResponse,
} from '../message.ts';
import type { Flow } from '../transport/flow.ts';
import { bodyHeaders } from './bodies.ts';
import { applicationHeaders, localise, ourContact } from './compose-response.ts';

/** Never taken from an application's request as they stand. */
export const dictated: ReadonlySet<string> = new Set([
  'via',
  'max-forwards',
  'from',
  'to',
  'call-id',
  'cseq',
  'contact',
  'route',
  'record-route',
  'rseq',
  'content-type',
  'content-length',
]);

/** Where a request leaves: the parts of a flow that its headers show. */
export type Exit = Pick<Flow, 'protocol' | 'local'>;

/** What an application, or the server itself, says of a request. */
export type RequestParts = Pick<DraftRequest, 'method' | 'uri' | 'headers' | 'body'>;

const missingContentType = 'missing content-type';

const noBody = Buffer.alloc(0);

/** The first line of every request. */
export const viaHeader = ({ protocol, local }: Exit, branch: string): Header =>
  ourHeader(
    'Via',
    `SIP/2.0/${protocol.toUpperCase()} ${hostPort(local.address, local.port)}${protocol === 'udp' ? ';rport' : ''};branch=z9hG4bK${branch}`,
  );

const maxForwards = (draft: Pick<Draft, 'headers'>): Header => {
  const given = headerOf(draft, 'max-forwards');
  return ourHeader(
    'Max-Forwards',
    given !== undefined && /^\d{1,3}$/.test(given) && Number(given) <= 255 ? given : '70',
  );
};

/** The number of the application's CSeq; its method is always that of the request. */
export function givenCseq(draft: Pick<Draft, 'headers'>): number | undefined {
  const number = /^(\d{1,10})(?:\s|$)/.exec(headerOf(draft, 'cseq') ?? '')?.[1];
  return number !== undefined && Number(number) < 2 ** 31 ? Number(number) : undefined;
}

/** What makes a new request unlike any other. */
export interface Fresh {
  readonly branch: string;
  readonly tag: string;
  readonly callId: string;
  readonly cseq: number;
}

/** The application's Route values, such as a registration's Path; undefined when malformed. */
export function givenRoutes(draft: Pick<Draft, 'headers'>): readonly string[] | undefined {
  const routes = headersOf(draft, 'route').map(({ value }) => parseNameAddresses(value));
  return routes.every((each) => each !== undefined) ? routes.flat().map(formatNameAddress) : undefined;
}

/** A request outside dialogs; or why it cannot be (the text for the application). */
export function composeRequest(draft: RequestParts, exit: Exit, fresh: Fresh): SipRequest | string {
  const body = bodyHeaders(draft);
  if (body === undefined) return missingContentType;
  const { method } = draft;
  const callId = headerOf(draft, 'call-id') || fresh.callId;
  if (!isCallId(callId)) return 'invalid Call-ID';
  const given = givenRoutes(draft);
  if (given === undefined) return 'invalid Route';
  const { uri, routes } = routed(given, draft.uri);
  const from = address(draft, 'from', exit) ?? ourContact(exit);
  const to = address(draft, 'to', exit) ?? `<${draft.uri}>`;
  const contact =
    headerOf(draft, 'contact') ?? (method === 'INVITE' || method === 'SUBSCRIBE' ? ourContact(exit) : undefined);
  const headers = [
    viaHeader(exit, fresh.branch),
    ...routes.map((route) => ourHeader('Route', route)),
    maxForwards(draft),
    ourHeader('From', tagOf(from) === undefined ? withTag(from, fresh.tag) : from),
    ourHeader('To', to),
    ourHeader('Call-ID', callId),
    ourHeader('CSeq', `${givenCseq(draft) ?? fresh.cseq} ${method}`),
    ...(contact === undefined ? [] : [ourHeader('Contact', localise(contact, exit))]),
    ...applicationHeaders(draft, dictated, exit),
    ...body,
  ];
  return { kind: 'request', method, uri, headers, body: draft.body };
}

/** The application's From or To, with brackets; undefined when it gave none that can be used. */
function address(draft: Pick<Draft, 'headers'>, key: string, exit: Exit): string | undefined {
  const given = headerOf(draft, key);
  const localised = given && localise(given, exit);
  return localised && parseNameAddress(localised) ? localised : undefined;
}

/** A request within a dialog. `cseq` is already that of the dialog. */
export function composeWithin(
  dialog: Dialog,
  draft: RequestParts,
  exit: Exit,
  branch: string,
  cseq: number,
): SipRequest | string {
  const body = bodyHeaders(draft);
  if (body === undefined) return missingContentType;
  const { method } = draft;
  const { uri, routes } = routed(
    dialog.routes,
    method === 'ACK' || method === 'PRACK' || draft.uri.includes('placeholder') ? dialog.target : draft.uri,
  );
  const contact =
    headerOf(draft, 'contact') ??
    (['INVITE', 'SUBSCRIBE', 'REFER', 'UPDATE'].includes(method) ? dialog.contact : undefined);
  const headers = [
    viaHeader(exit, branch),
    ...routes.map((route) => ourHeader('Route', route)),
    maxForwards(draft),
    ourHeader('From', dialog.local),
    ourHeader('To', dialog.remote),
    ourHeader('Call-ID', dialog.callId),
    ourHeader('CSeq', `${cseq} ${method}`),
    ...(contact === undefined ? [] : [ourHeader('Contact', localise(contact, exit))]),
    ...applicationHeaders(draft, dictated, exit),
    ...body,
  ];
  return { kind: 'request', method, uri, headers, body: draft.body };
}

/** RFC 3261 12.2.1.1: a strict router wants to see itself in the Request-URI, and the target as the last route. */
export function routed(routes: readonly string[], target: string): { uri: string; routes: readonly string[] } {
  const first = routes[0] === undefined ? undefined : parseNameAddress(routes[0]);
  if (first === undefined || parseSipUri(first.uri)?.isLoose !== false) return { uri: target, routes };
  return { uri: first.uri, routes: [...routes.slice(1), `<${target}>`] };
}

/** The same request as it leaves by another way. */
export function rerouted(request: SipRequest, was: Exit, now: Exit, branch: string): SipRequest {
  const own = ourContact(was);
  const headers = request.headers.map((header, index) => {
    if (index === 0) return viaHeader(now, branch);
    return header.key === 'contact' && header.value === own ? ourHeader('Contact', ourContact(now)) : header;
  });
  return { ...request, headers };
}

/** What ACK (to a failure) and CANCEL have in common with their INVITE: all that identifies it (RFC 3261 9.1, 17.1.1.3). */
function companion(invite: SipRequest, method: 'ACK' | 'CANCEL', to: string, extra: readonly Header[]): SipRequest {
  const copied = (key: string): Header[] =>
    headersOf(invite, key).map(({ value }) => ourHeader(headerName(key), value));
  const headers = [
    // A forwarded INVITE has those of others too.
    ...copied('via').slice(0, 1),
    ...copied('route'),
    ourHeader('Max-Forwards', '70'),
    ...copied('from'),
    ourHeader('To', to),
    ...copied('call-id'),
    ourHeader('CSeq', `${headerOf(invite, 'cseq')!.split(' ')[0]} ${method}`),
    ...extra,
    ourHeader('Content-Length', '0'),
  ];
  return { kind: 'request', method, uri: invite.uri, headers, body: noBody };
}

export const composeFailureAck = (invite: SipRequest, response: SipResponse): SipRequest =>
  companion(invite, 'ACK', headerOf(response, 'to')!, []);

export const composeCancel = (invite: SipRequest, draft: Pick<Draft, 'headers'>, exit: Exit): SipRequest =>
  companion(invite, 'CANCEL', headerOf(invite, 'to')!, applicationHeaders(draft, dictated, exit));

/** The response that nobody sent: to a request that could not be delivered, or got no answer. */
export function fabricate(request: SipRequest, status: number, reason: string, tag: string): SipResponse {
  const headers = request.headers
    .filter(({ key }) => ['via', 'from', 'to', 'call-id', 'cseq'].includes(key))
    .map((header) =>
      header.key === 'to' && tagOf(header.value) === undefined ? ourHeader('To', withTag(header.value, tag)) : header,
    );
  return { kind: 'response', status, reason, headers: [...headers, ourHeader('Content-Length', '0')], body: noBody };
}
