// Contacts and the connections by which they registered: reached by them, and gone with them (RFC 5626).
import { describe, expect, test } from 'vitest';
import type { RegistrationChange } from '../../../src/core/registrations.ts';
import { towards, type Contact } from '../../../src/technologies/pjsip/contact.ts';
import type { PjsipConfig } from '../../../src/technologies/pjsip/objects/index.ts';
import type { SipAddress, SipHeader } from '../../../src/technologies/pjsip/stack.ts';
import { listen } from '../../support/core.ts';
import type { Answer, Incoming } from '../../support/fake-stack.ts';
import { memoryStore } from '../../support/memory-store.ts';
import { preparePjsip, startPjsip, type TestPjsip } from '../../support/pjsip.ts';
import { listed, register } from '../../support/register.ts';
import { testClock } from '../../support/test-clock.ts';
import { attemptOf } from './messages-room.ts';

const config: PjsipConfig = {
  global: { default_outbound_endpoint: 'foo' },
  endpoint: { foo: { aors: 'foo' } },
  aor: { foo: { max_contacts: 5, support_path: true } },
};
const A = 'sip:foo@192.0.2.1';
const tcp = (port: number): SipAddress => ({ protocol: 'tcp', address: '127.0.0.1', port });
const over = (source: SipAddress, contact: string | string[], headers: SipHeader[] = []): Incoming =>
  register(contact, { source, headers });

/** Begins to send a message to foo, and does not wait for what becomes of it. */
async function sendTo({ technology, stack }: TestPjsip): Promise<void> {
  void technology.text!.deliver('foo', { from: '', to: 'pjsip:foo', body: 'x', variables: {} }, attemptOf());
  await stack.sentCount(1);
}

/** What became of registrations, in words. */
function changes({ core }: TestPjsip): () => Promise<string[]> {
  const { heard } = listen(core.everything);
  return async () =>
    (await heard()).flatMap((fact) =>
      fact.type === 'RegistrationChanged' ? [`${fact.change} ${fact.registration.uri}`] : [],
    );
}

describe('a contact over a connection', () => {
  test('is gone when the connection has ended, and it is told why; another contact stays', async () => {
    const started = await startPjsip(config, { flows: true });
    const { ask, stack, core } = started;
    const heard = changes(started);
    await ask(over(tcp(1000), A));
    await ask(register('sip:foo@192.0.2.2'));
    stack.closeFlow(tcp(1001));
    stack.closeFlow({ protocol: 'udp', address: '127.0.0.1', port: 5999 });
    stack.closeFlow(tcp(1000));
    expect(listed(await ask(register([])))).toEqual(['sip:foo@192.0.2.2 3600']);
    started.clock.advance(0);
    await expect.poll(() => started.technology.metrics.location.contacts).toBe(1);
    expect(await heard()).toEqual([
      `registered ${A}`,
      'registered sip:foo@192.0.2.2',
      `connection-closed ${A}` satisfies `${RegistrationChange} ${string}`,
    ]);
    expect(core.endpoints.get({ tech: 'PJSIP', resource: 'foo' }).snapshot.state).toBe('online');
  });

  test('is gone, too, when the connection had ended before the registration was on disk', async () => {
    const started = await startPjsip(config, { flows: true });
    started.stack.closeFlow(tcp(1000));
    await started.ask(over(tcp(1000), A));
    started.clock.advance(0);
    await expect.poll(() => started.technology.metrics.location.contacts).toBe(0);
  });

  test('stays when it has registered again over another connection', async () => {
    const started = await startPjsip(config, { flows: true });
    await started.ask(over(tcp(1000), A));
    await started.ask(over(tcp(1001), A));
    started.stack.closeFlow(tcp(1000));
    started.clock.advance(0);
    expect(listed(await started.ask(register([])))).toEqual([`${A} 3600`]);
  });

  test('is dropped at a restart where the end of connections is told, and kept where it is not', async () => {
    for (const flows of [true, false]) {
      const [store, clock] = [memoryStore(), testClock()];
      const before = await startPjsip(config, { store, clock, flows });
      await before.ask(over(tcp(1000), A));
      await before.ask(register('sip:foo@192.0.2.2'));
      await before.technology.stop();
      const after = preparePjsip(config, { store, clock, flows });
      await after.technology.start();
      expect(listed(await after.ask(register([])))).toHaveLength(flows ? 1 : 2);
    }
  });

  test('is removed by a request that could not be delivered, where the end of connections is not told', async () => {
    for (const flows of [true, false]) {
      const started = await startPjsip(config, { flows });
      const { ask, stack, technology } = started;
      await ask(over(tcp(1000), A));
      await sendTo(started);
      expect(stack.sent[0]).toMatchObject({ uri: A, nextHop: 'sip:127.0.0.1:1000;transport=tcp' });
      stack.sent[0]!.fail(503);
      await new Promise(setImmediate);
      started.clock.advance(0);
      await expect.poll(() => technology.metrics.location.contacts).toBe(flows ? 1 : 0);
    }
  });
});

test('a telephone over UDP is not given up for one request that got lost', async () => {
  const started = await startPjsip(config);
  const { ask, stack, technology, clock } = started;
  await ask(register(flow(1), { headers: knows }));
  await sendTo(started);
  expect(stack.sent[0]!.nextHop).toBe('sip:127.0.0.1:5999;transport=udp');
  stack.sent[0]!.fail(408);
  await new Promise(setImmediate);
  clock.advance(0);
  await new Promise(setImmediate);
  expect(technology.metrics.location.contacts).toBe(1);
});

