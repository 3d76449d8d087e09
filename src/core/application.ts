// An application: what it listens to, who listens for it, and which events it wants.
import type { Closable, Message, Subscription, SubscriptionOptions, Topic } from '../stasis/index.ts';
import type { Channel, Residence } from './channel.ts';
import type { Fact } from './facts.ts';
import { EVERY } from './sources.ts';

export type SourceKind = 'channel' | 'bridge' | 'endpoint' | 'deviceState';

/** An event type as a client gave it; members besides `type` are kept and shown. */
export type EventType = { readonly type: string } & Readonly<Record<string, unknown>>;

export interface EventFilter {
  readonly allowed: readonly EventType[];
  readonly disallowed: readonly EventType[];
}

/** By type only: not in `disallowed`, and in `allowed` unless that is empty. */
export const passes = ({ allowed, disallowed }: EventFilter, type: string): boolean =>
  !disallowed.some((each) => each.type === type) &&
  (allowed.length === 0 || allowed.some((each) => each.type === type));

interface Interest {
  count: number;
  /** What leads here while anyone is interested; nothing where there is no topic to follow yet. */
  readonly forward: Closable | undefined;
}

export type Listener = (message: Message<Fact>) => void | Promise<void>;

export class Application implements Residence {
  readonly name: string;
  /** What its subscriptions lead here, and what is told to it alone. */
  readonly topic: Topic<Fact>;
  filter: EventFilter = { allowed: [], disallowed: [] };
  readonly #interests: Record<SourceKind, Map<string, Interest>> = {
    channel: new Map(),
    bridge: new Map(),
    endpoint: new Map(),
    deviceState: new Map(),
  };
  #listener: Subscription<Fact> | undefined;

  constructor(name: string, topic: Topic<Fact>) {
    this.name = name;
    this.topic = topic;
  }

  /** Whether someone receives its events now. */
  get isActive(): boolean {
    return this.#listener !== undefined;
  }

  /** Hands its events to someone, instead of to whoever had them before, who is told. */
  listen(handler: Listener, options: SubscriptionOptions<Fact>): Subscription<Fact> {
    const replaced = this.#listener;
    const listener = this.topic.subscribe(handler, options);
    this.#listener = listener;
    if (replaced !== undefined) {
      void this.topic.publishSync(replaced, { type: 'ApplicationReplaced' });
      replaced.unsubscribe();
    }
    return listener;
  }

  /** Ends what `listen` began. Says whether nobody else listens since. */
  unlisten(listener: Subscription<Fact>): boolean {
    listener.unsubscribe();
    if (this.#listener !== listener) return false;
    this.#listener = undefined;
    return true;
  }

  /**
   * Each call raises the interest in that object by one, except in a device; but while all of the kind is held, it
   * changes nothing.
   */
  subscribe(kind: SourceKind, id: string, follow: () => Closable | undefined): void {
    if (this.isSubscribed(kind, EVERY[kind])) return;
    const interest = this.#interests[kind].get(id);
    if (interest === undefined) this.#interests[kind].set(id, { count: 1, forward: follow() });
    else if (kind !== 'deviceState') interest.count += 1;
  }

  /** Lowers the interest by one; at zero it ends. Says whether there was any. */
  unsubscribe(kind: SourceKind, id: string): boolean {
    const interest = this.#interests[kind].get(id);
    if (interest === undefined) return false;
    interest.count -= 1;
    if (interest.count === 0) this.forget(kind, id);
    return true;
  }

  /** Ends the interest whatever its count, since the object is gone. */
  forget(kind: SourceKind, id: string): void {
    this.#interests[kind].get(id)?.forward?.close();
    this.#interests[kind].delete(id);
  }

  isSubscribed(kind: SourceKind, id: string): boolean {
    return this.#interests[kind].has(id);
  }

  /** The ids that it is subscribed to, in the order of subscription. */
  ids(kind: SourceKind): string[] {
    return [...this.#interests[kind].keys()];
  }

  get hasSubscriptions(): boolean {
    return Object.values(this.#interests).some((each) => each.size > 0);
  }

  /** A channel comes in: the application follows it, and is told. */
  entered(channel: Channel, args: readonly string[]): void {
    this.subscribe('channel', channel.id, () => channel.topic.forward(this.topic));
    this.topic.publish({ type: 'StasisStarted', channel: channel.snapshot, args });
  }

  /** A channel leaves: the application is told last, when it no longer follows. */
  left(channel: Channel): void {
    this.unsubscribe('channel', channel.id);
    this.topic.publish({ type: 'StasisEnded', channel: channel.snapshot });
  }

  /** It is subscribed to nothing any longer. */
  close(): void {
    this.topic.close();
  }
}
