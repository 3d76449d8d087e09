// Several destinations: in turn or at once, and the one response that goes back (RFC 3261 16.7).
import { expect, test } from 'vitest';
import { TestClock } from '../clock.ts';
import { final, response, valueOf } from '../stage.ts';
import { from, nextButTrying, scene, statuses, statusOf, vias } from './scene.ts';

test('all at once: the first to answer has the call, the others are cancelled', async () => {
  const all = await scene({ forking: 'simultaneous' });
  const { alice, bob, carol, results } = all;
  alice.send(from('INVITE', all));
  const [toBob, toCarol] = [await bob.inbox.next(), await carol.inbox.next()];
  expect(vias(toBob)[0]).not.toBe(vias(toCarol)[0]);
  bob.send(response(toBob, '180 Ringing'));
  carol.send(response(toCarol, '200 OK', [`Contact: <sip:carol@127.0.0.1:${carol.port}>`]));
  const cancel = await bob.inbox.next();
  expect([statusOf(cancel), vias(cancel)]).toEqual([expect.stringMatching(/^CANCEL sip:bob@/), [vias(toBob)[0]]]);
  bob.send(response(cancel, '200 OK'));
  bob.send(response(toBob, '487 Request Terminated'));
  expect(statusOf(await bob.inbox.next())).toMatch(/^ACK /);
  expect(statusOf(await final(alice))).toBe('SIP/2.0 200 OK');
  await expect.poll(() => results).toHaveLength(1);
  expect(statuses(results[0])).toEqual([200]);
  expect(alice.inbox.waiting).toEqual([]);
});

test('a second 2xx to an INVITE is passed on too, since it has begun a dialog', async () => {
  const all = await scene({ forking: 'simultaneous' });
  const { alice, bob, carol } = all;
  alice.send(from('INVITE', all));
  const [toBob, toCarol] = [await bob.inbox.next(), await carol.inbox.next()];
  bob.send(response(toBob, '200 OK', ['Contact: <sip:bob@127.0.0.1>']));
  expect(valueOf(await final(alice), 'Contact')).toContain('bob');
  carol.send(response(toCarol, '200 OK', ['Contact: <sip:carol@127.0.0.1>']));
  expect(valueOf(await final(alice), 'Contact')).toContain('carol');
});

test('challenges of several are passed on together', async () => {
  const all = await scene({ forking: 'simultaneous' });
  const { alice, bob, carol } = all;
  alice.send(from('MESSAGE', all));
  bob.send(response(await bob.inbox.next(), '401 Unauthorized', ['WWW-Authenticate: Digest realm="bob"']));
  carol.send(response(await carol.inbox.next(), '407 Proxy', ['Proxy-Authenticate: Digest realm="carol"']));
  const answer = await final(alice);
  expect(statusOf(answer)).toBe('SIP/2.0 401 Unauthorized');
  expect([valueOf(answer, 'WWW-Authenticate'), valueOf(answer, 'Proxy-Authenticate')]).toEqual([
    'Digest realm="bob"',
    'Digest realm="carol"',
  ]);
});

test('6xx ends the search at once', async () => {
  const all = await scene({});
  const { alice, bob, carol } = all;
  alice.send(from('INVITE', all));
  bob.send(response(await bob.inbox.next(), '603 Decline'));
  expect(statusOf(await final(alice))).toBe('SIP/2.0 603 Decline');
  expect(carol.inbox.waiting).toEqual([]);
});

test('a 503 of everybody is a 500, since this server itself is well', async () => {
  const all = await scene({});
  const { alice, bob, carol, results } = all;
  alice.send(from('MESSAGE', all));
  bob.send(response(await bob.inbox.next(), '503 Service Unavailable'));
  carol.send(response(await carol.inbox.next(), '503 Service Unavailable'));
  expect(statusOf(await final(alice))).toBe('SIP/2.0 500 Server Internal Error');
  await expect.poll(() => results.map(statuses)).toEqual([[503, 503]]);
});

test('who says nothing within the provisional timeout is given up, but may still answer', async () => {
  const all = await scene({ provisionalTimeout: '50ms' });
  const { alice, bob, carol } = all;
  alice.send(from('INVITE', all));
  const toBob = await bob.inbox.next();
  const toCarol = await carol.inbox.next();
  carol.send(response(toCarol, '180 Ringing'));
  expect(statusOf(await nextButTrying(alice))).toBe('SIP/2.0 180 Ringing');
  bob.send(response(toBob, '200 OK', ['Contact: <sip:bob@127.0.0.1>']));
  expect(valueOf(await final(alice), 'Contact')).toContain('bob');
  let cancel = await carol.inbox.next();
  while (!cancel.startsWith('CANCEL')) cancel = await carol.inbox.next();
});

test('who has said something keeps its time, until the final timeout', async () => {
  const all = await scene({ provisionalTimeout: '40ms', finalTimeout: '200ms' });
  const { alice, bob, carol } = all;
  alice.send(from('INVITE', all));
  const toBob = await bob.inbox.next();
  const began = Date.now();
  bob.send(response(toBob, '180 Ringing'));
  expect(statusOf(await bob.inbox.next())).toMatch(/^CANCEL /);
  await carol.inbox.next();
  expect(Date.now() - began).toBeGreaterThan(100);
});

