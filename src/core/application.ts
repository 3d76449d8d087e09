// An application: what it listens to, who listens for it, and which events it wants.
import type { BridgeId } from '../ids.ts';
import type { Closable, Message, Subscription, SubscriptionOptions, Topic } from '../stasis/index.ts';
import type { Channel } from './channel.ts';
import { compileFilter, type EventFilter, type FilteredEvent } from './event-filter.ts';
import { caused, type EndReason, type Fact } from './facts.ts';
import type { Entry, Residence } from './residence.ts';
import type { Followers } from './followers.ts';
import { EVERY } from './sources.ts';

export type SourceKind = 'channel' | 'bridge' | 'endpoint' | 'deviceState' | 'message';

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
  readonly #followers: Followers<Application>;
  /** Whether it stays, and what it is told is kept, while nobody listens. */
  isPersistent = false;
  #filter: EventFilter = { allowed: [], disallowed: [] };
  #wants = compileFilter(this.#filter);
  readonly #interests: Record<SourceKind, Map<string, Interest>> = {
    channel: new Map(),
    bridge: new Map(),
    endpoint: new Map(),
    deviceState: new Map(),
    message: new Map(),
  };
  /** Interests in all of a kind that nobody sees any longer, and that lead here for those who may resume. */
  readonly #veiled = new Map<SourceKind, Interest>();
  #listener: Subscription<Fact> | undefined;

  constructor(name: string, topic: Topic<Fact>, followers: Followers<Application>) {
    this.name = name;
    this.topic = topic;
    this.#followers = followers;
  }

  get filter(): EventFilter {
    return this.#filter;
  }

  set filter(filter: EventFilter) {
    this.#filter = filter;
    this.#wants = compileFilter(filter);
  }

  /** Whether its filter lets the event pass. */
  wants(event: FilteredEvent): boolean {
    return this.#wants(event);
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
    if (interest === undefined) this.#keep(kind, id, { count: 1, forward: follow() });
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
    this.#lose(kind, id);
  }

  #keep(kind: SourceKind, id: string, interest: Interest): void {
    this.#interests[kind].set(id, interest);
    this.#followers.add(kind, id, this);
  }

  #lose(kind: SourceKind, id: string): void {
    this.#interests[kind].delete(id);
    this.#followers.delete(kind, id, this);
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

  /** How often it was subscribed to each, in the order of subscription. */
  counts(kind: SourceKind): [id: string, count: number][] {
    return [...this.#interests[kind]].map(([id, { count }]) => [id, count]);
  }

  /** Its interests in all of a kind end for everyone to see; what leads here by them goes on, until `unveil` or `unfollow`. */
  veil(): void {
    for (const kind of kindsOf(this.#interests)) {
      const interest = this.#interests[kind].get(EVERY[kind]);
      if (interest === undefined) continue;
      this.#lose(kind, EVERY[kind]);
      this.#veiled.get(kind)?.forward?.close();
      this.#veiled.set(kind, interest);
    }
  }

  /** They are interests again. Says whether there were any. */
  unveil(): boolean {
    for (const [kind, interest] of this.#veiled) this.#keep(kind, EVERY[kind], interest);
    const hadAny = this.hasVeiled;
    this.#veiled.clear();
    return hadAny;
  }

  /** They end. */
  unfollow(): void {
    for (const { forward } of this.#veiled.values()) forward?.close();
    this.#veiled.clear();
  }

  get hasVeiled(): boolean {
    return this.#veiled.size > 0;
  }

  /** As if it had just been made. */
  startAfresh(): void {
    this.unfollow();
    for (const kind of kindsOf(this.#interests)) for (const id of this.ids(kind)) this.forget(kind, id);
    this.filter = { allowed: [], disallowed: [] };
  }

  /** A channel comes in: the application follows it, and is told. */
  entered(channel: Channel, args: readonly string[], { operation, replaced }: Entry = {}): void {
    this.subscribe('channel', channel.id, () => channel.topic.forward(this.topic));
    const instead = replaced && { replaced };
    this.topic.publish({ type: 'StasisStarted', channel: channel.snapshot, args, ...instead, ...caused(operation) });
  }

  /** A channel leaves: the application is told last, when it no longer follows. */
  left({ id, snapshot }: Pick<Channel, 'id' | 'snapshot'>, reason?: EndReason, operation?: string): void {
    this.unsubscribe('channel', id);
    this.topic.publish({ type: 'StasisEnded', channel: snapshot, ...(reason && { reason }), ...caused(operation) });
  }

  /** A channel stays, since there is nobody where it was to go. */
  kept({ snapshot }: Channel, destination: string, args: readonly string[], operation?: string): void {
    this.topic.publish({ type: 'ApplicationMoveFailed', channel: snapshot, destination, args, ...caused(operation) });
  }

  /** Hears of a channel that has left it, until that is closed. */
  overhear(channel: Channel): Closable {
    return channel.topic.forward(this.topic);
  }

  enteredBridge(id: BridgeId, topic: Topic<Fact>): void {
    this.subscribe('bridge', id, () => topic.forward(this.topic));
  }

  leftBridge(id: BridgeId): void {
    this.unsubscribe('bridge', id);
  }

  /** It is subscribed to nothing any longer. */
  close(): void {
    this.topic.close();
  }
}

const kindsOf = (interests: Readonly<Record<SourceKind, unknown>>): SourceKind[] =>
  Object.keys(interests) as SourceKind[];
