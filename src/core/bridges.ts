// All bridges: made here, found here, told of here; and what concerns several of them.
import { randomUUID } from 'node:crypto';
import { Fault, notFound } from '../errors.ts';
import { bridgeId, type BridgeId, type ChannelId } from '../ids.ts';
import { Cache, type Bus, type Topic } from '../stasis/index.ts';
import { Bridge } from './bridge.ts';
import type { Channel } from './channel.ts';
import type { BridgeSnapshot, BridgeType, Fact } from './facts.ts';
import type { MediaEngine } from './media.ts';

export interface BridgesParts {
  readonly bus: Bus;
  readonly everything: Topic<Fact>;
  /** Left out, the channels of a bridge only are there. */
  readonly media?: MediaEngine | undefined;
  /** Called for each bridge when it has gone and that was told. */
  readonly gone: (bridge: Bridge) => void;
  readonly now?: (() => number) | undefined;
  readonly newId?: () => string;
  readonly limits?: Partial<BridgeLimits> | undefined;
}

export interface BridgeLimits {
  readonly bridges: number;
  /** In one bridge. */
  readonly channels: number;
}

export interface NewBridge {
  /** Left out, one is made up. */
  readonly id?: string | undefined;
  readonly name?: string | undefined;
  readonly type?: BridgeType;
  readonly variables?: Readonly<Record<string, { readonly value: string; readonly report?: boolean }>>;
}

export interface BridgesMetrics {
  readonly bridges: number;
  /** How many channels are in the bridge that has the most. */
  readonly most: number;
  readonly limits: BridgeLimits;
  /** Bridges that were too many, and channels that were too many for one. */
  readonly refused: BridgeLimits;
}

const LIMITS: BridgeLimits = { bridges: 10_000, channels: 1_000 };
/** As the technology is called where there is no medium. */
const technologies: Readonly<Record<BridgeType, string>> = { mixing: 'simple_bridge', holding: 'holding_bridge' };

type Made = Pick<BridgeSnapshot, 'creator' | 'bridgeClass'>;
const byApplication: Made = { creator: 'Stasis', bridgeClass: 'stasis' };
const byRouting: Made = { creator: '', bridgeClass: 'base' };

export class Bridges {
  /** All that happens to bridges. */
  readonly all: Topic<Fact>;
  readonly cache: Cache<BridgeSnapshot>;
  readonly #parts: BridgesParts;
  readonly #limits: BridgeLimits;
  readonly #bridges = new Map<BridgeId, Bridge>();
  readonly #joining = new Set<ChannelId>();
  /** Those that outlive their first leaver, since they are being merged. */
  readonly #merging = new Set<Bridge>();
  readonly #refused = { bridges: 0, channels: 0 };

  constructor(parts: BridgesParts) {
    this.#parts = parts;
    this.#limits = { ...LIMITS, ...parts.limits };
    this.all = parts.bus.topic('bridges');
    this.all.forward(parts.everything);
    this.cache = new Cache('bridges:cached', parts.bus);
  }

  /** Makes a bridge for applications. Fails with a Fault: 'conflict' when the id is taken; 'unavailable' when there are too many. */
  create(wanted: NewBridge = {}): Bridge {
    return this.#make(wanted, byApplication);
  }

  /**
   * Brings a caller and the one who answered together, whose media was led to each other while dialling if it `isAgreed`. When one leaves,
   * the bridge ends, and the other is hung up. Fails as `create` and `Bridge.add` do; then neither is hung up.
   */
  async connect(caller: Channel, called: Channel, isAgreed = true): Promise<Bridge> {
    const bridge = this.#make({}, byRouting);
    try {
      await bridge.add([caller, called], { isAgreed });
    } catch (error) {
      bridge.destroy();
      throw error;
    }
    return bridge;
  }

  /**
   * The channels of `from` come into `into`, without those that `leave`, which are in no bridge afterwards. A bridge of
   * the routing that nobody is left in ends; one of an application stays. Fails as `Bridge.add` does.
   */
  async merge(into: Bridge, from: Bridge, leave: readonly Channel[] = []): Promise<void> {
    this.tell({ type: 'BridgesMerged', bridge: into.snapshot, from: from.snapshot }, [into.topic, from.topic]);
    const both = [into, from];
    for (const each of both) this.#merging.add(each);
    try {
      for (const bridge of both) bridge.remove(bridge.channels.filter((each) => leave.includes(each)));
      await into.add(from.channels);
    } finally {
      for (const each of both) this.#merging.delete(each);
      for (const each of both) this.#endOfRouting(each);
    }
  }