test.each<[string, Contact, ReturnType<typeof towards>]>([
  ['its URI', { uri: A, path: '', source: { ...tcp(1), protocol: 'udp' } }, { uri: A }],
  ['its connection', { uri: A, path: '', source: tcp(1) }, { uri: A, nextHop: 'sip:127.0.0.1:1;transport=tcp' }],
  [
    'its connection, over IPv6',
    { uri: A, path: '', source: { protocol: 'wss', address: '::1', port: 2 } },
    { uri: A, nextHop: 'sip:[::1]:2;transport=wss' },
  ],
  [
    'its flow, over UDP too',
    { uri: A, path: '', source: { ...tcp(1), protocol: 'udp' }, regId: 1 },
    { uri: A, nextHop: 'sip:127.0.0.1:1;transport=udp' },
  ],
  [
    'its Path, whatever connection that came over',
    { uri: A, path: '<sip:p@192.0.2.7;lr>', source: tcp(1) },
    { uri: A, nextHop: 'sip:p@192.0.2.7;lr', headers: [['Route', '<sip:p@192.0.2.7;lr>']] },
  ],
])('a contact is reached by %s', (_, contact, way) => {
  expect(towards(contact)).toEqual(way);
});

const INSTANCE = '"<urn:uuid:00000000-0000-1000-8000-000a95a0e128>"';
const flow = (regId: number, uri = A, more = ''): string => `<${uri}>;+sip.instance=${INSTANCE};reg-id=${regId}${more}`;
const knows: SipHeader[] = [['Supported', 'path, outbound']];

describe('a telephone with several flows', () => {
  test('has a contact for each, by instance and number, whatever their URIs', async () => {
    const { ask } = await startPjsip(config);
    await ask(over(tcp(1000), flow(1), knows));
    const answer = await ask(over(tcp(1001), flow(2), knows));
    expect(answer.status).toBe(200);
    expect(answer.headers.all('Contact').toSorted()).toEqual([
      `<${A}>;expires=3600;+sip.instance=${INSTANCE};reg-id=1`,
      `<${A}>;expires=3600;+sip.instance=${INSTANCE};reg-id=2`,
    ]);
    expect(answer.headers.get('Require')).toBe('outbound');
    expect(answer.headers.get('Supported')).toBe('path, outbound');
    expect(answer.headers.get('Flow-Timer')).toBe('120');
    const moved = await ask(over(tcp(1002), flow(2, 'sip:foo@192.0.2.9'), knows));
    expect(moved.headers.all('Contact')).toHaveLength(2);
    expect((await ask(over(tcp(1002), flow(2, A, ';expires=0'), knows))).headers.all('Contact')).toEqual([
      `<${A}>;expires=3600;+sip.instance=${INSTANCE};reg-id=1`,
    ]);
  });

  test('is sent to by the newest, and by the next when that fails', async () => {
    const started = await startPjsip(config, { flows: true });
    const { ask, stack, technology } = started;
    for (const regId of [1, 2, 3]) {
      await ask(over(tcp(1000 + regId), flow(regId), knows));
      started.clock.advance(10);
    }
    await sendTo(started);
    stack.sent[0]!.fail(503);
    (await stack.sentCount(2)).respond(430);
    (await stack.sentCount(3)).respond(200);
    expect(stack.sent.map(({ nextHop, body }) => `${nextHop} ${body}`)).toEqual(
      [3, 2, 1].map((each) => `sip:127.0.0.1:${1000 + each};transport=tcp x`),
    );
    started.clock.advance(0);
    await expect.poll(() => technology.metrics.location.contacts).toBe(2);
  });

  test('is not sent to by another when it answers itself', async () => {
    const started = await startPjsip(config);
    const { ask, stack } = started;
    for (const regId of [1, 2]) await ask(over(tcp(1000 + regId), flow(regId), knows));
    await sendTo(started);
    stack.sent[0]!.respond(503);
    await new Promise(setImmediate);
    expect(stack.sent).toHaveLength(1);
  });
});

describe('a reg-id', () => {
  const via: SipHeader[] = [
    ['Via', 'SIP/2.0/TCP 192.0.2.7;branch=z9hG4bK1'],
    ['Via', 'SIP/2.0/TCP 192.0.2.1;branch=z9hG4bK2'],
  ];
  const cases: Readonly<Record<string, readonly [Incoming, number, ((answer: Answer) => void)?]>> = {
    'says nothing when the telephone does not know of flows': [
      over(tcp(1), flow(1)),
      200,
      ({ headers }) =>
        expect([headers.get('Require'), headers.get('Contact')]).toEqual([undefined, `<${A}>;expires=3600`]),
    ],
    'is refused through a proxy that does not know of flows': [over(tcp(1), flow(1), [...knows, ...via]), 439],
    'is refused through one whose Path does not say so': [
      over(tcp(1), flow(1), [...knows, ...via, ['Path', '<sip:other@192.0.2.6;lr;ob>, <sip:p@192.0.2.7;lr>']]),
      439,
    ],
    'is taken through one whose Path says so, without a timer': [
      over(tcp(1), flow(1), [...knows, ...via, ['Path', '<sip:p@192.0.2.7;lr;ob>']]),
      200,
      ({ headers }) => expect([headers.get('Require'), headers.get('Flow-Timer')]).toEqual(['outbound', undefined]),
    ],
    'may be required': [over(tcp(1), flow(1), [...knows, ['Require', 'outbound']]), 200],
    'is one for each registration': [over(tcp(1), [flow(1), flow(2)], knows), 400],
    'is a number': [over(tcp(1), flow(0), knows), 400],
  };
  test.each(Object.entries(cases))('%s', async (_, [request, status, check]) => {
    const { ask } = await startPjsip(config);
    const answer = await ask(request);
    expect(answer.status).toBe(status);
    check?.(answer);
  });
});