test('redirections are followed when the application says so, the most wanted first', async () => {
  const all = await scene({ followRedirects: true });
  const { alice, bob, carol, results, peer } = all;
  const dave = await peer();
  alice.send(from('INVITE', all));
  const contacts = [
    `Contact: <sip:late@127.0.0.1:${carol.port}>;q=0.1`,
    `Contact: <sip:dave@127.0.0.1:${dave.port}?Subject=x>;q=0.9, <sip:bob@127.0.0.1:${bob.port}>`,
  ];
  bob.send(response(await bob.inbox.next(), '302 Moved', contacts));
  carol.send(response(await carol.inbox.next(), '404 Not Found'));
  const toDave = await dave.inbox.next();
  expect(statusOf(toDave)).toBe(`INVITE sip:dave@127.0.0.1:${dave.port} SIP/2.0`);
  dave.send(response(toDave, '200 OK'));
  expect(statusOf(await final(alice))).toBe('SIP/2.0 200 OK');
  await expect.poll(() => results.map(statuses)).toEqual([[302, 404, 200]]);
  expect((await carol.inbox.next()).split(' ')[0]).toBe('ACK');
  expect(carol.inbox.waiting).toEqual([]);
});

test('otherwise a redirection is passed on', async () => {
  const all = await scene({});
  const { alice, bob, carol } = all;
  alice.send(from('INVITE', all));
  bob.send(response(await bob.inbox.next(), '302 Moved', ['Contact: <sip:dave@127.0.0.1>']));
  carol.send(response(await carol.inbox.next(), '404 Not Found'));
  const answer = await final(alice);
  expect([statusOf(answer), valueOf(answer, 'Contact')]).toEqual(['SIP/2.0 302 Moved', '<sip:dave@127.0.0.1>']);
});

test('a CANCEL goes to everybody who is asked, and ends the search', async () => {
  const all = await scene({});
  const { alice, bob, carol, results } = all;
  alice.send(from('INVITE', all, { callId: 'call', branch: 'z9hG4bK-one' }));
  const toBob = await bob.inbox.next();
  bob.send(response(toBob, '180 Ringing'));
  await nextButTrying(alice);
  alice.send(from('CANCEL', all, { callId: 'call', branch: 'z9hG4bK-one' }));
  const cancel = await bob.inbox.next();
  expect(statusOf(cancel)).toMatch(/^CANCEL /);
  bob.send(response(cancel, '200 OK'));
  bob.send(response(toBob, '487 Request Terminated'));
  const answers = [await alice.inbox.next(), await alice.inbox.next()].map(
    (text) => `${statusOf(text)} ${valueOf(text, 'CSeq')}`,
  );
  expect(answers.sort()).toEqual(['SIP/2.0 200 OK 1 CANCEL', 'SIP/2.0 487 Request Terminated 1 INVITE']);
  await expect.poll(() => results.map(statuses)).toEqual([[487]]);
  expect(carol.inbox.waiting).toEqual([]);
});

test.each([
  ['INVITE', 'SIP/2.0 408 Request Timeout'],
  ['MESSAGE', undefined],
])('nobody answers: %s is answered with %s', async (method, expected) => {
  const all = await scene({}, { timers: { T1: 5, T2: 40, T4: 50 } });
  const { alice, results, server } = all;
  alice.send(from(method, all));
  await expect.poll(() => results.map(statuses)).toEqual([[408, 408]]);
  if (expected !== undefined) expect(statusOf(await final(alice))).toBe(expected);
  else expect(alice.inbox.waiting).toEqual([]);
  expect(server.metrics.gauges.pendingRequests).toBe(0);
});

test('who rings for more than three minutes is cancelled, and nothing is left of it', async () => {
  const clock = new TestClock();
  const all = await scene({}, { clock, limits: { holdTrying: 0 } });
  const { alice, bob, carol, server, results } = all;
  const idle = clock.size;
  alice.send(from('INVITE', all));
  const toBob = await bob.inbox.next();
  bob.send(response(toBob, '180 Ringing'));
  expect(statusOf(await nextButTrying(alice))).toBe('SIP/2.0 180 Ringing');
  clock.pass(180_000);
  bob.send(response(toBob, '183 Session Progress'));
  expect(statusOf(await nextButTrying(alice))).toBe('SIP/2.0 183 Session Progress');
  clock.pass(184_000);
  expect(bob.inbox.waiting).toEqual([]);
  clock.pass(1_000);
  const cancel = await bob.inbox.next();
  expect(statusOf(cancel)).toMatch(/^CANCEL /);
  clock.pass(32_000);
  const toCarol = await carol.inbox.next();
  carol.send(response(toCarol, '404 Not Found'));
  expect(statusOf(await final(alice))).toBe('SIP/2.0 404 Not Found');
  await expect.poll(() => results.map(statuses)).toEqual([[408, 404]]);
  clock.pass(64_000);
  expect(server.metrics.gauges).toMatchObject({ pendingRequests: 0, serverTransactions: 0, clientTransactions: 0 });
  clock.pass(600_000);
  expect(clock.size).toBe(idle);
});
