// The client transaction for requests other than INVITE (RFC 3261 17.1.2).
import type { Timer, Timers } from '../timers.ts';

export interface ClientParts {
  readonly timers: Timers;
  readonly isReliable: boolean;
  /** Sends the request, the first time and again. */
  readonly send: () => void;
  /** No final response came. */
  readonly timedOut: () => void;
  /** It is over and can be forgotten. */
  readonly ended: () => void;
  /** Somebody else knows the final response again from now on, for its time; left out when the transaction does itself. */
  readonly handOver?: () => void;
}

export class ClientTransaction {
  readonly #parts: ClientParts;
  #state: 'trying' | 'proceeding' | 'completed' | 'terminated' = 'trying';
  #retransmission: Timer | undefined; // E
  #deadline: Timer | undefined; // F, then K

  constructor(parts: ClientParts) {
    this.#parts = parts;
  }

  start(): void {
    const { timers, isReliable, send, timedOut } = this.#parts;
    this.#deadline = timers.after(timers.patience, () => {
      this.end();
      timedOut();
    });
    if (!isReliable) this.#retransmission = timers.repeat(timers.T1, timers.T2, send);
    send();
  }

  /** Whether the application should see this response. */
  receive(status: number): boolean {
    const { timers, isReliable, handOver } = this.#parts;
    if (this.#state !== 'trying' && this.#state !== 'proceeding') return false;
    this.#retransmission?.cancel();
    if (status < 200) {
      this.#state = 'proceeding';
      if (!isReliable) this.#retransmission = timers.repeat(timers.T2, timers.T2, this.#parts.send);
      return true;
    }
    this.#state = 'completed';
    this.#deadline?.cancel();
    if (isReliable) this.end();
    else if (handOver !== undefined) handOver();
    else this.#deadline = timers.after(timers.T4, () => this.end());
    return true;
  }

  /** The request cannot be delivered. True if nobody knew the outcome yet. */
  fail(): boolean {
    const isOpen = this.#state === 'trying' || this.#state === 'proceeding';
    if (isOpen) this.end();
    return isOpen;
  }

  end(): void {
    if (this.#state === 'terminated') return;
    this.#state = 'terminated';
    this.#retransmission?.cancel();
    this.#deadline?.cancel();
    this.#parts.ended();
  }
}
