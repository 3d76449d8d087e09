// The server transaction for requests other than INVITE (RFC 3261 17.2.2).
import type { Timers } from '../timers.ts';

export interface ServerParts {
  readonly timers: Timers;
  readonly isReliable: boolean;
  readonly send: (octets: Buffer) => void;
  /** Whether a failure with that status is sent again before the INVITE is; asked before the first time. */
  readonly repeats: (status: number) => boolean;
  readonly ended: () => void;
  /** Somebody else repeats the final response from now on, for its time; left out when the transaction does itself. */
  readonly handOver?: (status: number, octets: Buffer) => void;
}

export class ServerTransaction {
  readonly #parts: ServerParts;
  #state: 'trying' | 'proceeding' | 'completed' | 'terminated' = 'trying';
  /** The last response: all that an answered transaction keeps. A text, since a small Buffer would hold a whole slab of memory. */
  #response: string | undefined;

  constructor(parts: ServerParts) {
    this.#parts = parts;
  }

  get isOpen(): boolean {
    return this.#state === 'trying' || this.#state === 'proceeding';
  }

  respond(status: number, octets: Buffer): void {
    if (!this.isOpen) return;
    const { timers, isReliable, send, handOver } = this.#parts;
    send(octets);
    if (status >= 200 && !isReliable && handOver !== undefined) {
      this.#state = 'terminated';
      return handOver(status, octets);
    }
    this.#response = octets.toString('latin1');
    if (status < 200) this.#state = 'proceeding';
    else {
      this.#state = 'completed';
      if (isReliable) this.end();
      else timers.after(timers.patience, () => this.end()); // J
    }
  }

  /** The request came again. */
  repeat(): void {
    if (this.#response !== undefined) this.#parts.send(Buffer.from(this.#response, 'latin1'));
  }

  end(): void {
    if (this.#state === 'terminated') return;
    this.#state = 'terminated';
    this.#parts.ended();
  }
}
