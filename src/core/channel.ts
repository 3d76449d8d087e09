// One call leg. Every change goes through it, and it tells; how it is carried out is its driver's business.
import { Fault } from '../errors.ts';
import type { BridgeId } from '../ids.ts';
import type { Cache, Topic } from '../stasis/index.ts';
import { NORMAL_CLEARING } from './causes.ts';
import { DrivenChannel } from './driven-channel.ts';
import type { Endpoint } from './endpoint.ts';
import {
  caused,
  type ChannelSnapshot,
  type ChannelState,
  type DialplanPosition,
  type Fact,
  type Hangup,
  type Party,
} from './facts.ts';
import type { Membership } from './membership.ts';
import { Operations, type Operation, type OperationsParts, type Work } from './operations.ts';
import type { Entry, Residence } from './residence.ts';
import type { ChannelDriver } from './technology.ts';

/** The far end's wish, or what the wire said: a call may end without anyone naming a cause. */
export type FarHangup = Partial<Hangup>;

/** What the position of an outbound leg shows while nothing runs there. */
export type Line = Pick<DialplanPosition, 'appName' | 'appData'>;

/** Called when a channel begins to end: why, and whether it was the far end that hung up. */
export type Ending = (hangup: FarHangup, isFar: boolean) => void;

export class Channel extends DrivenChannel {
  /** Whose channel it is. */
  readonly endpoint: Endpoint | undefined;
  readonly #operations: Operations;
  readonly #gone: (channel: Channel) => void;
  readonly #line: Line | undefined;
  // Most channels live without: an empty Set is larger than all else that a channel is made of.
  #endings: Set<Ending> | undefined;
  #arrivals: Set<(hasArrived: boolean) => void> | undefined;
  #isRouted: boolean;
  #residence: Residence | undefined;
  #membership: Membership | undefined;
  #isEnded = false;

  /** Channels are made by `Channels.create`. */
  constructor(
    snapshot: ChannelSnapshot,
    topic: Topic<Fact>,
    cache: Cache<ChannelSnapshot>,
    driver: ChannelDriver,
    endpoint: Endpoint | undefined,
    operations: OperationsParts,
    gone: (channel: Channel) => void,
    line?: Line,
  ) {
    super(snapshot, topic, cache, driver);
    this.endpoint = endpoint;
    this.#operations = new Operations(operations);
    this.#gone = gone;
    this.#line = line;
    this.#isRouted = line === undefined;
  }

  get isEnded(): boolean {
    return this.#isEnded;
  }

  /** The name of the application that it is in. */
  get application(): string | undefined {
    return this.#residence?.name;
  }

  get residence(): Residence | undefined {
    return this.#residence;
  }

  /** The bridge that it is in. */
  get bridge(): BridgeId | undefined {
    return this.#membership?.bridge;
  }

  /** For the bridge alone: it has told that the channel has come, or has gone. */
  setMembership(membership: Membership | undefined): void {
    this.#membership = membership;
    if (membership !== undefined) this.#arrived(true);
  }

  /** Out of the bridge that it is in, if it is in any. */
  leaveBridge(): void {
    this.#membership?.leave();
  }

  override setState(state: ChannelState, operation?: string): void {
    const was = this.snapshot.state;
    if (state === was) return;
    this.endpoint?.channelChanged(was, state);
    super.setState(state, operation);
    if (state === 'Up') this.#membership?.answered();
  }

  /** The far end has said who it is; whoever talks to it is told so. */
  identify(caller: Party): void {
    this.setCaller(caller);
    this.#membership?.identified();
  }

  /** Whether it goes its way through the routing, at whose end it is hung up; an outbound leg does not, until it is led there. */
  get isRouted(): boolean {
    return this.#isRouted;
  }

  /** From now on it goes its way through the routing. */
  route(): void {
    this.#isRouted = true;
  }

  /** Calls it once, when the channel begins to end: what it tells comes before the end. Gives how to call that off. */
  onEnding(ending: Ending): () => void {
    this.#endings ??= new Set();
    this.#endings.add(ending);
    return () => this.#endings?.delete(ending);
  }

