// Holds what arrives before everything is in place to take it, and hands it on in its order when the gate is opened.
import type { Flow } from './flow.ts';

type Receive = (octets: Buffer, flow: Flow) => void;

export class Gate {
  readonly #limit: number;
  readonly #receive: Receive;
  readonly #onDrop: () => void;
  readonly #held: Parameters<Receive>[] = [];
  #isOpen: boolean;

  /** Beyond `limit` messages those that arrive are dropped, and `onDrop` is told of each. */
  constructor({ isOpen, limit, onDrop }: { isOpen: boolean; limit: number; onDrop: () => void }, receive: Receive) {
    this.#isOpen = isOpen;
    this.#limit = limit;
    this.#onDrop = onDrop;
    this.#receive = receive;
  }

  take(octets: Buffer, flow: Flow): void {
    if (this.#isOpen) this.#receive(octets, flow);
    else if (this.#held.length < this.#limit) this.#held.push([octets, flow]);
    else this.#onDrop();
  }

  open(): void {
    if (this.#isOpen) return;
    this.#isOpen = true;
    for (const [octets, flow] of this.#held.splice(0)) this.#receive(octets, flow);
  }
}
