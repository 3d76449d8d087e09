// What a forwarded request looks like, and how the later requests of its call pass through (RFC 3261 16.4, 16.6).
import { expect, test } from 'vitest';
import { tokensOf } from '../calls.ts';
import { final, request, response, stage, valueOf } from '../stage.ts';
import { from, nextButTrying, scene, statuses, statusOf, vias } from './scene.ts';

test('one destination after the other is asked; the answer and its call pass through', async () => {
  const all = await scene({ recordRoute: true, provisionalTimeout: '2s' });
  const { alice, bob, carol, results, server, port } = all;
  alice.send(from('INVITE', all, { callId: 'call' }));
  const toBob = await bob.inbox.next();
  expect(statusOf(toBob)).toBe(`INVITE sip:bob@127.0.0.1:${bob.port} SIP/2.0`);
  expect(vias(toBob)).toHaveLength(2);
  expect(valueOf(toBob, 'Max-Forwards')).toBe('69');
  expect(valueOf(toBob, 'Record-Route')).toMatch(new RegExp(`^<sip:127\\.0\\.0\\.1:${port()};lr;of=[0-9a-f]+>$`));
  bob.send(response(toBob, '486 Busy Here'));
  expect(statusOf(await bob.inbox.next())).toBe(`ACK sip:bob@127.0.0.1:${bob.port} SIP/2.0`);
  const toCarol = await carol.inbox.next();
  for (const status of ['100 Trying', '180 Ringing', '200 OK'])
    carol.send(response(toCarol, status, [`Contact: <sip:carol@127.0.0.1:${carol.port}>`]));
  const [ringing, ok] = [await nextButTrying(alice), await nextButTrying(alice)];
  expect([ringing, ok].map(statusOf)).toEqual(['SIP/2.0 180 Ringing', 'SIP/2.0 200 OK']);
  expect(vias(ok)).toEqual([expect.stringContaining(`127.0.0.1:${alice.port}`)]);
  await expect.poll(() => results).toHaveLength(1);
  expect([statuses(results[0]), results[0]]).toEqual([[486, 200], expect.objectContaining({ connected: true })]);

  const within = {
    callId: 'call',
    uri: `sip:carol@127.0.0.1:${carol.port}`,
    to: valueOf(ok, 'To')!,
    headers: [`Route: ${valueOf(ok, 'Record-Route')}`],
  };
  alice.send(from('ACK', all, within));
  const ack = await carol.inbox.next();
  expect([statusOf(ack), valueOf(ack, 'Route'), valueOf(ack, 'Max-Forwards')]).toEqual([
    `ACK ${within.uri} SIP/2.0`,
    undefined,
    '69',
  ]);
  alice.send(from('BYE', all, { ...within, cseq: 2 }));
  const bye = await carol.inbox.next();
  expect([statusOf(bye), valueOf(bye, 'Route')]).toEqual([`BYE ${within.uri} SIP/2.0`, undefined]);
  carol.send(response(bye, '200 OK'));
  expect(statusOf(await alice.inbox.next())).toBe('SIP/2.0 200 OK');
  expect(server.metrics.gauges).toMatchObject({ dialogs: 0, pendingRequests: 0 });
});

test('the other side’s requests come back through as well', async () => {
  const all = await scene({ recordRoute: true });
  const { alice, bob, server } = all;
  alice.send(from('INVITE', all, { callId: 'call' }));
  const invite = await bob.inbox.next();
  bob.send(response(invite, '200 OK', [`Contact: <sip:bob@127.0.0.1:${bob.port}>`]));
  const ok = await final(alice);
  const bye = [
    `BYE sip:alice@127.0.0.1:${alice.port} SIP/2.0`,
    `Via: SIP/2.0/UDP 127.0.0.1:${bob.port};branch=z9hG4bK-bye`,
    `Route: ${valueOf(invite, 'Record-Route')}`,
    `From: ${valueOf(ok, 'To')}`,
    `To: ${valueOf(ok, 'From')}`,
    'Call-ID: call',
    'CSeq: 1 BYE',
    'Content-Length: 0',
  ];
  bob.send(`${bye.join('\r\n')}\r\n\r\n`);
  const received = await alice.inbox.next();
  expect([statusOf(received), vias(received).length]).toEqual([bye[0], 2]);
  alice.send(response(received, '200 OK'));
  expect(statusOf(await bob.inbox.next())).toBe('SIP/2.0 200 OK');
  expect(server.metrics.gauges.pendingRequests).toBe(0);
});

