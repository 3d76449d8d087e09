// What bounds a connection of a telephone, over TLS and WebSocket as over TCP.
import { request as httpRequest } from 'node:http';
import { connect, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { describe, expect, onTestFinished, test } from 'vitest';
import { TestClock } from '../clock.ts';
import { stage } from '../stage.ts';
import type { webTelephone } from './peers.ts';
import { portOf, secureStage, telephoneOf, type Secure } from './peers.ts';

const protocols: readonly Secure[] = ['tls', 'ws', 'wss'];

/** A TCP connection that has said nothing yet. */
async function silent(port: number): Promise<{ socket: Socket; closed: Promise<unknown> }> {
  const socket = connect(port, '127.0.0.1');
  socket.on('error', () => undefined);
  socket.resume();
  onTestFinished(() => void socket.destroy());
  const closed = new Promise((resolve) => socket.once('close', resolve));
  await new Promise((resolve) => socket.once('connect', resolve));
  return { socket, closed };
}

describe.each(protocols)('over %s', (protocol) => {
  test('one that does not finish the handshake is cut, though it goes on sending', async () => {
    const { server, securePort } = await secureStage(protocol, { limits: { tcpHandshakeTime: 60 } });
    const { socket, closed } = await silent(securePort);
    const trickle = protocol === 'ws' ? 'GET / HTTP/1.1\r\nX-Long: ' : '\x16\x03\x01\x02\x00\x01\x00\x01\xfc';
    socket.write(Buffer.from(trickle, 'latin1'));
    const timer = setInterval(() => socket.write('a'), 5);
    await closed;
    clearInterval(timer);
    expect(server.metrics.drops['tcp-handshake']).toBe(1);
    await expect.poll(() => server.metrics.gauges.tcpConnections).toBe(0);
  });

  test('one that says nothing is cut', async () => {
    const { server, telephone } = await secureStage(protocol, { limits: { tcpHalfOpenTime: 30 } });
    await (
      await telephone()
    ).closed;
    expect(server.metrics.drops['tcp-half-open']).toBe(1);
  });

  test('one that is idle is cut', async () => {
    const { server, telephone, client } = await secureStage(protocol, { limits: { tcpIdleTime: 60 } });
    const [app, alice] = [await client('message'), await telephone()];
    alice.ask('MESSAGE');
    await app.inbox.next();
    await alice.closed;
    expect(server.metrics.drops['tcp-idle']).toBe(1);
  });

  test('one that sends too much is cut, and others are served', async () => {
    const { telephone, client, server } = await secureStage(protocol, { limits: { messageSize: 2_000 } });
    const [app, mallory, alice] = [await client('message'), await telephone(), await telephone()];
    mallory.ask('MESSAGE', { body: 'x'.repeat(5_000) });
    alice.ask('MESSAGE', { callId: 'good' });
    expect(await app.inbox.next()).toContain('Call-ID: good');
    await mallory.closed;
    expect(server.metrics.drops['tcp-unframed']).toBe(1);
  });

  test('one that does not read is cut when too much waits for it', async () => {
    const { telephone, client, server } = await secureStage(protocol, { limits: { tcpBacklog: 100_000 } });
    const [app, alice] = [await client('options'), await telephone()];
    alice.ask('OPTIONS');
    await app.inbox.next();
    alice.pause();
    const message = `id|sip|||sip:127.0.0.1:${alice.port};transport=${protocol}\r\nMESSAGE sip:alice@a.invalid SIP/2.0\r\nContent-Type: text/plain\r\n\r\n`;
    const send = () => {
      for (let sent = 0; sent < 20; sent++) app.send(message + 'x'.repeat(50_000));
      return server.metrics.drops['tcp-slow-reader'];
    };
    await expect.poll(send).toBeGreaterThan(0);
  });

  test('one address has only so many, and may come again when one has ended', async () => {
    const limits = { tcpConnectionsPerAddress: 2 };
    const { telephone, securePort, server } = await secureStage(protocol, { limits });
    const [first] = [await telephone(), await telephone()];
    await expect(telephone()).rejects.toBeDefined();
    expect(server.metrics.drops['tcp-refused']).toBe(1);
    await first.close();
    await expect.poll(() => server.metrics.gauges.tcpConnections).toBe(1);
    await telephoneOf(protocol, securePort);
  });

  test('no timer stays behind when connections have ended', async () => {
    const clock = new TestClock();
    const { telephone, securePort, server } = await secureStage(protocol, { clock });
    const { socket } = await silent(securePort);
    const alice = await telephone();
    await expect.poll(() => server.metrics.gauges.tcpConnections).toBe(2);
    expect(clock.size).toBeGreaterThan(0);
    socket.destroy();
    await alice.close();
    await expect.poll(() => server.metrics.gauges.tcpConnections).toBe(0);
    clock.pass(120_000); // of the line in the log about a handshake that failed
    expect(clock.size).toBe(0);
  });
});

describe('over WebSocket', () => {
  test('a message in pieces has only so much time, whatever control frames come between them', async () => {
    const { server, telephone } = await secureStage('ws', { limits: { tcpHalfOpenTime: 100 } });
    const alice = (await telephone()) as Awaited<ReturnType<typeof webTelephone>>;
    alice.web.send('MESSAGE ', { fin: false });
    const timer = setInterval(() => {
      alice.web.ping('still here');
      alice.web.send('x', { fin: false });
    }, 5);
    await alice.closed;
    clearInterval(timer);
    expect(server.metrics.drops['tcp-half-open']).toBe(1);
  });

  test('pings keep a connection, and a message after them is read', async () => {
    const { server, telephone, client } = await secureStage('ws', { limits: { tcpHalfOpenTime: 150 } });
    const [app, alice] = [await client('message'), (await telephone()) as Awaited<ReturnType<typeof webTelephone>>];
    const pongs: string[] = [];
    alice.web.on('pong', (data) => pongs.push(String(data)));
    for (let count = 0; count < 10; count++) {
      alice.web.ping(`${count}`);
      await expect.poll(() => pongs.length, { interval: 25 }).toBe(count + 1);
    }
    alice.ask('MESSAGE');
    await app.inbox.next();
    expect(server.metrics.drops['tcp-half-open']).toBe(0);
  });

  test('one that pings and reads no answer is cut', async () => {
    const { server, telephone } = await secureStage('ws', { limits: { tcpBacklog: 20_000 } });
    const alice = (await telephone()) as Awaited<ReturnType<typeof webTelephone>>;
    alice.pause();
    const flood = () => {
      for (let count = 0; count < 5_000; count++) alice.web.ping('x'.repeat(125));
      return server.metrics.drops['tcp-slow-reader'];
    };
    await expect.poll(flood, { timeout: 10_000 }).toBe(1);
  });

  test('a message of very many pieces is refused', async () => {
    const { server, telephone } = await secureStage('ws');
    const alice = (await telephone()) as Awaited<ReturnType<typeof webTelephone>>;
    for (let count = 0; count < 1_000; count++) alice.web.send('x', { fin: false });
    await alice.closed;
    expect(server.metrics.drops['tcp-unframed']).toBe(1);
  });

  test('CRLFCRLF is answered CRLF', async () => {
    const { telephone } = await secureStage('ws');
    const alice = await telephone();
    alice.send('\r\n\r\n');
    expect(await alice.inbox.next()).toBe('\r\n');
  });
});

describe('HTTP on the port of a WebSocket', () => {
  const upgrade = {
    Connection: 'Upgrade',
    Upgrade: 'websocket',
    'Sec-WebSocket-Key': 'dGhlIHNhbXBsZSBub25jZQ==',
    'Sec-WebSocket-Version': '13',
    'Sec-WebSocket-Protocol': 'sip',
  };

  test.each([
    ['without an upgrade', 'GET', '/sip', {}, 426],
    ['of another method', 'POST', '/sip', upgrade, 400],
    ['without the subprotocol', 'GET', '/sip', { ...upgrade, 'Sec-WebSocket-Protocol': 'chat, sips' }, 400],
    ['to another path', 'GET', '/', upgrade, 400],
    ['of another version', 'GET', '/sip', { ...upgrade, 'Sec-WebSocket-Version': '1' }, 400],
    ['without a key', 'GET', '/sip', { ...upgrade, 'Sec-WebSocket-Key': '' }, 400],
    ['with a large header', 'GET', '/sip', { ...upgrade, Cookie: 'x'.repeat(10_000) }, 431],
    ['as it should be', 'GET', '/sip?a=b', { ...upgrade, 'Sec-WebSocket-Protocol': 'chat, sip' }, 101],
  ])('a request %s', async (_, method, path, headers, expected) => {
    const opened = await stage({ listen: ['ws://127.0.0.1:0/sip'] });
    const status = await new Promise((resolve, reject) => {
      const asked = httpRequest({ host: '127.0.0.1', port: portOf(opened, 'ws'), method, path, headers });
      asked.on('response', (response) => resolve(response.statusCode));
      asked.on('upgrade', (response, socket) => {
        socket.destroy();
        expect(response.headers['sec-websocket-protocol']).toBe('sip');
        resolve(response.statusCode);
      });
      asked.on('error', reject).end();
    });
    expect(status).toBe(expected);
    await expect.poll(() => opened.server.metrics.gauges.tcpConnections).toBe(0);
  });
});

test('a client without a certificate is let in only where none is asked for', async () => {
  const { securePort, tls } = await secureStage('tls');
  const opened = await stage({ listen: ['tls://127.0.0.1:0'], tls: { ...tls, ca: tls.cert, requestCert: true } });
  const outcome = (port: number, shown: object = {}) =>
    new Promise((resolve) => {
      const socket = connectTls({ host: '127.0.0.1', port, rejectUnauthorized: false, ...shown });
      onTestFinished(() => void socket.destroy());
      socket.on('error', () => resolve('refused')).on('close', () => resolve('refused'));
      socket.on('data', () => resolve('served')).write('\r\n\r\n');
    });
  expect(await outcome(securePort)).toBe('served');
  expect(await outcome(portOf(opened, 'tls'))).toBe('refused');
  expect(await outcome(portOf(opened, 'tls'), { key: tls.key, cert: tls.cert })).toBe('served');
  await expect(outcome(portOf(opened, 'tls'), { maxVersion: 'TLSv1.1', minVersion: 'TLSv1' })).resolves.toBe('refused');
});
