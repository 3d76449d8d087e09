// A leg that rings at several contacts at once: the first that answers has it, and the others are called off.
import type { Channel } from '../../core/channel.ts';
import type { Party, TransferState } from '../../core/facts.ts';
import type { MediaLeg } from '../../core/media.ts';
import type { ChannelDriver, DialNews, DialOutcome, DtmfTiming } from '../../core/technology.ts';
import type { Call } from './session-driver.ts';
import { rankOf } from './statuses.ts';

export interface Branch {
  readonly protocolId: string;
  readonly call: Call;
}

type Failed = Extract<DialOutcome, { kind: 'failed' }>;

const ANSWERED_ELSEWHERE = 26;
/** News are told of whoever is furthest. */
const ORDER: readonly DialNews['kind'][] = ['proceeding', 'ringing', 'progress'];

export class Fork implements ChannelDriver {
  readonly #branches: readonly Branch[];
  #channel: Channel | undefined;
  /** The one that has answered; before that the first speaks for all. */
  #winner: Branch | undefined;

  /** One or more. */
  constructor(branches: readonly Branch[]) {
    this.#branches = branches;
  }

  get media(): MediaLeg {
    return this.#call.media;
  }

  drives(channel: Channel): void {
    this.#channel = channel;
    for (const { call } of this.#branches) call.isFor(channel);
    this.#winner?.call.drives(channel);
  }

  dial(news: (news: DialNews) => void): Promise<DialOutcome> {
    let furthest = -1;
    const tell = (of: DialNews): void => {
      const place = ORDER.indexOf(of.kind);
      if (place < furthest) return;
      furthest = place;
      news(of);
    };
    return new Promise((resolve) => {
      const failures: Failed[] = [];
      for (const branch of this.#branches) {
        void branch.call.dial(tell).then((outcome) => {
          if (this.#winner !== undefined) return;
          if (outcome.kind === 'answered') {
            this.#win(branch);
            return resolve(outcome);
          }
          failures.push(outcome);
          // RFC 3261 16.7: whoever answers 6xx speaks for all.
          if ((outcome.techCause ?? 0) >= 600) this.#callOff(branch);
          if (failures.length === this.#branches.length) resolve(best(failures));
        });
      }
    });
  }

  answer(description?: string): Promise<void> {
    return this.#call.answer(description);
  }

  ring(): Promise<void> {
    return this.#call.ring();
  }

  stopRinging(): Promise<void> {
    return this.#call.stopRinging();
  }

  progress(description?: string): Promise<void> {
    return this.#call.progress(description);
  }

  sendDtmf(digits: string, timing: DtmfTiming): Promise<void> {
    return this.#call.sendDtmf(digits, timing);
  }

  hold(): Promise<void> {
    return this.#call.hold();
  }

  unhold(): Promise<void> {
    return this.#call.unhold();
  }

  redirect(resource: string): Promise<void> {
    return this.#call.redirect(resource);
  }

  async setConnected(party: Party): Promise<void> {
    await Promise.all(this.#live.map(({ call }) => call.setConnected(party)));
  }

  transferProgress(state: TransferState): Promise<void> {
    return this.#call.transferProgress(state);
  }

  read(expression: string): string | undefined {
    return this.#call.read(expression);
  }

  write(expression: string, value: string): boolean {
    return this.#live.map(({ call }) => call.write(expression, value)).includes(true);
  }

  hangup(cause: number): number | undefined {
    return this.#live.map(({ call }) => call.hangup(cause)).find((status) => status !== undefined);
  }

  get #live(): readonly Branch[] {
    return this.#winner === undefined ? this.#branches : [this.#winner];
  }

  get #call(): Call {
    return (this.#winner ?? this.#branches[0]!).call;
  }

  #win(branch: Branch): void {
    this.#winner = branch;
    this.#callOff(branch);
    if (this.#channel === undefined) return;
    if (branch !== this.#branches[0]) this.#channel.setProtocolId(branch.protocolId);
    branch.call.drives(this.#channel);
  }

  #callOff(except: Branch): void {
    for (const branch of this.#branches) if (branch !== except) branch.call.hangup(ANSWERED_ELSEWHERE);
  }
}

/** RFC 3261 16.7 step 6, among those that were not called off by us. */
function best(failures: readonly Failed[]): Failed {
  const said = failures.filter(({ techCause }) => techCause !== undefined);
  const rank = ({ techCause = 0 }: Failed): number => rankOf(techCause);
  return [...said].sort((one, other) => rank(one) - rank(other))[0] ?? failures[0]!;
}
