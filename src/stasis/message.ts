// What travels on the bus: something that happened, and the stamp that the bus puts on it.

/** Anything published is told apart by its type. */
export interface Payload {
  readonly type: string;
}

export interface Stamp {
  /** Unique in the node, and rising. */
  readonly id: number;
  /** The name of the topic on which it was published. */
  readonly origin: string;
  /** When it was published, in milliseconds since 1970. */
  readonly at: number;
}

/** Told on a topic when someone begins or ends to listen. The last message of a subscription is its own `unsubscribe`. */
export interface SubscriptionChanged {
  readonly type: 'SubscriptionChanged';
  readonly change: 'subscribe' | 'unsubscribe';
  readonly topic: string;
  readonly subscription: string;
}

/** What a handler receives: a payload of the topic's, or news of the subscriptions, stamped. */
export type Message<M extends Payload> = (M | SubscriptionChanged) & Stamp;

/** Freezes a value and all that it holds, so that a handler that changes a message fails at once. */
export function deepFreeze<T>(value: T): T {
  if (typeof value !== 'object' || value === null || Object.isFrozen(value)) return value;
  Object.freeze(value);
  for (const each of Object.values(value)) deepFreeze(each);
  return value;
}
