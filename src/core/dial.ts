// One target being dialled: from when it is called until it has answered, has failed or is given up, wherever it is forwarded.
//
// What the far end says is told as it comes, and an end is told in Asterisk's order: who hung up, what became of the
// dialling, that the channel is gone.
import { Fault } from '../errors.ts';
import type { Bus, Topic } from '../stasis/index.ts';
import type { OutboundLeg, Target } from './callers.ts';
import { ANSWERED_ELSEWHERE, NO_ANSWER } from './causes.ts';
import type { Channel, FarHangup } from './channel.ts';
import type { Clock } from './clock.ts';
import { caused, type ChannelSnapshot, type DialStatus, type Fact, type Hangup, type Party } from './facts.ts';
import type { DialNews, DialOutcome } from './technology.ts';

export interface DialOptions {
  /** In milliseconds; without one it rings for ever. */
  readonly timeout?: number | undefined;
  /** Another channel that calls: its subscribers are told, too. */
  readonly caller?: Channel;
  /** Whether what is told after the beginning says again what was dialled. */
  readonly repeatsDialstring?: boolean;
  /** The id of the operation that it belongs to. */
  readonly operation?: string;
  readonly onNews?: (news: DialNews) => void;
  /**
   * Makes the leg that is dialled where the far end wants to be called instead; left out, that is a failure. Fails with a
   * Fault when there is none.
   */
  readonly redial?: (target: Target) => OutboundLeg;
}

export type DialResult =
  | { readonly kind: 'answered'; readonly leg: OutboundLeg; readonly description?: string; readonly connected?: Party }
  /** Its channel has ended. */
  | { readonly kind: 'failed'; readonly status: DialStatus; readonly cause: number };

/** What a cause makes of the dialling, as in Asterisk. */
export function statusOf(cause: number): DialStatus {
  if (cause === 17) return 'BUSY';
  if (cause === 34) return 'CONGESTION';
  return cause === 3 || cause === 20 ? 'CHANUNAVAIL' : 'NOANSWER';
}

const newsStatus: Readonly<Record<DialNews['kind'], DialStatus>> = {
  proceeding: 'PROCEEDING',
  progress: 'PROGRESS',
  ringing: 'RINGING',
};

/** How often one call may be forwarded: telephones can forward to each other. */
const FORWARDS = 5;

/** How it is given up from here. */
interface GivenUp {
  readonly status: DialStatus;
  readonly isTold: boolean;
}

export class Dial {
  /** Never fails. */
  readonly result: Promise<DialResult>;
  readonly #options: DialOptions;
  readonly #clock: Clock;
  readonly #bus: Bus;
  readonly #over: () => void;
  #leg: OutboundLeg;
  #settle!: (result: DialResult) => void;
  /** Where it is told. */
  #topic: Topic<Fact>;
  #stopTimer: () => void = () => undefined;
  #forgetEnding: () => void = () => undefined;
  #forwards = 0;
  #isOver = false;
  #givenUp: GivenUp | undefined;

