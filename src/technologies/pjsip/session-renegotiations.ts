// Re-INVITEs of ours in one call: one at a time, each in its turn, and once more when both sides made one at once (RFC 3261 14.1).
import type { Clock } from '../../core/clock.ts';
import { Fault } from '../../errors.ts';
import { SipHeaders, type SipHeader, type SipResponse } from './stack.ts';

export interface Reinvite {
  readonly headers?: readonly SipHeader[];
  /**
   * Makes its description whenever it is sent; left out, the far end is asked for one. A Fault of its is that of the
   * whole, and nothing is sent.
   */
  readonly body?: () => string;
  /** Called with each final response, also with a 491 after which it is tried again, before anything else may be sent. */
  readonly heard?: (response: SipResponse) => void;
}

export interface RenegotiationsParts {
  readonly clock: Clock;
  /** From 0 up to 1. */
  readonly random: () => number;
  /** Whether the Call-ID is ours. */
  readonly isOwner: boolean;
  /** Whether one may be sent now. */
  readonly isQuiet: () => boolean;
  readonly send: (headers: readonly SipHeader[], description: string | undefined) => void;
  /** Told of each that is refused, because too many wait, or it has waited too long. */
  readonly onRefused: () => void;
}

interface Task {
  readonly reinvite: Reinvite;
  readonly resolve: (response: SipResponse) => void;
  readonly reject: (error: unknown) => void;
  readonly callOff: () => void;
  tries: number;
  state: 'waiting' | 'sent' | 'paused' | { readonly heard: SipResponse };
}

/** How many may wait. */
const LIMIT = 20;
/** In milliseconds: how long. */
const PATIENCE = 10_000;
const TRIES = 5;

export class Renegotiations {
  readonly #parts: RenegotiationsParts;
  readonly #waiting: Task[] = [];
  #current: Task | undefined;
  #callOffPause: () => void = () => undefined;
  #isClosed = false;

  constructor(parts: RenegotiationsParts) {
    this.#parts = parts;
  }

  /**
   * Resolves with its final response, once: a 491 when that is given up, a 481 of our own when the dialog has ended. Fails
   * with a Fault 'conflict' when it had to wait too long, or too many do.
   */
  add(reinvite: Reinvite): Promise<SipResponse> {
    if (this.#isClosed) return Promise.resolve(over());
    if (this.#waiting.length >= LIMIT) return Promise.reject(this.#refusal());
    return new Promise((resolve, reject) => {
      const callOff = this.#parts.clock.after(PATIENCE, () => {
        this.#waiting.splice(this.#waiting.indexOf(task), 1);
        reject(this.#refusal());
      });
      const task: Task = { reinvite, resolve, reject, callOff, tries: 0, state: 'waiting' };
      this.#waiting.push(task);
      this.proceed();
    });
  }

  /** Sends the next, or the one that is to be sent again, if one may be sent now. */
  proceed(): void {
    if (this.#isClosed || !this.#parts.isQuiet()) return;
    this.#current ??= this.#waiting.shift();
    if (this.#current?.state !== 'waiting') return;
    this.#current.callOff();
    this.#send(this.#current);
  }

  /** The final response to the one that was sent. */
  heard(response: SipResponse): void {
    if (this.#isClosed || this.#current === undefined) return;
    this.#current.state = { heard: response };
    this.#current.reinvite.heard?.(response);
  }

  /** It met one of the far end's: it is sent again when its time has come. */
  retry(): void {
    const task = this.#current;
    if (task === undefined || task.tries + 1 >= TRIES) return;
    task.tries += 1;
    task.state = 'paused';
    const { clock, random, isOwner } = this.#parts;
    const pause = isOwner ? 2_100 + Math.floor(random() * 190) * 10 : Math.floor(random() * 200) * 10;
    this.#callOffPause = clock.after(pause, () => {
      task.state = 'waiting';
      this.proceed();
    });
  }

  /** Its response has had its effects: unless it is tried again, it is over. */
  finish(): void {
    const task = this.#current;
    if (task === undefined || typeof task.state === 'string') return;
    this.#current = undefined;
    task.resolve(task.state.heard);
    this.proceed();
  }

  /** The dialog is over, and nothing is sent any more. */
  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#callOffPause();
    const current = this.#current;
    this.#current = undefined;
    if (current?.state === 'sent') current.reinvite.heard?.(over());
    for (const { callOff, resolve, state } of [...(current ? [current] : []), ...this.#waiting.splice(0)]) {
      callOff();
      resolve(typeof state === 'string' ? over() : state.heard);
    }
  }

  #refusal(): Fault {
    this.#parts.onRefused();
    return new Fault('conflict', 'The call is busy with another negotiation');
  }

  #send(task: Task): void {
    task.state = 'sent';
    let description: string | undefined;
    try {
      description = task.reinvite.body?.();
    } catch (error) {
      this.#current = undefined;
      task.reject(error);
      return this.proceed();
    }
    this.#parts.send(task.reinvite.headers ?? [], description);
  }
}

/** As a stack makes one up, for a dialog that is not there. */
const over = (): SipResponse => made(481, 'The Call Has Ended');

export const made = (status: number, reason: string): SipResponse => ({
  status,
  reason,
  headers: new SipHeaders(),
  body: '',
  source: undefined,
  dialogId: undefined,
});
