// The Journal in memory: the contract, and its bound.
import { expect, onTestFinished, test } from 'vitest';
import { memoryJournal } from '../../../src/engines/embedded/memory-journal.ts';
import { day, journalContract } from '../../contracts/journal.contract.ts';

journalContract('the memory engine', async (limits, now) => {
  const journal = memoryJournal({ ...limits, now });
  onTestFinished(() => journal.close());
  return journal;
});

test('more streams than the limit are refused, and what goes is counted', async () => {
  const journal = memoryJournal({ maxAge: day, maxBytes: 1_000, maxStreams: 1 });
  const stream = await journal.open('one');
  await expect(journal.open('two')).rejects.toMatchObject({ kind: 'unavailable', code: 'journal-full' });
  for (let count = 0; count < 20; count += 1) await stream.append('x'.repeat(100));
  expect(journal.metrics).toMatchObject({ streams: 1, dropped: expect.any(Number) });
  expect(journal.metrics.bytes).toBe((20 - journal.metrics.dropped) * 100);
});
