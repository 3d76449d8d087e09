// One application's connection: its handshake, its routes, and the order of what is written to it.
import type { Socket } from 'node:net';
import type { Drop } from '../metrics.ts';
import type { Settings } from '../options.ts';
import type { Reporter } from '../reporter.ts';
import type { Timer, Timers } from '../timers.ts';
import { FrameReader, readPayload } from './frames.ts';
import { Outbox } from './outbox.ts';

/** What a connection asks of the server behind it. */
export interface Backend {
  /** For the answer to "authenticate": "udp/127.0.0.1:5060,tcp/127.0.0.1:5060", as others see us and as we are. */
  addresses(): { readonly external: string; readonly local: string };
  isSecret(text: string): boolean;
  sip(client: Client, messageId: string, tokens: readonly string[], message: Buffer): void;
  proxy(client: Client, messageId: string, tokens: readonly string[], message: Buffer): void;
  gone(client: Client): void;
}

export interface ClientParts {
  readonly settings: Settings;
  readonly timers: Timers;
  readonly reporter: Reporter;
  readonly backend: Backend;
}

/** drachtio-srf expects at least 0.8.2. */
const version = 'v0.9.10-embedded';

const mostRoutes = 100;
const mostTags = 20;
const tagShape = /^[a-zA-Z0-9\-_+@:]{1,32}$/;

/** Waits in the queue until the application has had a turn to read the reply before it. */
interface Pause {
  isOver: boolean;
}

interface Frame {
  readonly leader: string;
  readonly message: Buffer;
}

export class Client {
  /** Methods in lower case; "*" is any method without a route. */
  readonly routes = new Set<string>();
  /** Names that it gave itself in its handshake. */
  readonly tags = new Set<string>();
  readonly #socket: Socket;
  readonly #parts: ClientParts;
  readonly #reader: FrameReader;
  readonly #outbox: Outbox;
  readonly #handshake: Timer;
  #arrived: ((isReady: boolean) => void) | undefined;
  /** Notifications behind a pause, in order. */
  readonly #held: (Frame | Pause)[] = [];
  #heldOctets = 0;
  #isAuthenticated = false;

