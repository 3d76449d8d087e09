// How the kept messages are laid out in the store.
import { expect, test } from 'vitest';
import { MessageBook } from '../../src/core/message-book.ts';
import type { MessageRecord } from '../../src/core/message-record.ts';
import { changed, newMessage } from '../../src/core/message.ts';
import type { Store } from '../../src/core/store.ts';
import { endpointId } from '../../src/ids.ts';
import { memoryStore } from '../support/memory-store.ts';

const now = 1_700_000_000_000;

async function bookOf(store: Store, maxEnded = 100): Promise<MessageBook> {
  const book = new MessageBook({ store, now: () => now, maxEnded });
  await book.load();
  return book;
}

function recordIn(book: MessageBook, body: string): MessageRecord {
  const text = { from: 'pjsip:alice', to: 'pjsip:bob', body, variables: {} };
  const endpoint = endpointId({ tech: 'PJSIP', resource: 'bob' });
  const draft = { id: book.newId(), direction: 'outbound', endpoint, state: 'queued', text } as const;
  return { message: newMessage(draft, { createdAt: now, expiresAt: now + 1_000 }), key: `out:${body}` };
}

async function keysIn(store: Store): Promise<string[]> {
  const keys: string[] = [];
  for await (const [key] of store.range('message:')) keys.push(key);
  return keys;
}

async function kept(book: MessageBook, body: string): Promise<MessageRecord> {
  const record = recordIn(book, body);
  await book.add([record]);
  return record;
}

async function become(book: MessageBook, { message, key }: MessageRecord, changes: Parameters<typeof changed>[1]) {
  const next = { message: changed(message, changes, now + 5), ...(key !== undefined && { key }) };
  expect(book.note(next)).toBe(true);
  await book.keep([next]);
  return next;
}

test('what has become of a message is read with it, by the next process, too', async () => {
  const store = memoryStore();
  const book = await bookOf(store);
  const first = await kept(book, 'one');
  const second = await kept(book, 'two');
  const tried = await become(book, first, { attempts: 1, status: 480, reason: 'Gone', contact: 'sip:bob@192.0.2.1' });
  const ended = await become(book, tried, { state: 'failed', attempts: 2, reason: 'Declined' });
  expect(await book.read(first.message.id)).toEqual(ended);
  const next = await bookOf(store);
  expect(await next.read(first.message.id)).toEqual(ended);
  expect(await next.read(second.message.id)).toEqual(second);
  expect([...next.entries()].map(({ state, changedAt }) => [state, changedAt])).toEqual([
    ['failed', now + 5],
    ['queued', now],
  ]);
  expect(next.counts).toEqual({ open: 1, ended: 1 });
});

test('with a message goes what was written of it later', async () => {
  const store = memoryStore();
  const book = await bookOf(store, 2);
  for (const body of ['one', 'two', 'three']) await become(book, await kept(book, body), { state: 'delivered' });
  const [entry] = [...book.entries()];
  expect(await keysIn(store)).toEqual([`message:${entry!.id}`, `message:${entry!.id}:state`]);
});

test('a message that was written whole each time, as by 0.4.0, is read as it was written last', async () => {
  const store = memoryStore();
  const { message, key } = recordIn(await bookOf(store), 'one');
  const ended = changed(message, { state: 'delivered', attempts: 1, status: 200 }, now + 5);
  await store.put(`message:${message.id}`, JSON.stringify({ v: 1, message: ended, key }));
  expect(await (await bookOf(store)).read(message.id)).toEqual({ message: ended, key });
});

test.each([
  ['message:1', '{"v":3,"message":{}}', { kind: 'unsupported', code: 'message-format' }],
  ['message:1', '{"v":1', { kind: 'unavailable', code: 'store-corrupt' }],
  ['message:1', '{"v":1}', { kind: 'unavailable', code: 'store-corrupt' }],
])('what cannot be read stops the start: %s = %s', async (key, value, fault) => {
  const store = memoryStore();
  await store.put(key, value);
  await expect(bookOf(store)).rejects.toMatchObject({ name: 'Fault', ...fault });
});
