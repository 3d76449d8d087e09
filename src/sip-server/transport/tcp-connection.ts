// One TCP connection: messages in, octets out, and the bounds of both.
import type { Socket } from 'node:net';
import type { Drop, Metrics } from '../metrics.ts';
import type { Limits } from '../options.ts';
import type { Timer, Timers } from '../timers.ts';
import type { Flow, Place, Receiver } from './flow.ts';
import { StreamFramer } from './stream-framer.ts';

export interface TcpParts {
  readonly limits: Limits;
  readonly metrics: Metrics;
  readonly timers: Timers;
  readonly localTowards: (bound: Place, remote: string) => Place;
  readonly receive: Receiver;
}

export class TcpConnection implements Flow {
  readonly protocol = 'tcp';
  readonly local: Place;
  readonly remote: Place;
  readonly #socket: Socket;
  readonly #parts: TcpParts;
  readonly #framer: StreamFramer;
  readonly #closed = new Set<() => void>();
  #halfOpen: Timer | undefined;
  #idle: Timer;
  #lastActivity: number;
  #reason = 'connection closed';

  /** `isAccepted`: the other side opened it, and so owes the first message. */
  constructor(socket: Socket, local: Place, remote: Place, isAccepted: boolean, parts: TcpParts) {
    this.#socket = socket;
    this.local = local;
    this.remote = remote;
    this.#parts = parts;
    this.#framer = new StreamFramer(parts.limits.messageSize);
    this.#lastActivity = parts.timers.now();
    if (isAccepted) this.#halfOpen = this.#watchHalfOpen();
    this.#idle = this.#watchIdle(parts.limits.tcpIdleTime);
    socket.setNoDelay(true);
    socket.setKeepAlive(true, 60_000);
    socket.on('data', (chunk) => this.#read(chunk));
    socket.on('error', (error) => (this.#reason = error.message));
    socket.on('close', () => this.#ended());
  }

  get isOpen(): boolean {
    return !this.#socket.destroyed && this.#socket.writable;
  }

  send(octets: Buffer, failed?: (reason: string) => void): void {
    if (!this.isOpen) {
      if (failed) queueMicrotask(() => failed(this.#reason));
      return;
    }
    this.#lastActivity = this.#parts.timers.now();
    this.#socket.write(octets, (error) => {
      if (error) failed?.(error.message);
    });
    if (this.#socket.writableLength > this.#parts.limits.tcpBacklog) this.#cut('tcp-slow-reader');
  }

  onClose(closed: () => void): () => void {
    this.#closed.add(closed);
    return () => this.#closed.delete(closed);
  }

  /** The other side sees the end at once; what waits is lost. */
  destroy(): void {
    this.#socket.destroy();
  }

  #read(chunk: Buffer): void {
    this.#lastActivity = this.#parts.timers.now();
    const wasPartial = this.#framer.isPartial;
    const parts = this.#framer.push(chunk);
    for (const part of parts) {
      if (part.kind === 'keepalive') this.send(Buffer.from('\r\n'));
      else if (part.octets !== undefined) this.#parts.receive(part.octets, this);
      if (part.kind === 'broken') return this.#end('tcp-unframed');
    }
    if (parts.length > 0) this.#halfOpen?.cancel();
    if (this.#framer.isPartial && (parts.length > 0 || !wasPartial)) {
      this.#halfOpen?.cancel();
      this.#halfOpen = this.#watchHalfOpen();
    }
  }

  #watchHalfOpen(): Timer {
    return this.#parts.timers.after(this.#parts.limits.tcpHalfOpenTime, () => this.#cut('tcp-half-open'));
  }

  #watchIdle(ms: number): Timer {
    return this.#parts.timers.after(ms, () => {
      const rest = this.#lastActivity + this.#parts.limits.tcpIdleTime - this.#parts.timers.now();
      if (rest > 0) this.#idle = this.#watchIdle(rest);
      else this.#cut('tcp-idle');
    });
  }

  #cut(drop: Drop): void {
    this.#parts.metrics.drops[drop] += 1;
    this.#reason = drop;
    this.destroy();
  }

  /** Lets our answer out before the end; a peer that goes on sending is not read. */
  #end(drop: Drop): void {
    this.#parts.metrics.drops[drop] += 1;
    this.#socket.removeAllListeners('data');
    this.#socket.resume();
    this.#halfOpen?.cancel();
    this.#halfOpen = this.#watchHalfOpen();
    this.#socket.end(() => this.destroy());
  }

  #ended(): void {
    this.#halfOpen?.cancel();
    this.#idle.cancel();
    for (const closed of [...this.#closed]) closed();
    this.#closed.clear();
  }
}
