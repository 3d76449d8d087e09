// The WebSocket: events of applications out, and frames of the client in, which are answered in their order.
import type { Writable } from 'node:stream';
import type { WebSocket } from '@fastify/websocket';
import type { Application } from '../core/application.ts';
import type { Registration } from '../core/applications.ts';
import { Fault } from '../errors.ts';
import type { AriRequest, Opening, Outcome } from './dispatch.ts';
import { Follower, type Outlet } from './follower.ts';
import { answerFrame, type Acknowledgement } from './frames.ts';
import { Outgoing } from './outgoing.ts';
import type { JsonReader } from './parameters.ts';
import type { Notice } from './passing.ts';
import { Receipts } from './receipts.ts';
import type { Context } from './resource.ts';
import { textPayload, type Payload } from './socket-frame.ts';
import { momentJson } from './time.ts';

/** A frame that is longer, in bytes, closes the socket with 1009. A request's body may be as long as over HTTP. */
export const LONGEST_FRAME = 1_114_112;
/** As many requests may wait before the socket is no longer read, and as many characters of them. */
export const WAITING = 100;
const WAITING_LENGTH = 4 * 1024 * 1024;

/** Codes of RFC 6455, section 7.4.1, and of the IANA registry. */
const GOING_AWAY = 1001;
const TRY_AGAIN_LATER = 1013;
const NO_ANSWER = 1006;
/** Of a close frame, in bytes: RFC 6455, section 5.5, less the code. */
const LONGEST_REASON = 123;
/** So many pings in a row may go unanswered. */
const MISSED_PINGS = 2;

export interface SocketCounters {
  open: number;
  eventsSent: number;
  /** Closed because the peer did not read fast enough. */
  closedAsSlow: number;
}

export interface SocketOptions {
  readonly context: Context;
  readonly reader: JsonReader;
  readonly dispatch: (request: AriRequest) => Outcome | Promise<Outcome>;
  readonly counters: SocketCounters;
  /** How many bytes may wait to be sent; beyond it the socket is closed with 1013. */
  readonly maxBuffered: number;
  /** In milliseconds. A peer that has not answered two pings when the next is due is gone. */
  readonly pingInterval: number;
  /** How long, in milliseconds, a peer that was too slow may take to read that it is closed, and why. */
  readonly farewell: number;
}

interface Attached {
  readonly registration: Pick<Registration, 'application' | 'close'>;
  readonly follower: Follower;
}

/** Of a WebSocket that we opened: its applications, which are registered whether or not it is open. */
export type Held = ReadonlyMap<string, Application>;

export class EventSocket implements Outlet {
  /** Resolves when the socket is closed and nobody listens through it any more. */
  readonly closed: Promise<void>;
  readonly #socket: WebSocket;
  readonly #outgoing: Outgoing;
  readonly #opening: Opening;
  readonly #options: SocketOptions;
  readonly #held: Held | undefined;
  readonly #requests: string[] = [];
  /** Characters of the requests that wait. */
  #requested = 0;
  readonly #attached: Attached[];
  /** Of one that we opened. */
  readonly #receipts: Receipts | undefined;
  #isLeaving = false;
  #farewell: NodeJS.Timeout | undefined;
  #missedPings = 0;
  #isAnswering = false;

