// The server transaction for requests other than INVITE (RFC 3261 17.2.2).
import type { Timers } from '../timers.ts';

export interface ServerParts {
  readonly timers: Timers;
  readonly isReliable: boolean;
  readonly send: (octets: Buffer) => void;
  readonly ended: () => void;
}

export class ServerTransaction {
  readonly #parts: ServerParts;
  #state: 'trying' | 'proceeding' | 'completed' | 'terminated' = 'trying';
  /** The last response, as it went out: all that an answered transaction keeps. */
  #response: Buffer | undefined;

  constructor(parts: ServerParts) {
    this.#parts = parts;
  }

  get isOpen(): boolean {
    return this.#state === 'trying' || this.#state === 'proceeding';
  }

  respond(status: number, octets: Buffer): void {
    if (!this.isOpen) return;
    const { timers, isReliable, send } = this.#parts;
    this.#response = octets;
    send(octets);
    if (status < 200) this.#state = 'proceeding';
    else {
      this.#state = 'completed';
      if (isReliable) this.end();
      else timers.after(timers.patience, () => this.end()); // J
    }
  }

  /** The request came again. */
  repeat(): void {
    if (this.#response !== undefined) this.#parts.send(this.#response);
  }

  end(): void {
    if (this.#state === 'terminated') return;
    this.#state = 'terminated';
    this.#parts.ended();
  }
}