test('a Route that this server has not made for that call forwards nothing', async () => {
  const all = await scene({ recordRoute: true });
  const { alice, bob, port } = all;
  const to = '<sip:bob@127.0.0.1>;tag=bob';
  for (const route of ['', ';of=0123456789abcdef0123']) {
    const headers = [`Route: <sip:127.0.0.1:${port()};lr${route}>`];
    alice.send(from('BYE', all, { uri: `sip:bob@127.0.0.1:${bob.port}`, to, headers }));
    expect(statusOf(await alice.inbox.next())).toMatch(/^SIP\/2\.0 481 /);
  }
  expect(bob.inbox.waiting).toEqual([]);
});

test('a request without hops left is refused with 483', async () => {
  const all = await scene({});
  const { alice, bob, results } = all;
  alice.send(from('MESSAGE', all).replace('Max-Forwards: 70', 'Max-Forwards: 0'));
  expect(statusOf(await final(alice))).toBe('SIP/2.0 483 Too Many Hops');
  await expect.poll(() => results).toEqual(['483 Too Many Hops']);
  expect(bob.inbox.waiting).toEqual([]);
});

test('a request that comes back with another Request-URI is a spiral, and goes on', async () => {
  const all = await scene({});
  const { alice, bob } = all;
  alice.send(from('MESSAGE', all, { uri: 'sip:bob@example.com', callId: 'spiral' }));
  const first = await bob.inbox.next();
  const via = `Via: SIP/2.0/UDP 127.0.0.1:${bob.port};branch=z9hG4bK-back`;
  bob.send(first.replace(/^MESSAGE \S+/, 'MESSAGE sip:other@example.com').replace('\r\nVia', `\r\n${via}\r\nVia`));
  const second = await bob.inbox.next();
  expect([statusOf(second), vias(second).length]).toEqual(['MESSAGE sip:other@example.com SIP/2.0', 4]);
});

test('a looping request gets 482', async () => {
  const staged = await stage();
  const [app, alice, bob] = [await staged.client('message'), await staged.peer(), await staged.peer()];
  const forward = async (): Promise<void> => {
    const transaction = tokensOf(await app.inbox.next())[8];
    app.send(
      `id|proxy|${transaction}||fullResponse||serial|||sip:bob@127.0.0.1:${bob.port}\r\nMESSAGE sip:bob@x SIP/2.0\r\n\r\n`,
    );
  };
  alice.send(request('MESSAGE', alice.port, { uri: 'sip:bob@example.com', callId: 'loop' }));
  await forward();
  const first = await bob.inbox.next();
  // Another proxy sends it back after the first attempt is over here.
  bob.send(response(first, '404 Not Found'));
  await final(alice);
  await app.inbox.next();
  await app.inbox.next();
  bob.send(first.replace('\r\nVia', `\r\nVia: SIP/2.0/UDP 127.0.0.1:${bob.port};branch=z9hG4bK-back\r\nVia`));
  await forward();
  expect(statusOf(await bob.inbox.next())).toBe('SIP/2.0 482 Loop Detected');
  expect(tokensOf(await app.inbox.next()).slice(3)).toEqual(['NOK', '482 Loop Detected']);
});

test('a Request-URI that names somebody else stays, and so do the body and unknown headers', async () => {
  const all = await scene({ headers: { 'X-Added': 'by the application' } });
  const { alice, bob } = all;
  const headers = ['Content-Type: text/plain', 'x-unknown:  kept   as it is'];
  alice.send(from('MESSAGE', all, { uri: 'sip:bob@example.com;x=y', headers, body: 'héllo' }));
  const received = await bob.inbox.next();
  expect(statusOf(received)).toBe('MESSAGE sip:bob@example.com;x=y SIP/2.0');
  expect(received).toContain('\r\nx-unknown:  kept   as it is\r\n');
  expect(valueOf(received, 'X-Added')).toBe('by the application');
  expect(received.endsWith('\r\n\r\nhéllo')).toBe(true);
});

