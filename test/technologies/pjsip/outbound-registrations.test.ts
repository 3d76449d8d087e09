// Our registrations at providers: made, refreshed before they end, tried again, changed with the configuration, taken back.
import { describe, expect, test } from 'vitest';
import { Fault } from '../../../src/errors.ts';
import { resolvePjsip } from '../../../src/technologies/pjsip/objects/index.ts';
import { snapshotId } from '../../../src/technologies/pjsip/outbound-registration.ts';
import { refreshAfter } from '../../../src/technologies/pjsip/registering.ts';
import type { SipHeader } from '../../../src/technologies/pjsip/stack.ts';
import { challenge, numbers, ok, room, shown } from './providers-room.ts';

test('it registers at once, and again before it ends, in the same call', async () => {
  const { stack, clock, snapshot, changes, settled } = room();
  const first = await stack.sentCount(1);
  expect([first.method, first.uri, first.nextHop]).toEqual(['REGISTER', 'sip:p.example', undefined]);
  expect([...first.message.headers]).toEqual([
    ['From', '<sip:me@p.example>;tag=0101010101010101'],
    ['To', '<sip:me@p.example>'],
    ['Call-ID', '01010101010101010101010101010101'],
    ['CSeq', '1 REGISTER'],
    ['Contact', '<sip:me@localhost>'],
    ['Expires', '3600'],
  ]);
  first.respond(200, ok(600, ['Server', 'Provider/1']));
  await settled();
  expect(snapshot()).toMatchObject({
    ...{ id: 'outbound.p', direction: 'outbound', endpoint: 'PJSIP/trunk', aor: 'sip:me@p.example' },
    ...{
      uri: 'sip:me@localhost',
      state: 'Registered',
      transport: 'udp',
      agent: 'Provider/1',
      source: '127.0.0.1:5999',
    },
    expiresAt: clock.now() + 600_000,
  });
  clock.advance(539_000);
  expect(stack.sent).toHaveLength(1);
  clock.advance(1_000);
  (await stack.sentCount(2)).respond(200, ok(600));
  await settled();
  expect(stack.sent[1]!.message.headers.get('Call-ID')).toBe(first.message.headers.get('Call-ID'));
  expect(numbers(stack.sent)).toEqual(['1 REGISTER', '2 REGISTER']);
  expect(await changes()).toEqual(['registered', 'refreshed']);
});

test('it comes again a second after the connection has ended by which the provider reaches it, and after no other', async () => {
  const { stack, clock, settled, changes } = room();
  (await stack.sentCount(1)).respond(200, ok(600));
  await settled();
  // The fake stack's answers come from there.
  const source = { protocol: 'udp', address: '127.0.0.1', port: 5999 };
  stack.closeFlow({ ...source, port: 5998 });
  clock.advance(1_000);
  expect(stack.sent).toHaveLength(1);
  stack.closeFlow(source);
  clock.advance(1_000);
  (await stack.sentCount(2)).respond(200, ok(600));
  await settled();
  expect(await changes()).toEqual(['registered', 'refreshed']);
  // The refresh that was due before is not made besides.
  clock.advance(539_000);
  expect(stack.sent).toHaveLength(2);
});

test.each([
  [3600, 3240],
  [60, 54],
  [30, 25],
  [8, 4],
  [1, 1],
])('what holds for %i s is refreshed after %i s', (granted, after) => {
  expect(refreshAfter(granted)).toBe(after);
});

test('what it is granted is read from its own contact, else from Expires, else it is what was asked for', async () => {
  const grants: readonly (readonly [readonly SipHeader[], number])[] = [
    [[['Contact', '<sip:other@h>;expires=7, <sip:me@localhost>;expires=100']], 100],
    [
      [
        ['Contact', '<sip:other@h>;expires=7'],
        ['Expires', '200'],
      ],
      200,
    ],
    [[], 3600],
  ];
  for (const [headers, seconds] of grants) {
    const { stack, clock, snapshot, settled } = room();
    (await stack.sentCount(1)).respond(200, { headers });
    await settled();
    expect(snapshot()?.expiresAt).toBe(clock.now() + seconds * 1000);
  }
});

