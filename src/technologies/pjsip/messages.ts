// Text messages outside of calls, by MESSAGE (RFC 3428): in, to the core, which keeps them; out, by deliveries.
import type { Core } from '../../core/index.ts';
import type { IncomingMessage } from '../../core/message.ts';
import type { TextSender } from '../../core/technology.ts';
import { Fault } from '../../errors.ts';
import type { Clock } from '../../core/clock.ts';
import { isSip } from './destination.ts';
import type { Log } from './log.ts';
import { Deliveries, type DeliveriesParts } from './messages-delivery.ts';
import { expiryOf, keyOf, onwardOf, recipientOf, senderOf, textOf } from './messages-received.ts';
import type { Sender, Service } from './service.ts';
import type { ResponseParts, SipHeader, SipRequest } from './stack.ts';

export interface MessagesParts extends DeliveriesParts {
  readonly core: Pick<Core, 'messages'>;
  readonly clock: Pick<Clock, 'now'>;
  readonly log: Log;
  /** Takes one that comes within a dialog; left out, none is taken there. */
  readonly withinCall?: (request: SipRequest) => Promise<void>;
  /** How many may wait to be kept and answered, 10,000 if left out. Beyond it a message is answered 503. */
  readonly limit?: number;
}

export interface MessagesMetrics {
  readonly waiting: number;
  readonly limit: number;
  /** Answered 503. */
  readonly refused: number;
}

export interface Messages {
  readonly service: Service;
  readonly sender: TextSender;
  readonly metrics: MessagesMetrics;
}

export const messages = (parts: MessagesParts): Messages => {
  const inbound = new Inbound(parts);
  return {
    service: inbound,
    sender: new Deliveries(parts),
    get metrics() {
      return inbound.metrics;
    },
  };
};

const LIMIT = 10_000;
/** With a 415 (RFC 3261 21.4.13): text/plain is what everyone takes (RFC 3428), and of others all but those that are refused. */
const ACCEPT: SipHeader = ['Accept', 'text/plain, */*'];
/** What a dialog knows; no MESSAGE, since nothing would become of it. */
const IN_DIALOG: SipHeader = ['Allow', 'INVITE, ACK, CANCEL, BYE, OPTIONS, INFO, UPDATE'];

class Inbound implements Service {
  readonly name = 'messages';
  readonly methods = ['MESSAGE'];
  readonly #parts: MessagesParts;
  readonly #limit: number;
  #waiting = 0;
  #refused = 0;

  constructor(parts: MessagesParts) {
    this.#parts = parts;
    this.#limit = parts.limit ?? LIMIT;
  }

  get metrics(): MessagesMetrics {
    return { waiting: this.#waiting, limit: this.#limit, refused: this.#refused };
  }

  async handle(request: SipRequest, from: Sender | undefined): Promise<void> {
    if (from === undefined && this.#parts.withinCall !== undefined) return this.#parts.withinCall(request);
    if (from === undefined) {
      await request.respond(request.dialogId === undefined ? 481 : 405, { headers: [IN_DIALOG] });
      return;
    }
    if (!isSip(request.uri)) {
      await request.respond(416);
      return;
    }
    if (this.#waiting >= this.#limit) {
      this.#refused += 1;
      throw new Fault('unavailable', 'Too many messages at once');
    }
    this.#waiting += 1;
    try {
      await this.#take(request, from);
    } finally {
      this.#waiting -= 1;
    }
  }

  /**
   * First it is kept, then it is answered. Nothing is awaited before the core has it, so that it has them in the order in
   * which they came.
   */
  async #take(request: SipRequest, { endpoint, object }: Sender): Promise<void> {
    const { core, clock } = this.#parts;
    const text = textOf(request, object);
    if (text === undefined) throw new Fault('invalid', 'The From or the To is no address');
    const incoming: IncomingMessage & { expiresAt?: number } = {
      endpoint,
      text,
      key: keyOf(request),
      recipient: recipientOf(request),
      scheme: 'pjsip',
      // Asked for where it is given on to another endpoint.
      get onward() {
        return onwardOf(text.variables);
      },
      get sender() {
        return senderOf(text) ?? text.from;
      },
    };
    const expiresAt = expiryOf(request.headers, clock.now());
    if (expiresAt !== undefined) incoming.expiresAt = expiresAt;
    try {
      const taken = await core.messages.receive(incoming);
      await this.#answer(request, taken === 'relayed' ? 200 : 202);
    } catch (error) {
      if (!(error instanceof Fault) || error.kind !== 'unsupported-media') throw error;
      await this.#answer(request, 415, { headers: [ACCEPT] });
    }
  }

  /** Who does not get the answer sends the message again, and it is known by its key. */
  async #answer(request: SipRequest, status: number, parts: ResponseParts = {}): Promise<void> {
    try {
      await request.respond(status, parts);
    } catch (error) {
      if (!(error instanceof Fault)) throw error;
      this.#parts.log('warn', `A MESSAGE could not be answered ${status}: ${error.message}`);
    }
  }
}
