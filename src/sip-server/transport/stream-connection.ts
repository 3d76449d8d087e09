// A connection over TCP or TLS: a stream that is divided into messages.
import type { Socket } from 'node:net';
import { TLSSocket } from 'node:tls';
import { Connection, type ConnectionParts, type Ends } from './connection.ts';
import { StreamFramer, type StreamPart } from './stream-framer.ts';

export class StreamConnection extends Connection {
  readonly #framer: StreamFramer;
  #isConnecting: boolean;

  constructor(socket: Socket, ends: Ends, parts: ConnectionParts) {
    super(socket, ends, parts);
    this.#framer = new StreamFramer(parts.limits.messageSize);
    this.#isConnecting = !ends.isAccepted;
    if (!ends.isAccepted) {
      socket.once(ends.protocol === 'tls' ? 'secureConnect' : 'connect', () => (this.#isConnecting = false));
    }
    socket.on('data', (chunk) => this.#read(chunk));
  }

  override get isConnecting(): boolean {
    return this.#isConnecting;
  }

  /** Over TCP the address is all that there is to know; over TLS a certificate says more. */
  get isTrusted(): boolean {
    return !(this.socket instanceof TLSSocket) || this.socket.authorized;
  }

  protected override write(octets: Buffer, done: (error?: Error | null) => void): void {
    this.socket.write(octets, done);
  }

  protected override keepAlive(): void {
    this.socket.write('\r\n\r\n');
  }

  #read(chunk: Buffer): void {
    this.wasActive();
    const wasPartial = this.#framer.isPartial;
    const parts = this.#framer.push(chunk);
    // However many came at once, one answer says that we are here.
    if (parts.some(({ kind }) => kind === 'keepalive')) this.send(Buffer.from('\r\n'));
    if (parts.length > 0) this.hasMessage();
    if (this.#framer.isPartial && (parts.length > 0 || !wasPartial)) this.awaitMessage();
    for (const part of parts) this.inTurn(() => this.#take(part));
  }

  #take(part: StreamPart): void {
    if (part.kind !== 'keepalive' && part.octets !== undefined) this.parts.receive(part.octets, this);
    if (part.kind === 'broken') this.#end();
  }

  /** Lets our answer out before the end; a peer that goes on sending is not read. */
  #end(): void {
    this.report('tcp-unframed');
    this.socket.removeAllListeners('data');
    this.socket.resume();
    this.awaitMessage();
    this.socket.end(() => this.destroy());
  }
}
