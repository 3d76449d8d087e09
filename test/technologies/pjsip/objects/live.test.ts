// The objects as they are now: changed whole or not at all, told when they hold, and there again after a restart.
import { expect, test } from 'vitest';
import type { Store } from '../../../../src/core/store.ts';
import { Fault } from '../../../../src/errors.ts';
import type { PjsipConfig } from '../../../../src/technologies/pjsip/objects/index.ts';
import { LiveObjects, type ObjectChange } from '../../../../src/technologies/pjsip/objects/live.ts';
import { memoryStore } from '../../../support/memory-store.ts';

const file: PjsipConfig = {
  endpoint: { foo: { auth: 'foo' } },
  auth: { foo: { username: 'foo', password: 'x' } },
  identify: { z: { endpoint: 'foo', match: '192.0.2.1' } },
};

async function begin({ config = file, store = memoryStore() }: { config?: PjsipConfig; store?: Store } = {}) {
  const logged: string[] = [];
  const told: string[] = [];
  const live = new LiveObjects({
    ...{ config, store },
    log: (level, text) => void logged.push(`${level}: ${text}`),
    problemOf: ({ endpoints }) => (endpoints.has('insecure') ? 'anybody could pass for it' : undefined),
  });
  const inAWord = ({ type, id, before, after }: ObjectChange): string =>
    `${type} ${id} ${before === undefined ? 'made' : after === undefined ? 'removed' : 'changed'}`;
  live.onChange((changes) => void told.push(changes.map(inAWord).join(', ')));
  await live.load();
  return { live, store, logged, told };
}

const auth = (id: string) => ({ type: 'auth', id }) as const;
const endpoint = (id: string) => ({ type: 'endpoint', id }) as const;

test('who uses an auth changes with it, in one step', async () => {
  const { live, told } = await begin();
  const endpoints = live.endpoints;
  await live.change(auth('a'), () => ({ username: 'a', password: 'old' }));
  await live.change(endpoint('a'), () => ({ auth: 'a', outbound_auth: 'a' }));
  await live.change({ type: 'registration', id: 'a' }, () => ({
    ...{ server_uri: 'sip:p', client_uri: 'sip:a@p', outbound_auth: ['a'] },
  }));
  await live.change(auth('a'), (before) => ({ ...before, password: 'new' }));
  expect(told).toEqual([
    'auth a made',
    'endpoint a made',
    'registration a made',
    'auth a changed, endpoint a changed, registration a changed',
  ]);
  expect(endpoints.get('a')?.auth[0]?.password).toBe('new');
  expect(live.registrations.get('a')?.outbound_auth[0]).toBe(live.auths.get('a'));
});

test('a change that cannot be stored, or does not fit, changes nothing', async () => {
  const store = memoryStore();
  let isBroken = false;
  const put: Store['put'] = (key, value) => (isBroken ? Promise.reject(new Error('disk full')) : store.put(key, value));
  const { live, told } = await begin({ store: { ...store, put } });
  await live.change(auth('a'), () => ({ username: 'a', password: 'old' }));
  isBroken = true;
  await expect(live.change(auth('a'), () => ({ username: 'a', password: 'new' }))).rejects.toThrow('disk full');
  await expect(live.change(auth('a'), () => ({ username: 'a' }))).rejects.toThrow('needs a password');
  await expect(live.change(endpoint('a'), () => ({ auth: 'b' }))).rejects.toThrow('no auth is named "b"');
  expect(live.auths.get('a')?.password).toBe('old');
  expect(live.endpoints.has('a')).toBe(false);
  expect(told).toEqual(['auth a made']);
});

test('changes are made one after the other, each upon the one before', async () => {
  const { live } = await begin();
  await live.change(auth('a'), () => ({ username: 'a', password: '' }));
  const digits = ['1', '2', '3', '4', '5'];
  await Promise.all(
    digits.map((digit) =>
      live.change(auth('a'), (before) => ({ ...before, password: `${String(before?.['password'])}${digit}` })),
    ),
  );
  expect(live.auths.get('a')?.password).toBe('12345');
});