  /** Whether it comes into an application or a bridge from now on, before it ends. */
  arrival(): Promise<boolean> {
    return new Promise((resolve) => (this.#arrivals ??= new Set()).add(resolve));
  }

  /** How many operations wait, without the one that is under way. */
  get waiting(): number {
    return this.#operations.waiting;
  }

  /**
   * Does what the application asks of it, when all that was asked before is done, and tells how that ended. The name is that of
   * the operation in ARI. Fails with a Fault 'unavailable' when too much waits already.
   */
  operate(name: string, work: Work): Operation {
    const residence = this.#residence;
    const inTurn: Work = (operation) => {
      inApplication(this);
      return work(operation);
    };
    return this.#operations.run(inTurn, (operation, failure) => this.#tell(operation, name, residence, failure));
  }

  /** An id for what is not to wait: `hangup`. */
  newOperationId(): string {
    return this.#operations.newId();
  }

  /** Into an application. */
  enter(residence: Residence, args: readonly string[], entry: Entry = {}): void {
    this.#residence = residence;
    residence.entered(this, args, entry);
    this.#arrived(true);
  }

  /** Out of its bridge and its application, if it is in one: whoever calls it says where it goes on. */
  leave(operation?: string): void {
    this.leaveBridge();
    const residence = this.#residence;
    if (residence === undefined) return;
    this.abandonTransfer(operation);
    this.#residence = undefined;
    residence.left(this, undefined, operation);
    this.setVariable('STASISSTATUS', 'SUCCESS', { operation });
  }

  /** Straight into another application, or not, if there is none: then the one that it is in is told so. */
  move(residence: Residence | undefined, destination: string, args: readonly string[], operation?: string): void {
    if (residence === undefined) return this.#residence?.kept(this, destination, args, operation);
    this.#residence?.left(this, undefined, operation);
    this.enter(residence, args, { operation });
  }

  /** Ends the call from this side, for a Q.850 cause, because someone asked for it. Waits for no other operation. */
  hangup(cause: number, operation?: string): void {
    if (this.#isEnded) return;
    const asked = { channel: this.snapshot, cause, soft: true, ...caused(operation) };
    this.topic.publish({ type: 'ChannelHangupRequested', ...asked });
    this.#end({ cause }, { isFar: false, isAsked: true, operation }, () => this.#hangUp(cause));
  }

  /** The far end, or the wire, has ended the call. */
  hungUp(far: FarHangup): void {
    if (this.#isEnded) return;
    this.topic.publish({ type: 'ChannelHangupRequested', channel: this.snapshot, ...far, soft: false });
    this.#end(far, { isFar: true }, () => ({ cause: 0, ...far }));
  }

  /** Its way through the routing is over, without anyone having hung up: so it is hung up. */
  finish(cause: number = NORMAL_CLEARING, operation?: string): void {
    if (!this.#isEnded) this.#end({ cause }, { isFar: false, operation }, () => this.#hangUp(cause));
  }

  #hangUp(cause: number): Hangup {
    const techCause = this.driver.hangup(cause);
    return { cause, ...(techCause !== undefined && { techCause }) };
  }

  #end(why: FarHangup, { isFar, isAsked = false, operation }: By, close: () => Hangup): void {
    this.#isEnded = true;
    for (const ending of this.#endings ?? []) ending(why, isFar);
    this.#endings = undefined;
    this.#arrived(false);
    this.#operations.end();
    const residence = this.#residence;
    this.leave(operation);
    if (this.#isRouted) this.#routeEnds(isFar ? why.techCause : undefined, operation);
    if (this.#line === undefined) this.setDialplan({ appName: '', appData: '' }, operation);
    else this.showDialplan(this.#line);
    const hangup = close();
    this.forget();
    this.topic.publish({ type: 'ChannelChanged', change: { was: this.snapshot }, hangup, ...caused(operation) });
    if (isAsked && operation !== undefined) this.#tell(operation, 'hangup', residence);
    this.#gone(this);
  }

  #arrived(hasArrived: boolean): void {
    for (const arrive of this.#arrivals ?? []) arrive(hasArrived);
    this.#arrivals = undefined;
  }

  /** As in Asterisk, whose dialplan hangs up at its end, whoever has hung up before. */
  #routeEnds(techCause: number | undefined, operation: string | undefined): void {
    this.topic.publish({
      type: 'ChannelHangupRequested',
      channel: this.snapshot,
      cause: NORMAL_CLEARING,
      ...(techCause !== undefined && { techCause }),
      soft: true,
      ...caused(operation),
    });
  }

  /** The application that it was in when that was asked hears it, too. */
  #tell(operation: string, name: string, residence: Residence | undefined, failure?: unknown): void {
    const overhearing = residence === this.#residence ? undefined : residence?.overhear(this);
    this.topic.publish({
      type: 'OperationFinished',
      channel: this.snapshot,
      operation,
      name,
      ...(failure === undefined ? { outcome: 'succeeded' } : { outcome: 'failed', reason: reasonOf(failure) }),
    });
    overhearing?.close();
  }
}

/** Who ends a channel. */
interface By {
  readonly isFar: boolean;
  readonly operation?: string | undefined;
  /** The operation is to end it, and is done then. */
  readonly isAsked?: boolean;
}

const reasonOf = (failure: unknown): string => (failure instanceof Fault ? failure.message : 'Internal error');

/** What an operation of an application may be done to. Fails as ARI does. */
export function inApplication(channel: Channel): void {
  if (channel.application === undefined) {
    throw new Fault('conflict', 'Channel not in Stasis application', { code: 'channel-not-in-application' });
  }
}

const beforeAnswer: readonly ChannelState[] = ['Down', 'Rsrvd', 'Ringing'];

/** An outbound leg that nobody has answered yet allows little. Fails with a Fault 'precondition'. */
export function notUnanswered(channel: Channel): void {
  if (beforeAnswer.includes(channel.snapshot.state)) {
    throw new Fault('precondition', 'Channel in invalid state', { code: 'channel-invalid-state' });
  }
}
