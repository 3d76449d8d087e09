// What leaves by one WebSocket: at once while the peer reads, and else in a queue, which can be dropped.
import type { Writable } from 'node:stream';
import type { WebSocket } from '@fastify/websocket';

/** Frames of one turn leave together, unless they are more bytes than this. */
const TOGETHER = 64 * 1024;
/** So many bytes are handed over before the peer has read them: what is handed over cannot be dropped. */
const AHEAD = 128 * 1024;

/** In bytes, which lie outside of the heap: texts that wait would be copied by the collector, and held up whoever does not. */
interface Frame {
  readonly bytes: Buffer;
  readonly onHandedOver: (() => void) | undefined;
}

export interface OutgoingOptions {
  /** How many bytes may wait. */
  readonly maxBuffered: number;
  /** More wait: called once, when nothing can leave any more but a close frame. */
  readonly onFull: () => void;
}

export class Outgoing {
  readonly #socket: WebSocket;
  /** What the socket writes to. */
  readonly #connection: Writable;
  readonly #options: OutgoingOptions;
  #frames: Frame[] = [];
  #head = 0;
  #bytes = 0;
  #waiting: (() => void)[] = [];

  constructor(socket: WebSocket, connection: Writable, options: OutgoingOptions) {
    this.#socket = socket;
    this.#connection = connection;
    this.#options = options;
    connection.on('drain', () => this.#pump());
    socket.once('close', () => this.drop());
  }

  /** Bytes that wait to be sent. */
  get buffered(): number {
    return this.#bytes + this.#socket.bufferedAmount;
  }

  /** Says whether the text was taken. `onHandedOver` is called when it can no longer be dropped. */
  send(text: string, onHandedOver?: () => void): boolean {
    if (!this.#isOpen) return false;
    if (this.buffered + text.length > this.#options.maxBuffered) {
      this.drop();
      this.#options.onFull();
      return false;
    }
    this.#put(text, onHandedOver);
    return true;
  }

  /** For one who can wait: until the promise resolves, if there is one. */
  sendPatiently(text: string, onHandedOver?: () => void): Promise<void> | undefined {
    if (!this.#isOpen) return undefined;
    this.#put(text, onHandedOver);
    if (this.#head === this.#frames.length) return undefined;
    return new Promise((resolve) => this.#waiting.push(resolve));
  }

  /** What was not handed over is never sent. */
  drop(): void {
    this.#frames = [];
    this.#head = 0;
    this.#bytes = 0;
    for (const resolve of this.#waiting.splice(0)) resolve();
  }

  /** Hands over all that waits. */
  flush(): void {
    for (const { bytes, onHandedOver } of this.#frames.slice(this.#head)) this.#handOver(bytes, onHandedOver);
    this.drop();
  }

  get #isOpen(): boolean {
    return this.#socket.readyState === this.#socket.OPEN;
  }

  #put(text: string, onHandedOver: (() => void) | undefined): void {
    if (this.#head === this.#frames.length && this.#connection.writableLength < AHEAD)
      return this.#handOver(text, onHandedOver);
    const bytes = Buffer.from(text);
    this.#frames.push({ bytes, onHandedOver });
    this.#bytes += bytes.length;
  }

  #pump(): void {
    while (this.#head < this.#frames.length && this.#isOpen && this.#connection.writableLength < AHEAD) {
      const { bytes, onHandedOver } = this.#frames[this.#head++]!;
      this.#bytes -= bytes.length;
      this.#handOver(bytes, onHandedOver);
    }
    if (this.#head < this.#frames.length) return;
    this.drop();
  }

  #handOver(text: string | Buffer, onHandedOver: (() => void) | undefined): void {
    this.#gather();
    this.#socket.send(text, { binary: false });
    onHandedOver?.();
  }

  /** One call of the system for many frames. */
  #gather(): void {
    if (this.#connection.writableCorked > 0) {
      if (this.#connection.writableLength >= TOGETHER) this.#connection.uncork();
      return;
    }
    this.#connection.cork();
    process.nextTick(() => this.#connection.uncork());
  }
}
