// What every Store does. Each engine's test calls this with its own way to make an empty one.
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Store } from '../../src/core/store.ts';
import { Fault } from '../../src/errors.ts';

export interface StoreUnderTest {
  readonly store: Store;
  /** Closes the store, and opens another one on what it left. */
  reopen(): Promise<Store>;
}

export const entriesOf = async (store: Store, prefix = ''): Promise<(readonly [string, string])[]> => {
  const entries: (readonly [string, string])[] = [];
  for await (const each of store.range(prefix)) entries.push(each);
  return entries;
};

/** `make` gives an empty store, and sees to it that it is closed when the test has ended. */
export function storeContract(name: string, make: () => Promise<StoreUnderTest>): void {
  describe(`${name} as a Store`, () => {
    test('gives back what it was given, the latest value of each key', async () => {
      const { store } = await make();
      await store.put('contact:foo', 'sip:10.0.0.1');
      await store.put('contact:foo', 'sip:10.0.0.2');
      expect(await store.get('contact:foo')).toBe('sip:10.0.0.2');
      expect(await store.get('contact:bar')).toBeUndefined();
    });

    test('any text can be a key and a value, the empty one too', async () => {
      const { store } = await make();
      const text = fc.string({ unit: 'binary' });
      await fc.assert(
        fc.asyncProperty(text, text, async (key, value) => {
          await store.put(key, value);
          expect(await store.get(key)).toBe(value);
        }),
        {
          examples: [
            ['', ''],
            ['\u0000', '\u{10ffff}'],
            ['format', 'é ☎ 😀'],
          ],
        },
      );
    });

    test('half a character is refused, since it could not be given back', async () => {
      const { store } = await make();
      const refusal = expect.objectContaining({ name: 'Fault', kind: 'invalid' });
      await expect(store.put('\ud83d', '1')).rejects.toEqual(refusal);
      await expect(store.put('a', 'x\ude00')).rejects.toEqual(refusal);
      await expect(store.batch([{ kind: 'put', key: 'b', value: '\ud83d' }])).rejects.toBeInstanceOf(Fault);
      expect(await entriesOf(store, '')).toEqual([]);
    });

    test('forgets when told, and twice is once', async () => {
      const { store } = await make();
      await store.put('a', '1');
      await store.delete('a');
      await store.delete('a');
      expect(await store.get('a')).toBeUndefined();
      expect(await entriesOf(store, '')).toEqual([]);
    });

    test('a range holds the keys with its prefix and no others, in the order of their UTF-8 bytes', async () => {
      const { store } = await make();
      // As UTF-16 units the emoji would come before U+FF5E; as bytes it comes after.
      const keys = ['a:', 'a:1', 'a:10', 'a:2', 'a:\uff5e', 'a:😀'];
      for (const key of [...keys].reverse()) await store.put(key, `value of ${key}`);
      for (const other of ['a', 'a;', 'b:', 'A:1', '']) await store.put(other, 'other');
      expect(await entriesOf(store, 'a:')).toEqual(keys.map((key) => [key, `value of ${key}`]));
      expect((await entriesOf(store, '')).map(([key]) => key)).toEqual(['', 'A:1', 'a', ...keys, 'a;', 'b:']);
      expect(await entriesOf(store, 'none')).toEqual([]);
    });

    test('a range may be left early, and what is read may be deleted meanwhile', async () => {
      const { store } = await make();
      for (const key of ['a', 'b', 'c']) await store.put(key, '1');
      for await (const [key] of store.range('')) {
        await store.delete(key);
        if (key === 'b') break;
      }
      expect((await entriesOf(store, '')).map(([key]) => key)).toEqual(['c']);
    });

    test('a batch happens in its order', async () => {
      const { store } = await make();
      await store.put('old', '1');
      await store.batch([
        { kind: 'delete', key: 'old' },
        { kind: 'put', key: 'a', value: '1' },
        { kind: 'put', key: 'a', value: '2' },
        { kind: 'put', key: 'b', value: '1' },
        { kind: 'delete', key: 'b' },
      ]);
      await store.batch([]);
      expect(await entriesOf(store, '')).toEqual([['a', '2']]);
    });

    test('many writes at once all happen', async () => {
      const { store } = await make();
      const keys = Array.from({ length: 200 }, (_, index) => `key ${String(index).padStart(3, '0')}`);
      await Promise.all(keys.map((key) => store.put(key, key)));
      expect(await entriesOf(store, 'key ')).toEqual(keys.map((key) => [key, key]));
    });

    test('writes that are asked for at once happen in the order of the calls, and are told in it', async () => {
      const { store } = await make();
      const told: string[] = [];
      const after = (name: string, write: Promise<void>): Promise<void> => write.then(() => void told.push(name));
      await Promise.all([
        after('first', store.put('a', '1')),
        after('second', store.batch([{ kind: 'put', key: 'b', value: '1' }])),
        after('third', store.delete('a')),
        after('fourth', store.put('b', '2')),
      ]);
      expect(told).toEqual(['first', 'second', 'third', 'fourth']);
      expect(await entriesOf(store, '')).toEqual([['b', '2']]);
    });

    test('what had patience and went along with another holds nothing up when its time is over', async () => {
      const { store } = await make();
      const patience = 20;
      await Promise.all([store.put('a', '1'), store.batch([{ kind: 'put', key: 'b', value: '2' }], patience)]);
      // Nothing tells that the time of the patience is over but the clock.
      await new Promise((resolve) => setTimeout(resolve, 2 * patience));
      await store.put('c', '3');
      expect(await entriesOf(store, '')).toHaveLength(3);
    });

    test('what has patience is written with the next at the latest, before it, or when the store is closed', async () => {
      const { store, reopen } = await make();
      const told: string[] = [];
      const patient = store.batch([{ kind: 'put', key: 'a', value: '1' }], 600_000).then(() => told.push('patient'));
      await store.put('a', '2').then(() => told.push('next'));
      await patient;
      expect(told).toEqual(['patient', 'next']);
      const last = store.batch([{ kind: 'put', key: 'b', value: '1' }], 600_000);
      const again = await reopen();
      await last;
      expect(await entriesOf(again, '')).toEqual([
        ['a', '2'],
        ['b', '1'],
      ]);
    });

    test('a write that is refused takes none of those beside it along', async () => {
      const { store } = await make();
      const outcomes = await Promise.allSettled([store.put('a', '1'), store.put('b', '\ud83d'), store.put('c', '1')]);
      expect(outcomes.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled']);
      expect((await entriesOf(store)).map(([key]) => key)).toEqual(['a', 'c']);
    });

    test('what was written is there after it was closed and opened again', async () => {
      const { store, reopen } = await make();
      await store.put('contact:foo', 'sip:10.0.0.1');
      const again = await reopen();
      expect(await entriesOf(again, '')).toEqual([['contact:foo', 'sip:10.0.0.1']]);
    });
  });
}