test('a destination over TCP has its own Record-Route, and the caller the one it can reach', async () => {
  const staged = await stage();
  const [app, alice, bob] = [await staged.client('invite'), await staged.peer(), await staged.peer('tcp')];
  bob.send('\r\n\r\n');
  alice.send(request('INVITE', alice.port, { uri: `sip:service@127.0.0.1:${staged.port()}` }));
  const transaction = tokensOf(await app.inbox.next())[8];
  app.send(
    `id|proxy|${transaction}|remainInDialog|fullResponse||serial|||sip:bob@127.0.0.1:${bob.port};transport=tcp\r\nINVITE sip:x SIP/2.0\r\n\r\n`,
  );
  const routes = (await bob.inbox.next()).match(/^Record-Route: .*$/gm)!;
  expect(routes.map((route) => route.replace(/of=.*/, ''))).toEqual([
    `Record-Route: <sip:127.0.0.1:${staged.port('tcp')};transport=tcp;lr;`,
    `Record-Route: <sip:127.0.0.1:${staged.port()};lr;`,
  ]);
});

test('a REGISTER that is forwarded gets a Path', async () => {
  const staged = await stage();
  const [app, alice, bob] = [await staged.client('register'), await staged.peer(), await staged.peer()];
  alice.send(request('REGISTER', alice.port, { uri: 'sip:example.com' }));
  const transaction = tokensOf(await app.inbox.next())[8];
  app.send(
    `id|proxy|${transaction}|remainInDialog|fullResponse||serial|||sip:127.0.0.1:${bob.port}\r\nREGISTER sip:x SIP/2.0\r\n\r\n`,
  );
  const received = await bob.inbox.next();
  expect([statusOf(received), valueOf(received, 'Path'), valueOf(received, 'Record-Route')]).toEqual([
    'REGISTER sip:example.com SIP/2.0',
    `<sip:127.0.0.1:${staged.port()};lr>`,
    undefined,
  ]);
});

test('a forwarded request is no longer the application’s, and outlives it', async () => {
  const staged = await stage();
  const [app, alice, bob] = [await staged.client('invite'), await staged.peer(), await staged.peer()];
  alice.send(request('INVITE', alice.port));
  const transaction = tokensOf(await app.inbox.next())[8];
  app.send(
    `id|proxy|${transaction}||fullResponse||serial|||sip:bob@127.0.0.1:${bob.port}\r\nINVITE sip:x SIP/2.0\r\n\r\n`,
  );
  app.send(`id|sip|${transaction}|\r\nSIP/2.0 486 Busy\r\n\r\n`);
  expect(tokensOf(await app.inbox.next()).slice(3)).toEqual(['NOK', 'Response not sent due to unknown transaction']);
  const invite = await bob.inbox.next();
  await app.close();
  await expect.poll(() => staged.server.metrics.gauges.clients).toBe(0);
  bob.send(response(invite, '200 OK'));
  expect(statusOf(await final(alice))).toBe('SIP/2.0 200 OK');
});

test.each([
  ['nothing', '|||serial|||sip:b@127.0.0.1', 'Unknown transaction id: nothing'],
  ['', '|||serial|2x||sip:b@127.0.0.1', 'invalid timeout'],
  ['', '|||serial|||tel:1', 'invalid request-uri: tel:1'],
  ['', `|||serial||${'|sip:b@127.0.0.1'.repeat(33)}`, 'error proxying request to '],
])('a command for %j with %.30s is refused, and the request stays', async (wanted, rest, reason) => {
  const staged = await stage();
  const [app, alice] = [await staged.client('message'), await staged.peer()];
  alice.send(request('MESSAGE', alice.port));
  const transaction = tokensOf(await app.inbox.next())[8];
  app.send(`id|proxy|${wanted || transaction}|${rest}\r\nMESSAGE sip:x SIP/2.0\r\n\r\n`);
  expect(tokensOf(await app.inbox.next()).slice(3)).toEqual(['NOK', reason]);
  app.send(`id|sip|${transaction}|\r\nSIP/2.0 200 OK\r\n\r\n`);
  expect(statusOf(await final(alice))).toBe('SIP/2.0 200 OK');
});
