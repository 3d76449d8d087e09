// Telephone to telephone, as Asterisk's Dial(): rings all that a route names, connects the caller to the first that answers.
//
// The caller's offer goes to those who are called, and the winner's answer to the caller, so that their media is theirs
// from the beginning.
import { exceptFaults, Fault } from '../errors.ts';
import type { BridgeId } from '../ids.ts';
import type { Callers, OutboundLeg, Target } from './callers.ts';
import { parseTarget } from './callers.ts';
import { ANSWERED_ELSEWHERE, NORMAL_CLEARING, SUBSCRIBER_ABSENT } from './causes.ts';
import type { Channel, FarHangup } from './channel.ts';
import type { Clock } from './clock.ts';
import type { Dial, DialResult } from './dial.ts';
import type { Dialling } from './dialling.ts';
import type { DialStatus } from './facts.ts';
import type { DialRoute } from './routing.ts';
import type { DialNews } from './technology.ts';

/**
 * Brings two calls that are up into a bridge, if there are any. `isAgreed`: they see each other's description already. Fails
 * with a Fault when that cannot be.
 */
export type Connect = (caller: Channel, called: Channel, isAgreed: boolean) => Promise<BridgeId | undefined>;

export interface DialApplicationParts {
  readonly callers: Callers;
  readonly dialling: Dialling;
  readonly clock: Clock;
}

type Failure = Pick<Extract<DialResult, { kind: 'failed' }>, 'status' | 'cause'>;
type Answer = Extract<DialResult, { kind: 'answered' }>;

const LINE = { appName: 'AppDial', appData: '(Outgoing Line)' };
const CONGESTION = 34;
const UNREACHABLE: Failure = { status: 'CHANUNAVAIL', cause: SUBSCRIBER_ABSENT };

export class DialApplication {
  readonly #parts: DialApplicationParts;
  #connect: Connect = () => Promise.resolve(undefined);

  constructor(parts: DialApplicationParts) {
    this.#parts = parts;
  }

  connectBy(connect: Connect): void {
    this.#connect = connect;
  }

  run(caller: Channel, route: DialRoute): void {
    new Connection(caller, route, this.#parts, this.#connect).begin();
  }
}

class Connection {
  readonly #caller: Channel;
  readonly #route: DialRoute;
  readonly #parts: DialApplicationParts;
  readonly #connect: Connect;
  readonly #begunAt: number;
  readonly #failures: Failure[] = [];
  #dials: readonly Dial[] = [];
  #isRinging = false;
  #answeredAt: number | undefined;
  #winner: Channel | undefined;
  /** The bridge that the two were brought into. */
  #bridge: BridgeId | undefined;

  constructor(caller: Channel, route: DialRoute, parts: DialApplicationParts, connect: Connect) {
    this.#caller = caller;
    this.#route = route;
    this.#parts = parts;
    this.#connect = connect;
    this.#begunAt = parts.clock.now();
  }