  /** Takes one out that goes on elsewhere: nobody is hung up for it. A bridge of the routing then ends; one of an application stays. */
  part(bridge: Bridge, channel: Channel): void {
    this.#merging.add(bridge);
    bridge.remove([channel]);
    this.#merging.delete(bridge);
    if (bridge.snapshot.bridgeClass === 'base') bridge.destroy();
  }

  /** One comes into the place of another, which is in no bridge then. Fails as `Bridge.add` does: then neither is in it. */
  async swap(bridge: Bridge, goes: Channel, comes: Channel): Promise<void> {
    const place = bridge.placeOf(goes);
    this.#merging.add(bridge);
    try {
      bridge.remove([goes]);
      await bridge.add([comes], { ...place, isAgreed: false });
    } finally {
      this.#merging.delete(bridge);
      this.#endOfRouting(bridge);
    }
  }

  /** Tells what concerns several objects once to whoever follows any of them, or all bridges. */
  tell(fact: Fact, topics: readonly Topic<Fact>[]): void {
    const topic = this.#parts.bus.topic<Fact>('bridges:together');
    for (const each of [this.all, ...topics]) topic.forward(each);
    topic.publish(fact);
    topic.close();
  }

  find(id: string): Bridge | undefined {
    return this.#bridges.get(bridgeId(id));
  }

  /** Fails with a Fault 'not-found'. */
  get(id: string): Bridge {
    const bridge = this.find(id);
    if (bridge === undefined) throw notFound('Bridge');
    return bridge;
  }

  /** The bridge that a channel is in. */
  of(channel: Channel): Bridge | undefined {
    return channel.bridge && this.#bridges.get(channel.bridge);
  }

  list(): Bridge[] {
    return [...this.#bridges.values()];
  }

  get metrics(): BridgesMetrics {
    const most = this.list().reduce((most, { snapshot }) => Math.max(most, snapshot.channels.length), 0);
    return { bridges: this.#bridges.size, most, limits: this.#limits, refused: { ...this.#refused } };
  }

  #make({ id, name = '', type = 'mixing', variables = {} }: NewBridge, made: Made): Bridge {
    const { bus, media, now = Date.now, newId = randomUUID } = this.#parts;
    if (id !== undefined && this.#bridges.has(bridgeId(id))) {
      throw new Fault('conflict', `Bridge with id '${id}' already exists`, { code: 'bridge-exists' });
    }
    if (this.#bridges.size >= this.#limits.bridges) {
      this.#refused.bridges += 1;
      throw new Fault('unavailable', `There are ${this.#limits.bridges} bridges already`, { code: 'too-many-bridges' });
    }
    const medium = type === 'mixing' ? media?.mix() : media?.hold();
    const given = Object.entries(variables);
    const shown = given.filter(([, { report = false }]) => report);
    const snapshot: BridgeSnapshot = {
      id: bridgeId(id ?? newId()),
      type,
      technology: medium?.technology ?? technologies[type],
      ...made,
      name,
      channels: [],
      createdAt: now(),
      reported: valuesOf(shown),
    };
    const topic = bus.topic<Fact>(`bridge:${snapshot.id}`);
    topic.forward(this.all);
    const bridge = new Bridge(snapshot, {
      topic,
      cache: this.cache,
      medium,
      joining: this.#joining,
      limit: this.#limits.channels,
      variables: Object.entries(valuesOf(given)),
      onRefused: () => (this.#refused.channels += 1),
      onError: bus.onError,
      onGone: (gone) => this.#gone(gone),
      onLeft: (left) => this.#endOfRouting(left),
    });
    this.#bridges.set(bridge.id, bridge);
    return bridge;
  }

  #gone(bridge: Bridge): void {
    this.#bridges.delete(bridge.id);
    this.#merging.delete(bridge);
    this.#parts.gone(bridge);
    bridge.topic.close();
  }

  /** What the routing has brought together ends when one has left: the other has nobody to talk to. */
  #endOfRouting(bridge: Bridge): void {
    const { channels, snapshot, isEnded } = bridge;
    if (isEnded || this.#merging.has(bridge) || snapshot.bridgeClass !== 'base' || channels.length > 1) return;
    bridge.destroy();
    // The end of the one who has left is told first.
    for (const channel of channels) queueMicrotask(() => channel.finish());
  }
}

const valuesOf = (variables: readonly (readonly [string, { readonly value: string }])[]): Record<string, string> =>
  Object.fromEntries(variables.map(([name, { value }]) => [name, value]));
