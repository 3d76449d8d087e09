// A named place to publish. What is published reaches its subscribers, and theirs down the forwards, each once.
import type { Bus } from './bus.ts';
import type { Message, Payload, SubscriptionChanged } from './message.ts';
import { Subscription, type Handler, type SubscriptionOptions } from './subscription.ts';

export interface Closable {
  /** Twice is once. */
  close(): void;
}

export interface TopicMetrics {
  readonly name: string;
  readonly subscribers: number;
  readonly forwards: number;
  readonly published: number;
}

export class Topic<M extends Payload> implements Closable {
  readonly name: string;
  readonly #bus: Bus;
  readonly #subscriptions = new Set<Subscription<M>>();
  // A forward is an object of its own, so that two forwards to one topic are closed independently.
  readonly #forwards = new Set<{ readonly to: Topic<M> }>();
  #published = 0;
  #subscribed = 0;
  #reached: readonly Subscription<M>[] = [];
  #reachedAt = -1;

  /** Topics are made by `Bus.topic`. */
  constructor(name: string, bus: Bus) {
    this.name = name;
    this.#bus = bus;
  }

  /** Hands the payload to the mailbox of every subscription that is reached from here, once each. Runs no handler. */
  publish(payload: M): Message<M> {
    return this.#send(payload);
  }

  /** Hands a payload to one subscription alone, and waits until it was handled. */
  async publishSync(subscription: Subscription<M>, payload: M): Promise<void> {
    this.#published += 1;
    subscription.accept(this.#bus.stamp(this.name, payload));
    await subscription.drained();
  }

  subscribe(handler: Handler<M>, options: SubscriptionOptions<M> = {}): Subscription<M> {
    const name = options.name ?? `${this.name}#${++this.#subscribed}`;
    const subscription: Subscription<M> = new Subscription(
      name,
      this.name,
      handler,
      {
        leave: () => this.#unsubscribe(subscription),
        onError: this.#bus.onError,
        onGivenUp: () => this.#bus.gaveUp(),
      },
      options,
    );
    this.#subscriptions.add(subscription);
    this.#bus.graphChanged();
    this.#send(this.#changed('subscribe', name));
    return subscription;
  }

  /** From now on everything that reaches this topic reaches `to` as well. A ring of forwards is harmless. */
  forward(to: Topic<M>): Closable {
    const link = { to };
    this.#forwards.add(link);
    this.#bus.graphChanged();
    return {
      close: () => {
        if (this.#forwards.delete(link)) this.#bus.graphChanged();
      },
    };
  }

  /** Ends every subscription and forward of this topic, and forgets its name. */
  close(): void {
    for (const subscription of [...this.#subscriptions]) this.#unsubscribe(subscription);
    this.#forwards.clear();
    this.#bus.forget(this);
  }

  get metrics(): TopicMetrics {
    return {
      name: this.name,
      subscribers: this.#subscriptions.size,
      forwards: this.#forwards.size,
      published: this.#published,
    };
  }

  get subscriptions(): Iterable<Subscription<M>> {
    return this.#subscriptions;
  }

  #send(payload: M | SubscriptionChanged): Message<M> {
    this.#published += 1;
    const message = this.#bus.stamp(this.name, payload);
    for (const subscription of this.#reach()) subscription.accept(message);
    return message;
  }

  #unsubscribe(subscription: Subscription<M>): void {
    if (!this.#subscriptions.delete(subscription)) return;
    this.#bus.graphChanged();
    const final = this.#send(this.#changed('unsubscribe', subscription.name));
    subscription.acceptFinal(final);
  }

  #changed(change: SubscriptionChanged['change'], subscription: string): SubscriptionChanged {
    return { type: 'SubscriptionChanged', change, topic: this.name, subscription };
  }

  /** Every subscription that is reached from here. Kept until any forward or subscription of the bus changes. */
  #reach(): readonly Subscription<M>[] {
    if (this.#reachedAt !== this.#bus.graph) {
      const seen = new Set<Topic<M>>();
      const reached: Subscription<M>[] = [];
      const visit = (topic: Topic<M>): void => {
        if (seen.has(topic)) return;
        seen.add(topic);
        for (const subscription of topic.#subscriptions) if (!subscription.isDeaf) reached.push(subscription);
        for (const { to } of topic.#forwards) visit(to);
      };
      visit(this);
      this.#reached = reached;
      this.#reachedAt = this.#bus.graph;
    }
    return this.#reached;
  }
}
