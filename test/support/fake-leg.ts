// A leg of media for tests: it takes time, does what its script says, and notices when it is treated wrongly.
import { Fault } from '../../src/errors.ts';
import type { MediaLeg, Offer } from '../../src/core/media.ts';

/** What it does next: takes what comes, refuses it, or its call ends. */
export type Turn = 'take' | 'refuse' | 'end';

export interface FakeLegScript {
  /** Each time something is asked of it; 'take', if left out. */
  readonly next?: () => Turn;
  /** How long the far end takes; no time, if left out. */
  readonly wait?: () => Promise<void>;
  /** Called once when the call ends. */
  readonly ended?: (leg: FakeLeg) => void;
}

export class FakeLeg implements MediaLeg {
  readonly name: string;
  /** What was asked of it, in order. */
  readonly asked: string[] = [];
  /** What it was told of another far end; undefined while it is on hold. */
  remote: string | undefined;
  isOver = false;
  /** What it was made to suffer. */
  readonly wrongs: string[] = [];
  readonly #script: FakeLegScript;
  #version = 1;
  #negotiating = 0;
  /** An offer of its far end that is not answered yet: what is asked of the leg waits for that. */
  #farOffer: Promise<unknown> | undefined;
  #answerer: ((offer: string) => Promise<string>) | undefined;

  constructor(name: string, script: FakeLegScript = {}) {
    this.name = name;
    this.#script = script;
  }

  /** What its far end is like. */
  get description(): string {
    return `${this.name} ${this.#version}`;
  }

  get isNegotiating(): boolean {
    return this.#negotiating > 0 || this.#farOffer !== undefined;
  }

  async requestOffer(): Promise<Offer> {
    await this.#begin('request offer');
    await this.#turn('request offer');
    let isAnswered = false;
    return {
      description: this.description,
      answer: async (description) => {
        if (isAnswered) this.wrongs.push('an offer was answered twice');
        isAnswered = true;
        this.asked.push(description === undefined ? 'answer nothing' : `answer ${description}`);
        await this.#script.wait?.();
        this.#negotiating -= 1;
        if (this.isOver) throw over();
        this.remote = description;
      },
    };
  }

  async offer(description: string): Promise<string> {
    await this.#begin(`offer ${description}`);
    await this.#turn('offer');
    this.#negotiating -= 1;
    this.remote = description;
    return this.description;
  }

  async hold(): Promise<void> {
    await this.#begin('hold');
    await this.#script.wait?.();
    this.#negotiating -= 1;
    if (this.isOver) throw over();
    this.remote = undefined;
  }

  onOffer(answerer: ((offer: string) => Promise<string>) | undefined): void {
    this.#answerer = answerer;
  }

  /** Its far end offers something new: gives the answer, or undefined when the leg has put it on hold by itself. */
  async farOffers(): Promise<string | undefined> {
    const answerer = this.#answerer;
    if (answerer === undefined) {
      this.#version += 1;
      return undefined;
    }
    const answered = answerer(`${this.name} ${this.#version + 1}`);
    this.#farOffer = answered.catch(() => undefined).finally(() => (this.#farOffer = undefined));
    const answer = await answered;
    this.#version += 1;
    if (!this.isOver) this.remote = answer;
    return answer;
  }

  /** Its call ends. */
  end(): void {
    if (this.isOver) return;
    this.isOver = true;
    this.#script.ended?.(this);
  }

  async #begin(what: string): Promise<void> {
    if (this.#negotiating > 0) this.wrongs.push(`${what} in the middle of another negotiation`);
    this.#negotiating += 1;
    this.asked.push(what);
    await this.#farOffer;
  }

  /** Fails, with the negotiation over, as the script says. */
  async #turn(what: string): Promise<void> {
    await this.#script.wait?.();
    const turn = this.#script.next?.() ?? 'take';
    if (turn === 'end') this.end();
    if (turn === 'take' && !this.isOver) return;
    this.#negotiating -= 1;
    throw this.isOver ? over() : new Fault('unprocessable', `${this.name} refuses: ${what}`, { code: 'refused' });
  }
}

const over = (): Fault => new Fault('conflict', 'The call is over');
