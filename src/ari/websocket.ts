// The WebSocket: events of applications out, and REST requests in, which are answered in their order.
import { STATUS_CODES } from 'node:http';
import type { WebSocket } from '@fastify/websocket';
import type { Static } from 'typebox';
import { passes } from '../core/application.ts';
import type { Registration } from '../core/applications.ts';
import type { Fact } from '../core/facts.ts';
import { Fault } from '../errors.ts';
import type { Message } from '../stasis/index.ts';
import type { AriRequest, AriResponse, Opening } from './dispatch.ts';
import type { JsonReader } from './parameters.ts';
import type { Context } from './resource.ts';
import { EXTENSIONS, RESTRequest, type AriEvent } from './resources/events.ts';
import { momentJson } from './time.ts';
import { translate } from './translate.ts';

/** A frame that is longer, in bytes, closes the socket with 1009. */
export const LONGEST_FRAME = 65_535;
/** As many requests may wait before the socket is no longer read. */
export const WAITING = 100;

/** Codes of RFC 6455, section 7.4.1, and of the IANA registry. */
const GOING_AWAY = 1001;
const TRY_AGAIN_LATER = 1013;

export interface SocketCounters {
  open: number;
  eventsSent: number;
  /** Closed because the peer did not read fast enough. */
  closedAsSlow: number;
}

export interface SocketOptions {
  readonly context: Context;
  readonly reader: JsonReader;
  readonly dispatch: (request: AriRequest) => Promise<AriResponse | Opening>;
  readonly counters: SocketCounters;
  /** How many bytes may wait to be sent; beyond it the socket is closed with 1013. */
  readonly maxBuffered: number;
  /** In milliseconds. A peer that has not answered one ping when the next is due is gone. */
  readonly pingInterval: number;
}

type RestRequest = Static<typeof RESTRequest>;

export class EventSocket {
  /** Resolves when the socket is closed and nobody listens through it any more. */
  readonly closed: Promise<void>;
  readonly #socket: WebSocket;
  readonly #opening: Opening;
  readonly #options: SocketOptions;
  readonly #requests: string[] = [];
  readonly #registrations: Registration[];
  #isAlive = true;
  #isAnswering = false;

