// From a message's type to its handler. A type without a line does not compile.
import type { Message, Payload, Stamp } from './message.ts';

export type Routes<M extends Payload, Result> = {
  readonly [Type in M['type']]: (message: Extract<M, { type: Type }> & Stamp) => Result;
};

/** A handler per type, all of them. News of subscriptions goes to `otherwise`. */
export const route =
  <M extends Payload, Result>(routes: Routes<M, Result>, otherwise: () => Result): ((message: Message<M>) => Result) =>
  (message) =>
    message.type in routes
      ? (routes[message.type as M['type']] as (message: Message<M>) => Result)(message)
      : otherwise();

/** A handler for some types, whose names are `types`: hand them to the subscription, so that others are not queued. */
export function routeSome<M extends Payload>(
  routes: Partial<Routes<M, void | Promise<void>>>,
): {
  readonly types: readonly M['type'][];
  readonly handle: (message: Message<M>) => void | Promise<void>;
} {
  return {
    types: Object.keys(routes),
    handle: (message) =>
      (routes[message.type as M['type']] as ((message: Message<M>) => void | Promise<void>) | undefined)?.(message),
  };
}
