// What leaves by one WebSocket: at once while the peer reads, and else in a queue, which can be dropped.
import type { Writable } from 'node:stream';
import type { WebSocket } from '@fastify/websocket';
import { bytesOf, bytesPayload, frameBytes, framed, type Payload } from './socket-frame.ts';

/** Frames of one turn leave together, unless they are more bytes than this. */
const TOGETHER = 64 * 1024;
/** So many bytes are handed over before the peer has read them: what is handed over cannot be dropped. */
const AHEAD = 128 * 1024;

interface Frame {
  /** It holds bytes alone, which lie outside of the heap: what waits would be copied by the collector, and held up whoever does not. */
  readonly payload: Payload;
  readonly onHandedOver: (() => void) | undefined;
}

export interface OutgoingOptions {
  /** How many bytes may wait. */
  readonly maxBuffered: number;
  /** Whether we are the server of the WebSocket: a client masks what it sends. */
  readonly isServer: boolean;
  /** More wait: called once, when nothing can leave any more but a close frame. */
  readonly onFull: () => void;
}

export class Outgoing {
  readonly #socket: WebSocket;
  /** What the socket writes to. */
  readonly #connection: Writable;
  readonly #options: OutgoingOptions;
  readonly #isPlain: boolean;
  #frames: Frame[] = [];
  #head = 0;
  #bytes = 0;
  /** What was handed over in this turn, and its bytes. */
  #turn: Payload[] = [];
  #turnBytes = 0;
  #waiting: (() => void)[] = [];

  constructor(socket: WebSocket, connection: Writable, options: OutgoingOptions) {
    this.#socket = socket;
    this.#connection = connection;
    this.#options = options;
    this.#isPlain = options.isServer && socket.extensions === '';
    connection.on('drain', () => this.#pump());
    socket.once('close', () => this.drop());
  }

  /** Bytes that wait to be sent. */
  get buffered(): number {
    return this.#bytes + this.#turnBytes + this.#socket.bufferedAmount;
  }

  /** Says whether it was taken. `onHandedOver` is called when it can no longer be dropped. */
  send(payload: Payload, onHandedOver?: () => void): boolean {
    if (!this.#isOpen) return false;
    if (this.buffered + payload.length > this.#options.maxBuffered) {
      this.drop();
      this.#options.onFull();
      return false;
    }
    this.#put(payload, onHandedOver);
    return true;
  }

  /** For one who can wait: until the promise resolves, if there is one. */
  sendPatiently(payload: Payload, onHandedOver?: () => void): Promise<void> | undefined {
    if (!this.#isOpen) return undefined;
    this.#put(payload, onHandedOver);
    if (this.#head === this.#frames.length) return undefined;
    return new Promise((resolve) => this.#waiting.push(resolve));
  }

  /** What was not handed over is never sent. */
  drop(): void {
    this.#writeTurn();
    this.#forget();
  }

  /** Hands over all that waits. */
  flush(): void {
    for (const { payload, onHandedOver } of this.#frames.slice(this.#head)) this.#handOver(payload, onHandedOver);
    this.drop();
  }

  get #isOpen(): boolean {
    return this.#socket.readyState === this.#socket.OPEN;
  }

  #put(payload: Payload, onHandedOver: (() => void) | undefined): void {
    if (this.#head === this.#frames.length && this.#hasRoom) return this.#handOver(payload, onHandedOver);
    const bytes = bytesOf(payload);
    this.#frames.push({ payload: bytesPayload(bytes), onHandedOver });
    this.#bytes += bytes.length;
  }

  get #hasRoom(): boolean {
    return this.#connection.writableLength + this.#turnBytes < AHEAD;
  }

  #pump(): void {
    while (this.#head < this.#frames.length && this.#isOpen && this.#hasRoom) {
      const { payload, onHandedOver } = this.#frames[this.#head++]!;
      this.#bytes -= payload.length;
      this.#handOver(payload, onHandedOver);
    }
    if (this.#head === this.#frames.length) this.#forget();
  }

  #forget(): void {
    this.#frames = [];
    this.#head = 0;
    this.#bytes = 0;
    for (const resolve of this.#waiting.splice(0)) resolve();
  }

  #handOver(payload: Payload, onHandedOver: (() => void) | undefined): void {
    if (this.#turn.length === 0) process.nextTick(() => this.#writeTurn());
    this.#turn.push(payload);
    this.#turnBytes += frameBytes(payload);
    if (this.#turnBytes >= TOGETHER) this.#writeTurn();
    onHandedOver?.();
  }

  #writeTurn(): void {
    if (this.#turn.length === 0) return;
    const frames = this.#turn;
    const size = this.#turnBytes;
    this.#turn = [];
    this.#turnBytes = 0;
    if (!this.#isOpen) return;
    if (this.#isPlain) this.#connection.write(framed(frames, size));
    else this.#sendAll(frames);
  }

  #sendAll(payloads: readonly Payload[]): void {
    this.#connection.cork();
    for (const payload of payloads) this.#socket.send(bytesOf(payload), { binary: false });
    this.#connection.uncork();
  }
}
