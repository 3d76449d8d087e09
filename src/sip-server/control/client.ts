// One application's connection: its handshake, its routes, and the order of what is written to it.
import type { Socket } from 'node:net';
import type { Drop, Metrics } from '../metrics.ts';
import type { Settings } from '../options.ts';
import type { Timer, Timers } from '../timers.ts';
import { FrameReader, readPayload, writeFrame } from './frames.ts';

/** What a connection asks of the server behind it. */
export interface Backend {
  /** The addresses for the answer to "authenticate": "udp/127.0.0.1:5060,tcp/127.0.0.1:5060". */
  addresses(): string;
  isSecret(text: string): boolean;
  sip(client: Client, messageId: string, tokens: readonly string[], message: Buffer): void;
  gone(client: Client): void;
}

export interface ClientParts {
  readonly settings: Settings;
  readonly metrics: Metrics;
  readonly timers: Timers;
  readonly backend: Backend;
}

/** drachtio-srf expects at least 0.8.2. */
const version = 'v0.9.10-embedded';

/** Waits in the queue until the application has had a turn to read the reply before it. */
interface Pause {
  isOver: boolean;
}

export class Client {
  /** Methods in lower case; "*" is any method without a route. */
  readonly routes = new Set<string>();
  readonly #socket: Socket;
  readonly #parts: ClientParts;
  readonly #reader: FrameReader;
  readonly #handshake: Timer;
  /** Notifications behind a pause, in order. */
  readonly #held: (Buffer | Pause)[] = [];
  #heldOctets = 0;
  #isAuthenticated = false;

  constructor(socket: Socket, parts: ClientParts) {
    this.#socket = socket;
    this.#parts = parts;
    this.#reader = new FrameReader(parts.settings.limits.frameSize);
    this.#handshake = parts.timers.after(parts.settings.limits.authenticateTime, () => this.#cut('client-refused'));
    socket.setNoDelay(true);
    socket.setKeepAlive(true, 45_000);
    socket.on('data', (chunk) => this.#read(chunk));
    socket.on('error', (error) => parts.settings.log('warn', `an application's connection failed: ${error.message}`));
    socket.on('close', () => {
      this.#handshake.cancel();
      this.#held.length = 0;
      parts.backend.gone(this);
    });
  }

  get isReady(): boolean {
    return this.#isAuthenticated && this.#socket.writable;
  }

  destroy(): void {
    this.#socket.destroy();
  }

  /** Answers a command; `tokens` begin with OK, NOK or NO. */
  reply(messageId: string, tokens: readonly (string | number)[], message?: Buffer): void {
    this.#write(writeFrame([this.#parts.settings.uuid(), 'response', messageId, ...tokens], message));
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
    const frame = writeFrame([this.#parts.settings.uuid(), 'sip', ...tokens, ''], message);
    if (this.#held.length === 0) return this.#write(frame);
    this.#held.push(frame);
    this.#heldOctets += frame.length;
  }

  #release(): void {
    for (let next = this.#held[0]; next !== undefined; next = this.#held[0]) {
      if (!Buffer.isBuffer(next) && !next.isOver) return;
      this.#held.shift();
      if (!Buffer.isBuffer(next)) continue;
      this.#heldOctets -= next.length;
      this.#write(next);
    }
  }

  #write(frame: Buffer): void {
    if (!this.#socket.writable) return;
    this.#socket.write(frame);
    if (this.#socket.writableLength + this.#heldOctets > this.#parts.settings.limits.clientBacklog)
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
    if (command === 'authenticate') return this.#authenticate(messageId, rest[0] ?? '');
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
        return this.reply(messageId, ['NOK', 'this server does not proxy']);
      default:
        return this.#refuse(messageId, 'Unknown message type');
    }
  }

  #authenticate(messageId: string, secret: string): void {
    if (!this.#parts.backend.isSecret(secret)) {
      this.#parts.metrics.drops['client-refused'] += 1;
      return this.#refuse(messageId, 'incorrect secret');
    }
    this.#isAuthenticated = true;
    this.#handshake.cancel();
    const addresses = this.#parts.backend.addresses();
    this.reply(messageId, ['OK', addresses, version, addresses]);
  }

  /** Routes are a set: drachtio-srf names each again whenever it adds one. */
  #route(messageId: string, command: 'route' | 'remove_route', method: string): void {
    const verb = method.toLowerCase();
    if (command === 'remove_route') this.routes.delete(verb);
    else if (this.routes.size < 100) this.routes.add(verb);
    this.reply(messageId, ['OK']);
  }

  #refuse(messageId: string, reason: string): void {
    this.reply(messageId, ['NO', reason]);
    this.#socket.end(() => this.destroy());
  }

  #cut(drop: Drop): void {
    this.#parts.metrics.drops[drop] += 1;
    this.#parts.settings.log('warn', `an application's connection was cut: ${drop}`);
    this.destroy();
  }
}
