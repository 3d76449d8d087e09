// Text messages outside of calls, by MESSAGE (RFC 3428): in, for those who listen; out, to where an application says.
import type { Core } from '../../core/index.ts';
import type { TextMessage } from '../../core/facts.ts';
import type { TextSender } from '../../core/technology.ts';
import { Fault, notFound } from '../../errors.ts';
import { towards } from './contact.ts';
import { destinationOf, directory, isSip } from './destination.ts';
import type { Location } from './location.ts';
import { inWords, type Log } from './log.ts';
import { textOf } from './messages-received.ts';
import { headersOf, refuseBreaking } from './messages-sent.ts';
import type { PjsipObjects } from './objects/index.ts';
import type { Outbound } from './outbound.ts';
import { requests } from './request.ts';
import { ownUri } from './own-address.ts';
import type { Sender, Service } from './service.ts';
import type { SipHeader, SipRequest, SipStack } from './stack.ts';

export interface MessagesParts {
  readonly core: Pick<Core, 'applications' | 'messages'>;
  readonly objects: Pick<PjsipObjects, 'endpoints' | 'aors' | 'global'>;
  readonly location: Pick<Location, 'contacts'>;
  readonly stack: Pick<SipStack, 'addresses'>;
  readonly outbound: Outbound;
  readonly log: Log;
  /** How many may wait for their 202 to go out, 10,000 if left out. Beyond it a message is answered 503. */
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
    sender: sender(parts),
    get metrics() {
      return inbound.metrics;
    },
  };
};

const LIMIT = 10_000;
/** What is text, or may be read as such. */
const TAKEN = /^(text|application|message)\/[^\s/;]+\s*(;|$)/i;
const ACCEPT: SipHeader = ['Accept', 'text/*, application/*, message/*'];
/** What a dialog knows; no MESSAGE, since nothing would become of it. */
const IN_DIALOG: SipHeader = ['Allow', 'INVITE, ACK, CANCEL, BYE, OPTIONS, INFO, UPDATE'];

class Inbound implements Service {
  readonly name = 'messages';
  readonly methods = ['MESSAGE'];
  readonly #parts: MessagesParts;
  readonly #limit: number;
  /** By sender, what is to be published before the next of it. */
  readonly #last = new Map<string, Promise<void>>();
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
    if (from === undefined) {
      await request.respond(request.dialogId === undefined ? 481 : 405, { headers: [IN_DIALOG] });
      return;
    }
    const type = request.headers.get('Content-Type') ?? '';
    const isEmpty = type === '' && request.body === '';
    if (!isEmpty && !TAKEN.test(type)) {
      await request.respond(415, { headers: [ACCEPT] });
      return;
    }
    if (!isSip(request.uri)) {
      await request.respond(416);
      return;
    }
    const text = textOf(request, from.object);
    if (text === undefined) throw new Fault('invalid', 'The From or the To is no address');
    if (!this.#parts.core.applications.hearsTexts(from.endpoint.snapshot)) throw notFound('Recipient');
    if (this.#waiting >= this.#limit) {
      this.#refused += 1;
      throw new Fault('unavailable', 'Too many messages at once');
    }
    await this.#accept(request, from, text);
  }

  /** The 202 first, then the event, in the order in which the messages of one sender came. Without the 202, no event. */
  async #accept(request: SipRequest, { endpoint }: Sender, text: TextMessage): Promise<void> {
    const { core, log } = this.#parts;
    const before = this.#last.get(endpoint.id);
    const turn = Promise.allSettled([request.respond(202), before]).then(([sent]) => {
      if (sent.status === 'rejected') throw sent.reason;
      core.messages.receive(endpoint, text);
    });
    this.#last.set(endpoint.id, turn);
    this.#waiting += 1;
    try {
      await turn;
    } catch (error) {
      if (!(error instanceof Fault)) throw error;
      log('warn', `A message of ${endpoint.id} was not delivered: ${error.message}`);
    } finally {
      this.#waiting -= 1;
      if (this.#last.get(endpoint.id) === turn) this.#last.delete(endpoint.id);
    }
  }
}

function sender({ objects, location, stack, outbound, log }: MessagesParts): TextSender {
  const known = directory(objects, location);
  const request = requests(outbound);
  return {
    scheme: 'pjsip',
    async send(address, message) {
      refuseBreaking('to', address);
      const { endpoint, contact } = destinationOf(address, known);
      const { headers: route = [], ...way } = towards(contact);
      const { headers, type } = headersOf(address, message, { own: ownUri(endpoint, stack), target: contact.uri });
      const transaction = request(endpoint, 'MESSAGE', { ...way, uri: contact.uri, headers: [...route, ...headers] })
        .body(type, message.body)
        .send();
      await transaction.sent;
      void transaction.final.then(
        ({ status, reason }) => {
          if (status >= 300) log('warn', `A message to ${address} was answered ${status} ${reason}`);
        },
        (error: unknown) => log('warn', `A message to ${address} was lost: ${inWords(error)}`),
      );
    },
  };
}
