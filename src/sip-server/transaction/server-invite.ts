// The server transaction for INVITE (RFC 3261 17.2.1, with the state "accepted" of RFC 6026).
import type { Timer, Timers } from '../timers.ts';
import type { ServerParts } from './server.ts';

export class InviteServerTransaction {
  readonly #parts: ServerParts;
  #state: 'proceeding' | 'accepted' | 'completed' | 'confirmed' | 'terminated' = 'proceeding';
  /** The last response, unless a 2xx. A text, since a small Buffer would hold a whole slab of memory. */
  #response: string | undefined;
  #retransmission: Timer | undefined; // G
  #deadline: Timer | undefined; // H, then I; or L

  constructor(parts: ServerParts) {
    this.#parts = parts;
  }

  get isOpen(): boolean {
    return this.#state === 'proceeding';
  }

  respond(status: number, octets: Buffer): void {
    if (!this.isOpen) return;
    const { timers, isReliable, send, repeats } = this.#parts;
    const isRepeated = status >= 300 && !isReliable && repeats(status);
    this.#response = status < 200 || status >= 300 ? octets.toString('latin1') : undefined;
    send(octets);
    if (status < 200) return;
    this.#state = status < 300 ? 'accepted' : 'completed';
    this.#deadline = timers.after(timers.patience, () => this.end());
    if (isRepeated) this.#retransmission = timers.repeat(timers.T1, timers.T2, () => this.repeat());
  }

  /** The INVITE came again. A 2xx is repeated by whoever waits for its ACK, not here. */
  repeat(): void {
    if (this.#response !== undefined && this.#state !== 'confirmed')
      this.#parts.send(Buffer.from(this.#response, 'latin1'));
  }

  /** True if the ACK was the one to our failure; then nobody else needs to see it. */
  acknowledge(): boolean {
    if (this.#state === 'confirmed') return true;
    if (this.#state !== 'completed') return false;
    const { timers, isReliable } = this.#parts;
    this.#state = 'confirmed';
    this.#retransmission?.cancel();
    this.#deadline?.cancel();
    if (isReliable) this.end();
    else this.#deadline = timers.after(timers.T4, () => this.end());
    return true;
  }

  end(): void {
    if (this.#state === 'terminated') return;
    this.#state = 'terminated';
    this.#retransmission?.cancel();
    this.#deadline?.cancel();
    this.#parts.ended();
  }
}

/** Repeats a 2xx to INVITE until its ACK comes, whatever the transport (RFC 3261 13.3.1.4). */
export class UnacknowledgedSuccess {
  readonly #retransmission: Timer;
  readonly #deadline: Timer;

  constructor(timers: Timers, send: () => void, timedOut: () => void) {
    this.#retransmission = timers.repeat(timers.T1, timers.T2, send);
    this.#deadline = timers.after(timers.patience, () => {
      this.#retransmission.cancel();
      timedOut();
    });
  }

  /** The ACK came, or nobody waits for it any more. */
  stop(): void {
    this.#retransmission.cancel();
    this.#deadline.cancel();
  }
}
