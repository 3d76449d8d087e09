// Takes what arrives, from the network and from applications, to the part of the core that handles it.
import type { Client } from '../control/client.ts';
import { parseDraft, type DraftResponse } from '../control/command.ts';
import { meant, unmarked } from '../control/encoding.ts';
import { stampVia } from '../grammar/via.ts';
import type { SipMessage } from '../message.ts';
import { countRequest, countResponse } from '../metrics.ts';
import { parseMessage } from '../parser.ts';
import { Proxies } from '../proxy/proxies.ts';
import type { Flow } from '../transport/flow.ts';
import { answerStateless } from './answer.ts';
import type { Stack } from './stack.ts';
import { Uac } from './uac.ts';
import { Uas } from './uas.ts';

export class Core {
  readonly #stack: Stack;
  readonly #proxies: Proxies;
  readonly #uas: Uas;
  readonly #uac: Uac;

  constructor(stack: Stack) {
    this.#stack = stack;
    this.#proxies = new Proxies(stack);
    this.#uas = new Uas(stack, this.#proxies);
    this.#uac = new Uac(stack);
  }

  /** Octets that should be one SIP message. */
  receive(octets: Buffer, arrival: Flow): void {
    const { metrics, settings, shield, reporter } = this.#stack;
    const flow = shield.admit(octets.length, arrival);
    if (flow === undefined) return;
    const parsed = parseMessage(octets, { maxHeaders: settings.limits.headers, maxSize: settings.limits.messageSize });
    if (parsed.kind === 'problem') {
      metrics.parseErrors += 1;
      const { request, status, reason } = parsed;
      const { address, port } = flow.remote;
      if (request === undefined) reporter.report('malformed', `${reason}, from ${address}:${port}`);
      else answerStateless(this.#stack, stampVia(request, flow.remote), flow, status, reason);
      return;
    }
    const message = unmarked(parsed.message);
    if (!shield.isHeard(flow) && this.#namesOurs(message)) shield.heard(flow);
    if (message.kind === 'request') {
      countRequest(metrics.requestsIn, message.method);
      this.#uas.receive(stampVia(message, flow.remote), flow, octets.length);
    } else {
      countResponse(metrics.responsesIn, message.status);
      this.#uac.receive(message, flow, octets.length);
    }
  }

  /** Whether it has a tag or a branch that can be known only from a message of ours. */
  #namesOurs(message: SipMessage): boolean {
    const { dialogs, outgoing } = this.#stack;
    return message.kind === 'request' ? dialogs.of(message) !== undefined : outgoing.of(message) !== undefined;
  }

  /** A "sip" command: `transaction|dialog[|next hop]` and a message. */
  command(
    client: Client,
    messageId: string,
    [transaction = '', dialog = '', nextHop = '']: readonly string[],
    octets: Buffer,
  ): void {
    const written = parseDraft(octets);
    if (written === undefined) return client.reply(messageId, ['NOK', 'invalid message']);
    for (const line of written.skipped)
      this.#stack.settings.log('warn', `an application's header line was left out: ${line}`);
    const draft = meant(written);
    if (typeof draft === 'string') return client.reply(messageId, ['NOK', draft]);
    if (draft.kind === 'response') this.#respond(client, messageId, transaction, draft);
    else if (dialog !== '') this.#uac.sendWithin(client, messageId, draft, dialog);
    else if (draft.method === 'CANCEL') this.#uac.cancel(client, messageId, draft, transaction);
    else if (transaction === '') this.#uac.send(client, messageId, draft, nextHop);
    else client.reply(messageId, ['NOK', 'a transaction id goes with a response or a CANCEL only']);
  }

  #respond(client: Client, messageId: string, transaction: string, draft: DraftResponse): void {
    const incoming = this.#stack.incoming.get(transaction);
    if (incoming?.owner === client) this.#stack.shield.answered(incoming.request, incoming.flow, draft);
    this.#uas.respond(client, messageId, transaction, draft);
  }

  /** A "proxy" command. */
  proxy(client: Client, messageId: string, tokens: readonly string[], octets: Buffer): void {
    const written = parseDraft(octets);
    if (written?.kind !== 'request') return client.reply(messageId, ['NOK', 'invalid message']);
    const draft = meant(written);
    if (typeof draft === 'string') return client.reply(messageId, ['NOK', draft]);
    this.#proxies.forward(client, messageId, tokens, draft);
  }

  gone(client: Client): void {
    this.#uas.gone(client);
    this.#uac.gone(client);
  }
}
