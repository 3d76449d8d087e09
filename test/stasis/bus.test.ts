// The promises of the bus, one by one.
import { describe, expect, test } from 'vitest';
import { Bus, route, routeSome, type Message } from '../../src/stasis/index.ts';

type Said = { readonly type: 'Said'; readonly word: string } | { readonly type: 'Sung'; readonly word: string };
const said = (word: string): Said => ({ type: 'Said', word });

const setUp = () => {
  const bus = new Bus({ freeze: true, now: () => 1_000 });
  return { bus, topic: bus.topic<Said>('talk') };
};
/** Listens, and keeps what is said; news of subscriptions are left out. */
const words = (topic: { subscribe: ReturnType<typeof setUp>['topic']['subscribe'] }) => {
  const heard: string[] = [];
  const subscription = topic.subscribe((message) => void ('word' in message && heard.push(message.word)));
  return { heard, subscription };
};

describe('a topic', () => {
  test('is the same topic for the same name', () => {
    const { bus, topic } = setUp();
    expect(bus.topic('talk')).toBe(topic);
  });

  test('stamps a message with an id that rises, its origin and its time', () => {
    const { topic } = setUp();
    const [one, other] = [topic.publish(said('a')), topic.publish(said('b'))];
    expect(one).toMatchObject({ origin: 'talk', at: 1_000 });
    expect(other.id).toBeGreaterThan(one.id);
  });

  test('runs no handler inside publish', async () => {
    const { topic } = setUp();
    const { heard, subscription } = words(topic);
    topic.publish(said('a'));
    expect(heard).toEqual([]);
    await subscription.drained();
    expect(heard).toEqual(['a']);
  });

  test('freezes what is published, all the way down', async () => {
    const bus = new Bus({ freeze: true });
    const topic = bus.topic<{ readonly type: 'Told'; readonly list: { words: string[] } }>('told');
    const message = topic.publish({ type: 'Told', list: { words: ['a'] } }) as { list: { words: string[] } };
    expect(() => message.list.words.push('b')).toThrow(TypeError);
  });

  test('tells a subscriber of its own arrival, and others of it as well', async () => {
    const { topic } = setUp();
    const changes: string[] = [];
    const first = topic.subscribe(
      (message) =>
        void (message.type === 'SubscriptionChanged' && changes.push(`${message.change} ${message.subscription}`)),
      { name: 'first' },
    );
    const second = topic.subscribe(() => {}, { name: 'second' });
    second.unsubscribe();
    await first.drained();
    expect(changes).toEqual(['subscribe first', 'subscribe second', 'unsubscribe second']);
  });

  test('hands a message to one subscription alone, and waits until it was handled', async () => {
    const { topic } = setUp();
    const [one, other] = [words(topic), words(topic)];
    await topic.publishSync(one.subscription, said('psst'));
    expect([one.heard, other.heard]).toEqual([['psst'], []]);
  });

  test('that is closed gives its subscribers their final message', async () => {
    const { bus, topic } = setUp();
    let last: Message<Said> | undefined;
    const subscription = topic.subscribe((message) => void (last = message));
    topic.close();
    await subscription.drained();
    expect(last).toMatchObject({ type: 'SubscriptionChanged', change: 'unsubscribe' });
    expect(bus.topic('talk')).not.toBe(topic);
  });
});

