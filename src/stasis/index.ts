// The message bus. It knows nothing of telephony.
//
// A topic is a place to publish; a forward sends all that reaches one topic to another; a subscription
// hands messages to one handler, in order. The tree of this service is
//
//   channel ──► endpoint ──► technology ──► everything
//      └──────────┴──────► application (one forward for each subscription of the application)
//
// Rules that keep it simple. Each subscription gets a message once, however many forwards lead there.
// No handler runs inside publish(), so a publisher is never re-entered; subscribing, unsubscribing, forwarding
// and publishing are safe anywhere. A message is immutable. Order is that of publication, per subscription.
// Who leaves gets what was published before, then a final message, then nothing.
// The bus tells others what has happened; objects that must agree call each other's methods instead.
export { Bus, type BusMetrics, type BusOptions } from './bus.ts';
export { Cache, type CacheUpdate, type Change } from './cache.ts';
export type { Message, Payload, Stamp, SubscriptionChanged } from './message.ts';
export { route, routeSome, type Routes } from './router.ts';
export { Subscription, type Handler, type SubscriptionMetrics, type SubscriptionOptions } from './subscription.ts';
export { Topic, type Closable, type TopicMetrics } from './topic.ts';
