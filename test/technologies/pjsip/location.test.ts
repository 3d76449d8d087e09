// Where an address of record can be reached: what is told of it, when it expires, and what outlives the process.
import { describe, expect, test } from 'vitest';
import type { Store } from '../../../src/core/store.ts';
import { Fault } from '../../../src/errors.ts';
import { towards } from '../../../src/technologies/pjsip/contact.ts';
import type { PjsipConfig } from '../../../src/technologies/pjsip/objects/index.ts';
import type { SipHeader } from '../../../src/technologies/pjsip/stack.ts';
import { listen } from '../../support/core.ts';
import { memoryStore } from '../../support/memory-store.ts';
import { preparePjsip, startPjsip, type TestPjsip } from '../../support/pjsip.ts';
import { listed, register } from '../../support/register.ts';
import { testClock } from '../../support/test-clock.ts';

type Aor = NonNullable<PjsipConfig['aor']>[string];

const configOf = (aor: Aor): PjsipConfig => ({ endpoint: { foo: { aors: 'foo' } }, aor: { foo: aor } });

const A = 'sip:foo@192.0.2.1';
const B = 'sip:foo@192.0.2.2';
const open: Aor = { max_contacts: 5 };
const expires = (value: string): SipHeader => ['Expires', value];

/** What subscribers of the endpoint are told, each in a line. */
function hearing({ core }: TestPjsip, endpoint = 'foo'): () => Promise<string[]> {
  const { heard } = listen(core.endpoints.get({ tech: 'PJSIP', resource: endpoint }).topic);
  return async () =>
    (await heard()).flatMap((fact) => {
      switch (fact.type) {
        case 'RegistrationChanged':
          return [];
        case 'EndpointChanged':
          return `state ${fact.change.now?.state}`;
        case 'PeerStatusChanged':
          return `peer ${fact.status} ${fact.endpoint.state}`;
        case 'ContactStatusChanged':
          return `contact ${JSON.stringify(fact.contact)} ${fact.endpoint.state}`;
        default:
          return fact.type;
      }
    });
}

const contact = (uri: string, status: string, state: string): string =>
  `contact ${JSON.stringify({ uri, status, aor: 'foo', roundtrip: 0 })} ${state}`;

const cameFirst = (uri: string): string[] => [
  'state online',
  'peer Reachable online',
  contact(uri, 'NonQualified', 'online'),
];
const wentLast = (uri: string): string[] => [
  'state offline',
  'peer Unreachable offline',
  contact(uri, 'Removed', 'offline'),
];

describe('what is told', () => {
  test('of the first contact the endpoint and its peer first; of a refresh nothing; of another only itself', async () => {
    const started = await startPjsip(configOf(open));
    const heard = hearing(started);
    await started.ask(register(A));
    expect(await heard()).toEqual(cameFirst(A));
    await started.ask(register(A));
    expect(await heard()).toEqual([]);
    await started.ask(register(B));
    expect(await heard()).toEqual([contact(B, 'NonQualified', 'online')]);
    await started.ask(register(`<${B}>;expires=0`));
    expect(await heard()).toEqual([contact(B, 'Removed', 'online')]);
    await started.ask(register('*', { headers: [expires('0')] }));
    expect(await heard()).toEqual(wentLast(A));
  });

  test('an endpoint does not go offline when one contact makes room for another', async () => {
    const started = await startPjsip(configOf({ max_contacts: 1, remove_existing: true }));
    await started.ask(register(A));
    const heard = hearing(started);
    await started.ask(register(B));
    expect(await heard()).toEqual([contact(B, 'NonQualified', 'online'), contact(A, 'Removed', 'online')]);
  });

  test('the endpoint is offline from the start, and online if it has a static contact', async () => {
    const { core } = await startPjsip({
      endpoint: { foo: {}, trunk: { aors: 'trunk' } },
      aor: { trunk: { contact: 'sip:192.0.2.10' } },
    });
    expect(core.endpoints.list('PJSIP').map(({ snapshot }) => [snapshot.resource, snapshot.state])).toEqual([
      ['foo', 'offline'],
      ['trunk', 'online'],
    ]);
  });

  test('an address of record of two endpoints makes both reachable', async () => {
    const started = await startPjsip({ endpoint: { foo: { aors: 'foo' }, bar: { aors: 'foo' } }, aor: { foo: open } });
    const heard = hearing(started, 'bar');
    await started.ask(register(A));
    expect(await heard()).toEqual(cameFirst(A));
  });
});