describe('a subscription', () => {
  test('that leaves gets what was published before, its final message, and nothing after', async () => {
    const { topic } = setUp();
    const heard: string[] = [];
    const subscription = topic.subscribe(
      (message) => void heard.push('word' in message ? message.word : message.change),
    );
    topic.publish(said('before'));
    subscription.unsubscribe();
    topic.publish(said('after'));
    await subscription.drained();
    expect(heard).toEqual(['subscribe', 'before', 'unsubscribe']);
  });

  test('that lists its types gets those, and the final message nevertheless', async () => {
    const { topic } = setUp();
    const heard: string[] = [];
    const subscription = topic.subscribe((message) => void heard.push(message.type), { types: ['Sung'] });
    topic.publish(said('a'));
    topic.publish({ type: 'Sung', word: 'b' });
    subscription.unsubscribe();
    await subscription.drained();
    expect(heard).toEqual(['Sung', 'SubscriptionChanged']);
  });

  test('awaits a promise before the next message', async () => {
    const { topic } = setUp();
    const order: string[] = [];
    const subscription = topic.subscribe(async (message) => {
      if (!('word' in message)) return;
      order.push(`${message.word} begins`);
      await Promise.resolve();
      order.push(`${message.word} ends`);
    });
    topic.publish(said('a'));
    topic.publish(said('b'));
    await subscription.drained();
    expect(order).toEqual(['a begins', 'a ends', 'b begins', 'b ends']);
  });

  test('goes on after its handler threw, and the bus is told', async () => {
    const errors: unknown[] = [];
    const topic = new Bus({ onError: (error) => errors.push(error) }).topic<Said>('talk');
    const heard: string[] = [];
    const subscription = topic.subscribe((message) => {
      if (!('word' in message)) return;
      if (message.word === 'bad') throw new Error('bad');
      heard.push(message.word);
    });
    topic.publish(said('bad'));
    topic.publish(said('good'));
    await subscription.drained();
    expect([heard, errors]).toEqual([['good'], [new Error('bad')]]);
  });

  test('is given up beyond its limit, which is told and counted, and still ends with its final message', async () => {
    const { bus, topic } = setUp();
    let overflows = 0;
    const heard: string[] = [];
    const subscription = topic.subscribe((message) => void heard.push(message.type), {
      limit: 2,
      types: ['Said'],
      onOverflow: () => (overflows += 1),
    });
    for (const word of ['a', 'b', 'c', 'd']) topic.publish(said(word));
    await subscription.drained();
    expect([heard, overflows, subscription.metrics.dropped]).toEqual([['Said', 'Said', 'SubscriptionChanged'], 1, 1]);
    expect(bus.metrics).toMatchObject({ topics: [{ name: 'talk', subscribers: 0 }], givenUp: 1 });
  });

  test('that is given up, and has nobody to be told, is an error of the bus', () => {
    const errors: unknown[] = [];
    const topic = new Bus({ onError: (error) => errors.push(error) }).topic<Said>('talk');
    topic.subscribe(() => {}, { name: 'small', limit: 1 });
    topic.publish(said('too much'));
    expect(errors).toEqual([new Error('the subscription small was given up: 1 messages waited')]);
  });

  test('may unsubscribe itself, subscribe others, forward and publish from inside its handler', async () => {
    const { bus, topic } = setUp();
    const echo = bus.topic<Said>('echo');
    const late = words(echo);
    const subscription = topic.subscribe((message) => {
      if (!('word' in message) || message.word !== 'go') return;
      topic.forward(echo);
      topic.publish(said('from inside'));
      subscription.unsubscribe();
    });
    topic.publish(said('go'));
    await subscription.drained();
    await late.subscription.drained();
    expect(late.heard).toEqual(['from inside']);
  });
});

describe('a forward', () => {
  test('leads everything on, until it is closed', async () => {
    const { bus, topic } = setUp();
    const all = bus.topic<Said>('all');
    const { heard, subscription } = words(all);
    const forward = topic.forward(all);
    topic.publish(said('a'));
    forward.close();
    forward.close();
    topic.publish(said('b'));
    await subscription.drained();
    expect(heard).toEqual(['a']);
  });

  test('beside another to the same topic gives one delivery, and is closed independently', async () => {
    const { bus, topic } = setUp();
    const all = bus.topic<Said>('all');
    const { heard, subscription } = words(all);
    const first = topic.forward(all);
    topic.forward(all);
    topic.publish(said('a'));
    first.close();
    topic.publish(said('b'));
    await subscription.drained();
    expect(heard).toEqual(['a', 'b']);
  });

  test('in a ring, or to itself, is harmless', async () => {
    const { bus, topic } = setUp();
    const back = bus.topic<Said>('back');
    topic.forward(back);
    back.forward(topic);
    topic.forward(topic);
    const { heard, subscription } = words(topic);
    back.publish(said('a'));
    await subscription.drained();
    expect(heard).toEqual(['a']);
  });
});

describe('a router', () => {
  test('has a line for each type, and one for news of subscriptions', async () => {
    const { topic } = setUp();
    const heard: string[] = [];
    const handle = route<Said, string>(
      { Said: ({ word }) => `said ${word}`, Sung: ({ word }) => `sung ${word}` },
      () => 'news',
    );
    const subscription = topic.subscribe((message) => void heard.push(handle(message)));
    topic.publish({ type: 'Sung', word: 'la' });
    await subscription.drained();
    expect(heard).toEqual(['news', 'sung la']);
  });

  test('of some types names them, so that others are not even queued', async () => {
    const { topic } = setUp();
    const heard: string[] = [];
    const { types, handle } = routeSome<Said>({ Sung: ({ word }) => void heard.push(word) });
    const subscription = topic.subscribe(handle, { types });
    topic.publish(said('a'));
    topic.publish({ type: 'Sung', word: 'b' });
    await subscription.drained();
    expect([heard, subscription.metrics.delivered]).toEqual([['b'], 1]);
  });
});
