// Registrations of several technologies, page by page, and who is told of them.
import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { RegistrationProvider, RegistrationSnapshot } from '../../src/core/registrations.ts';
import { endpointId } from '../../src/ids.ts';
import { listen, testCore } from '../support/core.ts';

const snapshot = (id: string, more: Partial<RegistrationSnapshot> = {}): RegistrationSnapshot => ({
  ...{ id, direction: 'inbound', aor: 'foo', uri: `sip:${id}@192.0.2.1`, state: 'Registered', path: [] },
  ...more,
});

function provider(all: RegistrationSnapshot[]): RegistrationProvider {
  return {
    list: () => all,
    find: (id) => all.find((each) => each.id === id),
    async remove(id) {
      const index = all.findIndex((each) => each.id === id);
      if (index !== -1) all.splice(index, 1);
      return index !== -1;
    },
  };
}

test('pages of any size, one after the other, have each of them once and in order', () => {
  fc.assert(
    fc.property(
      fc.uniqueArray(fc.stringMatching(/^[a-z]{1,4}$/), { maxLength: 60 }),
      fc.integer({ min: 1, max: 7 }),
      (ids, limit) => {
        const { registrations } = testCore();
        registrations.addProvider(provider(ids.slice(0, 10).map((id) => snapshot(id))));
        registrations.addProvider(provider(ids.slice(10).map((id) => snapshot(id))));
        const found: string[] = [];
        for (;;) {
          const after = found.at(-1);
          const page = registrations.list({}, { limit, ...(after !== undefined && { after }) });
          found.push(...page.map(({ id }) => id));
          if (page.length < limit) break;
        }
        expect(found).toEqual(ids.toSorted());
      },
    ),
  );
});

test('a page goes on where the last one ended, though that one is gone', () => {
  const { registrations } = testCore();
  const all = ['a', 'b', 'c', 'd'].map((id) => snapshot(id));
  registrations.addProvider(provider(all));
  expect(registrations.list({}, { limit: 2 }).map(({ id }) => id)).toEqual(['a', 'b']);
  all.splice(1, 1);
  expect(registrations.list({}, { limit: 2, after: 'b' }).map(({ id }) => id)).toEqual(['c', 'd']);
});

test('each filter leaves out what does not fit', () => {
  const { registrations } = testCore();
  registrations.addProvider(
    provider([
      snapshot('a', { endpoint: endpointId({ tech: 'PJSIP', resource: 'foo' }), transport: 'udp' }),
      snapshot('b', { aor: 'bar', transport: 'tcp' }),
      snapshot('c', { direction: 'outbound' }),
    ]),
  );
  const ids = (filter: Parameters<typeof registrations.list>[0]): string[] =>
    registrations.list(filter, { limit: 9 }).map(({ id }) => id);
  expect(ids({ endpoint: endpointId({ tech: 'PJSIP', resource: 'foo' }) })).toEqual(['a']);
  expect(ids({ aor: 'bar' })).toEqual(['b']);
  expect(ids({ transport: 'udp' })).toEqual(['a']);
  expect(ids({ direction: 'outbound' })).toEqual(['c']);
  expect(ids({ contact: 'b@192' })).toEqual(['b']);
  expect(ids({ contact: '@192', direction: 'inbound' })).toEqual(['a', 'b']);
});

test('whoever has it shows and removes it', async () => {
  const { registrations } = testCore();
  registrations.addProvider(provider([snapshot('a')]));
  registrations.addProvider(provider([snapshot('b')]));
  expect(registrations.find('b')?.id).toBe('b');
  expect([await registrations.remove('b'), await registrations.remove('b')]).toEqual([true, false]);
  expect(registrations.find('b')).toBeUndefined();
});

test('a change is told to those who follow its endpoint, and to those who follow all', async () => {
  const { registrations, endpoints, everything } = testCore();
  const foo = endpoints.create({ tech: 'PJSIP', resource: 'foo' });
  const [own, all, every] = [listen(foo.topic), listen(endpoints.all), listen(everything)];
  registrations.changed(snapshot('a'), 'registered', foo);
  registrations.changed(snapshot('b', { direction: 'outbound' }), 'rejected');
  const told = async ({ heard }: ReturnType<typeof listen>): Promise<string[]> =>
    (await heard()).map((fact) =>
      fact.type === 'RegistrationChanged' ? `${fact.change} ${fact.registration.id}` : '',
    );
  expect(await told(own)).toEqual(['registered a']);
  expect(await told(all)).toEqual(['registered a', 'rejected b']);
  expect(await told(every)).toEqual(['registered a', 'rejected b']);
});