describe('a contact expires', () => {
  test('when its time is up, by one timer for all', async () => {
    const started = await startPjsip(configOf(open));
    const { ask, clock } = started;
    const others = clock.waiting;
    await ask(register([`<${A}>;expires=60`, `<${B}>;expires=90`]));
    const heard = hearing(started);
    expect(clock.waiting - others).toBe(1);
    clock.advance(59_999);
    expect(listed(await ask(register([])))).toHaveLength(2);
    clock.advance(1);
    expect(listed(await ask(register([])))).toEqual([`${B} 30`]);
    expect(await heard()).toEqual([contact(A, 'Removed', 'online')]);
    clock.advance(30_000);
    await ask(register(B, { headers: [['Supported', 'x']] }));
    expect(clock.waiting - others).toBe(1);
  });

  test('not when it was refreshed in time', async () => {
    const started = await startPjsip(configOf(open));
    const { ask, clock } = started;
    await ask(register(`<${A}>;expires=60`));
    clock.advance(50_000);
    await ask(register(`<${A}>;expires=60`));
    const heard = hearing(started);
    clock.advance(59_000);
    expect(listed(await ask(register([])))).toEqual([`${A} 1`]);
    clock.advance(1_000);
    expect(listed(await ask(register([])))).toEqual([]);
    expect(await heard()).toEqual(wentLast(A));
  });

  test('later, and with a word, when the store fails', async () => {
    const store = memoryStore();
    const started = await startPjsip(configOf(open), { store });
    const { ask, clock, logged } = started;
    const others = clock.waiting;
    await ask(register(`<${A}>;expires=60`));
    const { batch } = store;
    store.batch = () => Promise.reject(new Error('the disk is full'));
    clock.advance(60_000);
    const heard = hearing(started);
    await expect.poll(() => clock.waiting - others).toBe(1);
    expect(logged.filter((each) => each.startsWith('error'))).toEqual([
      expect.stringContaining('error: Contacts could not be removed, 1 times; the first: Error: the disk is full'),
    ]);
    store.batch = batch;
    clock.advance(1_000);
    await expect.poll(heard).toEqual(wentLast(A));
  });
});

const keysOf = async (store: Store): Promise<string[]> => {
  const keys: string[] = [];
  for await (const [key] of store.range('')) keys.push(key);
  return keys;
};

describe('the store', () => {
  test('has a contact before the 200 goes out', async () => {
    const store = memoryStore();
    const { ask } = await startPjsip(configOf(open), { store });
    expect((await ask(register(A))).status).toBe(200);
    expect(await keysOf(store)).toEqual([expect.stringMatching(/^contact:foo:[\da-f]{32}$/)]);
    await ask(register('*', { headers: [expires('0')] }));
    expect(await keysOf(store)).toEqual([]);
  });

  test('is what a registration fails with, and then nothing has changed', async () => {
    const store = memoryStore();
    const started = await startPjsip(configOf(open), { store });
    const heard = hearing(started);
    const { batch } = store;
    store.batch = () => Promise.reject(new Fault('unavailable', 'closed'));
    expect((await started.ask(register(A))).status).toBe(503);
    store.batch = batch;
    expect(listed(await started.ask(register([])))).toEqual([]);
    expect(await heard()).toEqual([]);
  });

  test('gives contacts back after a restart; what has expired meanwhile, or has no address of record, is gone', async () => {
    const store = memoryStore();
    const clock = testClock();
    const before = await startPjsip(
      { ...configOf(open), endpoint: { foo: { aors: 'foo' }, bar: { aors: 'bar' } }, aor: { foo: open, bar: open } },
      { store, clock },
    );
    await before.ask(register([`<${A}>;expires=600`, `<${B}>;expires=60`]));
    await before.ask(register('sip:bar@192.0.2.4', { to: 'sip:bar@x', headers: [['From', 'sip:bar@x;tag=1']] }));
    await before.technology.stop();
    expect(clock.waiting).toBe(0);
    clock.advance(100_000);

    const after = preparePjsip(configOf(open), { store, clock });
    await after.technology.start();
    expect(after.core.endpoints.get({ tech: 'PJSIP', resource: 'foo' }).snapshot.state).toBe('online');
    expect(listed(await after.ask(register([])))).toEqual([`${A} 500`]);
    expect(await keysOf(store)).toHaveLength(1);
    clock.advance(500_000);
    await expect.poll(() => keysOf(store)).toEqual([]);
  });
});

