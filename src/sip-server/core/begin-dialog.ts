// The state of a dialog when it begins, and where its other side is from then on (RFC 3261 12.1, 12.2).
import { dialogId, type Dialog } from '../dialogs.ts';
import { formatNameAddress, parseNameAddress, parseNameAddresses, tagOf, withTag } from '../grammar/name-address.ts';
import { parseSipUri } from '../grammar/uri.ts';
import { cseqOf, headerOf, headersOf, type SipMessage, type SipRequest, type SipResponse } from '../message.ts';
import type { Flow } from '../transport/flow.ts';
import { ourContact } from './compose-response.ts';
import type { Incoming } from './incoming.ts';
import { isOffer } from './offers.ts';
import type { Outgoing } from './outgoing.ts';
import { wayBack } from './way-back.ts';

/** Requests whose Contact says where the dialog's next requests go (RFC 3261 12.2, RFC 3311, RFC 6665, RFC 3515). */
const refreshing = new Set(['INVITE', 'UPDATE', 'SUBSCRIBE', 'NOTIFY', 'REFER']);

const methodOf = ({ method }: SipRequest): Dialog['method'] =>
  method === 'SUBSCRIBE' || method === 'REFER' ? method : 'INVITE';

const contactOf = (message: SipMessage): string | undefined =>
  parseNameAddresses(headerOf(message, 'contact') ?? '')?.[0]?.uri;

const recordedRoutes = (message: SipMessage): string[] =>
  headersOf(message, 'record-route')
    .flatMap(({ value }) => parseNameAddresses(value) ?? [])
    .map((route) => formatNameAddress({ ...route, display: '' }));

export const idOf = (request: SipRequest): string =>
  dialogId(headerOf(request, 'call-id')!, tagOf(headerOf(request, 'from')) ?? '');

/** The one that a request of the network begins; `contact` is ours. */
export function dialogOfRequest(incoming: Incoming, contact: string): Dialog {
  const { request, toTag, cseq } = incoming;
  const from = headerOf(request, 'from')!;
  const target = contactOf(request) ?? parseNameAddress(from)!.uri;
  const routes = recordedRoutes(request);
  const isInvite = request.method === 'INVITE';
  return {
    id: idOf(request),
    callId: headerOf(request, 'call-id')!,
    method: methodOf(request),
    localTag: toTag,
    remoteTag: tagOf(from) ?? '',
    local: withTag(headerOf(request, 'to')!, toTag),
    remote: from,
    routes,
    target,
    localSeq: cseq < 2 ** 31 - 1 ? cseq : 0,
    remoteSeq: cseq,
    contact,
    owner: incoming.owner,
    way: directWay(incoming, routes, target),
    ...(isInvite && { answering: incoming, theirOffer: isOffer(request) ? incoming.id : undefined }),
  };
}

/** Only a request that came straight from the peer says how the peer is reached. */
const directWay = ({ request, flow }: Incoming, routes: readonly string[], target: string): Flow | undefined =>
  headersOf(request, 'via').length === 1 && routes.length === 0 ? wayBack(flow, parseSipUri(target)) : undefined;

/** The one that a request of ours begins if somebody accepts it; nobody has answered yet. */
export function dialogOfOutgoing(outgoing: Outgoing): Dialog {
  const { request, owner } = outgoing;
  const isInvite = request.method === 'INVITE';
  return {
    id: idOf(request),
    callId: headerOf(request, 'call-id')!,
    method: methodOf(request),
    localTag: tagOf(headerOf(request, 'from')) ?? '',
    remoteTag: undefined,
    local: headerOf(request, 'from')!,
    remote: headerOf(request, 'to')!,
    routes: [],
    target: request.uri,
    localSeq: cseqOf(request)!.number,
    remoteSeq: undefined,
    contact: headerOf(request, 'contact') ?? ourContact(outgoing.flow),
    owner,
    way: undefined,
    ...(isInvite && { inviting: outgoing, ourOffer: isOffer(request) ? outgoing.id : undefined }),
  };
}

/** Takes over who the other side is, and the way to it: from its response, or from a NOTIFY that was faster. */
export function meet(dialog: Dialog, message: SipMessage, flow: Flow): void {
  dialog.remote = headerOf(message, message.kind === 'response' ? 'to' : 'from')!;
  dialog.remoteTag = tagOf(dialog.remote) ?? '';
  const routes = recordedRoutes(message);
  dialog.routes = message.kind === 'response' ? routes.reverse() : routes;
  const contact = contactOf(message);
  dialog.target = contact ?? dialog.target;
  dialog.way =
    routes.length === 0 ? wayBack(flow, contact === undefined ? undefined : parseSipUri(contact)) : undefined;
}

/** The other side's new Contact, from its 2xx. */
export function refreshTarget(dialog: Dialog, method: string, response: SipResponse, flow: Flow): void {
  const uri = contactOf(response);
  if (uri === undefined || !refreshing.has(method)) return;
  dialog.target = uri;
  dialog.way = dialog.routes.length === 0 ? wayBack(flow, parseSipUri(uri)) : undefined;
}

/** The same, from a request of the other side that was accepted. */
export function refreshTargetBy(dialog: Dialog, incoming: Incoming): void {
  if (!refreshing.has(incoming.request.method)) return;
  dialog.target = contactOf(incoming.request) ?? dialog.target;
  dialog.way = directWay(incoming, dialog.routes, dialog.target);
}
