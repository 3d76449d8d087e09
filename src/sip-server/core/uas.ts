// Requests from the network: which are answered here, and which application gets the rest.
import type { DraftResponse } from '../control/command.ts';
import type { Client } from '../control/client.ts';
import { told } from '../control/encoding.ts';
import { received, responseSent } from '../control/leaders.ts';
import { dialogId, type Dialog } from '../dialogs.ts';
import { fromTagOf, toTagOf } from '../grammar/tags.ts';
import { cseqOf, headerOf, type SipRequest } from '../message.ts';
import { InviteServerTransaction } from '../transaction/server-invite.ts';
import type { Proxies } from '../proxy/proxies.ts';
import type { Flow } from '../transport/flow.ts';
import { abandon, answer, answerAlone, answerStateless, answerUnavailable, retryAfter } from './answer.ts';
import { consult } from './consult.ts';
import type { Incoming } from './incoming.ts';
import { callOffInvite } from './launch.ts';
import { offeredBy, outOfTurn } from './offers.ts';
import { hold, mustFollow, release, takePrack, wayOf } from './reliable.ts';
import { expectAnswer, keepRinging, tellOver } from './ringing.ts';
import { isTooShort, minSe } from './session-timer.ts';
import { hasResponseWay } from './response-way.ts';
import type { Stack } from './stack.ts';
import { isSubscription, notifiedBy } from './subscriptions.ts';

/** Methods that make sense only within a dialog. */
const dialogMethods = new Set(['BYE', 'UPDATE', 'PRACK']);
/** Methods that belong to a dialog if they name one. */
const namingMethods = new Set(['INVITE', 'SUBSCRIBE', 'NOTIFY']);

export class Uas {
  readonly #stack: Stack;
  readonly #proxies: Proxies;

  constructor(stack: Stack, proxies: Proxies) {
    this.#stack = stack;
    this.#proxies = proxies;
  }

