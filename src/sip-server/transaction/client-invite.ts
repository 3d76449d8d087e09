// The client transaction for INVITE (RFC 3261 17.1.1, with the state "accepted" of RFC 6026).
import type { Timer } from '../timers.ts';
import type { ClientParts } from './client.ts';

export interface InviteClientParts extends ClientParts {
  /** Sends the CANCEL, once a provisional response has come (RFC 3261 9.1). */
  readonly sendCancel: () => void;
}

/** What to do with a response: tell the application, acknowledge a failure, both, or nothing. */
export interface Verdict {
  readonly isNew: boolean;
  readonly acknowledge: boolean;
}

export class InviteClientTransaction {
  readonly #parts: InviteClientParts;
  #state: 'calling' | 'proceeding' | 'accepted' | 'completed' | 'terminated' = 'calling';
  #cancelling = false;
  #retransmission: Timer | undefined; // A
  #deadline: Timer | undefined; // B, then D or M; after a CANCEL the wait for the final response

  constructor(parts: InviteClientParts) {
    this.#parts = parts;
  }

  /** No final response yet. */
  get isOpen(): boolean {
    return this.#state === 'calling' || this.#state === 'proceeding';
  }

  start(): void {
    const { timers, isReliable, send } = this.#parts;
    this.#deadline = this.#giveUpLater();
    if (!isReliable) this.#retransmission = timers.repeat(timers.T1, Infinity, send);
    send();
  }

  receive(status: number): Verdict {
    if (this.#state === 'completed') return { isNew: false, acknowledge: status >= 300 };
    if (this.#state === 'accepted') return { isNew: status >= 200 && status < 300, acknowledge: false };
    if (!this.isOpen) return { isNew: false, acknowledge: false };
    this.#retransmission?.cancel();
    if (status < 200) this.#proceed();
    else this.#complete(status);
    return { isNew: true, acknowledge: status >= 300 };
  }

  /** Asks the other side to stop; false when the outcome is known already. */
  cancel(): boolean {
    if (!this.isOpen || this.#cancelling) return this.isOpen;
    this.#cancelling = true;
    if (this.#state === 'proceeding') this.#cancelNow();
    return true;
  }

  fail(): boolean {
    const { isOpen } = this;
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

  #proceed(): void {
    if (this.#state === 'proceeding') return;
    this.#state = 'proceeding';
    this.#deadline?.cancel();
    if (this.#cancelling) this.#cancelNow();
  }

  #cancelNow(): void {
    this.#deadline?.cancel();
    this.#deadline = this.#giveUpLater();
    this.#parts.sendCancel();
  }

  #complete(status: number): void {
    const { timers, isReliable } = this.#parts;
    this.#deadline?.cancel();
    this.#state = status < 300 ? 'accepted' : 'completed';
    if (status >= 300 && isReliable) this.end();
    else this.#deadline = timers.after(timers.patience, () => this.end());
  }

  #giveUpLater(): Timer {
    const { timers, timedOut } = this.#parts;
    return timers.after(timers.patience, () => {
      this.end();
      timedOut();
    });
  }
}