test('all is as it was after a restart, in the same order; what does not fit the file any longer is told and kept', async () => {
  const { live, store } = await begin();
  await live.change(auth('a'), () => ({ username: 'a', password: 'x' }));
  for (const id of ['b', 'c']) await live.change(endpoint(id), () => ({ auth: id === 'b' ? 'foo' : 'a' }));
  for (const id of ['m', 'a'])
    await live.change({ type: 'identify', id }, () => ({ endpoint: 'c', match: ['192.0.2.2'] }));
  expect(live.identifies.map(({ id }) => id)).toEqual(['z', 'a', 'm']);

  const same = await begin({ store });
  expect(same.logged).toEqual([]);
  expect(same.live.identifies.map(({ id }) => id)).toEqual(['z', 'a', 'm']);
  expect([...same.live.endpoints.keys()]).toEqual(['foo', 'b', 'c']);

  const other = await begin({ store, config: { endpoint: { c: {} }, auth: {} } });
  expect([...other.live.endpoints.keys()]).toEqual(['c']);
  expect(other.logged).toEqual([
    expect.stringMatching(/^error: The endpoint "b", made at run time, is left out: .*no auth is named "foo"/),
    expect.stringMatching(/^error: The endpoint "c", made at run time, is left out: the file has one/),
  ]);
  expect([...(await begin({ store })).live.endpoints.keys()]).toEqual(['foo', 'b', 'c']);
});

test('an entry that is not as it must be is left out', async () => {
  const store = memoryStore(new Map([['object:aor:x', '{"max_contacts":"many"}']]));
  const { live, logged } = await begin({ store });
  expect(live.aors.size).toBe(0);
  expect(logged).toEqual(['error: The aor "x", made at run time, is left out: an option is not as it must be']);
});

test('what comes from the file, or is used, or would let anybody in, is refused', async () => {
  const { live } = await begin();
  const refused = async (change: Promise<unknown>): Promise<string> => {
    const fault = await change.catch((error: unknown) => error);
    return fault instanceof Fault ? `${fault.kind} ${fault.code}` : 'not refused';
  };
  expect(await refused(live.change(auth('foo'), () => ({ username: 'foo', password: 'y' })))).toBe(
    'forbidden config-object-read-only',
  );
  expect(await refused(live.remove(endpoint('foo')))).toBe('forbidden config-object-read-only');
  await live.change(auth('a'), () => ({ username: 'a', password: 'x' }));
  for (const id of ['1', '2', '3', '4', '5']) await live.change(endpoint(id), () => ({ auth: 'a' }));
  await expect(live.remove(auth('a'))).rejects.toThrow('used by endpoint "1", endpoint "2", endpoint "3", 2 more');
  expect(await refused(live.change(endpoint('insecure'), () => ({})))).toBe('forbidden insecure');
  expect(live.endpoints.has('insecure')).toBe(false);
  expect(await live.remove(auth('b'))).toBe(false);
});

test('who cannot follow a change is told in the log, and undoes nothing; after closing there is no change', async () => {
  const { live, logged } = await begin();
  live.onChange(() => Promise.reject(new Error('no idea')));
  await live.change(auth('a'), () => ({ username: 'a', password: 'x' }));
  expect(live.auths.has('a')).toBe(true);
  expect(logged).toEqual([expect.stringContaining('was not followed: Error: no idea')]);
  await live.close();
  await expect(live.remove(auth('a'))).rejects.toMatchObject({ kind: 'unavailable' });
});

test('a change among 10,000 endpoints makes only what depends on it anew', async () => {
  const many = Array.from({ length: 10_000 }, (_, number) => `e${number}`);
  const config: PjsipConfig = {
    endpoint: Object.fromEntries(many.map((id) => [id, { auth: id, aors: id }])),
    auth: Object.fromEntries(many.map((id) => [id, { username: id, password: id }])),
    aor: Object.fromEntries(many.map((id) => [id, { max_contacts: 1 }])),
  };
  const { live } = await begin({ config });
  const before = [...live.endpoints.values()];
  await live.change(auth('new'), () => ({ username: 'new', password: 'x' }));
  await live.change(endpoint('new'), () => ({ auth: 'new' }));
  const started = performance.now();
  const times = 20;
  for (let time = 0; time < times; time++)
    await live.change(auth('new'), (written) => ({ ...written, password: `${time}` }));
  const each = (performance.now() - started) / times;
  console.info(`a change of an auth among 10,000 endpoints: ${each.toFixed(2)} ms`);
  expect([...live.endpoints.values()].slice(0, -1).every((object, index) => object === before[index])).toBe(true);
});
