// The way back to a UDP source that has not shown that it hears us: whoever forges its address must not make us a nuisance to it.
import type { Timer, Timers } from '../timers.ts';
import type { Flow, Place } from '../transport/flow.ts';

export interface GuardParts {
  readonly timers: Timers;
  /** ms that the 100 waits, so that it is not sent when the next response is fast (RFC 3261 17.2.1). */
  readonly holdTrying: number;
  readonly isTrusted: (remote: Place) => boolean;
  /** Whether these octets may still go there; they count if they may. */
  readonly maySend: (remote: Place, octets: Buffer) => boolean;
}

/** One of these belongs to one message that came, and so to its transaction. */
export class GuardedFlow implements Flow {
  readonly #flow: Flow;
  readonly #parts: GuardParts;
  #state: 'silent' | 'holding' | 'spoken' = 'silent';
  #held: Timer | undefined;

  constructor(flow: Flow, parts: GuardParts) {
    this.#flow = flow;
    this.#parts = parts;
  }

  get protocol(): Flow['protocol'] {
    return this.#flow.protocol;
  }

  get local(): Place {
    return this.#flow.local;
  }

  get remote(): Place {
    return this.#flow.remote;
  }

  get isOpen(): boolean {
    return this.#flow.isOpen;
  }

  /** What must not be sent is not, and nobody is told but the counter: to the sender it looks like loss. */
  send(octets: Buffer, failed?: (reason: string) => void): void {
    const { timers, holdTrying } = this.#parts;
    const isTrying = startsWith(octets, 'SIP/2.0 100 ');
    if (isTrying && this.#state === 'holding') return;
    if (isTrying && this.#state === 'silent' && holdTrying > 0 && !this.#parts.isTrusted(this.remote)) {
      this.#state = 'holding';
      this.#held = timers.after(holdTrying, () => {
        this.#held = undefined;
        this.#pass(octets, failed);
      });
      return;
    }
    this.#held?.cancel();
    // Its octets would stay in memory as long as the transaction.
    this.#held = undefined;
    this.#pass(octets, failed);
  }

  onClose(closed: () => void): () => void {
    return this.#flow.onClose(closed);
  }

  /**
   * Whether a failure is sent again before its INVITE is. A challenge is not: a sender that has heard nothing yet repeats
   * its INVITE anyway.
   */
  repeats(status: number): boolean {
    const isChallenge = status === 401 || status === 407;
    return !isChallenge || this.#state === 'spoken' || this.#parts.isTrusted(this.remote);
  }

  #pass(octets: Buffer, failed: ((reason: string) => void) | undefined): void {
    this.#state = 'spoken';
    if (this.#parts.maySend(this.remote, octets)) this.#flow.send(octets, failed);
  }
}

export function startsWith(octets: Buffer, text: string): boolean {
  for (let at = 0; at < text.length; at++) if (octets[at] !== text.charCodeAt(at)) return false;
  return true;
}
