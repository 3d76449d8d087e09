// Giving a request of the network its response, whoever decided it: the one place where a server transaction moves on.
import { parseNameAddresses, tagOf } from '../grammar/name-address.ts';
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
import { dialogOfRequest, idOf, refreshTargetBy } from './begin-dialog.ts';
import { composeResponse, ourContact, type ResponseParts } from './compose-response.ts';
import type { Incoming } from './incoming.ts';
import { answeredBy } from './offers.ts';
import { endDialog } from './own-bye.ts';
import { awaitPrack, leaveReliable, release, reliableHeaders } from './reliable.ts';
import { tellOver } from './ringing.ts';
import { agree, sessionHeaders } from './session-timer.ts';
import { freshTag, type Stack } from './stack.ts';
import { refersSilently } from './subscription-state.ts';
import { isSubscription, subscribedBy } from './subscriptions.ts';

/** What went out, and the dialog that it belongs to ("" for none). */
export interface Answer {
  readonly response: SipResponse;
  readonly octets: Buffer;
  readonly dialogId: string;
}

const noBody = Buffer.alloc(0);

/** Seconds after which a peer may try again when we could not serve it. */
export const retryAfter = ourHeader('Retry-After', '5');

/** Responds, in the way of RFC 3262 if `isReliable`; undefined when the body has no type. */
export function answer(stack: Stack, incoming: Incoming, parts: ResponseParts, isReliable = false): Answer | undefined {
  const { request, flow, machine } = incoming;
  const { status } = parts;
  const isSuccess = status >= 200 && status < 300;
  const chosen = tagOf(headerOf(parts, 'to'));
  if (chosen !== undefined && !incoming.isTagged && !incoming.isWithinDialog) incoming.toTag = chosen;
  const added = [
    ...(isReliable ? reliableHeaders(stack, incoming, parts) : []),
    ...(isSuccess ? sessionHeaders(incoming, parts) : []),
  ];
  const response = composeResponse(request, flow, status === 100 ? '' : incoming.toTag, parts, added);
  if (response === undefined) return undefined;
  if (status > 100) incoming.isTagged = true;
  const octets = serialise(response);
  countResponse(stack.metrics.responsesOut, status);
  if (status > 100) moveDialog(stack, incoming, response);
  machine.respond(status, octets);
  const id = incoming.dialog?.id ?? (request.method === 'INVITE' && status > 100 ? idOf(request) : '');
  if (incoming.dialog !== undefined && (isReliable || status >= 200)) answeredBy(incoming.dialog, incoming, response);
  if (isReliable) awaitPrack(stack, incoming, response, octets, () => withoutPrack(stack, incoming));
  if (status >= 200) finish(stack, incoming, response, octets);
  return { response, octets, dialogId: id };
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
  stack.incoming.answered(incoming, false);
  leaveReliable(incoming);
  machine.end();
  if (dialog?.answering === incoming) dialog.answering = undefined;
  if (dialog?.updating === incoming) dialog.updating = undefined;
  if (dialog?.theirOffer === incoming.id) dialog.theirOffer = undefined;
  if (dialog !== undefined && !isWithinDialog) stack.dialogs.remove(dialog);
  release(incoming);
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

/** RFC 3262 3: a reliable provisional response was never acknowledged. */
function withoutPrack(stack: Stack, incoming: Incoming): void {
  const id = incoming.dialog?.id ?? '';
  answerAlone(stack, incoming, 504, 'Server Time-out');
  tellOver(stack, incoming, 504, 'PRACK timeout', id);
}

/** An INVITE begins a dialog with its first response that has a tag; a subscription begins with a 2xx. */
function moveDialog(stack: Stack, incoming: Incoming, response: SipResponse): void {
  const { request } = incoming;
  const { status } = response;
  if (status >= 300) return;
  const begins = request.method === 'INVITE' || (isSubscription(request) && status >= 200 && !refersSilently(response));
  if (begins && incoming.dialog === undefined) {
    incoming.dialog = dialogOfRequest(incoming, headerOf(response, 'contact') ?? ourContact(incoming.flow));
    stack.dialogs.add(incoming.dialog);
  }
}

function finish(stack: Stack, incoming: Incoming, response: SipResponse, octets: Buffer): void {
  const { request, dialog, flow } = incoming;
  const isSuccess = response.status < 300;
  stack.incoming.answered(incoming, isSuccess);
  if (request.method === 'REGISTER' && isSuccess) tieContacts(stack, request, response, flow);
  if (isSuccess) stack.transports.tieAlias(request, flow);
  if (dialog === undefined) return;
  if (isSuccess && incoming.isWithinDialog) refreshTargetBy(dialog, incoming);
  if (isSuccess) subscribedBy(stack, incoming, response);
  if (isSuccess) agree(stack, dialog, request.method, response, false);
  if (request.method !== 'INVITE') return;
  leaveReliable(incoming);
  dialog.answering = undefined;
  if (isSuccess) {
    const success = new UnacknowledgedSuccess(
      stack.timers,
      () => flow.send(octets),
      () => endDialog(stack, dialog, 'ACK timeout'),
    );
    dialog.awaitedAck = {
      cseq: incoming.cseq,
      invite: incoming.id,
      transaction: incoming.isWithinDialog ? stack.settings.uuid() : incoming.id,
      success,
    };
  } else if (!incoming.isWithinDialog) stack.dialogs.remove(dialog);
  release(incoming);
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