  /** `request` is well-formed, with the sender's address in its Via; `size` in octets. */
  receive(request: SipRequest, flow: Flow, size: number): void {
    const { incoming } = this.#stack;
    const machine = incoming.machineOf(request);
    if (request.method === 'ACK') {
      if (machine instanceof InviteServerTransaction && machine.acknowledge()) return;
      if (this.#proxies.passOnAck(request, flow)) return;
      return this.#acknowledge(request, flow, size);
    }
    if (machine !== undefined) return machine.repeat();
    if (incoming.repeats(request, flow)) return;
    if (request.method === 'CANCEL') return this.#cancel(request, flow, size);
    const dialog = this.#stack.dialogs.of(request);
    if (this.#isOverloaded(request, flow, dialog)) {
      this.#stack.reporter.report('overload', `${request.method} from ${flow.remote.address}:${flow.remote.port}`);
      return answerStateless(this.#stack, request, flow, 503, 'Service Unavailable');
    }
    if (incoming.isMerged(request))
      return answerAlone(this.#stack, incoming.add(request, flow, size, dialog), 482, 'Loop Detected');
    const added = incoming.add(request, flow, size, dialog);
    if (request.method === 'INVITE') answerAlone(this.#stack, added, 100, 'Trying');
    if (dialog === undefined && this.#proxies.passOn(added)) return;
    if (dialog === undefined) this.#offer(added);
    else this.#within(dialog, added);
  }

  /** The application's response to the request with that transaction id. */
  respond(client: Client, messageId: string, transaction: string, draft: DraftResponse): void {
    const incoming = this.#stack.incoming.get(transaction);
    if (incoming === undefined || incoming.owner !== client) {
      return client.reply(messageId, ['NOK', 'Response not sent due to unknown transaction']);
    }
    if (!hasResponseWay(incoming.flow)) {
      abandon(this.#stack, incoming);
      return client.reply(messageId, ['NOK', 'transport for response has been shutdown or closed']);
    }
    const way = wayOf(incoming.request, draft);
    if (way === 'impossible') return client.reply(messageId, ['NOK', 'Remote endpoint does not support 100rel']);
    if (mustFollow(incoming, draft.status, way === 'reliable')) {
      if (hold(incoming, () => this.respond(client, messageId, transaction, draft))) return;
      return client.reply(messageId, ['NOK', 'Unknown server error sending response']);
    }
    const sent = answer(this.#stack, incoming, draft, way === 'reliable');
    if (sent === undefined) return client.reply(messageId, ['NOK', 'missing content-type']);
    if (incoming.request.method === 'INVITE' && draft.status < 200)
      keepRinging(this.#stack, incoming, () => this.#giveUpRinging(incoming));
    const tokens = responseSent(
      sent.octets.length,
      incoming.flow,
      this.#stack.timers.now(),
      transaction,
      sent.dialogId,
    );
    const message = told(sent.response, sent.octets);
    if (incoming.request.method === 'INVITE') client.reply(messageId, tokens, message);
    else client.confirm(messageId, tokens, message);
  }

  /** What an application that has left owes is answered in its place. */
  gone(client: Client): void {
    for (const incoming of this.#stack.incoming.ofOwner(client)) answerUnavailable(this.#stack, incoming);
  }

  #isOverloaded(request: SipRequest, flow: Flow, dialog: Dialog | undefined): boolean {
    return (
      this.#stack.incoming.isFullFor(flow, dialog !== undefined) ||
      ((request.method === 'INVITE' || isSubscription(request)) && dialog === undefined && this.#stack.dialogs.isFull)
    );
  }

  /** A request outside dialogs goes to an application that has a route for it. */
  #offer(incoming: Incoming): void {
    const { request } = incoming;
    const remoteTag = fromTagOf(request) ?? '';
    const isInvite = request.method === 'INVITE';
    const namesDialog = toTagOf(request) !== undefined;
    if (dialogMethods.has(request.method) || (namesDialog && namingMethods.has(request.method))) {
      return answerAlone(this.#stack, incoming, 481, 'Call/Transaction Does Not Exist');
    }
    if (isInvite && this.#stack.dialogs.get(dialogId(headerOf(request, 'call-id')!, remoteTag)) !== undefined) {
      return answerAlone(this.#stack, incoming, 482, 'Loop Detected');
    }
    if (isTooShort(request, false)) return this.#refuseSession(incoming);
    const url = this.#stack.handlers.urlOf(request.method);
    if (url !== undefined) {
      const deliver = (found: Client): void => this.#deliver(found, incoming, '');
      return consult({ stack: this.#stack, proxies: this.#proxies, incoming, deliver }, url);
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
    // RFC 3261 12.2.2; one of the same number is no repetition, which its transaction would have absorbed.
    if (dialog.remoteSeq !== undefined && incoming.cseq <= dialog.remoteSeq)
      return answerAlone(this.#stack, incoming, 500, 'Out of order');
    dialog.remoteSeq = incoming.cseq;
    const { answering } = dialog;
    if (request.method === 'PRACK' && !takePrack(dialog, request))
      return answerAlone(this.#stack, incoming, 481, 'Call/Transaction Does Not Exist');
    if (isTooShort(request, true)) return this.#refuseSession(incoming);
    const refusal = outOfTurn(dialog, request);
    if (refusal === 491) return answerAlone(this.#stack, incoming, 491, 'Request Pending');
    if (refusal === 500) return answerAlone(this.#stack, incoming, 500, 'Server Internal Error', [retryAfter]);
    if (request.method === 'INVITE') dialog.answering = incoming;
    offeredBy(dialog, incoming);
    if (request.method === 'NOTIFY') notifiedBy(this.#stack, dialog, incoming);
    if (request.method === 'BYE') this.#end(dialog, incoming);
    this.#deliver(dialog.owner, incoming, dialog.id);
    if (request.method === 'PRACK' && answering !== undefined) release(answering);
  }

  #refuseSession(incoming: Incoming): void {
    answerAlone(this.#stack, incoming, 422, 'Session Interval Too Small', [minSe]);
  }

  /** A BYE ends the dialog at once, and with it an INVITE that has no answer (RFC 3261 15.1.2). */
  #end(dialog: Dialog, bye: Incoming): void {
    if (dialog.answering !== undefined) answerAlone(this.#stack, dialog.answering, 487, 'Request Terminated');
    callOffInvite(this.#stack, dialog);
    this.#stack.dialogs.remove(dialog);
    bye.dialog = undefined;
  }

  #deliver(client: Client, incoming: Incoming, dialog: string): void {
    const { timers, reporter } = this.#stack;
    const { request, flow, size } = incoming;
    incoming.owner = client;
    expectAnswer(this.#stack, incoming, () => {
      reporter.report('late-application', `${request.method} was not answered in time`);
      answerUnavailable(this.#stack, incoming);
    });
    const tokens = received(size, flow, timers.now(), incoming.id, dialog);
    if (dialog === '') {
      const { address, port } = flow.local;
      tokens.push(address, port);
    }
    client.notify(tokens, told(request));
  }

  #giveUpRinging(incoming: Incoming): void {
    this.#stack.reporter.report('late-application', `${incoming.request.method} was not answered in time`);
    const id = incoming.dialog?.id ?? '';
    answerUnavailable(this.#stack, incoming);
    tellOver(this.#stack, incoming, 503, 'no final response in time', id);
  }

  /** The ACK to a 2xx of ours: it ends the repetition, and the application hears of it once. */
  #acknowledge(request: SipRequest, flow: Flow, size: number): void {
    const dialog = this.#stack.dialogs.of(request);
    if (dialog === undefined) this.#stack.metrics.drops['stray-ack'] += 1;
    const awaited = dialog?.awaitedAck;
    if (dialog === undefined || awaited === undefined || awaited.cseq !== cseqOf(request)?.number) return;
    awaited.success.stop();
    dialog.awaitedAck = undefined;
    if (dialog.ourOffer === awaited.invite) dialog.ourOffer = undefined;
    const tokens = received(size, flow, this.#stack.timers.now(), awaited.transaction, dialog.id);
    dialog.owner?.notify(tokens, told(request));
  }

  /** RFC 3261 9.2: once the final response is out, a CANCEL changes nothing. */
  #cancel(request: SipRequest, flow: Flow, size: number): void {
    const invite = this.#stack.incoming.inviteOf(request);
    const cancel = this.#stack.incoming.add(request, flow, size, undefined);
    if (invite === undefined) return answerAlone(this.#stack, cancel, 481, 'Call/Transaction Does Not Exist');
    if (invite !== 'answered') cancel.toTag = invite.toTag;
    answerAlone(this.#stack, cancel, 200, 'OK');
    if (invite === 'answered') return;
    if (invite.proxied !== undefined) return invite.proxied.cancel();
    const tokens = received(size, flow, this.#stack.timers.now(), invite.id, invite.dialog?.id ?? '');
    answerAlone(this.#stack, invite, 487, 'Request Terminated');
    invite.owner?.notify(tokens, told(request));
  }
}
