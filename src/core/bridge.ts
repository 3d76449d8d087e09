// One bridge: who is in it. It tells who comes and who goes; how they hear each other is its medium's business.
//
// A channel comes in when its media is led, so that whoever asked for it knows that it is there. One that is not up yet is
// in at once, and its media is led when it is answered. Whoever goes is out at once; its media follows.
import { Fault, notFound } from '../errors.ts';
import type { BridgeId, ChannelId } from '../ids.ts';
import type { Cache, Topic } from '../stasis/index.ts';
import type { Channel } from './channel.ts';
import type { BridgeSnapshot, Fact } from './facts.ts';
import { forget, introduce, tellOf } from './introduction.ts';
import type { MediaBridge, MediaPlace } from './media.ts';
import type { Residence } from './residence.ts';

/** What is asked for a channel that comes in. */
export interface Place extends MediaPlace {
  /** Its role in a holding bridge: "announcer", "participant". */
  readonly role?: string;
  /** Its keys are not for the others. */
  readonly absorbsDtmf?: boolean;
  /** The others are not told who it is. */
  readonly isAnonymous?: boolean;
}

export interface BridgeParts {
  readonly topic: Topic<Fact>;
  readonly cache: Cache<BridgeSnapshot>;
  /** Left out, its channels only are there. */
  readonly medium: MediaBridge | undefined;
  /** Channels that come into any bridge at the moment. */
  readonly joining: Set<ChannelId>;
  /** How many channels it may have. */
  readonly limit: number;
  readonly variables?: Iterable<readonly [name: string, value: string]>;
  readonly onRefused: () => void;
  readonly onError: (error: unknown) => void;
  /** It has gone, and that was told. */
  readonly onGone: (bridge: Bridge) => void;
  /** One has left. */
  readonly onLeft?: (bridge: Bridge, channel: Channel) => void;
}

interface Member {
  readonly channel: Channel;
  readonly place: Place;
  readonly follower: Residence | undefined;
}

export class Bridge {
  readonly id: BridgeId;
  readonly topic: Topic<Fact>;
  readonly #parts: BridgeParts;
  readonly #members = new Map<ChannelId, Member>();
  /** Those that are to come in. */
  readonly #coming = new Set<Channel>();
  readonly #variables: Map<string, string>;
  #snapshot: BridgeSnapshot;
  #isEnded = false;

  /** Bridges are made by `Bridges`. */
  constructor(snapshot: BridgeSnapshot, parts: BridgeParts) {
    this.id = snapshot.id;
    this.topic = parts.topic;
    this.#parts = parts;
    this.#snapshot = snapshot;
    this.#variables = new Map(parts.variables);
    this.topic.publish({ type: 'BridgeChanged', change: parts.cache.put(this.id, snapshot) });
  }

  get snapshot(): BridgeSnapshot {
    return this.#snapshot;
  }

  get isEnded(): boolean {
    return this.#isEnded;
  }

