// A connection over WebSocket: one SIP message in each of its messages (RFC 7118 5).
import { isUtf8 } from 'node:buffer';
import type { Socket } from 'node:net';
import { WebSocket, type RawData } from 'ws';
import { Connection, type ConnectionParts, type Ends } from './connection.ts';

/** Of a client's control frame: two octets, and four of the mask. */
const controlHeader = 6;

export class WebSocketConnection extends Connection {
  readonly #webSocket: WebSocket;
  /** Octets that belong to no complete message or control frame yet, as far as we can tell. */
  #unexplained = 0;

  constructor(webSocket: WebSocket, socket: Socket, ends: Ends, parts: ConnectionParts) {
    super(socket, ends, parts);
    this.#webSocket = webSocket;
    // Before the library reads them, so that a message is counted when it is told.
    socket.prependListener('data', (chunk: Buffer) => this.#count(chunk.length));
    webSocket.on('message', (data) => this.#read(data));
    webSocket.on('ping', (data) => this.#control(data.length));
    webSocket.on('pong', (data) => this.#control(data.length));
    webSocket.on('error', (error) => {
      this.reason = error.message;
      // A frame that is none, or too large: the library says goodbye, and the other side has so long to hear it.
      if ('code' in error && String(error.code).startsWith('WS_')) this.report('tcp-unframed');
      this.awaitMessage();
    });
  }

  override get isOpen(): boolean {
    return this.#webSocket.readyState === WebSocket.OPEN && super.isOpen;
  }

  protected override write(octets: Buffer, done: (error?: Error | null) => void): void {
    // Browsers' libraries expect text; RFC 7118 5 allows both.
    this.#webSocket.send(octets, { binary: !isUtf8(octets) }, done);
  }

  protected override keepAlive(): void {
    this.#webSocket.ping();
  }

  /** By the library, which would read on as soon as it has worked off what it has. */
  protected override reads(isReading: boolean): void {
    if (isReading) this.#webSocket.resume();
    else this.#webSocket.pause();
  }

  #count(length: number): void {
    this.wasActive();
    this.#unexplained += length;
    if (!this.isAwaiting) this.awaitMessage();
  }

  #read(data: RawData): void {
    this.#unexplained = 0;
    this.hasMessage();
    const octets = data as Buffer;
    if (!octets.every((octet) => octet === 13 || octet === 10)) this.inTurn(() => this.parts.receive(octets, this));
    else if (octets.length === 4) this.send(Buffer.from('\r\n'));
  }

  /** Control frames may come between the parts of a message, and do not prolong its time. */
  #control(length: number): void {
    this.#unexplained -= controlHeader + length;
    if (this.#unexplained <= 0) {
      this.#unexplained = 0;
      this.hasMessage();
    }
    // The library answers a ping by itself, to one who may not read it; when too many answers wait it ends the connection.
    if (this.socket.destroyed) this.cut('tcp-slow-reader');
    else this.cutSlowReader();
  }
}
