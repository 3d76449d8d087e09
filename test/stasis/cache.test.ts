// The cache: what is X now, and what was it before.
import { expect, test } from 'vitest';
import { Bus, Cache, type Change } from '../../src/stasis/index.ts';

test('answers at once, and tells the old and the new', async () => {
  const cache = new Cache<string>('snapshots', new Bus({ freeze: true }));
  const changes: Change<string>[] = [];
  const subscription = cache.topic.subscribe(
    (message) => void (message.type === 'CacheUpdate' && changes.push(message.change)),
  );

  cache.put('a', 'one');
  cache.put('a', 'two');
  expect(cache.get('a')).toBe('two');
  cache.delete('a');
  cache.delete('a');

  await subscription.drained();
  expect(changes).toEqual([{ now: 'one' }, { was: 'one', now: 'two' }, { was: 'two' }]);
  expect([cache.get('a'), cache.size, [...cache.values()]]).toEqual([undefined, 0, []]);
});
