// The bus of one node: makes topics, stamps messages, counts.
import { deepFreeze, type Message, type Payload, type Stamp, type SubscriptionChanged } from './message.ts';
import type { SubscriptionMetrics } from './subscription.ts';
import { Topic, type TopicMetrics } from './topic.ts';

export interface BusOptions {
  /** Milliseconds since 1970. */
  readonly now?: () => number;
  /** Freezes every message deeply: for tests, since it costs time. */
  readonly freeze?: boolean;
  /** Told what a handler threw; its subscription goes on. Left out, it is thrown as an uncaught exception. */
  readonly onError?: (error: unknown) => void;
}

export interface BusMetrics {
  readonly topics: readonly TopicMetrics[];
  readonly subscriptions: readonly SubscriptionMetrics[];
  /** Subscriptions that were given up because too much waited in them. */
  readonly givenUp: number;
}

export class Bus {
  /** Rises with every change of subscriptions or forwards; topics keep what they derived from it. */
  graph = 0;
  readonly onError: (error: unknown) => void;
  readonly #now: () => number;
  readonly #freeze: boolean;
  readonly #topics = new Map<string, Topic<never>>();
  #lastId = 0;
  #givenUp = 0;

  constructor({ now = Date.now, freeze = false, onError = throwLater }: BusOptions = {}) {
    this.#now = now;
    this.#freeze = freeze;
    this.onError = onError;
  }

  /** The topic of that name, made if it does not exist yet. One name always carries one type of message. */
  topic<M extends Payload>(name: string): Topic<M> {
    const existing = this.#topics.get(name);
    if (existing !== undefined) return existing as unknown as Topic<M>;
    const topic = new Topic<M>(name, this);
    this.#topics.set(name, topic as unknown as Topic<never>);
    return topic;
  }

  /** The id of the message that was published last: what is published from now on has a greater one. */
  get lastId(): number {
    return this.#lastId;
  }

  get metrics(): BusMetrics {
    const topics = [...this.#topics.values()];
    return {
      topics: topics.map(({ metrics }) => metrics),
      subscriptions: topics.flatMap(({ subscriptions }) => [...subscriptions].map(({ metrics }) => metrics)),
      givenUp: this.#givenUp,
    };
  }

  /** For topics only. */
  stamp<M extends Payload>(origin: string, payload: M | SubscriptionChanged): Message<M> {
    // The spread comes last: where it comes first, V8 of Node.js 20 makes four times the garbage, which does not die young.
    const message = { id: ++this.#lastId, origin, at: this.#now(), ...payload } as (M | SubscriptionChanged) & Stamp;
    return this.#freeze ? deepFreeze(message) : message;
  }

  /** For topics only. */
  gaveUp(): void {
    this.#givenUp += 1;
  }

  /** For topics only. */
  graphChanged(): void {
    this.graph += 1;
  }

  /** For topics only. */
  forget(topic: { readonly name: string }): void {
    if ((this.#topics.get(topic.name) as unknown) === topic) this.#topics.delete(topic.name);
    this.graphChanged();
  }
}

function throwLater(error: unknown): void {
  setImmediate(() => {
    throw error;
  });
}
