// A core for tests: every published message frozen, a clock that stands still, and something that listens.
import { createCore, type Core, type CoreOptions } from '../../src/core/index.ts';
import type { Fact } from '../../src/core/facts.ts';
import type { ChannelDriver } from '../../src/core/technology.ts';
import type { Contexts } from '../../src/core/routing.ts';
import type { Message, Topic } from '../../src/stasis/index.ts';

export const testCore = (contexts: Contexts = {}, options: Omit<CoreOptions, 'freeze' | 'now'> = {}): Core =>
  createCore(contexts, { freeze: true, now: () => 1_700_000_000_000, ...options });

/** Listens to a topic; `heard()` waits until all that was published so far has arrived, and gives it. */
export function listen(topic: Topic<Fact>): {
  heard(): Promise<Exclude<Message<Fact>, { type: 'SubscriptionChanged' }>[]>;
} {
  const facts: Exclude<Message<Fact>, { type: 'SubscriptionChanged' }>[] = [];
  const subscription = topic.subscribe((message) => {
    if (message.type !== 'SubscriptionChanged') facts.push(message);
  });
  return {
    async heard() {
      await subscription.drained();
      return facts.splice(0);
    },
  };
}

/** Does what it is told, at once, and remembers it. */
export function fakeDriver(techCause?: number): ChannelDriver & { readonly done: string[] } {
  const done: string[] = [];
  return {
    done,
    drives: () => undefined,
    answer: async () => void done.push('answer'),
    ring: async () => void done.push('ring'),
    stopRinging: async () => void done.push('stop ringing'),
    hangup(cause) {
      done.push(`hangup ${cause}`);
      return techCause;
    },
  };
}

/** A fact in a word, for comparing orders. */
export function inAWord(fact: Fact): string {
  switch (fact.type) {
    case 'ChannelVariableSet':
      return `${fact.type} ${fact.variable}=${fact.value}`;
    case 'ChannelDialled':
      return `${fact.type}(${fact.status})`;
    case 'ChannelHangupRequested':
      return `${fact.type} ${fact.cause} ${fact.soft ? 'soft' : 'far'}`;
    case 'ChannelChanged':
      if (fact.change.was === undefined) return 'ChannelCreated';
      return fact.change.now === undefined ? 'ChannelDestroyed' : fact.type;
    default:
      return fact.type;
  }
}
