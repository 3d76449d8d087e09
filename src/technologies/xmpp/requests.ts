// Questions to others (iq of RFC 6120 8.2.3), and the answers to them.
import type { Clock } from '../../core/clock.ts';
import { Fault } from '../../errors.ts';
import { stanza, type XmlElement } from './xml.ts';

export interface Question {
  readonly type: 'get' | 'set';
  readonly from?: string;
  /** Left out, our own account at the server is asked. */
  readonly to?: string;
  readonly child: XmlElement;
}

interface Pending {
  readonly to: string | undefined;
  readonly resolve: (answer: XmlElement) => void;
  readonly reject: (fault: Fault) => void;
  callOff: () => void;
}

/** Where they go. */
export interface Way {
  readonly isOpen: boolean;
  send(stanza: XmlElement): Promise<void>;
}

/** How many may wait for their answers. */
const LIMIT = 10_000;
/** In milliseconds. */
const PATIENCE = 30_000;

export class Requests {
  readonly #clock: Clock;
  /** That nobody can guess, so that nobody can answer what others were asked. */
  readonly #newId: () => string;
  readonly #way: Way;
  readonly #pending = new Map<string, Pending>();

  #refused = 0;

  constructor(clock: Clock, newId: () => string, way: Way) {
    this.#clock = clock;
    this.#newId = newId;
    this.#way = way;
  }

  get metrics() {
    return { waiting: this.#pending.size, limit: LIMIT, refused: this.#refused };
  }

  /** The answer, which may be an error. Fails with a Fault 'unavailable' when none came. */
  ask({ type, from, to, child }: Question): Promise<XmlElement> {
    const id = this.#newId();
    if (this.#pending.size >= LIMIT) {
      this.#refused += 1;
      return Promise.reject(new Fault('unavailable', 'Too many questions wait for their answers'));
    }
    return new Promise((resolve, reject) => {
      const pending: Pending = { to, resolve, reject, callOff: () => {} };
      this.#pending.set(id, pending);
      this.#wait(id, pending);
      this.#way
        .send(stanza('iq', { type, id, from, to }, [child]))
        .catch((fault: Fault) => this.#take(id)?.reject(fault));
    });
  }

  /** While there is no connection the session may still go on, and the answer come with it. */
  #wait(id: string, pending: Pending): void {
    pending.callOff = this.#clock.after(PATIENCE, () => {
      if (this.#way.isOpen) this.#take(id)?.reject(new Fault('unavailable', 'No answer in time'));
      else this.#wait(id, pending);
    });
  }

  /** Says whether the stanza answers one of them, be it that a question to ourselves has come back. */
  answer(answer: XmlElement): boolean {
    const { id = '', from } = answer.attrs;
    const pending = this.#pending.get(id);
    if (pending === undefined || (pending.to !== undefined && from !== pending.to)) return false;
    this.#take(id)?.resolve(answer);
    return true;
  }

  /** No answer will come any more. */
  lost(): void {
    for (const id of [...this.#pending.keys()])
      this.#take(id)?.reject(new Fault('unavailable', 'The session has ended'));
  }

  #take(id: string): Pending | undefined {
    const pending = this.#pending.get(id);
    this.#pending.delete(id);
    pending?.callOff();
    return pending;
  }
}
