// Over random trees of forwards: each subscription gets each message once, and in the order of its publication.
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { Bus } from '../../src/stasis/index.ts';

interface Numbered {
  readonly type: 'Numbered';
  readonly number: number;
}

const TOPICS = 6;
const topicIndex = fc.nat({ max: TOPICS - 1 });
const step = fc.oneof(
  fc.record({ kind: fc.constant('forward' as const), from: topicIndex, to: topicIndex }),
  fc.record({ kind: fc.constant('cancel' as const), which: fc.nat({ max: 20 }) }),
  fc.record({ kind: fc.constant('subscribe' as const), topic: topicIndex }),
  fc.record({ kind: fc.constant('unsubscribe' as const), which: fc.nat({ max: 20 }) }),
  fc.record({ kind: fc.constant('publish' as const), topic: topicIndex }),
);

/** The slow and obvious way to say who must hear a message: whoever is reachable now. */
function reachable(forwards: readonly { from: number; to: number }[], start: number): Set<number> {
  const seen = new Set([start]);
  for (let size = 0; size !== seen.size;) {
    size = seen.size;
    for (const { from, to } of forwards) if (seen.has(from)) seen.add(to);
  }
  return seen;
}

test('exactly once for each subscription, in order, whatever the forwards', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 60 }), async (steps) => {
      const bus = new Bus({ freeze: true });
      const topics = Array.from({ length: TOPICS }, (_, index) => bus.topic<Numbered>(`t${index}`));
      const forwards: { from: number; to: number; close(): void }[] = [];
      const listeners: {
        topic: number;
        heard: number[];
        expected: number[];
        leave(): void;
        drained(): Promise<void>;
      }[] = [];
      const present: typeof listeners = [];
      let number = 0;
      for (const each of steps) {
        if (each.kind === 'forward') {
          const link = topics[each.from]!.forward(topics[each.to]!);
          forwards.push({ from: each.from, to: each.to, close: () => link.close() });
        } else if (each.kind === 'cancel') {
          for (const link of forwards.splice(each.which, 1)) link.close();
        } else if (each.kind === 'subscribe') {
          const heard: number[] = [];
          const subscription = topics[each.topic]!.subscribe(
            (message) => void (message.type === 'Numbered' && heard.push(message.number)),
          );
          const listener = {
            topic: each.topic,
            heard,
            expected: [],
            leave: () => subscription.unsubscribe(),
            drained: () => subscription.drained(),
          };
          listeners.push(listener);
          present.push(listener);
        } else if (each.kind === 'unsubscribe') {
          for (const listener of present.splice(each.which, 1)) listener.leave();
        } else {
          number += 1;
          const heardBy = reachable(forwards, each.topic);
          for (const listener of present) if (heardBy.has(listener.topic)) listener.expected.push(number);
          topics[each.topic]!.publish({ type: 'Numbered', number });
        }
      }
      await Promise.all(listeners.map((each) => each.drained()));
      for (const { heard, expected } of listeners) expect(heard).toEqual(expected);
    }),
    { numRuns: 300 },
  );
});