  /** In the order in which they came. */
  get channels(): Channel[] {
    return [...this.#members.values()].map(({ channel }) => channel);
  }

  /** What was asked for a channel that is in it. */
  placeOf(channel: Channel): Place | undefined {
    return this.#members.get(channel.id)?.place;
  }

  /**
   * Brings channels in, out of the bridges that they are in: all of them, or none. Resolves when their media is led. Fails
   * with a Fault: 'not-found' when the bridge has gone; 'conflict' when it is full, or a call is over or on its way into a
   * bridge already; as its medium does.
   */
  async add(channels: readonly Channel[], place: Place = {}): Promise<void> {
    this.#admit(channels, place);
    for (const channel of channels) this.#reserve(channel);
    const added: Channel[] = [];
    try {
      for (const channel of channels) {
        await this.#join(channel, place);
        added.push(channel);
      }
    } catch (error) {
      for (const channel of added) this.#leave(channel);
      throw error;
    } finally {
      for (const channel of channels) this.#unreserve(channel);
    }
  }

  /** Takes channels out. Fails with a Fault 'unprocessable', before any has left, when one is not in it. */
  remove(channels: readonly Channel[]): void {
    if (!channels.every(({ id }) => this.#members.has(id))) {
      throw new Fault('unprocessable', 'Channel not in this bridge', { code: 'channel-not-in-bridge' });
    }
    for (const channel of channels) this.#leave(channel);
  }

  /** Takes all channels out, and ends it. Twice is once. */
  destroy(): void {
    if (this.#isEnded) return;
    this.#isEnded = true;
    for (const channel of this.channels) this.#leave(channel);
    this.#parts.cache.delete(this.id);
    this.topic.publish({ type: 'BridgeChanged', change: { was: this.#snapshot } });
    this.#parts.onGone(this);
  }

  variable(name: string): string | undefined {
    return this.#variables.get(name);
  }

  /** Without a value it is unset. `report` shows it in later snapshots. */
  setVariable(variable: string, value: string | undefined, { report = false } = {}): void {
    const { [variable]: shown, ...others } = this.#snapshot.reported;
    if (value === undefined) {
      this.#variables.delete(variable);
      this.#change({ reported: others });
      return;
    }
    this.#variables.set(variable, value);
    if (report || shown !== undefined) this.#change({ reported: { ...others, [variable]: value } });
  }

  #admit(channels: readonly Channel[], place: Place): void {
    if (this.#isEnded) throw notFound('Bridge');
    for (const channel of channels) {
      if (channel.isEnded) throw over();
      if (this.#parts.joining.has(channel.id)) {
        throw new Fault('conflict', 'Channel is on its way into a bridge', { code: 'channel-joining-bridge' });
      }
    }
    const all = [...new Set([...this.channels, ...this.#coming, ...channels])];
    if (all.length > this.#parts.limit) {
      this.#parts.onRefused();
      throw new Fault('conflict', `A bridge takes ${this.#parts.limit} channels at most`, { code: 'bridge-full' });
    }
    const refusal = this.#parts.medium?.refusal(all.filter(({ media }) => media !== undefined).length, place);
    if (refusal !== undefined) throw refusal;
  }

  #reserve(channel: Channel): void {
    this.#coming.add(channel);
    this.#parts.joining.add(channel.id);
  }

  #unreserve(channel: Channel): void {
    this.#coming.delete(channel);
    this.#parts.joining.delete(channel.id);
  }

  async #join(channel: Channel, place: Place): Promise<void> {
    if (channel.isEnded) throw over();
    channel.leaveBridge();
    if (channel.snapshot.state === 'Up') await this.#lead(channel, place);
    if (this.#isEnded || channel.isEnded) {
      this.#unlead(channel);
      throw channel.isEnded ? over() : new Fault('conflict', 'The bridge was destroyed', { code: 'bridge-destroyed' });
    }
    this.#enter(channel, place);
  }

  async #lead({ media }: Channel, place: Place): Promise<void> {
    if (media !== undefined) await this.#parts.medium?.add(media, place);
  }

  #unlead({ media, isEnded }: Channel): void {
    if (media !== undefined) this.#parts.medium?.remove(media, isEnded).catch(this.#parts.onError);
  }

  #enter(channel: Channel, place: Place): void {
    const others = this.channels;
    const member = { channel, place, follower: channel.residence };
    this.#members.set(channel.id, member);
    channel.setMembership({
      bridge: this.id,
      answered: () => this.#answered(channel, place),
      identified: () => this.#identified(channel, place),
      leave: () => this.#leave(channel),
    });
    member.follower?.enteredBridge(this.id, this.topic);
    const channels = [...this.#snapshot.channels, channel.id];
    const bridge = { ...this.#snapshot, channels };
    this.topic.publish({ type: 'ChannelEnteredBridge', bridge, channel: channel.snapshot });
    this.#change({ channels });
    const [other] = others;
    if (this.#snapshot.type === 'mixing' && other !== undefined && others.length === 1) {
      const isKnown = !(place.isAnonymous ?? false);
      introduce({ channel, isKnown }, { channel: other, isKnown: true }, this.#parts.onError);
    }
    this.#technologyChanged();
  }

  /** Of one that cannot be led to the others, they hear nothing: it leaves, which is told. */
  #answered(channel: Channel, place: Place): void {
    this.#lead(channel, place).then(
      () => this.#technologyChanged(),
      (error: unknown) => {
        if (!(error instanceof Fault)) this.#parts.onError(error);
        this.#leave(channel);
      },
    );
  }

  #identified(channel: Channel, { isAnonymous = false }: Place): void {
    const [other, ...more] = this.channels.filter((each) => each !== channel);
    if (this.#snapshot.type !== 'mixing' || other === undefined || more.length > 0) return;
    tellOf(other, { channel, isKnown: !isAnonymous }, this.#parts.onError);
  }

  #leave(channel: Channel): void {
    const member = this.#members.get(channel.id);
    if (member === undefined) return;
    this.#members.delete(channel.id);
    channel.setMembership(undefined);
    forget(channel);
    this.#change({ channels: this.#snapshot.channels.filter((id) => id !== channel.id) });
    this.topic.publish({ type: 'ChannelLeftBridge', bridge: this.#snapshot, channel: channel.snapshot });
    member.follower?.leftBridge(this.id);
    this.#unlead(channel);
    this.#technologyChanged();
    if (!this.#isEnded) this.#parts.onLeft?.(this, channel);
  }

  #technologyChanged(): void {
    const { medium } = this.#parts;
    if (medium !== undefined) this.#change({ technology: medium.technology });
  }

  /** Snapshots that are equal are not told. */
  #change(changes: Partial<BridgeSnapshot>): void {
    const now = { ...this.#snapshot, ...changes };
    if (this.#isGone() || JSON.stringify(now) === JSON.stringify(this.#snapshot)) return;
    this.#snapshot = now;
    this.topic.publish({ type: 'BridgeChanged', change: this.#parts.cache.put(this.id, now) });
  }

  #isGone(): boolean {
    return this.#parts.cache.get(this.id) === undefined;
  }
}

const over = (): Fault => new Fault('conflict', 'The call is over', { code: 'channel-ended' });