  /** Dials are made by `Dialling.dial`. `over` is called when it is no longer being dialled. */
  constructor(
    leg: OutboundLeg,
    options: DialOptions,
    { bus, clock }: { readonly bus: Bus; readonly clock: Clock },
    over: () => void,
  ) {
    this.#options = options;
    this.#clock = clock;
    this.#bus = bus;
    this.#over = over;
    this.#leg = leg;
    this.#topic = this.#topicOf(leg);
    this.result = new Promise((resolve) => (this.#settle = resolve));
  }

  begin(): void {
    const { timeout } = this.#options;
    if (timeout !== undefined) this.#stopTimer = this.#clock.after(timeout, () => this.#timedOut());
    this.#call();
  }

  /** Nobody waits for it any longer. */
  cancel(cause: number = ANSWERED_ELSEWHERE): void {
    this.#giveUp(cause, { status: 'CANCEL', isTold: true });
  }

  #call(): void {
    const leg = this.#leg;
    const { channel, driver } = leg;
    this.#forgetEnding = channel.onEnding((hangup, isFar) => this.#ended(hangup, isFar));
    this.#tell('');
    const outcome = driver.dial?.((news) => this.#leg === leg && this.#hear(news));
    if (outcome === undefined) throw new Error(`${channel.snapshot.name} cannot be dialled`);
    void outcome.then((known) => this.#leg === leg && this.#learn(known));
  }

  #hear(news: DialNews): void {
    if (this.#isOver) return;
    if (news.kind === 'ringing') this.#leg.channel.setState('Ringing');
    this.#tell(newsStatus[news.kind]);
    this.#options.onNews?.(news);
  }

  /** Whoever has ended it meanwhile has told so. */
  #learn(outcome: DialOutcome): void {
    if (this.#isOver) return;
    const { channel } = this.#leg;
    if (outcome.kind === 'answered') {
      const { kind, ...answer } = outcome;
      channel.setState('Up');
      this.#tell('ANSWER');
      return this.#finish({ kind, leg: this.#leg, ...answer });
    }
    const { kind: _, forward, ...hangup } = outcome;
    const next = forward === undefined ? undefined : this.#redial(forward);
    if (next === undefined) channel.hungUp(hangup);
    else this.#forward(next, hangup);
  }

  #redial(resource: string): OutboundLeg | undefined {
    if (this.#forwards === FORWARDS) return undefined;
    try {
      return this.#options.redial?.({ tech: this.#leg.tech, resource });
    } catch (error) {
      if (error instanceof Fault) return undefined;
      throw error;
    }
  }

  /** The old leg ends when the new one is being dialled, as in Asterisk. */
  #forward(next: OutboundLeg, { cause }: Hangup): void {
    const { channel } = this.#leg;
    this.#forwards += 1;
    this.#forgetEnding();
    this.#tell('CANCEL', next);
    this.#closeTopic();
    this.#leg = next;
    this.#topic = this.#topicOf(next);
    this.#call();
    channel.finish(cause);
  }

  /** As in Asterisk: where nobody calls, it is told by the end of the channel alone. */
  #timedOut(): void {
    this.#giveUp(NO_ANSWER, { status: 'NOANSWER', isTold: this.#options.caller !== undefined });
  }

  #giveUp(cause: number, givenUp: GivenUp): void {
    if (this.#isOver) return;
    this.#givenUp = givenUp;
    this.#leg.channel.finish(cause);
  }

  #ended({ cause = 0 }: FarHangup, isFar: boolean): void {
    const { status, isTold } = isFar
      ? { status: statusOf(cause), isTold: true }
      : (this.#givenUp ?? { status: 'CANCEL', isTold: true });
    if (isTold) this.#tell(status);
    this.#finish({ kind: 'failed', status, cause });
  }

  #finish(result: DialResult): void {
    this.#isOver = true;
    this.#stopTimer();
    this.#forgetEnding();
    this.#closeTopic();
    this.#over();
    this.#settle(result);
  }

  /** Where there are two channels, who follows both is told once. */
  #topicOf({ channel }: OutboundLeg): Topic<Fact> {
    const { caller } = this.#options;
    if (caller === undefined) return channel.topic;
    const both = this.#bus.topic<Fact>(`dial:${channel.id}`);
    both.forward(caller.topic);
    both.forward(channel.topic);
    return both;
  }

  #closeTopic(): void {
    if (this.#topic !== this.#leg.channel.topic) this.#topic.close();
  }

  #tell(status: DialStatus, forwarded?: OutboundLeg): void {
    const { channel, resource } = this.#leg;
    const { caller, repeatsDialstring = false, operation } = this.#options;
    this.#topic.publish({
      type: 'ChannelDialled',
      peer: channel.snapshot,
      ...(caller && { caller: caller.snapshot }),
      status,
      dialstring: status === '' || repeatsDialstring ? resource : '',
      ...forwardOf(forwarded),
      ...caused(operation),
    });
  }
}

function forwardOf(to: OutboundLeg | undefined): { readonly forward: string; readonly forwarded?: ChannelSnapshot } {
  return to === undefined ? { forward: '' } : { forward: `${to.tech}/${to.resource}`, forwarded: to.channel.snapshot };
}