test('what an earlier version has stored is read, shown, and can be refreshed', async () => {
  const store = memoryStore();
  const contact = { id: 'a'.repeat(32), uri: A, path: '', expiresAt: 1_700_000_100_000, callId: 'x', cseq: 1 };
  await store.put(`contact:foo:${contact.id}`, JSON.stringify({ aor: 'foo', contact }));
  const { ask, core } = await startPjsip(configOf(open), { store });
  expect(listed(await ask(register([])))).toEqual([`${A} 100`]);
  expect(core.registrations.list({}, { limit: 9 })).toMatchObject([{ aor: 'foo', uri: A, endpoint: 'PJSIP/foo' }]);
  expect(listed(await ask(register(A)))).toEqual([`${A} 3600`]);
});

test('who has registered already may refresh and go, though fewer may register since', async () => {
  const store = memoryStore();
  const before = await startPjsip(configOf(open), { store });
  await before.ask(register([A, B]));
  await before.technology.stop();
  const { ask } = await startPjsip(configOf({ max_contacts: 1 }), { store });
  expect((await ask(register(A))).status).toBe(200);
  expect((await ask(register('sip:foo@192.0.2.9'))).status).toBe(403);
  expect(listed(await ask(register(`<${A}>;expires=0`)))).toEqual([`${B} 3600`]);
});

/** A store that writes only when it is let. */
function slowStore(): { readonly store: Store; go(): void } {
  const store = memoryStore();
  const { batch } = store;
  let go: () => void = () => undefined;
  const gate = new Promise<void>((resolve) => (go = resolve));
  store.batch = async (writes) => {
    await gate;
    await batch(writes);
  };
  return { store, go: () => go() };
}

test('two who register at once for the last place do not both get it', async () => {
  const { store, go } = slowStore();
  const { ask } = await startPjsip(configOf({ max_contacts: 1 }), { store });
  const answers = [ask(register(A)), ask(register(B))];
  go();
  expect((await Promise.all(answers)).map(({ status }) => status)).toEqual([200, 403]);
});

test('stopping waits for what is being written, and leaves no timer behind', async () => {
  const { store, go } = slowStore();
  const { ask, technology, clock } = await startPjsip(configOf(open), { store });
  const answer = ask(register(A));
  await expect.poll(() => technology.metrics.location.waiting).toBe(1);
  const stopped = technology.stop();
  go();
  await stopped;
  expect((await answer).status).toBe(200);
  expect(await keysOf(store)).toHaveLength(1);
  expect(clock.waiting).toBe(0);
});

test('registrations of one address of record take turns, and too many of them at once are refused', async () => {
  const { store, go } = slowStore();
  const { ask, technology } = await startPjsip(configOf({ max_contacts: 200 }), { store });
  const answers = Array.from({ length: 101 }, (_, index) => ask(register(`sip:foo@192.0.2.${index}`)));
  expect((await answers[100]!).status).toBe(503);
  expect(technology.metrics.location).toMatchObject({ waiting: 100, limit: 100, refused: 1 });
  go();
  expect((await Promise.all(answers.slice(0, 100))).every(({ status }) => status === 200)).toBe(true);
  expect(technology.metrics.location).toMatchObject({ waiting: 0, contacts: 100 });
});

test('a request goes to a contact by the Path of its registration', () => {
  expect(towards({ uri: A, path: '' })).toEqual({ uri: A });
  const path = '<sip:p1@192.0.2.7;lr>, <sip:p2@192.0.2.8;lr>';
  expect(towards({ uri: A, path })).toEqual({ uri: A, nextHop: 'sip:p1@192.0.2.7;lr', headers: [['Route', path]] });
});
