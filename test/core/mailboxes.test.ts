// Mailboxes: what is set outlives the process, one change after the other, within a limit.
import { expect, test } from 'vitest';
import { Mailboxes } from '../../src/core/mailboxes.ts';
import { memoryStore } from '../support/memory-store.ts';

const box = (name: string, oldMessages = 1, newMessages = 2) => ({ name, oldMessages, newMessages });

test('what was set is there after a start, and what was deleted is not', async () => {
  const store = memoryStore();
  const before = new Mailboxes();
  await before.load(store);
  await before.set(box('100'));
  await before.set(box('a:b', 0, 0));
  await before.set(box('gone'));
  await before.set(box('100', 3, 4));
  await before.delete('gone');

  const after = new Mailboxes();
  await after.load(store);
  expect(after.list()).toEqual([box('100', 3, 4), box('a:b', 0, 0)]);
});

test('the last of several changes at once is the last on disk', async () => {
  const store = memoryStore();
  const mailboxes = new Mailboxes();
  await mailboxes.load(store);
  await Promise.all([1, 2, 3].map((count) => mailboxes.set(box('100', count, count))));
  expect([mailboxes.get('100'), await store.get('mailbox:100')]).toEqual([box('100', 3, 3), '{"v":1,"old":3,"new":3}']);
});

test('there are no more than the limit, and one that is there can still be changed', async () => {
  const mailboxes = new Mailboxes({ mailboxes: 1, waiting: 2 });
  await mailboxes.load(memoryStore());
  await mailboxes.set(box('100'));
  await expect(mailboxes.set(box('101'))).rejects.toMatchObject({ kind: 'unavailable' });
  await mailboxes.set(box('100', 5, 6));
  const changes = await Promise.allSettled([1, 2, 3].map((count) => mailboxes.set(box('100', count))));
  expect(changes.map(({ status }) => status)).toEqual(['fulfilled', 'fulfilled', 'rejected']);
  expect(mailboxes.metrics).toEqual({ mailboxes: 1, waiting: 0, limits: { mailboxes: 1, waiting: 2 }, refused: 2 });
});

test('one that does not exist is neither read nor deleted, and none is set before they were read', async () => {
  const mailboxes = new Mailboxes();
  await expect(mailboxes.set(box('100'))).rejects.toMatchObject({ kind: 'unavailable' });
  await mailboxes.load(memoryStore());
  expect(() => mailboxes.get('100')).toThrow('Mailbox not found');
  await expect(mailboxes.delete('100')).rejects.toMatchObject({ code: 'mailbox-not-found' });
});

test('what a later version wrote is not read as if this one had', async () => {
  const store = memoryStore(new Map([['mailbox:100', '{"v":2}']]));
  await expect(new Mailboxes().load(store)).rejects.toMatchObject({ kind: 'unsupported' });
});