describe('credentials', () => {
  test('are shown when asked for, and at once the next time, with the next count', async () => {
    const { stack, clock, settled } = room({ outbound_auth: 'p' });
    (await stack.sentCount(1)).respond(401, challenge('n1'));
    const second = await stack.sentCount(2);
    expect(shown(second)).toMatchObject({ username: 'me', nonce: 'n1', nc: '00000001', uri: 'sip:p.example' });
    second.respond(200, ok(600));
    await settled();
    clock.advance(540_000);
    const third = await stack.sentCount(3);
    expect(shown(third)).toMatchObject({ nonce: 'n1', nc: '00000002' });
    third.respond(401, challenge('n2', ',stale=true'));
    const fourth = await stack.sentCount(4);
    expect(shown(fourth)).toMatchObject({ nonce: 'n2', nc: '00000001' });
    fourth.respond(200, ok(600, ['Authentication-Info', 'nextnonce="n3"']));
    await settled();
    clock.advance(540_000);
    expect(shown(await stack.sentCount(5))).toMatchObject({ nonce: 'n3', nc: '00000001' });
    expect(numbers(stack.sent)).toEqual([1, 2, 3, 4, 5].map((number) => `${number} REGISTER`));
  });

  test('that are refused are not shown again, and that is the end', async () => {
    const { stack, snapshot, changes, settled, clock, logged } = room({ outbound_auth: 'p' });
    (await stack.sentCount(1)).respond(401, challenge('n1'));
    (await stack.sentCount(2)).respond(401, { reason: 'Unauthorized', ...challenge('n2') });
    await settled();
    expect(snapshot()).toMatchObject({ state: 'Rejected', status: '401 Unauthorized' });
    expect(await changes()).toEqual(['rejected']);
    expect(logged.join()).toContain('failed: 401 Unauthorized; given up');
    clock.advance(86_400_000);
    expect(stack.sent).toHaveLength(2);
  });

  test('are not shown to another realm than theirs', async () => {
    const { stack, settled } = room({ outbound_auth: 'elsewhere' });
    (await stack.sentCount(1)).respond(401, challenge('n1'));
    await settled();
    expect(stack.sent).toHaveLength(1);
  });
});

test('what is too short is asked for longer, from then on (423)', async () => {
  const { stack, clock, settled } = room({ expiration: 60 });
  (await stack.sentCount(1)).respond(423, { headers: [['Min-Expires', '900']] });
  const second = await stack.sentCount(2);
  expect(second.message.headers.get('Expires')).toBe('900');
  second.respond(200, ok(900));
  await settled();
  clock.advance(810_000);
  expect((await stack.sentCount(3)).message.headers.get('Expires')).toBe('900');
});

test('a provider that has no time is asked again when it says, and a bit later than that', async () => {
  const { stack, clock, settled, changes } = room();
  (await stack.sentCount(1)).respond(503, { headers: [['Retry-After', '100 (busy)']] });
  await settled();
  clock.advance(104_000);
  expect(stack.sent).toHaveLength(1);
  clock.advance(1_000);
  (await stack.sentCount(2)).respond(200, ok(600));
  await settled();
  expect(await changes()).toEqual(['rejected', 'registered']);
});

test('it is given up after max_retries, and a success counts anew', async () => {
  const { stack, clock, settled, snapshot } = room({ max_retries: 2, retry_interval: 10 });
  const fail = async (count: number): Promise<void> => {
    (await stack.sentCount(count)).respond(500);
    await settled();
    clock.advance(10_500);
  };
  await fail(1);
  await fail(2);
  (await stack.sentCount(3)).respond(200, ok(600));
  await settled();
  clock.advance(540_000);
  await fail(4);
  await fail(5);
  await fail(6);
  clock.advance(86_400_000);
  expect(stack.sent).toHaveLength(6);
  expect(snapshot()?.state).toBe('Rejected');
});

test('what cannot be sent is tried again, however often', async () => {
  const { stack, clock, settled, changes } = room({ max_retries: 1, retry_interval: 10 });
  (await stack.sentCount(1)).respond(500);
  await settled();
  stack.failWith(new Fault('unavailable', 'no connection'));
  for (let tries = 0; tries < 5; tries++) {
    clock.advance(10_500);
    await settled();
  }
  stack.failWith(undefined);
  clock.advance(10_500);
  await settled();
  const last = stack.sent.at(-1)!;
  last.respond(200, ok(600));
  await settled();
  expect((await changes()).slice(-2)).toEqual(['failed', 'registered']);
});

