// Giving a request of the network its response, whoever decided it: the one place where a server transaction moves on.
import { dialogId, type Dialog } from '../dialogs.ts';
import { formatNameAddress, parseNameAddress, parseNameAddresses, tagOf, withTag } from '../grammar/name-address.ts';
import { paramOf } from '../grammar/lists.ts';
import { parseSipUri } from '../grammar/uri.ts';
import {
  headerOf,
  headersOf,
  ourHeader,
  serialise,
  type Header,
  type SipRequest,
  type SipResponse,
} from '../message.ts';
import { countResponse } from '../metrics.ts';
import { UnacknowledgedSuccess } from '../transaction/server-invite.ts';
import type { Flow } from '../transport/flow.ts';
import { composeResponse, ourContact, type ResponseParts } from './compose-response.ts';
import type { Incoming } from './incoming.ts';
import { endDialog } from './own-bye.ts';
import { freshTag, type Stack } from './stack.ts';
import { wayBack } from './way-back.ts';

/** What went out, and the dialog that it belongs to ("" for none). */
export interface Answer {
  readonly octets: Buffer;
  readonly dialogId: string;
}

const noBody = Buffer.alloc(0);

/** Seconds after which a peer may try again when we could not serve it. */
export const retryAfter = ourHeader('Retry-After', '5');

/** Responds; undefined when the body has no type. */
export function answer(stack: Stack, incoming: Incoming, parts: ResponseParts): Answer | undefined {
  const { request, flow, machine } = incoming;
  const { status } = parts;
  const chosen = tagOf(headerOf(parts, 'to'));
  if (chosen !== undefined && !incoming.isTagged && !incoming.isWithinDialog) incoming.toTag = chosen;
  const response = composeResponse(request, flow, status === 100 ? '' : incoming.toTag, parts);
  if (response === undefined) return undefined;
  if (status > 100) incoming.isTagged = true;
  const octets = serialise(response);
  countResponse(stack.metrics.responsesOut, status);
  const contact = headerOf(response, 'contact');
  if (request.method === 'INVITE' && status > 100) moveDialog(stack, incoming, status, contact ?? ourContact(flow));
  machine.respond(status, octets);
  if (status >= 200) finish(stack, incoming, response, octets);
  return {
    octets,
    dialogId: incoming.dialog?.id ?? (request.method === 'INVITE' && status > 100 ? idOf(request) : ''),
  };
}

/** A response of the server's own. */
export function answerAlone(
  stack: Stack,
  incoming: Incoming,
  status: number,
  reason: string,
  headers: readonly Header[] = [],
): void {
  answer(stack, incoming, { status, reason, headers, body: noBody });
}

/** Nobody can answer now. */
export const answerUnavailable = (stack: Stack, incoming: Incoming): void =>
  answerAlone(stack, incoming, 503, 'Service Unavailable', [retryAfter]);

/** Nobody is there to be answered. */
export function abandon(stack: Stack, incoming: Incoming): void {
  const { dialog, isWithinDialog, machine } = incoming;
  stack.incoming.answered(incoming);
  machine.end();
  if (dialog?.answering === incoming) dialog.answering = undefined;
  if (dialog !== undefined && !isWithinDialog) stack.dialogs.remove(dialog);
}

/** A response to a request that gets no transaction: it is malformed, or we have too much to do. */
export function answerStateless(stack: Stack, request: SipRequest, flow: Flow, status: number, reason: string): void {
  const headers = status === 503 ? [retryAfter] : [];
  const toTag = tagOf(headerOf(request, 'to')) === undefined ? freshTag(stack) : '';
  const response = composeResponse(request, flow, toTag, { status, reason, headers, body: noBody });
  if (response === undefined) return;
  countResponse(stack.metrics.responsesOut, status);
  flow.send(serialise(response));
}

const idOf = (request: SipRequest): string =>
  dialogId(headerOf(request, 'call-id')!, tagOf(headerOf(request, 'from')) ?? '');

/** An INVITE begins a dialog with its first response that has a tag, confirms it with a 2xx, and takes it back with a failure. */
function moveDialog(stack: Stack, incoming: Incoming, status: number, contact: string): void {
  if (status < 300 && incoming.dialog === undefined) {
    incoming.dialog = beginDialog(incoming, contact);
    stack.dialogs.add(incoming.dialog);
  }
  if (status >= 200 && status < 300 && incoming.dialog) incoming.dialog.isConfirmed = true;
}

function beginDialog(incoming: Incoming, contact: string): Dialog {
  const { request, toTag, cseq } = incoming;
  const from = headerOf(request, 'from')!;
  const target = parseNameAddresses(headerOf(request, 'contact') ?? '')?.[0]?.uri ?? parseNameAddress(from)!.uri;
  const routes = headersOf(request, 'record-route')
    .flatMap(({ value }) => parseNameAddresses(value) ?? [])
    .map((route) => formatNameAddress({ ...route, display: '' }));
  return {
    id: idOf(request),
    callId: headerOf(request, 'call-id')!,
    localTag: toTag,
    remoteTag: tagOf(from) ?? '',
    local: withTag(headerOf(request, 'to')!, toTag),
    remote: from,
    routes,
    target,
    localSeq: cseq < 2 ** 31 - 1 ? cseq : 0,
    remoteSeq: cseq,
    contact,
    isConfirmed: false,
    owner: incoming.owner,
    way: directWay(incoming, routes, target),
    answering: incoming,
  };
}

/** Only a request that came straight from the peer says how the peer is reached. */
const directWay = ({ request, flow }: Incoming, routes: readonly string[], target: string): Flow | undefined =>
  headersOf(request, 'via').length === 1 && routes.length === 0 ? wayBack(flow, parseSipUri(target)) : undefined;

function finish(stack: Stack, incoming: Incoming, response: SipResponse, octets: Buffer): void {
  const { request, dialog, flow } = incoming;
  const isSuccess = response.status < 300;
  stack.incoming.answered(incoming);
  if (request.method === 'REGISTER' && isSuccess) tieContacts(stack, request, response, flow);
  if (dialog === undefined) return;
  if (isSuccess && incoming.isWithinDialog && (request.method === 'INVITE' || request.method === 'UPDATE')) {
    dialog.target = parseNameAddresses(headerOf(request, 'contact') ?? '')?.[0]?.uri ?? dialog.target;
    dialog.way = directWay(incoming, dialog.routes, dialog.target);
  }
  if (request.method !== 'INVITE') return;
  dialog.answering = undefined;
  if (isSuccess) {
    const success = new UnacknowledgedSuccess(
      stack.timers,
      () => flow.send(octets),
      () => endDialog(stack, dialog, 'ACK timeout'),
    );
    dialog.awaitedAck = {
      cseq: incoming.cseq,
      transaction: incoming.isWithinDialog ? stack.settings.uuid() : incoming.id,
      success,
    };
  } else if (!incoming.isWithinDialog) stack.dialogs.remove(dialog);
}

/** Contacts that were registered over a connection are reached over that connection as long as it lasts. */
function tieContacts(stack: Stack, request: SipRequest, response: SipResponse, flow: Flow): void {
  const contactsOf = (message: SipRequest | SipResponse) =>
    headersOf(message, 'contact').flatMap(({ value }) => parseNameAddresses(value) ?? []);
  const granted = new Set(
    contactsOf(response)
      .filter(({ params }) => paramOf(params, 'expires') !== '0')
      .map(({ uri }) => uri),
  );
  for (const { uri } of contactsOf(request)) {
    const contact = parseSipUri(uri);
    if (contact !== undefined && granted.has(uri)) stack.transports.aliases.tie(contact, flow);
  }
}
