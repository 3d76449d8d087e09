// One call leg. Every change goes through it, and it tells; how it is carried out is its driver's business.
import { Fault } from '../errors.ts';
import type { ChannelId } from '../ids.ts';
import type { Cache, Topic } from '../stasis/index.ts';
import { NORMAL_CLEARING } from './causes.ts';
import type { Endpoint } from './endpoint.ts';
import type { ChannelSnapshot, ChannelState, DialplanPosition, Fact, Hangup } from './facts.ts';
import type { ChannelDriver } from './technology.ts';

/** The application that a channel is in, as far as the channel needs to know it. */
export interface Residence {
  readonly name: string;
  /** Follows the channel, and tells its start. */
  entered(channel: Channel, args: readonly string[]): void;
  /** Stops following it, and tells its end. */
  left(channel: Channel): void;
}

/** The far end's wish, or what the wire said: a call may end without anyone naming a cause. */
export type FarHangup = Partial<Hangup>;

export class Channel {
  readonly id: ChannelId;
  /** Whose channel it is. */
  readonly endpoint: Endpoint | undefined;
  readonly topic: Topic<Fact>;
  readonly #cache: Cache<ChannelSnapshot>;
  readonly #driver: ChannelDriver;
  readonly #gone: (channel: Channel) => void;
  readonly #variables = new Map<string, string>();
  #snapshot: ChannelSnapshot;
  #residence: Residence | undefined;
  #isEnded = false;

  /** Channels are made by `Channels.create`. */
  constructor(
    snapshot: ChannelSnapshot,
    topic: Topic<Fact>,
    cache: Cache<ChannelSnapshot>,
    driver: ChannelDriver,
    endpoint: Endpoint | undefined,
    gone: (channel: Channel) => void,
  ) {
    this.id = snapshot.id;
    this.topic = topic;
    this.#cache = cache;
    this.#driver = driver;
    this.endpoint = endpoint;
    this.#gone = gone;
    this.#snapshot = snapshot;
    topic.publish({ type: 'ChannelChanged', change: cache.put(this.id, snapshot) });
  }

  get snapshot(): ChannelSnapshot {
    return this.#snapshot;
  }

  get isEnded(): boolean {
    return this.#isEnded;
  }

  /** The name of the application that it is in. */
  get application(): string | undefined {
    return this.#residence?.name;
  }

  setState(state: ChannelState): void {
    this.#change({ state });
  }

  /** Makes it visible under the technology's own name of the call. */
  setProtocolId(protocolId: string): void {
    this.#change({ protocolId });
  }

  setDialplan(position: Partial<DialplanPosition>): void {
    this.#change({ dialplan: { ...this.#snapshot.dialplan, ...position } });
  }

  variable(name: string): string | undefined {
    return this.#variables.get(name);
  }

  /** Without a value it is unset, which is told with an empty one. `report` shows it in later snapshots. */
  setVariable(variable: string, value: string | undefined, { report = false } = {}): void {
    if (value === undefined) this.#variables.delete(variable);
    else this.#variables.set(variable, value);
    const { [variable]: _, ...others } = this.#snapshot.reported;
    if (value === undefined && _ !== undefined) this.#change({ reported: others });
    else if (value !== undefined && (report || _ !== undefined))
      this.#change({ reported: { ...others, [variable]: value } });
    this.topic.publish({ type: 'ChannelVariableSet', channel: this.#snapshot, variable, value: value ?? '' });
  }

  /** Into an application. */
  enter(residence: Residence, args: readonly string[]): void {
    this.#residence = residence;
    residence.entered(this, args);
  }

  /** Resolves when the answer is on the wire; answering what is up already does nothing. */
  async answer(): Promise<void> {
    if (this.#snapshot.state === 'Up') return;
    await this.#driver.answer();
    // The far end may have gone meanwhile: then that has been told already.
    if (!this.#isEnded) this.setState('Up');
  }

  async ring(): Promise<void> {
    await this.#driver.ring();
    if (!this.#isEnded) this.topic.publish({ type: 'ChannelRung', channel: this.#snapshot });
  }

  async stopRinging(): Promise<void> {
    await this.#driver.stopRinging();
  }

  /** The far end has pressed a key, for so many milliseconds. */
  dtmfReceived(digit: string, duration: number): void {
    this.topic.publish({ type: 'ChannelDtmfReceived', channel: this.#snapshot, digit, duration });
  }

  /** The far end has put us on hold, or takes us up again. */
  setHeld(isHeld: boolean): void {
    this.topic.publish({ type: isHeld ? 'ChannelHeld' : 'ChannelUnheld', channel: this.#snapshot });
  }

  /** Ends the call from this side, for a Q.850 cause, because someone asked for it. */
  hangup(cause: number): void {
    if (this.#isEnded) return;
    this.topic.publish({ type: 'ChannelHangupRequested', channel: this.#snapshot, cause, soft: true });
    this.finish(cause);
  }

  /** The far end, or the wire, has ended the call. */
  hungUp(far: FarHangup): void {
    if (this.#isEnded) return;
    this.topic.publish({ type: 'ChannelHangupRequested', channel: this.#snapshot, ...far, soft: false });
    this.#end(far, () => ({ cause: 0, ...far }));
  }

  /** Its way through the routing is over, without anyone having hung up: so it is hung up. */
  finish(cause: number = NORMAL_CLEARING): void {
    if (this.#isEnded) return;
    this.#end({}, () => {
      const techCause = this.#driver.hangup(cause);
      return { cause, ...(techCause !== undefined && { techCause }) };
    });
  }

  #end(far: FarHangup, close: () => Hangup): void {
    this.#isEnded = true;
    const residence = this.#residence;
    this.#residence = undefined;
    if (residence !== undefined) {
      residence.left(this);
      this.setVariable('STASISSTATUS', 'SUCCESS');
    }
    this.topic.publish({
      type: 'ChannelHangupRequested',
      channel: this.#snapshot,
      cause: NORMAL_CLEARING,
      ...(far.techCause !== undefined && { techCause: far.techCause }),
      soft: true,
    });
    this.#change({ dialplan: { ...this.#snapshot.dialplan, appName: '', appData: '' } });
    const hangup = close();
    this.#cache.delete(this.id);
    this.topic.publish({ type: 'ChannelChanged', change: { was: this.#snapshot }, hangup });
    this.#gone(this);
  }

  /** Snapshots that are equal are not told. */
  #change(changes: Partial<ChannelSnapshot>): void {
    const now = { ...this.#snapshot, ...changes };
    if (JSON.stringify(now) === JSON.stringify(this.#snapshot)) return;
    this.#snapshot = now;
    this.topic.publish({ type: 'ChannelChanged', change: this.#cache.put(this.id, now) });
  }
}

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
