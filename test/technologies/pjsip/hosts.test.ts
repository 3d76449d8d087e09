// The addresses of host names: from A, AAAA and SRV records, refreshed, kept when there is no answer.
import { expect, test } from 'vitest';
import { Hosts, systemResolver, type Resolver } from '../../../src/technologies/pjsip/hosts.ts';
import { resolvePjsip, type PjsipConfig } from '../../../src/technologies/pjsip/objects/index.ts';
import { testClock } from '../../support/test-clock.ts';

type Identify = NonNullable<PjsipConfig['identify']>;

interface Records {
  readonly addresses: Record<string, string[]>;
  readonly targets: Record<string, string[]>;
}

function begin(identify: Identify, records: Records, more: Partial<Resolver> = {}) {
  const asked: string[] = [];
  const found = (kind: keyof Records) => async (name: string) => {
    asked.push(name);
    const answer = records[kind][name];
    if (answer === undefined) throw new Error(`${name} is not there`);
    return answer;
  };
  const objects = { identifies: resolvePjsip({ endpoint: { trunk: {} }, identify }).identifies };
  const clock = testClock();
  const logged: string[] = [];
  const resolver = { addresses: found('addresses'), targets: found('targets'), ...more };
  const hosts = new Hosts({ objects, resolver, clock, log: (level, text) => void logged.push(`${level}: ${text}`) });
  return { hosts, objects, clock, logged, asked };
}

const trunk = (match: string, srv = true): Identify => ({ trunk: { endpoint: 'trunk', match, srv_lookups: srv } });
/** Lets everything run that can. */
const settle = (): Promise<void> => new Promise((resolve) => void setImmediate(resolve));

test('a name stands for its addresses, and for those of the servers of its SRV records', async () => {
  const { hosts, logged } = begin(trunk('example.org'), {
    addresses: {
      'example.org': ['192.0.2.1', '2001:DB8::1'],
      'a.example.org': ['192.0.2.2'],
      'b.example.org': ['192.0.2.3'],
    },
    targets: { '_sip._udp.example.org': ['a.example.org'], '_sips._tcp.example.org': ['b.example.org'] },
  });
  await hosts.start();
  const all = ['192.0.2.1', '::ffff:192.0.2.1', '2001:db8::1', '192.0.2.2', '192.0.2.3', '192.0.2.4'];
  expect(all.filter((address) => hosts.has('example.org', address))).toEqual(all.slice(0, 5));
  expect(hosts.has('other.example.org', '192.0.2.1')).toBe(false);
  expect(logged).toEqual([]);
});

test('SRV records are not asked for where they are not wanted', async () => {
  const { hosts, asked } = begin(trunk('example.org', false), { addresses: { 'example.org': [] }, targets: {} });
  await hosts.start();
  expect(asked).toEqual(['example.org']);
});

test('names are asked for again, and what has changed counts', async () => {
  const records: Records = { addresses: { 'example.org': ['192.0.2.1'] }, targets: {} };
  const { hosts, clock } = begin(trunk('example.org'), records);
  await hosts.start();
  records.addresses['example.org'] = ['192.0.2.2'];
  clock.advance(300_000);
  await settle();
  expect(hosts.has('example.org', '192.0.2.1')).toBe(false);
  expect(hosts.has('example.org', '192.0.2.2')).toBe(true);
  hosts.close();
  expect(clock.waiting).toBe(0);
});

test('without an answer what was known stays, and that is said once until there is one again', async () => {
  const records: Records = { addresses: { 'example.org': ['192.0.2.1'] }, targets: {} };
  const { hosts, clock, logged } = begin(trunk('example.org'), records);
  await hosts.start();
  delete records.addresses['example.org'];
  for (let count = 0; count < 2; count++) {
    clock.advance(300_000);
    await settle();
  }
  expect(hosts.has('example.org', '192.0.2.1')).toBe(true);
  expect(logged).toEqual([expect.stringMatching(/^warn: No address of example\.org was found.*is not there/s)]);
  records.addresses['example.org'] = ['192.0.2.1'];
  clock.advance(300_000);
  await settle();
  delete records.addresses['example.org'];
  clock.advance(300_000);
  await settle();
  expect(logged).toHaveLength(2);
  hosts.close();
});

test('the start does not wait for ever, and a late answer counts', async () => {
  let answer: (addresses: string[]) => void = () => undefined;
  const late = new Promise<string[]>((resolve) => (answer = resolve));
  const { hosts, clock } = begin(
    trunk('example.org', false),
    { addresses: {}, targets: {} },
    { addresses: () => late },
  );
  const started = hosts.start();
  await settle();
  clock.advance(5_000);
  await started;
  expect(hosts.has('example.org', '192.0.2.1')).toBe(false);
  answer(['192.0.2.1']);
  await settle();
  expect(hosts.has('example.org', '192.0.2.1')).toBe(true);
  hosts.close();
});

test('when other names are configured they are asked for at once, and the others forgotten', async () => {
  const addresses = { 'example.org': ['192.0.2.1'], 'example.net': ['192.0.2.2'] };
  const { hosts, objects } = begin(trunk('example.org'), { addresses, targets: {} });
  await hosts.start();
  objects.identifies = resolvePjsip({ endpoint: { trunk: {} }, identify: trunk('example.net') }).identifies;
  await hosts.changed();
  expect(hosts.has('example.org', '192.0.2.1')).toBe(false);
  expect(hosts.has('example.net', '192.0.2.2')).toBe(true);
  hosts.close();
});

test('the system resolves localhost', async () => {
  expect(await systemResolver.addresses('localhost')).toContain('127.0.0.1');
});
