// The dialog that an INVITE of ours begins, and the ACK to its success (RFC 3261 13.2.2.4).
import type { Client } from '../control/client.ts';
import type { Draft } from '../control/command.ts';
import { told } from '../control/encoding.ts';
import { requestSent } from '../control/leaders.ts';
import type { Dialog, OwedAck } from '../dialogs.ts';
import { tagOf } from '../grammar/name-address.ts';
import { cseqOf, headerOf, serialise, type SipRequest, type SipResponse } from '../message.ts';
import { countRequest } from '../metrics.ts';
import type { Flow } from '../transport/flow.ts';
import { dialogOfOutgoing, meet, refreshTarget } from './begin-dialog.ts';
import { composeWithin } from './compose-request.ts';
import { answered, remember } from './offers.ts';
import type { Outgoing } from './outgoing.ts';
import { endDialog } from './own-bye.ts';
import { isInOrder, rseqOf } from './reliable.ts';
import { freshToken, type Stack } from './stack.ts';
import { towardsDialog } from './towards-dialog.ts';

type Parts = Pick<Draft, 'headers' | 'body'>;

const nothing: Parts = { headers: [], body: Buffer.alloc(0) };

/** Moves the dialog on by a response to its INVITE. False when the application has nothing to hear: it came before. */
export function moveDialog(stack: Stack, outgoing: Outgoing, response: SipResponse, flow: Flow): boolean {
  const { status } = response;
  if (status === 100 || status >= 300 || (status < 200 && tagOf(headerOf(response, 'to')) === undefined)) return true;
  return outgoing.isWithinDialog ? renew(stack, outgoing, response, flow) : begin(stack, outgoing, response, flow);
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
  sendAck(stack, dialog, owed, draft, (sent) => {
    if (typeof sent === 'string') return client.reply(messageId, ['NOK', sent]);
    const { ack, octets, flow } = sent;
    const tokens = requestSent(octets.length, flow, stack.timers.now(), stack.settings.uuid());
    client.reply(messageId, tokens, told(ack, octets));
    if (owed.isCancelled) endDialog(stack, dialog, 'ACK-BYE due to cancel race condition');
  });
}

function renew(stack: Stack, outgoing: Outgoing, response: SipResponse, flow: Flow): boolean {
  const { dialog } = outgoing;
  if (dialog === undefined || response.status < 200) return dialog === undefined || hearOf(dialog, outgoing, response);
  if (outgoing.owedAck !== undefined) {
    outgoing.owedAck.repeat?.();
    return false;
  }
  refreshTarget(dialog, 'INVITE', response, flow);
  answered(dialog, outgoing, response);
  succeed(stack, outgoing, dialog);
  return true;
}

/** Each branch that answers has a dialog of its own; the first 2xx decides which of them stays. */
function begin(stack: Stack, outgoing: Outgoing, response: SipResponse, flow: Flow): boolean {
  const { request } = outgoing;
  const remoteTag = tagOf(headerOf(response, 'to')) ?? '';
  if (outgoing.owedAck !== undefined) {
    if (outgoing.dialog?.remoteTag === remoteTag) outgoing.owedAck.repeat?.();
    else if (response.status >= 200) refuse(stack, dialogWith(outgoing, response, flow), 'another branch was faster');
    return false;
  }
  const known = stack.dialogs.find(headerOf(request, 'call-id')!, tagOf(headerOf(request, 'from')) ?? '', remoteTag);
  const dialog = known ?? dialogWith(outgoing, response, flow);
  if (!hearOf(dialog, outgoing, response)) return false;
  if (known !== undefined) meet(known, response, flow);
  outgoing.dialog = dialog;
  stack.dialogs.add(dialog);
  if (response.status >= 200) {
    stack.dialogs.confirm(dialog);
    succeed(stack, outgoing, dialog);
  }
  return true;
}

function dialogWith(outgoing: Outgoing, response: SipResponse, flow: Flow): Dialog {
  const dialog = dialogOfOutgoing(outgoing);
  meet(dialog, response, flow);
  return dialog;
}

/** False for a reliable response that came before, or too early. */
function hearOf(dialog: Dialog, outgoing: Outgoing, response: SipResponse): boolean {
  if (!isInOrder(dialog, response)) return false;
  if (response.status >= 200 || rseqOf(response) !== undefined) answered(dialog, outgoing, response);
  return true;
}

/** The first 2xx: an ACK is owed, and a BYE as well when nobody wants the dialog any more. */
function succeed(stack: Stack, outgoing: Outgoing, dialog: Dialog): void {
  dialog.owedAck = { cseq: cseqOf(outgoing.request)!.number, isCancelled: outgoing.cancel !== undefined };
  outgoing.owedAck = dialog.owedAck;
  if (outgoing.settled !== undefined) sendAck(stack, dialog, dialog.owedAck, nothing, () => undefined);
  else if (outgoing.owner === undefined) refuse(stack, dialog, 'the application has left');
}

/** A 2xx that nobody wants: it must be acknowledged before it can be ended. */
function refuse(stack: Stack, dialog: Dialog, reason: string): void {
  dialog.owedAck ??= { cseq: dialog.localSeq, isCancelled: true };
  sendAck(stack, dialog, dialog.owedAck, nothing, () => endDialog(stack, dialog, reason));
}

/** What went out, or why nothing did. */
type Sent = (outcome: { readonly ack: SipRequest; readonly octets: Buffer; readonly flow: Flow } | string) => void;

function sendAck(stack: Stack, dialog: Dialog, owed: OwedAck, { headers, body }: Parts, sent: Sent): void {
  towardsDialog(stack, dialog, (destination) => {
    if (destination.kind !== 'flow') return sent(destination.kind === 'refused' ? destination.reason : 'DNS Error');
    const { flow } = destination;
    const draft = { method: 'ACK', uri: dialog.target, headers, body };
    const ack = composeWithin(dialog, draft, flow, freshToken(stack), owed.cseq);
    if (typeof ack === 'string') return sent(ack);
    const octets = serialise(ack);
    dialog.theirOffer = undefined;
    remember(dialog, 'ACK', ack);
    owed.repeat = () => {
      countRequest(stack.metrics.requestsOut, 'ACK');
      flow.send(octets);
    };
    owed.repeat();
    sent({ ack, octets, flow });
  });
}