  /** Registers the applications at once, unless they are held. */
  constructor(socket: WebSocket, connection: Writable, opening: Opening, options: SocketOptions, held?: Held) {
    this.#socket = socket;
    const { maxBuffered } = options;
    const isServer = held === undefined;
    this.#outgoing = new Outgoing(socket, connection, { maxBuffered, isServer, onFull: () => this.giveUp() });
    this.#opening = opening;
    this.#options = options;
    this.#held = held;
    this.#receipts = held && new Receipts(socket, () => this.#attached.map(({ follower }) => follower));
    options.counters.open += 1;
    const ping = setInterval(() => this.#ping(), options.pingInterval);
    socket.on('pong', () => (this.#missedPings = 0));
    socket.on('message', (data, isBinary) => {
      if (!isBinary) this.#take(data.toString());
    });
    this.closed = new Promise((resolve) => {
      socket.once('close', (code) => {
        clearInterval(ping);
        clearTimeout(this.#farewell);
        this.#receipts?.close(this.#isLeaving && code !== NO_ANSWER);
        this.#leave();
        options.counters.open -= 1;
        resolve();
      });
    });
    this.#attached = opening.apps.map((name) => this.#attach(name));
  }

  /** Bytes that wait to be sent. */
  get buffered(): number {
    return this.#outgoing.buffered;
  }

  /** REST requests that wait for their turn. */
  get waiting(): number {
    return this.#requests.length;
  }

  /** The server goes away, unless another reason is given. */
  close(code: number = GOING_AWAY, reason = 'the server is stopping'): void {
    if (this.#held !== undefined && !this.#isLeaving) this.#announce('ApplicationUnregistered');
    this.#leave();
    if (this.#isOpen) this.#outgoing.flush();
    this.#socket.close(code, reason);
  }

  /** Without waiting for the peer. */
  terminate(): void {
    this.#socket.terminate();
  }

  send(payload: Payload, onHandedOver: () => void): boolean {
    return this.#outgoing.send(payload, onHandedOver);
  }

  sendPatiently(text: string, onHandedOver: () => void): Promise<void> | undefined {
    return this.#outgoing.sendPatiently(textPayload(text), onHandedOver);
  }

  onSent(): void {
    this.#options.counters.eventsSent += 1;
    this.#receipts?.sent();
  }

  notify(text: string | undefined): void {
    if (text !== undefined) this.send(textPayload(text), () => (this.#options.counters.eventsSent += 1));
  }

  /** The peer does not keep up: it is told from where it may resume, and is not waited for long. */
  giveUp(): void {
    if (!this.#isOpen) return;
    this.#options.counters.closedAsSlow += 1;
    const cursors = `too slow; since=${this.#attached.map(({ follower }) => follower.position).join(',')}`;
    const isShort = Buffer.byteLength(cursors) <= LONGEST_REASON;
    this.#leave();
    this.#outgoing.drop();
    this.#socket.close(TRY_AGAIN_LATER, isShort ? cursors : 'too slow');
    this.#farewell = setTimeout(() => this.terminate(), this.#options.farewell);
  }

  get #isFull(): boolean {
    return this.#requests.length >= WAITING || this.#requested >= WAITING_LENGTH;
  }

  get #isOpen(): boolean {
    return this.#socket.readyState === this.#socket.OPEN;
  }

  #attach(name: string): Attached {
    const { eventLogs, bus } = this.#options.context;
    const registration = this.#register(name);
    const log = eventLogs.of(registration.application);
    const since = this.#held === undefined ? this.#opening.since.get(name) : (): string => log.place.resumption;
    const { extensions } = this.#opening;
    if (this.#held !== undefined) this.notify(log.own.notice('ApplicationRegistered'));
    const follower = new Follower({ log, outlet: this, extensions, since, onError: bus.onError });
    return { registration, follower };
  }

  #register(name: string): Attached['registration'] {
    const application = this.#held?.get(name);
    if (application !== undefined) return { application, close: () => undefined };
    const { subscribeAll, since, persist } = this.#opening;
    const options = { types: [], subscribeAll, resumes: since.has(name), persist };
    // What it is told comes by its log: the mailbox is but the sign that someone listens.
    return this.#options.context.applications.register(name, () => undefined, options);
  }

  #announce(type: Notice): void {
    const { eventLogs } = this.#options.context;
    for (const { registration } of this.#attached) this.notify(eventLogs.of(registration.application).own.notice(type));
  }

  #leave(): void {
    this.#isLeaving = true;
    for (const { registration, follower } of this.#attached) {
      follower.close();
      registration.close();
    }
  }

  #ping(): void {
    if (!this.#isOpen) return;
    // While the socket is not read, no pong can have come.
    if (this.#missedPings >= MISSED_PINGS && !this.#socket.isPaused) return this.#socket.terminate();
    this.#missedPings += 1;
    if (this.#receipts === undefined) this.#socket.ping();
    else this.#receipts.ask();
  }

  #take(text: string): void {
    this.#requests.push(text);
    this.#requested += text.length;
    if (this.#isFull) this.#socket.pause();
    if (!this.#isAnswering) void this.#answerAll();
  }

  async #answerAll(): Promise<void> {
    const { reader, dispatch, context } = this.#options;
    const acknowledge = (ack: Acknowledgement): void => this.#acknowledge(ack);
    const options = { reader, dispatch, credentials: this.#opening.credentials, acknowledge };
    this.#isAnswering = true;
    for (let text = this.#requests.shift(); text !== undefined; text = this.#requests.shift()) {
      this.#requested -= text.length;
      const answer = await answerFrame(text, options);
      if (answer !== undefined) {
        const { node } = context;
        const [application] = this.#opening.apps;
        const timestamp = momentJson(node.now());
        const text = JSON.stringify({ ...answer, timestamp, asterisk_id: node.entityId, application });
        this.#outgoing.send(textPayload(text));
      }
      if (this.#socket.isPaused && !this.#isFull) this.#socket.resume();
    }
    this.#isAnswering = false;
  }

  #acknowledge({ cursor, application = this.#opening.apps[0]! }: Acknowledgement): void {
    const attached = this.#attached.find(({ follower }) => follower.name === application);
    if (attached === undefined) {
      throw new Fault('invalid', 'Parameter application is none of this WebSocket', { code: 'invalid-parameter' });
    }
    attached.follower.acknowledge(cursor);
  }
}
