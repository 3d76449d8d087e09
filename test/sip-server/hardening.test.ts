// What a hostile, broken or slow peer, and a slow application, cannot do to the server.
import { connect } from 'node:net';
import { createSocket } from 'node:dgram';
import { describe, expect, test } from 'vitest';
import { StreamFramer } from '../../src/sip-server/transport/stream-framer.ts';
import { tokensOf } from './calls.ts';
import { TestClock } from './clock.ts';
import { final, request, response, stage, valueOf } from './stage.ts';

describe.each(['udp', 'tcp'] as const)('over %s', (transport) => {
  const protocol = transport === 'udp' ? 'UDP' : 'TCP';

  test('a malformed request gets 400, and the next one is served', async () => {
    const { client, peer } = await stage();
    const [app, alice] = [await client('message'), await peer(transport)];
    alice.send(request('MESSAGE', alice.port, { protocol }).replace('CSeq: 1 MESSAGE', 'CSeq: 1 INVITE'));
    expect(await final(alice)).toMatch(/^SIP\/2\.0 400 CSeq does not match the method\r\n/);
    alice.send(request('MESSAGE', alice.port, { protocol }).replace(' SIP/2.0', ' SIP/3.0'));
    expect(await final(alice)).toMatch(/^SIP\/2\.0 505 /);
    alice.send(request('MESSAGE', alice.port, { protocol, callId: 'good' }));
    expect(await app.inbox.next()).toContain('Call-ID: good');
  });

  test('a request that no application answers in time gets 503 and when to come back, and a late answer is refused', async () => {
    const { client, peer, server } = await stage({ limits: { answerTime: 30, inviteTime: 30 } });
    const [app, alice] = [await client('message', 'invite'), await peer(transport)];
    for (const method of ['MESSAGE', 'INVITE']) {
      alice.send(request(method, alice.port, { protocol }));
      const transaction = (await app.inbox.next()).split('|')[8]!;
      const answer = await final(alice);
      expect([answer.split('\r\n')[0], valueOf(answer, 'Retry-After')]).toEqual([
        'SIP/2.0 503 Service Unavailable',
        '5',
      ]);
      app.send(`id|sip|${transaction}|\r\nSIP/2.0 200 OK\r\n\r\n`);
      expect(await app.inbox.next()).toContain('|NOK|Response not sent due to unknown transaction');
    }
    expect(server.metrics.drops['late-application']).toBe(2);
  });

  test('more unanswered requests than allowed get 503', async () => {
    const { client, peer, server } = await stage({ limits: { pendingRequests: 2 } });
    await client('message');
    const alice = await peer(transport);
    for (let sent = 0; sent < 3; sent++) alice.send(request('MESSAGE', alice.port, { protocol }));
    expect(valueOf(await final(alice), 'Retry-After')).toBe('5');
    expect([server.metrics.drops.overload, server.metrics.gauges.pendingRequests]).toEqual([1, 2]);
  });
});

test('what is over is forgotten, and no timer stays behind', async () => {
  const clock = new TestClock();
  const { client, peer, server } = await stage({ clock });
  const [app, alice] = [await client('message', 'invite'), await peer()];
  const idle = clock.size;
  for (const [method, status] of [
    ['MESSAGE', '202 Accepted'],
    ['INVITE', '486 Busy Here'],
    ['INVITE', '200 OK'],
  ] as const) {
    alice.send(request(method, alice.port));
    app.send(`id|sip|${tokensOf(await app.inbox.next())[8]}|\r\nSIP/2.0 ${status}\r\n\r\n`);
    await app.inbox.next();
    await final(alice);
  }
  app.send(`id|sip||\r\nOPTIONS sip:alice@127.0.0.1:${alice.port} SIP/2.0\r\n\r\n`);
  alice.send(response(await final(alice), '200 OK'));
  await expect.poll(() => app.inbox.waiting.length).toBe(2);
  expect(server.metrics.gauges).toMatchObject({ serverTransactions: 3, clientTransactions: 1, dialogs: 1 });
  clock.pass(32_000);
  expect(server.metrics.gauges).toMatchObject({ serverTransactions: 0, clientTransactions: 1, dialogs: 0 });
  clock.pass(32_000); // of the BYE that ended the call without an ACK
  expect(server.metrics.gauges).toMatchObject({
    serverTransactions: 0,
    pendingRequests: 0,
    clientTransactions: 0,
    dialogs: 0,
  });
  expect(clock.size).toBe(idle);
});

test('datagrams that are no SIP are dropped and counted', async () => {
  const { server, port } = await stage();
  const socket = createSocket('udp4');
  for (const text of ['\r\n\r\n', '\0\0\0\0', '', 'nonsense', 'SIP/2.0 200 OK\r\n\r\n'])
    socket.send(text, port(), '127.0.0.1');
  await expect.poll(() => [server.metrics.drops.keepalive, server.metrics.drops.malformed]).toEqual([3, 2]);
  socket.close();
});

test('a response that belongs to nothing, and an ACK, are dropped and counted', async () => {
  const { server, peer } = await stage();
  const alice = await peer();
  alice.send(request('OPTIONS', alice.port).replace(/^.*\r\n/, 'SIP/2.0 200 OK\r\n'));
  alice.send(request('ACK', alice.port));
  await expect.poll(() => [server.metrics.drops['stray-response'], server.metrics.drops['stray-ack']]).toEqual([1, 1]);
});