  /** Registers the applications at once. */
  constructor(socket: WebSocket, opening: Opening, options: SocketOptions) {
    this.#socket = socket;
    this.#opening = opening;
    this.#options = options;
    options.counters.open += 1;
    const ping = setInterval(() => this.#ping(), options.pingInterval);
    socket.on('pong', () => (this.#isAlive = true));
    socket.on('message', (data, isBinary) => {
      if (!isBinary) this.#take(data.toString());
    });
    this.closed = new Promise((resolve) => {
      socket.once('close', () => {
        clearInterval(ping);
        this.#leave();
        options.counters.open -= 1;
        resolve();
      });
    });
    this.#registrations = opening.apps.map((name) => this.#register(name));
  }

  /** Bytes that wait to be sent. */
  get buffered(): number {
    return this.#socket.bufferedAmount;
  }

  /** REST requests that wait for their turn. */
  get waiting(): number {
    return this.#requests.length;
  }

  /** The server goes away. */
  close(): void {
    this.#leave();
    this.#socket.close(GOING_AWAY, 'the server is stopping');
  }

  /** Without waiting for the peer. */
  terminate(): void {
    this.#socket.terminate();
  }

  #register(name: string): Registration {
    const registration: Registration = this.#options.context.applications.register(
      name,
      (message) => this.#tell(registration.application, message),
      { subscribeAll: this.#opening.subscribeAll, onOverflow: () => this.#giveUp() },
    );
    return registration;
  }

  #tell(application: Registration['application'], message: Message<Fact>): void {
    for (const event of translate(message)) {
      if (!this.#opening.extensions && EXTENSIONS.has(event.type)) continue;
      if (!passes(application.filter, event.type)) continue;
      if (this.#send(event, application.name)) this.#options.counters.eventsSent += 1;
    }
  }

  #send(event: AriEvent, application: string): boolean {
    if (this.#socket.readyState !== this.#socket.OPEN) return false;
    const text = JSON.stringify({ ...event, asterisk_id: this.#options.context.node.entityId, application });
    if (this.#socket.bufferedAmount + text.length > this.#options.maxBuffered) {
      this.#giveUp();
      return false;
    }
    this.#socket.send(text);
    return true;
  }

  /** The peer does not keep up: it is told, and may come again. */
  #giveUp(): void {
    this.#options.counters.closedAsSlow += 1;
    this.#leave();
    this.#socket.close(TRY_AGAIN_LATER, 'too slow');
  }

  #leave(): void {
    for (const registration of this.#registrations.splice(0)) registration.close();
  }

  #ping(): void {
    // While the socket is not read, no pong can have come.
    if (!this.#isAlive && !this.#socket.isPaused) return this.#socket.terminate();
    this.#isAlive = false;
    this.#socket.ping();
  }

  #take(text: string): void {
    this.#requests.push(text);
    if (this.#requests.length >= WAITING) this.#socket.pause();
    if (!this.#isAnswering) void this.#answerAll();
  }

  async #answerAll(): Promise<void> {
    this.#isAnswering = true;
    for (let text = this.#requests.shift(); text !== undefined; text = this.#requests.shift()) {
      const answer = await this.#answer(text);
      this.#send({ ...answer, timestamp: momentJson(this.#options.context.node.now()) }, this.#opening.apps[0]!);
      if (this.#socket.isPaused && this.#requests.length < WAITING) this.#socket.resume();
    }
    this.#isAnswering = false;
  }

  async #answer(text: string): Promise<Omit<RestResponse, 'timestamp'>> {
    let frame: unknown;
    try {
      frame = JSON.parse(text);
    } catch {
      return { ...rest({}), status_code: 400, reason_phrase: 'Failed to parse request message JSON' };
    }
    const echo = rest(frame);
    try {
      const request = this.#read(frame);
      return { ...echo, ...result(await this.#options.dispatch(this.#toAri(request))) };
    } catch (error) {
      if (!(error instanceof Fault)) throw error;
      const { message, code } = error;
      return {
        ...echo,
        status_code: 400,
        reason_phrase: 'Bad request',
        content_type: 'application/json',
        message_body: JSON.stringify({ message, code }),
      };
    }
  }

  #read(frame: unknown): RestRequest {
    if ((frame as { type?: unknown } | null)?.type !== 'RESTRequest') {
      throw new Fault('invalid', 'Parameter type: unknown request type', { code: 'invalid-parameter' });
    }
    const request = this.#options.reader.read(RESTRequest, frame) as RestRequest;
    const { content_type: type = '', message_body: body = '' } = request;
    if (body !== '' && type !== 'application/json' && type !== 'application/x-www-form-urlencoded') {
      throw new Fault('invalid', 'Parameter content_type is none that a message_body may have', {
        code: 'invalid-parameter',
      });
    }
    return request;
  }

  #toAri({ method, uri, content_type, message_body, query_strings = [] }: RestRequest): AriRequest {
    return {
      method: method.toUpperCase(),
      target: uri,
      over: 'websocket',
      credentials: this.#opening.credentials,
      contentType: content_type,
      body: message_body,
      parameters: query_strings,
    };
  }
}

type RestResponse = Extract<AriEvent, { type: 'RESTResponse' }>;

/** What the answer repeats of the request, however little of one it is. */
function rest(frame: unknown) {
  const { transaction_id, request_id, uri } = (frame ?? {}) as Partial<Record<string, unknown>>;
  const text = (value: unknown): string => (typeof value === 'string' ? value : '');
  return {
    type: 'RESTResponse' as const,
    transaction_id: text(transaction_id),
    request_id: text(request_id),
    uri: text(uri).split('?')[0]!,
  };
}

function result(outcome: AriResponse | Opening) {
  if (outcome.kind === 'opening') throw new Error('a WebSocket cannot be opened in a WebSocket');
  const { status, body } = outcome;
  return {
    status_code: status,
    reason_phrase: STATUS_CODES[status] ?? '',
    ...(body !== undefined && { content_type: 'application/json', message_body: body }),
  };
}
