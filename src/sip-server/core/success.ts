// The dialog that an INVITE of ours begins, and the ACK to its success (RFC 3261 13.2.2.4).
import type { Client } from '../control/client.ts';
import type { Draft } from '../control/command.ts';
import { requestSent } from '../control/leaders.ts';
import type { Dialog, OwedAck } from '../dialogs.ts';
import { formatNameAddress, parseNameAddresses, tagOf } from '../grammar/name-address.ts';
import { parseSipUri } from '../grammar/uri.ts';
import { cseqOf, headerOf, headersOf, serialise, type SipResponse } from '../message.ts';
import { countRequest } from '../metrics.ts';
import type { Flow } from '../transport/flow.ts';
import { composeWithin } from './compose-request.ts';
import { ourContact } from './compose-response.ts';
import type { Outgoing } from './outgoing.ts';
import { endDialog } from './own-bye.ts';
import { freshToken, type Stack } from './stack.ts';
import { towardsDialog } from './towards-dialog.ts';
import { wayBack } from './way-back.ts';

type Parts = Pick<Draft, 'headers' | 'body'>;

const nothing: Parts = { headers: [], body: Buffer.alloc(0) };

/** Moves the dialog on by a response to its INVITE. False when the application has nothing to hear: the 2xx came before. */
export function moveDialog(stack: Stack, outgoing: Outgoing, response: SipResponse, flow: Flow): boolean {
  const { status } = response;
  if (status === 100 || status >= 300 || (status < 200 && tagOf(headerOf(response, 'to')) === undefined)) return true;
  return outgoing.isWithinDialog ? renew(stack, outgoing, response, flow) : begin(stack, outgoing, response, flow);
}

/** The other side's new Contact (RFC 3261 12.2.1.2). */
export function refreshTarget(dialog: Dialog, response: SipResponse, flow: Flow): void {
  const uri = parseNameAddresses(headerOf(response, 'contact') ?? '')?.[0]?.uri;
  if (uri === undefined) return;
  dialog.target = uri;
  dialog.way = dialog.routes.length === 0 ? wayBack(flow, parseSipUri(uri)) : undefined;
}

/** The application's ACK. After a 2xx that was faster than its CANCEL, a BYE follows. */
export function acknowledge(
  stack: Stack,
  client: Client,
  messageId: string,
  dialog: Dialog,
  owed: OwedAck,
  draft: Parts,
): void {
  sendAck(stack, dialog, owed, draft, (octets, flow) => {
    if (typeof octets === 'string') return client.reply(messageId, ['NOK', octets]);
    client.reply(messageId, requestSent(octets.length, flow!, stack.timers.now(), stack.settings.uuid()), octets);
    if (owed.isCancelled) endDialog(stack, dialog, 'ACK-BYE due to cancel race condition');
  });
}

function renew(stack: Stack, outgoing: Outgoing, response: SipResponse, flow: Flow): boolean {
  const { dialog } = outgoing;
  if (dialog === undefined || response.status < 200) return true;
  if (outgoing.owedAck !== undefined) {
    outgoing.owedAck.repeat?.();
    return false;
  }
  refreshTarget(dialog, response, flow);
  succeed(stack, outgoing, dialog);
  return true;
}

function begin(stack: Stack, outgoing: Outgoing, response: SipResponse, flow: Flow): boolean {
  const answered = dialogOf(outgoing, response, flow);
  const dialog = (outgoing.dialog ??= answered);
  if (outgoing.owedAck !== undefined) {
    if (dialog.remoteTag === answered.remoteTag) outgoing.owedAck.repeat?.();
    else if (response.status >= 200) refuse(stack, answered, 'another branch was faster');
    return false;
  }
  const { remoteTag, remote, routes, target, way } = answered;
  Object.assign(dialog, { remoteTag, remote, routes, target, way });
  stack.dialogs.add(dialog);
  if (response.status >= 200) succeed(stack, outgoing, dialog);
  return true;
}

/** The first 2xx: an ACK is owed, and a BYE as well when nobody wants the dialog any more. */
function succeed(stack: Stack, outgoing: Outgoing, dialog: Dialog): void {
  dialog.isConfirmed = true;
  dialog.owedAck = { cseq: cseqOf(outgoing.request)!.number, isCancelled: outgoing.cancel !== undefined };
  outgoing.owedAck = dialog.owedAck;
  if (outgoing.owner === undefined) refuse(stack, dialog, 'the application has left');
}

/** A 2xx that nobody wants: it must be acknowledged before it can be ended. */
function refuse(stack: Stack, dialog: Dialog, reason: string): void {
  dialog.owedAck ??= { cseq: dialog.localSeq, isCancelled: true };
  sendAck(stack, dialog, dialog.owedAck, nothing, () => endDialog(stack, dialog, reason));
}

function dialogOf(outgoing: Outgoing, response: SipResponse, flow: Flow): Dialog {
  const { request, owner } = outgoing;
  const routes = headersOf(response, 'record-route').flatMap(({ value }) => parseNameAddresses(value) ?? []);
  const contact = parseNameAddresses(headerOf(response, 'contact') ?? '')?.[0]?.uri;
  return {
    id: outgoing.dialogId,
    callId: headerOf(request, 'call-id')!,
    localTag: tagOf(headerOf(request, 'from')) ?? '',
    remoteTag: tagOf(headerOf(response, 'to')) ?? '',
    local: headerOf(request, 'from')!,
    remote: headerOf(response, 'to')!,
    routes: routes.reverse().map((route) => formatNameAddress({ ...route, display: '' })),
    target: contact ?? request.uri,
    localSeq: cseqOf(request)!.number,
    remoteSeq: undefined,
    contact: headerOf(request, 'contact') ?? ourContact(outgoing.flow),
    isConfirmed: false,
    owner,
    way: routes.length === 0 ? wayBack(flow, contact === undefined ? undefined : parseSipUri(contact)) : undefined,
    inviting: outgoing,
  };
}

type Sent = (octets: Buffer | string, flow?: Flow) => void;

/** `sent` gets what went out, or why nothing did. */
function sendAck(stack: Stack, dialog: Dialog, owed: OwedAck, { headers, body }: Parts, sent: Sent): void {
  towardsDialog(stack, dialog, (destination) => {
    if (destination.kind !== 'flow') return sent(destination.kind === 'refused' ? destination.reason : 'DNS Error');
    const { flow } = destination;
    const draft = { method: 'ACK', uri: dialog.target, headers, body };
    const ack = composeWithin(dialog, draft, flow, freshToken(stack), owed.cseq);
    if (typeof ack === 'string') return sent(ack);
    const octets = serialise(ack);
    owed.repeat = () => {
      countRequest(stack.metrics.requestsOut, 'ACK');
      flow.send(octets);
    };
    owed.repeat();
    sent(octets, flow);
  });
}