test('the same request by two ways is answered 482 the second time', async () => {
  const { client, peer } = await stage();
  await client('message');
  const alice = await peer();
  for (const branch of ['z9hG4bK-one', 'z9hG4bK-two'])
    alice.send(request('MESSAGE', alice.port, { callId: 'same', branch }));
  expect(await final(alice)).toMatch(/^SIP\/2\.0 482 /);
});

test('a request of the old kind, without a branch, is recognised when it comes again', async () => {
  const { client, peer } = await stage();
  const [app, alice] = [await client('message'), await peer()];
  const old = request('MESSAGE', alice.port, { callId: 'old' }).replace(/;branch=[^;]*/, '');
  alice.send(old);
  const transaction = (await app.inbox.next()).split('|')[8]!;
  app.send(`id|sip|${transaction}|\r\nSIP/2.0 202 Accepted\r\n\r\n`);
  const answer = await final(alice);
  alice.send(old);
  expect(await final(alice)).toBe(answer);
});

describe('a TCP connection', () => {
  const opened = async (options: Parameters<typeof stage>[0]) => {
    const { server, port } = await stage(options);
    const socket = connect(port('tcp'), '127.0.0.1');
    socket.on('error', () => undefined);
    const closed = new Promise<void>((resolve) => socket.once('close', () => resolve()));
    await new Promise<void>((resolve) => socket.once('connect', resolve));
    return { server, socket, closed };
  };

  test('that says nothing is closed', async () => {
    const { server, closed } = await opened({ limits: { tcpHalfOpenTime: 20 } });
    await closed;
    expect(server.metrics.drops['tcp-half-open']).toBe(1);
  });

  test('that never finishes its message is closed, though it goes on sending', async () => {
    const { server, socket, closed } = await opened({ limits: { tcpHalfOpenTime: 60 } });
    const trickle = setInterval(() => socket.write('X: y\r\n'), 5);
    socket.write('OPTIONS sip:a SIP/2.0\r\n');
    await closed;
    clearInterval(trickle);
    expect(server.metrics.drops['tcp-half-open']).toBe(1);
  });

  test('that is idle too long is closed', async () => {
    const { server, socket, closed } = await opened({ limits: { tcpIdleTime: 40 } });
    socket.resume();
    socket.write('\r\n\r\n');
    await closed;
    expect(server.metrics.drops['tcp-idle']).toBe(1);
  });

  test('is answered CRLF to its keepalive', async () => {
    const { socket } = await opened({});
    socket.write('\r\n\r\n');
    expect(String(await new Promise((resolve) => socket.once('data', resolve)))).toBe('\r\n');
  });

  test('beyond the limit is refused', async () => {
    const { server, closed } = await opened({ limits: { tcpConnections: 0 } });
    await closed;
    expect(server.metrics.drops['tcp-refused']).toBe(1);
  });

  test('in which no message can be found is answered and closed', async () => {
    const { server, socket, closed } = await opened({});
    let answer = '';
    socket.on('data', (chunk) => (answer += String(chunk)));
    socket.write(request('OPTIONS', 1, { protocol: 'TCP', headers: ['Content-Length: 5'] }));
    await closed;
    expect(answer).toMatch(/^SIP\/2\.0 400 More than one Content-Length\r\n/);
    expect(server.metrics.drops['tcp-unframed']).toBe(1);
  });

  test('whose reader is slow is cut when too much waits for it', async () => {
    const { client, peer, server } = await stage({ limits: { tcpBacklog: 100_000 } });
    const [app, alice] = [await client('options'), await peer('tcp')];
    alice.send(request('OPTIONS', alice.port, { protocol: 'TCP' }));
    await app.inbox.next();
    alice.pause();
    const message = `id|sip||\r\nMESSAGE sip:alice@127.0.0.1:${alice.port};transport=tcp SIP/2.0\r\nContent-Type: text/plain\r\n\r\n`;
    const send = () => {
      for (let sent = 0; sent < 20; sent++) app.send(message + 'x'.repeat(50_000));
      return server.metrics.drops['tcp-slow-reader'];
    };
    await expect.poll(send).toBeGreaterThan(0);
  });
});

describe('a stream', () => {
  const messages = [
    request('OPTIONS', 1, { protocol: 'TCP' }),
    request('MESSAGE', 1, { protocol: 'TCP', body: 'a\r\n\r\nb' }),
    request('OPTIONS', 1, { protocol: 'TCP' }).replace('Content-Length: 0', 'l :\r\n  0'),
  ];
  const whole = Buffer.from(messages.join('\r\n'));
  const read = (chunks: readonly Buffer[]) => {
    const framer = new StreamFramer(10_000);
    return chunks
      .flatMap((chunk) => framer.push(chunk))
      .map((part) => (part.kind === 'message' ? String(part.octets) : part.kind));
  };

  test('is divided into the same messages wherever it is cut', () => {
    for (let cut = 0; cut <= whole.length; cut++)
      expect(read([whole.subarray(0, cut), whole.subarray(cut)])).toEqual(messages);
    expect(read([...whole].map((octet) => Buffer.from([octet])))).toEqual(messages);
  });

  test('with a message larger than the limit is given up, with or without the end of its headers', () => {
    expect(read([Buffer.from('x'.repeat(10_001))])).toEqual(['broken']);
    expect(read([Buffer.from(messages[0]!.replace('Content-Length: 0', 'Content-Length: 10000'))])).toEqual(['broken']);
  });
});
