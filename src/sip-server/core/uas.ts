// Requests from the network: which are answered here, and which application gets the rest.
import type { DraftResponse } from '../control/command.ts';
import type { Client } from '../control/client.ts';
import { received, responseSent } from '../control/leaders.ts';
import { dialogId, isOutOfOrder, type Dialog } from '../dialogs.ts';
import { tagOf } from '../grammar/name-address.ts';
import { cseqOf, headerOf, serialise, type SipRequest } from '../message.ts';
import { InviteServerTransaction } from '../transaction/server-invite.ts';
import type { Flow } from '../transport/flow.ts';
import { abandon, answer, answerAlone, answerStateless, answerUnavailable, retryAfter } from './answer.ts';
import type { Incoming } from './incoming.ts';
import type { Stack } from './stack.ts';

/** Methods that make sense only within a dialog. */
const dialogMethods = new Set(['BYE', 'UPDATE', 'PRACK']);

export class Uas {
  readonly #stack: Stack;

  constructor(stack: Stack) {
    this.#stack = stack;
  }

  /** `request` is well-formed, with the sender's address in its Via; `size` in octets. */
  receive(request: SipRequest, flow: Flow, size: number): void {
    const { incoming } = this.#stack;
    const machine = incoming.machineOf(request);
    if (request.method === 'ACK') {
      if (machine instanceof InviteServerTransaction && machine.acknowledge()) return;
      return this.#acknowledge(request, flow, size);
    }
    if (machine !== undefined) return machine.repeat();
    if (request.method === 'CANCEL') return this.#cancel(request, flow, size);
    const dialog = this.#stack.dialogs.of(request);
    if (this.#isOverloaded(request, dialog)) {
      this.#stack.metrics.drops.overload += 1;
      return answerStateless(this.#stack, request, flow, 503, 'Service Unavailable');
    }
    if (incoming.isMerged(request))
      return answerAlone(this.#stack, incoming.add(request, flow, size, dialog), 482, 'Loop Detected');
    const added = incoming.add(request, flow, size, dialog);
    if (request.method === 'INVITE') answerAlone(this.#stack, added, 100, 'Trying');
    if (dialog === undefined) this.#offer(added);
    else this.#within(dialog, added);
  }

  /** The application's response to the request with that transaction id. */
  respond(client: Client, messageId: string, transaction: string, draft: DraftResponse): void {
    const incoming = this.#stack.incoming.get(transaction);
    if (incoming === undefined || incoming.owner !== client) {
      return client.reply(messageId, ['NOK', 'Response not sent due to unknown transaction']);
    }
    if (!incoming.flow.isOpen) {
      abandon(this.#stack, incoming);
      return client.reply(messageId, ['NOK', 'transport for response has been shutdown or closed']);
    }
    if (draft.status < 200 && asksForReliability(draft)) {
      return client.reply(messageId, ['NOK', 'Remote endpoint does not support 100rel']);
    }
    if (incoming.request.method === 'INVITE') incoming.patience?.cancel();
    const sent = answer(this.#stack, incoming, draft);
    if (sent === undefined) return client.reply(messageId, ['NOK', 'missing content-type']);
    const tokens = responseSent(
      sent.octets.length,
      incoming.flow,
      this.#stack.timers.now(),
      transaction,
      sent.dialogId,
    );
    client.reply(messageId, tokens, sent.octets);
  }

  /** What an application that has left owes is answered in its place. */
  gone(client: Client): void {
    for (const incoming of this.#stack.incoming.ofOwner(client)) answerUnavailable(this.#stack, incoming);
  }

  #isOverloaded(request: SipRequest, dialog: Dialog | undefined): boolean {
    return (
      this.#stack.incoming.isFull || (request.method === 'INVITE' && dialog === undefined && this.#stack.dialogs.isFull)
    );
  }

  /** A request outside dialogs goes to an application that has a route for it. */
  #offer(incoming: Incoming): void {
    const { request } = incoming;
    const remoteTag = tagOf(headerOf(request, 'from')) ?? '';
    const isInvite = request.method === 'INVITE';
    if (dialogMethods.has(request.method) || (isInvite && tagOf(headerOf(request, 'to')) !== undefined)) {
      return answerAlone(this.#stack, incoming, 481, 'Call/Transaction Does Not Exist');
    }
    if (isInvite && this.#stack.dialogs.get(dialogId(headerOf(request, 'call-id')!, remoteTag)) !== undefined) {
      return answerAlone(this.#stack, incoming, 482, 'Loop Detected');
    }
    const client = this.#stack.clients.choose(request.method);
    if (client === undefined) return answerAlone(this.#stack, incoming, 503, 'Service Unavailable');
    this.#deliver(client, incoming, '');
  }

  #within(dialog: Dialog, incoming: Incoming): void {
    const { request } = incoming;
    if (dialog.owner === undefined) {
      answerAlone(this.#stack, incoming, 481, 'Call/Transaction Does Not Exist');
      if (request.method === 'BYE') this.#stack.dialogs.remove(dialog);
      return;
    }
    if (isOutOfOrder(dialog, request)) return answerAlone(this.#stack, incoming, 500, 'Out of order');
    if (request.method === 'INVITE') {
      // RFC 3261 14.2: a second INVITE before the first is answered.
      if (dialog.answering !== undefined)
        return answerAlone(this.#stack, incoming, 500, 'Server Internal Error', [retryAfter]);
      if (dialog.inviting !== undefined || dialog.awaitedAck !== undefined) {
        return answerAlone(this.#stack, incoming, 491, 'Request Pending');
      }
      dialog.answering = incoming;
    }
    dialog.remoteSeq = incoming.cseq;
    if (request.method === 'BYE') this.#end(dialog, incoming);
    this.#deliver(dialog.owner, incoming, dialog.id);
  }

  /** A BYE ends the dialog at once, and with it an INVITE that has no answer (RFC 3261 15.1.2). */
  #end(dialog: Dialog, bye: Incoming): void {
    if (dialog.answering !== undefined) answerAlone(this.#stack, dialog.answering, 487, 'Request Terminated');
    this.#stack.dialogs.remove(dialog);
    bye.dialog = undefined;
  }

  #deliver(client: Client, incoming: Incoming, dialog: string): void {
    const { settings, timers, metrics } = this.#stack;
    const { request, flow, size } = incoming;
    incoming.owner = client;
    const { answerTime, inviteTime } = settings.limits;
    incoming.patience = timers.after(request.method === 'INVITE' ? inviteTime : answerTime, () => {
      metrics.drops['late-application'] += 1;
      answerUnavailable(this.#stack, incoming);
    });
    const local = dialog === '' ? [flow.local.address, flow.local.port] : [];
    client.notify([...received(size, flow, timers.now(), incoming.id, dialog), ...local], serialise(request));
  }

  /** The ACK to a 2xx of ours: it ends the repetition, and the application hears of it once. */
  #acknowledge(request: SipRequest, flow: Flow, size: number): void {
    const dialog = this.#stack.dialogs.of(request);
    if (dialog === undefined) this.#stack.metrics.drops['stray-ack'] += 1;
    const awaited = dialog?.awaitedAck;
    if (dialog === undefined || awaited === undefined || awaited.cseq !== cseqOf(request)?.number) return;
    awaited.success.stop();
    dialog.awaitedAck = undefined;
    const tokens = received(size, flow, this.#stack.timers.now(), awaited.transaction, dialog.id);
    dialog.owner?.notify(tokens, serialise(request));
  }

  /** RFC 3261 9.2: once the final response is out, a CANCEL changes nothing. */
  #cancel(request: SipRequest, flow: Flow, size: number): void {
    const invite = this.#stack.incoming.inviteOf(request);
    const cancel = this.#stack.incoming.add(request, flow, size, undefined);
    if (invite === undefined) return answerAlone(this.#stack, cancel, 481, 'Call/Transaction Does Not Exist');
    if (invite !== 'answered') cancel.toTag = invite.toTag;
    answerAlone(this.#stack, cancel, 200, 'OK');
    if (invite === 'answered') return;
    const tokens = received(size, flow, this.#stack.timers.now(), invite.id, invite.dialog?.id ?? '');
    answerAlone(this.#stack, invite, 487, 'Request Terminated');
    invite.owner?.notify(tokens, serialise(request));
  }
}

const asksForReliability = (draft: DraftResponse): boolean =>
  /(^|,)\s*100rel\s*(,|$)/i.test(headerOf(draft, 'require') ?? '');