test('over a connection its contact says so, and a proxy is where it is sent', async () => {
  const { stack } = room({
    ...{ server_uri: 'sip:p.example', outbound_proxy: 'sip:192.0.2.7;transport=tcp' },
    ...{ contact_user: '100', support_path: 'yes' },
  });
  const { nextHop, message } = await stack.sentCount(1);
  expect(nextHop).toBe('sip:192.0.2.7;transport=tcp');
  expect(message.headers.get('Contact')).toBe('<sip:100@localhost;transport=tcp>');
  expect(message.headers.get('Supported')).toBe('path');
});

test("the provider's way is that of the endpoint's requests, while it holds (RFC 3608)", async () => {
  const { all, stack, clock, settled } = room();
  const trunk = resolvePjsip({ endpoint: { trunk: {} } }).endpoints.get('trunk')!;
  expect(all.serviceRoute(trunk)).toEqual([]);
  const routes: SipHeader = ['Service-Route', '<sip:a.example;lr>, <sip:b.example;lr>'];
  (await stack.sentCount(1)).respond(200, ok(600, routes));
  await settled();
  expect(all.serviceRoute(trunk)).toEqual(['<sip:a.example;lr>', '<sip:b.example;lr>']);
  clock.advance(540_000);
  (await stack.sentCount(2)).respond(500);
  await settled();
  expect(all.serviceRoute(trunk)).toHaveLength(2);
  clock.advance(61_000);
  expect(all.serviceRoute(trunk)).toEqual([]);
});

describe('it is taken back', () => {
  test('when the service stops, and then no more is tried', async () => {
    const { all, stack, clock, settled, changes } = room();
    (await stack.sentCount(1)).respond(200, ok(600));
    await settled();
    const closed = all.close();
    const last = await stack.sentCount(2);
    expect([last.message.headers.get('Expires'), last.message.headers.get('CSeq')]).toEqual(['0', '2 REGISTER']);
    last.respond(200);
    await closed;
    expect(await changes()).toEqual(['registered', 'unregistered']);
    clock.advance(86_400_000);
    expect(stack.sent).toHaveLength(2);
  });

  test('within 2 seconds, whoever does not answer', async () => {
    const { all, stack, clock, settled } = room();
    (await stack.sentCount(1)).respond(200, ok(600));
    await settled();
    const closed = all.close();
    await stack.sentCount(2);
    clock.advance(2_000);
    await closed;
  });

  test('no more, when it is made anew before an answer came', async () => {
    const { all, stack, clock, settled, registrations, objectOf, changes } = room({ outbound_auth: 'p' });
    const first = await stack.sentCount(1);
    registrations.set('p', objectOf({}));
    all.objectChanged('p');
    await settled();
    clock.advance(2_000);
    const second = await stack.sentCount(2);
    first.respond(401, challenge('n'));
    second.respond(200, ok(600));
    await settled();
    expect(stack.sent.map(({ message }) => message.headers.get('Expires'))).toEqual(['3600', '3600']);
    expect(await changes()).toEqual(['stopped', 'registered']);
  });

  test('before it is made anew, when it is configured anew', async () => {
    const { all, stack, settled, registrations, objectOf } = room();
    (await stack.sentCount(1)).respond(200, ok(600));
    await settled();
    registrations.set('p', objectOf({ server_uri: 'sip:other.example' }));
    all.objectChanged('p');
    const last = await stack.sentCount(2);
    expect([last.uri, last.message.headers.get('Expires')]).toEqual(['sip:p.example', '0']);
    last.respond(200);
    expect((await stack.sentCount(3)).uri).toBe('sip:other.example');
    registrations.delete('p');
    all.objectChanged('p');
    stack.sent[2]!.respond(404);
    await settled();
    expect([...all.list()]).toEqual([]);
    expect(stack.sent).toHaveLength(3);
  });

  test('by an operator, until it is configured anew', async () => {
    const { all, stack, settled, snapshot, registrations, objectOf } = room();
    (await stack.sentCount(1)).respond(200, ok(600));
    await settled();
    expect(await all.remove('outbound.q')).toBe(false);
    const removed = all.remove('outbound.p');
    (await stack.sentCount(2)).respond(200);
    expect(await removed).toBe(true);
    expect(snapshot()?.state).toBe('Stopped');
    registrations.set('p', objectOf({}));
    all.objectChanged('p');
    expect((await stack.sentCount(3)).message.headers.get('Expires')).toBe('3600');
  });
});

test('its id is written with letters, digits and few signs, and no two are the same', () => {
  expect(snapshotId('p')).toBe('outbound.p');
  expect(snapshotId('my_ü.p')).toBe('outbound.my_5f_c3_bc_2ep');
});
