// A WebSocket that is opened from here, and opened again when it closes or cannot be had.
import type { Writable } from 'node:stream';
import type { WebSocket } from 'ws';
import type { Clock } from '../../core/clock.ts';
import { Fault } from '../../errors.ts';
import type { EventSocket } from '../websocket.ts';
import type { Target } from './binding.ts';
import { connect } from './connect.ts';
import type { Reachability } from './reachability.ts';

export interface LinkOptions {
  readonly target: Target;
  readonly reachability: Reachability;
  /** Called each time that it has been opened. */
  readonly open: (socket: WebSocket, connection: Writable) => EventSocket;
  readonly after: Clock['after'];
}

export class Link {
  readonly #options: LinkOptions;
  readonly #stopping = new AbortController();
  #events: EventSocket | undefined;
  #isLast = false;

  constructor(options: LinkOptions) {
    this.#options = options;
  }

  /** Resolves when it is closed for good: it was told so, or as many tries in a row have failed as may. */
  async run(): Promise<void> {
    const { target, reachability, open } = this.#options;
    const opened = (socket: WebSocket, connection: Writable): EventSocket => (this.#events = open(socket, connection));
    for (let failures = 0; !this.isStopping;) {
      try {
        const events = await connect(target, this.#stopping.signal, opened);
        failures = 0;
        reachability.reached();
        await events.closed;
        this.#events = undefined;
        if (this.isStopping || this.#isLast) return;
        reachability.lost();
      } catch (error) {
        if (!(error instanceof Fault)) throw error;
        if (this.isStopping) return;
        reachability.missed(error.message);
        failures += 1;
      }
      if (failures >= target.attempts) return;
      await this.pause(target.interval);
    }
  }

  get isOpen(): boolean {
    return this.#events !== undefined;
  }

  /** Milliseconds; less, if it is stopped meanwhile. */
  pause(ms: number): Promise<void> {
    const { signal } = this.#stopping;
    if (signal.aborted) return Promise.resolve();
    return new Promise((resolve) => {
      const over = (): void => {
        callOff();
        signal.removeEventListener('abort', over);
        resolve();
      };
      const callOff = this.#options.after(ms, over);
      signal.addEventListener('abort', over);
    });
  }

  get isStopping(): boolean {
    return this.#stopping.signal.aborted;
  }

  /** When what is open closes, it is not opened again. */
  endWithThis(): void {
    this.#isLast = true;
  }

  /** It is not opened any more. Whoever has what is open closes it. */
  stop(): void {
    this.#stopping.abort();
  }

  close(code: number, reason: string): void {
    this.stop();
    this.#events?.close(code, reason);
  }
}
