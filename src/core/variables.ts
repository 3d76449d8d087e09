// Global variables: texts by name, for all applications, kept as long as the process runs.
import { Fault } from '../errors.ts';
import type { Bus, Topic } from '../stasis/index.ts';
import type { Fact } from './facts.ts';

const LIMIT = 10_000;

export class Variables {
  readonly #topic: Topic<Fact>;
  readonly #limit: number;
  readonly #values = new Map<string, string>();
  #refused = 0;

  /** What is set is told to all who follow every channel, and to `everything`. */
  constructor(bus: Bus, channels: Topic<Fact>, everything: Topic<Fact>, limit = LIMIT) {
    this.#topic = bus.topic('variables');
    this.#topic.forward(channels);
    this.#topic.forward(everything);
    this.#limit = limit;
  }

  get(variable: string): string | undefined {
    return this.#values.get(variable);
  }

  /** Without a value it is unset, which is told with an empty one. Fails with a Fault 'unavailable' when there are too many. */
  set(variable: string, value: string | undefined): void {
    if (value === undefined) this.#values.delete(variable);
    else {
      if (!this.#values.has(variable) && this.#values.size >= this.#limit) {
        this.#refused += 1;
        throw new Fault('unavailable', `There are ${this.#limit} global variables already`);
      }
      this.#values.set(variable, value);
    }
    this.#topic.publish({ type: 'GlobalVariableSet', variable, value: value ?? '' });
  }

  get metrics(): { readonly variables: number; readonly limit: number; readonly refused: number } {
    return { variables: this.#values.size, limit: this.#limit, refused: this.#refused };
  }
}
