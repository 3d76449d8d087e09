// How the text of an event is shared by those who hear of one fact, and for how long.
import { expect, test } from 'vitest';
import { EventTexts } from '../../src/ari/event-text.ts';
import type { Fact } from '../../src/core/facts.ts';
import type { Message } from '../../src/stasis/index.ts';
import { collectGarbage } from '../support/garbage.ts';

const busy = (): Message<Fact> => ({
  ...{ type: 'DeviceStateChanged', name: 'Stasis:desk', state: 'BUSY' },
  ...{ id: 1, origin: 'test', at: 0 },
});

test('a fact is written once for all who hear of it in one turn of the event loop, and the same for whoever hears of it later', async () => {
  const texts = new EventTexts('01:02');
  const fact = busy();
  const written = texts.of(fact);
  await Promise.resolve();
  expect(texts.of(fact)).toBe(written);
  await new Promise((resolve) => setImmediate(resolve));
  expect(texts.of(fact)).toEqual(written);
});

test('a fact is not kept for longer than that, though no other follows', async () => {
  const texts = new EventTexts('01:02');
  const tell = (): WeakRef<Message<Fact>> => {
    const fact = busy();
    texts.of(fact);
    return new WeakRef(fact);
  };
  const told = tell();
  await collectGarbage();
  expect(told.deref()).toBeUndefined();
});
