// Addresses of record and endpoints that are configured anew while contacts are there.
import { expect, onTestFinished, test } from 'vitest';
import type { AorObject, EndpointObject, PjsipConfig } from '../../../src/technologies/pjsip/objects/index.ts';
import { resolvePjsip } from '../../../src/technologies/pjsip/objects/index.ts';
import { Whereabouts } from '../../../src/technologies/pjsip/whereabouts.ts';
import { listen, testCore } from '../../support/core.ts';
import { fakeStack, type FakeStack } from '../../support/fake-stack.ts';
import { memoryStore } from '../../support/memory-store.ts';
import { testClock, type TestClock } from '../../support/test-clock.ts';

const A = 'sip:foo@192.0.2.1';

interface Stage {
  readonly whereabouts: Whereabouts;
  readonly stack: FakeStack;
  readonly clock: TestClock;
  readonly store: Map<string, string>;
  /** What is configured from now on. */
  configure(config: PjsipConfig): Promise<void>;
  /** What was told of endpoints and contacts since the last time. */
  told(): Promise<string[]>;
}

async function stage(config: PjsipConfig): Promise<Stage> {
  const first = resolvePjsip(config);
  const aors = new Map<string, AorObject>(first.aors);
  const endpoints = new Map<string, EndpointObject>(first.endpoints);
  const core = testCore();
  const [stack, clock, entries] = [fakeStack(), testClock(), new Map<string, string>()];
  const whereabouts = new Whereabouts({
    ...{ core, stack, clock, store: memoryStore(entries), random: () => 0, log: () => undefined },
    objects: { ...first, aors, endpoints },
    outbound: (_, request) => stack.send(request),
  });
  await whereabouts.open();
  onTestFinished(() => whereabouts.close());
  const { heard } = listen(core.endpoints.all);
  return {
    ...{ whereabouts, stack, clock, store: entries },
    async configure(next) {
      const after = resolvePjsip(next);
      for (const [now, then, changed] of [
        [aors, after.aors, (id: string) => whereabouts.aorChanged(id)],
        [endpoints, after.endpoints, async (id: string) => whereabouts.endpointChanged(id)],
      ] as const) {
        const ids = new Set([...now.keys(), ...then.keys()]);
        now.clear();
        for (const [id, object] of then) (now as Map<string, unknown>).set(id, object);
        for (const id of ids) await changed(id);
      }
    },
    told: async () =>
      (await heard()).flatMap((fact) => {
        if (fact.type === 'EndpointChanged') return [`${fact.change.now?.resource} ${fact.change.now?.state}`];
        if (fact.type === 'ContactStatusChanged') return [`${fact.contact.uri} ${fact.contact.status}`];
        return fact.type === 'RegistrationChanged' ? [`${fact.registration.uri} ${fact.change}`] : [];
      }),
  };
}

const foo = (aor: NonNullable<PjsipConfig['aor']>[string]): PjsipConfig => ({
  endpoint: { foo: { aors: 'foo' } },
  aor: { foo: aor },
});

const registered = ({ whereabouts }: Stage): Promise<void> =>
  whereabouts.location.change('foo', () => ({
    contacts: [{ id: 'a', uri: A, path: '', callId: 'x', cseq: 1, expiresAt: 1_700_003_600_000 }],
    why: () => 'unregistered',
  }));

test('static contacts come and go, and the endpoint with them', async () => {
  const { configure, told } = await stage(foo({ contact: 'sip:a@192.0.2.1' }));
  await configure(foo({ contact: ['sip:b@192.0.2.2'] }));
  expect(await told()).toEqual(['sip:b@192.0.2.2 NonQualified', 'sip:a@192.0.2.1 Removed']);
  await configure(foo({}));
  expect(await told()).toEqual(['foo offline', 'sip:b@192.0.2.2 Removed']);
});

test('the contacts of an address of record that is no longer are gone, from the disk too', async () => {
  const given = await stage(foo({ max_contacts: 1 }));
  await registered(given);
  expect(given.store.size).toBe(1);
  await given.told();
  await given.configure({ endpoint: { foo: {} } });
  expect(await given.told()).toEqual(['foo offline', `${A} Removed`, `${A} removed`]);
  expect(given.store.size).toBe(0);
});

test('an address of record that is to be qualified is asked at once, and is available again when it is not to be', async () => {
  const given = await stage(foo({ max_contacts: 1 }));
  await registered(given);
  await given.told();
  await given.configure(foo({ max_contacts: 1, qualify_frequency: 60 }));
  expect(await given.told()).toEqual(['foo offline']);
  given.clock.advance(0);
  (await given.stack.sentCount(1)).respond(200);
  await expect.poll(() => given.told()).toEqual(['foo online', `${A} Reachable`]);
  await given.configure(foo({ max_contacts: 1 }));
  given.clock.advance(600_000);
  expect(given.stack.sent).toHaveLength(1);
  expect(given.whereabouts.qualify.metrics.contacts).toBe(0);
});

test('an endpoint comes with what its addresses of record have, gets others, and goes', async () => {
  const aor = { foo: { max_contacts: 1 }, other: {} };
  const given = await stage({ aor });
  await registered(given);
  expect(await given.told()).toEqual([`${A} registered`]);
  await given.configure({ aor, endpoint: { bar: { aors: 'foo' } } });
  expect(await given.told()).toEqual(['bar unknown', 'bar offline', 'bar online']);
  await given.configure({ aor, endpoint: { bar: { aors: 'other' } } });
  expect(await given.told()).toEqual(['bar offline']);
  await given.configure({ aor });
  expect(await given.told()).toEqual(['undefined undefined']);
});
