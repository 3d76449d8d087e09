// What is kept with a session, and what becomes of it.
import { expect, test } from 'vitest';
import { DatastoreKey, Datastores } from '../../../src/technologies/pjsip/datastores.ts';

function room() {
  const logged: string[] = [];
  const destroyed: string[] = [];
  const key = (name: string): DatastoreKey<string> => new DatastoreKey(name, (value: string) => destroyed.push(value));
  return { datastores: new Datastores((_, text) => void logged.push(text.split('\n')[0]!)), key, logged, destroyed };
}

test('a value is found under its key, and under no other of that name', () => {
  const { datastores, key } = room();
  const mine = key('a');
  expect(datastores.add(mine, '1')).toBe('1');
  expect(datastores.get(mine)).toBe('1');
  expect(datastores.get(key('a'))).toBeUndefined();
  expect(datastores.remove(key('a'))).toBe(false);
});

test('a name that is taken is refused', () => {
  const { datastores, key, destroyed } = room();
  datastores.add(key('a'), '1');
  expect(() => datastores.add(key('a'), '2')).toThrow(expect.objectContaining({ kind: 'conflict' }));
  expect(destroyed).toEqual([]);
});

test('who is removed is destroyed once, and the name is free', () => {
  const { datastores, key, destroyed } = room();
  const mine = key('a');
  datastores.add(mine, '1');
  expect(datastores.remove(mine)).toBe(true);
  expect(datastores.remove(mine)).toBe(false);
  datastores.add(mine, '2');
  datastores.end();
  expect(destroyed).toEqual(['1', '2']);
});

test('the end destroys the rest, each once, the last first, also if one fails or removes another', () => {
  const { datastores, key, destroyed, logged } = room();
  const first = key('a');
  datastores.add(first, '1');
  datastores.add(key('b'), '2');
  const fails = (): never => {
    throw new Error('no');
  };
  datastores.add(new DatastoreKey<string>('c', fails), '3');
  datastores.add(new DatastoreKey<string>('d', () => void datastores.remove(first)), '4');
  datastores.end();
  datastores.end();
  expect(destroyed).toEqual(['1', '2']);
  expect(logged).toEqual(['A bug in destroying c of a session: Error: no']);
});

test('after the end nothing is kept any longer', () => {
  const { datastores, key } = room();
  datastores.end();
  expect(() => datastores.add(key('a'), '1')).toThrow(expect.objectContaining({ kind: 'conflict' }));
});