  /** `arrived`, for a connection of ours: it has authenticated, or never will. */
  constructor(socket: Socket, parts: ClientParts, arrived?: (isReady: boolean) => void) {
    this.#socket = socket;
    this.#parts = parts;
    this.#arrived = arrived;
    this.#reader = new FrameReader(parts.settings.limits.frameSize);
    this.#outbox = new Outbox(socket);
    this.#handshake = parts.timers.after(parts.settings.limits.authenticateTime, () => this.#cut('client-refused'));
    socket.setNoDelay(true);
    socket.setKeepAlive(true, 45_000);
    socket.on('data', (chunk) => this.#read(chunk));
    socket.on('error', (error) => parts.reporter.report('client-failed', error.message));
    socket.on('close', () => {
      this.#handshake.cancel();
      this.#held.length = 0;
      parts.backend.gone(this);
      this.#tell(false);
    });
  }

  get isReady(): boolean {
    return this.#isAuthenticated && this.#socket.writable;
  }

  /** What was said before is still heard. */
  destroy(): void {
    this.#outbox.flush();
    this.#socket.destroy();
  }

  /** Answers a command; `tokens` begin with OK, NOK or NO. */
  reply(messageId: string, tokens: readonly (string | number)[], message?: Buffer): void {
    this.#write(`${this.#parts.settings.uuid()}|response|${messageId}|${tokens.join('|')}`, message, true);
  }

  /** The same for a command that has done what it should and causes nothing more: nobody waits for the reply. */
  confirm(messageId: string, tokens: readonly (string | number)[], message: Buffer): void {
    this.#write(`${this.#parts.settings.uuid()}|response|${messageId}|${tokens.join('|')}`, message, false);
  }

  /**
   * Answers a command that started a transaction. Notifications wait until the application had a turn of the event loop for itself:
   * drachtio-srf loses a response that it reads together with this reply (its caller's promise resolves only after both).
   */
  replyFirst(messageId: string, tokens: readonly (string | number)[], message: Buffer): void {
    this.reply(messageId, tokens, message);
    const pause: Pause = { isOver: false };
    this.#held.push(pause);
    this.#parts.settings.afterTurn(() => {
      pause.isOver = true;
      this.#release();
    });
  }

  /** A "sip" frame; `tokens` begin with the source. */
  notify(tokens: readonly (string | number)[], message: Buffer): void {
    const leader = `${this.#parts.settings.uuid()}|sip|${tokens.join('|')}|`;
    if (this.#held.length === 0) return this.#write(leader, message, true);
    this.#held.push({ leader, message });
    this.#heldOctets += leader.length + message.length;
  }

  #release(): void {
    for (let next = this.#held[0]; next !== undefined; next = this.#held[0]) {
      if ('isOver' in next && !next.isOver) return;
      this.#held.shift();
      if ('isOver' in next) continue;
      this.#heldOctets -= next.leader.length + next.message.length;
      this.#write(next.leader, next.message, true);
    }
  }

  #write(leader: string, message: Buffer | undefined, isUrgent: boolean): void {
    if (!this.#socket.writable) return;
    this.#outbox.add(leader, message, isUrgent);
    if (this.#outbox.waiting + this.#heldOctets > this.#parts.settings.limits.clientBacklog)
      this.#cut('client-slow-reader');
  }

  #read(chunk: Buffer): void {
    const { payloads, isBroken } = this.#reader.push(chunk);
    for (const payload of payloads) {
      if (!this.#socket.writable) return;
      this.#command(payload);
    }
    if (isBroken) this.#cut('client-unframed');
  }

  #command(payload: Buffer): void {
    const { tokens, message } = readPayload(payload);
    const [messageId = '', command, ...rest] = tokens;
    if (command === undefined) return this.#refuse(messageId, 'Invalid message format');
    if (command === 'authenticate') return this.#authenticate(messageId, rest[0] ?? '', rest[1] ?? '');
    if (!this.#isAuthenticated) return this.#refuse(messageId, 'not authenticated');
    switch (command) {
      case 'route':
      case 'remove_route':
        return this.#route(messageId, command, rest[0] ?? '');
      case 'ping':
        return this.reply(messageId, ['OK', 'pong']);
      case 'sip':
        if (message === undefined || rest.length < 2) return this.#refuse(messageId, 'Invalid message format');
        return this.#parts.backend.sip(this, messageId, rest, message);
      case 'proxy':
        if (message === undefined || rest.length < 8) return this.#refuse(messageId, 'Invalid message format');
        return this.#parts.backend.proxy(this, messageId, rest, message);
      default:
        return this.#refuse(messageId, 'Unknown message type');
    }
  }

  #authenticate(messageId: string, secret: string, tags: string): void {
    if (!this.#parts.backend.isSecret(secret)) {
      this.#parts.reporter.report('client-refused', 'a wrong secret');
      return this.#refuse(messageId, 'incorrect secret');
    }
    this.#isAuthenticated = true;
    for (const tag of tags.split(',').slice(0, mostTags)) if (tagShape.test(tag)) this.tags.add(tag);
    this.#handshake.cancel();
    const { external, local } = this.#parts.backend.addresses();
    this.reply(messageId, ['OK', external, version, local]);
    this.#tell(true);
  }

  #tell(isReady: boolean): void {
    const arrived = this.#arrived;
    this.#arrived = undefined;
    arrived?.(isReady);
  }

  /** Routes are a set: drachtio-srf names each again whenever it adds one. */
  #route(messageId: string, command: 'route' | 'remove_route', method: string): void {
    const verb = method.toLowerCase();
    if (command === 'remove_route') this.routes.delete(verb);
    else if (this.routes.size >= mostRoutes && !this.routes.has(verb))
      return this.reply(messageId, ['NOK', 'too many routes']);
    else this.routes.add(verb);
    this.reply(messageId, ['OK']);
  }

  #refuse(messageId: string, reason: string): void {
    this.reply(messageId, ['NO', reason]);
    this.#outbox.flush();
    this.#socket.end(() => this.destroy());
  }

  #cut(drop: Drop): void {
    this.#parts.reporter.report(drop, "an application's connection was cut");
    this.destroy();
  }
}
