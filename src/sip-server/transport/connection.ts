// What every connection has in common, whatever carries its messages: its life, and the bounds of it.
import type { Socket } from 'node:net';
import type { Drop } from '../metrics.ts';
import type { Limits } from '../options.ts';
import type { Reporter } from '../reporter.ts';
import type { Timer, Timers } from '../timers.ts';
import type { Flow, Place, Protocol, Receiver } from './flow.ts';

export interface ConnectionParts {
  readonly limits: Limits;
  readonly reporter: Reporter;
  readonly timers: Timers;
  readonly receive: Receiver;
}

/** Between whom a connection is. */
export interface Ends {
  readonly protocol: Protocol;
  readonly local: Place;
  readonly remote: Place;
  /** The other side opened it, and so owes the first message. */
  readonly isAccepted: boolean;
  /** Whether it leads to the server of that name; left out when nobody proved to be anybody. */
  readonly leadsTo?: (name: string | undefined) => boolean;
}

export abstract class Connection implements Flow {
  readonly protocol: Protocol;
  readonly local: Place;
  readonly remote: Place;
  readonly leadsTo: (name: string | undefined) => boolean;
  protected readonly socket: Socket;
  protected readonly parts: ConnectionParts;
  protected reason = 'connection closed';
  readonly #closed = new Set<() => void>();
  #deadline: Timer | undefined;
  #idle: Timer;
  #silence: Timer;
  #pause: Timer | undefined;
  readonly #waiting: (() => void)[] = [];
  #lastActivity: number;
  #isCut = false;

  constructor(socket: Socket, { protocol, local, remote, isAccepted, leadsTo }: Ends, parts: ConnectionParts) {
    this.socket = socket;
    this.protocol = protocol;
    this.local = local;
    this.remote = remote;
    this.leadsTo = leadsTo ?? (() => true);
    this.parts = parts;
    this.#lastActivity = parts.timers.now();
    if (isAccepted) this.awaitMessage();
    this.#idle = this.#watchIdle(parts.limits.tcpIdleTime);
    this.#silence = this.#watchSilence(parts.limits.tcpKeepAliveTime);
    socket.setNoDelay(true);
    socket.setKeepAlive(true, 60_000);
    socket.on('error', (error) => (this.reason = error.message));
    socket.on('close', () => this.#ended());
  }

  get isOpen(): boolean {
    return !this.socket.destroyed && this.socket.writable;
  }

  get isConnecting(): boolean {
    return false;
  }

  send(octets: Buffer, failed?: (reason: string) => void): void {
    if (!this.isOpen) {
      if (failed) queueMicrotask(() => failed(this.reason));
      return;
    }
    this.wasActive();
    this.write(octets, (error) => {
      if (error) failed?.(error.message);
    });
    this.cutSlowReader();
  }

  pause(ms: number): void {
    this.#pause?.cancel();
    this.reads(false);
    this.#pause = this.parts.timers.after(ms, () => {
      this.#pause = undefined;
      this.reads(true);
      this.#work();
    });
  }

  onClose(closed: () => void): () => void {
    this.#closed.add(closed);
    return () => this.#closed.delete(closed);
  }

  /** The other side sees the end at once; what waits is lost. */
  destroy(): void {
    this.socket.destroy();
  }

  /** Runs it now; or after the pause, since a pause can begin while there is more that was read already. */
  protected inTurn(work: () => void): void {
    this.#waiting.push(work);
    this.#work();
  }

  protected reads(isReading: boolean): void {
    if (isReading) this.socket.resume();
    else this.socket.pause();
  }

  /** Something that means nothing. */
  protected abstract keepAlive(): void;

  protected abstract write(octets: Buffer, done: (error?: Error | null) => void): void;

  protected wasActive(): void {
    this.#lastActivity = this.parts.timers.now();
  }

  /** A message has begun: from now on its sender has so much time for all of it, however busily it sends. */
  protected awaitMessage(): void {
    this.#deadline?.cancel();
    this.#deadline = this.parts.timers.after(this.parts.limits.tcpHalfOpenTime, () => this.cut('tcp-half-open'));
  }

  protected get isAwaiting(): boolean {
    return this.#deadline !== undefined;
  }

  protected hasMessage(): void {
    this.#deadline?.cancel();
    this.#deadline = undefined;
  }

  protected cutSlowReader(): void {
    if (this.socket.writableLength > this.parts.limits.tcpBacklog) this.cut('tcp-slow-reader');
  }

  protected report(drop: Drop): void {
    this.parts.reporter.report(drop, `${this.protocol} ${this.remote.address}`);
  }

  protected cut(drop: Drop): void {
    if (this.#isCut) return;
    this.#isCut = true;
    this.report(drop);
    this.reason = drop;
    this.destroy();
  }

  #work(): void {
    while (this.#pause === undefined) {
      const next = this.#waiting.shift();
      if (next === undefined) return;
      next();
    }
  }

  #watchIdle(ms: number): Timer {
    return this.parts.timers.after(ms, () => {
      const rest = this.#lastActivity + this.parts.limits.tcpIdleTime - this.parts.timers.now();
      if (rest > 0) this.#idle = this.#watchIdle(rest);
      else this.cut('tcp-idle');
    });
  }

  /** It counts as nobody's activity: a connection that only we keep alive is idle. */
  #watchSilence(ms: number): Timer {
    const { timers, limits } = this.parts;
    return timers.after(ms, () => {
      const rest = this.#lastActivity + limits.tcpKeepAliveTime - timers.now();
      if (rest <= 0 && this.isOpen && !this.isConnecting) this.keepAlive();
      this.#silence = this.#watchSilence(rest > 0 ? rest : limits.tcpKeepAliveTime);
    });
  }

  #ended(): void {
    this.#pause?.cancel();
    this.#deadline?.cancel();
    this.#idle.cancel();
    this.#silence.cancel();
    for (const closed of [...this.#closed]) closed();
    this.#closed.clear();
  }
}
