// Device states: whether a device is free, rings, or is in use; those of technologies, and custom ones that applications set.
//
// A technology tells the state of each of its devices whenever that may have changed; here it is kept, and told when it
// is another. Custom ones, "Stasis:<anything>", belong to the applications and outlive the process.
import { Fault } from '../errors.ts';
import type { Bus, Closable, Topic } from '../stasis/index.ts';
import type { Fact } from './facts.ts';
import { Changes } from './changes.ts';
import type { Store } from './store.ts';

/** The states that a device can be told to have; it has UNKNOWN while nobody knows. */
export const SETTABLE_STATES = [
  'NOT_INUSE',
  'INUSE',
  'BUSY',
  'INVALID',
  'UNAVAILABLE',
  'RINGING',
  'RINGINUSE',
  'ONHOLD',
] as const;
export type DeviceState = (typeof SETTABLE_STATES)[number] | 'UNKNOWN';

export interface Device {
  readonly name: string;
  readonly state: DeviceState;
}

const CUSTOM = 'Stasis:';
const PREFIX = 'device-state:';
/** How many custom ones there may be, devices that someone follows, and changes that wait. */
const LIMITS = { custom: 10_000, followed: 100_000, waiting: 1_000 };

export class DeviceStates {
  /** Every change of every device. */
  readonly all: Topic<Fact>;
  readonly #bus: Bus;
  readonly #states = new Map<string, DeviceState>();
  readonly #custom = new Set<string>();
  /** The topics of single devices, which exist as long as someone follows them. */
  readonly #followed = new Map<string, { readonly topic: Topic<Fact>; followers: number }>();
  readonly #limits: typeof LIMITS;
  readonly #changes: Changes;

  constructor(bus: Bus, everything: Topic<Fact>, limits: typeof LIMITS = LIMITS) {
    this.#bus = bus;
    this.#limits = limits;
    this.#changes = new Changes('device states', limits.waiting);
    this.all = bus.topic('deviceStates');
    this.all.forward(everything);
  }

  /** Reads the custom ones; from then on they can be set. */
  async load(store: Store): Promise<void> {
    this.#changes.open(store);
    for await (const [key, state] of store.range(PREFIX)) {
      const name = key.slice(PREFIX.length);
      this.#custom.add(name);
      this.set(name, state as DeviceState);
    }
  }

  /** INVALID for a device that does not exist; every custom one does. */
  get(name: string): DeviceState {
    return this.#states.get(name) ?? (name.startsWith(CUSTOM) ? 'UNKNOWN' : 'INVALID');
  }

  /** The custom ones. */
  list(): Device[] {
    return [...this.#custom].map((name) => ({ name, state: this.get(name) }));
  }

  /** For technologies: the state of one of their devices, told if it is another than before. */
  set(name: string, state: DeviceState): void {
    const before = this.get(name);
    this.#states.set(name, state);
    if (state !== before) this.#tell({ name, state });
  }

  /** For technologies: the device is gone, which is not told. */
  forget(name: string): void {
    this.#states.delete(name);
  }

  /**
   * Sets a custom one; resolves when that is on disk and was told. Fails with a Fault 'conflict' for a device that is
   * none, and 'unavailable' when there are too many of them.
   */
  setCustom(name: string, state: DeviceState): Promise<void> {
    return this.#change(name, async (store) => {
      if (!this.#custom.has(name) && this.#custom.size >= this.#limits.custom)
        throw this.#changes.refuse(`There are ${this.#limits.custom} custom device states already`);
      await store.put(PREFIX + name, state);
      this.#custom.add(name);
      this.set(name, state);
    });
  }

  /** Its state is UNKNOWN from then on, and it is not listed; one that was never set is no error. Fails as `setCustom`. */
  deleteCustom(name: string): Promise<void> {
    return this.#change(name, async (store) => {
      await store.delete(PREFIX + name);
      this.#custom.delete(name);
      this.set(name, 'UNKNOWN');
      this.forget(name);
    });
  }

  /**
   * Sends what happens to one device, which need not exist, to another topic. Fails with a Fault 'unavailable' when too
   * many are followed.
   */
  follow(name: string, to: Topic<Fact>): Closable {
    if (!this.#followed.has(name) && this.#followed.size >= this.#limits.followed)
      throw this.#changes.refuse(`${this.#limits.followed} devices are followed already`);
    const followed = this.#followed.get(name) ?? { topic: this.#topicOf(name), followers: 0 };
    this.#followed.set(name, followed);
    followed.followers += 1;
    const forward = followed.topic.forward(to);
    let isOpen = true;
    return {
      close: () => {
        if (!isOpen) return;
        isOpen = false;
        forward.close();
        followed.followers -= 1;
        if (followed.followers > 0) return;
        this.#followed.delete(name);
        followed.topic.close();
      },
    };
  }

  get metrics(): {
    readonly custom: number;
    readonly followed: number;
    readonly waiting: number;
    readonly limits: typeof LIMITS;
    /** Of whatever there were too many. */
    readonly refused: number;
  } {
    const [custom, followed] = [this.#custom.size, this.#followed.size];
    return { custom, followed, waiting: this.#changes.waiting, limits: this.#limits, refused: this.#changes.refused };
  }

  #topicOf(name: string): Topic<Fact> {
    const topic = this.#bus.topic<Fact>(`deviceState:${name}`);
    topic.forward(this.all);
    return topic;
  }

  /** On one topic, so that whoever follows the device and all of them hears it once. */
  #tell({ name, state }: Device): void {
    (this.#followed.get(name)?.topic ?? this.all).publish({ type: 'DeviceStateChanged', name, state });
  }

  async #change(name: string, work: (store: Store) => Promise<void>): Promise<void> {
    if (!name.startsWith(CUSTOM) || name === CUSTOM)
      throw new Fault('conflict', `Only devices named ${CUSTOM}<anything> can be changed`, {
        code: 'device-not-controlled',
      });
    await this.#changes.run(work);
  }
}
