// How many octets a stranger may get over UDP: at most twice those that came from its address, and 300.
import { startsWith } from './guarded-flow.ts';

/** ms of silence after which the octets are counted anew. */
const silence = 300_000;
/** A request can be shorter than its shortest answer. */
const allowance = 300;

export class Octets {
  #received = 0;
  #sent = 0;
  #at: number;

  /** `now` in ms. */
  constructor(now: number) {
    this.#at = now;
  }

  receive(size: number, now: number): void {
    if (now - this.#at > silence) this.#received = this.#sent = 0;
    this.#at = now;
    this.#received += size;
  }

  /** Counts what is to be sent; false when it must not. A provisional response leaves as many octets as came for the final one. */
  spend(octets: Buffer): boolean {
    const share = startsWith(octets, 'SIP/2.0 1') ? 1 : 2;
    if (this.#sent + octets.length > share * this.#received + allowance) return false;
    this.#sent += octets.length;
    return true;
  }
}