  begin(): void {
    for (const name of ['DIALSTATUS', 'DIALEDPEERNUMBER', 'DIALEDPEERNAME', 'ANSWEREDTIME', 'DIALEDTIME'])
      this.#caller.setVariable(name, '');
    const legs = this.#route.dial.flatMap((endpoint) => this.#legOf(endpoint));
    this.#caller.onEnding((hangup) => this.#callerEnds(hangup));
    if (legs.length === 0) return this.#fail();
    const { timeout } = this.#route;
    this.#dials = legs.map((leg) =>
      this.#parts.dialling.dial(leg, {
        timeout,
        caller: this.#caller,
        onNews: (news) => this.#hear(news),
        redial: (target) => this.#make(target),
      }),
    );
    for (const { result } of this.#dials) void result.then((known) => this.#learn(known));
  }

  #legOf(endpoint: string): OutboundLeg[] {
    try {
      return [this.#make(parseTarget(endpoint))];
    } catch (error) {
      if (!(error instanceof Fault)) throw error;
      this.#failures.push(error.kind === 'unavailable' ? { status: 'CONGESTION', cause: CONGESTION } : UNREACHABLE);
      return [];
    }
  }

  #make(target: Target): OutboundLeg {
    const { callers, dialling } = this.#parts;
    dialling.admit();
    const { caller, dialplan } = this.#caller.snapshot;
    const { offer } = this.#caller;
    const variables = this.#caller.inherited;
    const leg = callers.leg(target, {
      wish: {
        caller,
        ...(offer !== undefined && { offer }),
        ...(Object.keys(variables).length > 0 && { variables }),
      },
      line: LINE,
      exten: dialplan.exten,
      caller: { name: '', number: dialplan.exten },
      connected: caller,
    });
    for (const [name, value] of Object.entries(variables)) leg.channel.setVariable(name, value);
    return leg;
  }

  /** Ringing is ringing, whoever rings; but what is to be heard must come from one alone. */
  #hear(news: DialNews): void {
    if (this.#caller.isEnded || this.#winner !== undefined) return;
    if (news.kind === 'ringing' && !this.#isRinging) {
      this.#isRinging = true;
      exceptFaults(this.#caller.ring());
    } else if (news.kind === 'progress' && news.description !== undefined && this.#dials.length === 1) {
      exceptFaults(this.#caller.progress(news.description));
    }
  }

  #learn(result: DialResult): void {
    if (result.kind === 'answered') return this.#answered(result);
    this.#failures.push(result);
    if (this.#winner === undefined && this.#failures.length === this.#route.dial.length) this.#fail();
  }

  #answered(answer: Answer): void {
    const { channel } = answer.leg;
    if (channel.isEnded) return this.#learn({ kind: 'failed', status: 'NOANSWER', cause: NORMAL_CLEARING });
    if (this.#caller.isEnded) return channel.finish();
    if (this.#winner !== undefined) return channel.finish(ANSWERED_ELSEWHERE);
    this.#winner = channel;
    this.#answeredAt = this.#parts.clock.now();
    for (const dial of this.#dials) dial.cancel();
    channel.onEnding((hangup) => this.#calledEnds(hangup));
    this.#caller.setVariable('DIALEDPEERNAME', channel.snapshot.name);
    this.#caller.setVariable('DIALEDPEERNUMBER', answer.leg.resource);
    this.#caller.setVariable('DIALSTATUS', 'ANSWER');
    void this.#bringTogether(channel, answer);
  }

  async #bringTogether(channel: Channel, { description, connected }: Answer): Promise<void> {
    this.#caller.setConnected(connected ?? channel.snapshot.caller);
    // One that was up before, or that offered nothing, has not seen it.
    const isAgreed = description !== undefined && this.#caller.snapshot.state !== 'Up';
    try {
      await this.#caller.answer(description);
      if (this.#caller.isEnded || channel.isEnded) return;
      this.#bridge = await this.#connect(this.#caller, channel, isAgreed);
    } catch (error) {
      if (!(error instanceof Fault)) throw error;
      channel.finish();
    }
  }

  /** One of them may have gone on without the other, by a transfer. */
  get #areTogether(): boolean {
    const [mine, theirs] = [this.#caller.bridge, this.#winner?.bridge];
    return this.#bridge === undefined || (mine === this.#bridge && theirs === this.#bridge);
  }

  /** The called one's end is told before the caller's. */
  #calledEnds({ cause }: FarHangup): void {
    if (this.#areTogether) queueMicrotask(() => this.#caller.finish(cause || NORMAL_CLEARING));
  }

  #callerEnds({ cause }: FarHangup): void {
    if (!this.#areTogether) return;
    this.#tellTimes();
    const winner = this.#winner;
    if (winner !== undefined) return queueMicrotask(() => winner.finish(cause || NORMAL_CLEARING));
    if (this.#failures.length === this.#route.dial.length) return;
    for (const dial of this.#dials) dial.cancel(NORMAL_CLEARING);
    this.#caller.setVariable('DIALSTATUS', 'CANCEL');
  }

  #tellTimes(): void {
    const now = this.#parts.clock.now();
    const seconds = (since: number): string => String(Math.floor((now - since) / 1_000));
    this.#caller.setVariable('DIALEDTIME', seconds(this.#begunAt));
    if (this.#answeredAt !== undefined) this.#caller.setVariable('ANSWEREDTIME', seconds(this.#answeredAt));
  }

  #fail(): void {
    if (this.#caller.isEnded) return;
    const { status, cause } = worst(this.#failures);
    this.#caller.setVariable('DIALSTATUS', status);
    this.#caller.finish(cause);
  }
}

/** As in Asterisk: who only did not answer counts before those who could not be had; among these, who is busy. */
function worst(failures: readonly Failure[]): Failure {
  const order: readonly DialStatus[] = ['NOANSWER', 'BUSY', 'CONGESTION', 'CHANUNAVAIL'];
  return order.flatMap((status) => failures.filter((each) => each.status === status))[0] ?? UNREACHABLE;
}
