// Says in the log whether a server can be reached: when that changes, and not at each try.

export type Log = (level: 'info' | 'warn' | 'error', text: string) => void;

export class Reachability {
  readonly #name: string;
  readonly #log: Log;
  #isReached: boolean | undefined;

  /** Of the WebSocket with that name in the configuration. */
  constructor(name: string, uri: string, log: Log) {
    this.#name = `the outbound WebSocket ${name} to ${uri}`;
    this.#log = log;
  }

  reached(): void {
    if (this.#isReached !== true) this.#log('info', `${this.#name} is open`);
    this.#isReached = true;
  }

  /** A try has failed. */
  missed(reason: string): void {
    if (this.#isReached !== false) this.#log('warn', `${this.#name} cannot be opened: ${reason}`);
    this.#isReached = false;
  }

  /** What was open has closed. */
  lost(): void {
    if (this.#isReached === true) this.#log('warn', `${this.#name} has closed`);
    this.#isReached = undefined;
  }

  /** Nothing more is tried. */
  givenUp(): void {
    this.#log('error', `${this.#name} is given up`);
  }
}
