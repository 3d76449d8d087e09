// Which connection, or which socket, a message takes.
import { createSocket } from 'node:dgram';
import { createServer, type Socket } from 'node:net';
import { expect, onTestFinished, test } from 'vitest';
import { tokensOf } from '../calls.ts';
import { udpPeer } from '../replay/parties.ts';
import { final, request, response, stage, valueOf } from '../stage.ts';
import { portOf, secureStage, telephoneOf, type Secure } from './peers.ts';
import { certificate } from '../../support/certificate.ts';

/** Somebody who listens for TCP, and what is sent to him. */
async function listener() {
  const sockets: Socket[] = [];
  const texts: string[] = [];
  const server = createServer((socket) => {
    sockets.push(socket);
    socket.on('error', () => undefined).on('data', (chunk) => texts.push(String(chunk)));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  const bound = server.address();
  return { sockets, texts, port: bound !== null && typeof bound === 'object' ? bound.port : 0 };
}

test('a response whose connection has ended goes to the port of the Via, at the address that the request came from', async () => {
  const { client, peer, server } = await stage();
  const [app, alice, home] = [await client('message'), await peer('tcp'), await listener()];
  const message = request('MESSAGE', home.port, { protocol: 'TCP' });
  alice.send(message.replace('Via: SIP/2.0/TCP 127.0.0.1', 'Via: SIP/2.0/TCP 192.0.2.7'));
  const transaction = tokensOf(await app.inbox.next())[8]!;
  await alice.close();
  await expect.poll(() => server.metrics.gauges.tcpConnections).toBe(0);
  app.send(`id|sip|${transaction}|\r\nSIP/2.0 202 Accepted\r\n\r\n`);
  expect(tokensOf(await app.inbox.next())[3]).toBe('OK');
  await expect.poll(() => home.texts.join('')).toMatch(/^SIP\/2\.0 202 Accepted\r\nVia: SIP\/2\.0\/TCP 192\.0\.2\.7:/);
});

test('a connection whose Via says "alias" is used for requests to the port that it names, once its request was accepted', async () => {
  const { client, peer } = await stage();
  const [app, alice, home] = [await client('message'), await peer('tcp'), await listener()];
  const ask = (): void =>
    app.send(`id|sip|||\r\nOPTIONS sip:alice@127.0.0.1:${home.port};transport=tcp SIP/2.0\r\n\r\n`);
  const message = (): string => request('MESSAGE', home.port, { protocol: 'TCP' }).replace(/(Via: [^\r]*)/, '$1;alias');
  for (const status of ['403 Forbidden', '202 Accepted']) {
    alice.send(message());
    app.send(`id|sip|${tokensOf(await app.inbox.next())[8]}|\r\nSIP/2.0 ${status}\r\n\r\n`);
    await app.inbox.next();
    await final(alice);
    ask();
    await app.inbox.next();
    if (status.startsWith('403')) {
      await expect.poll(() => home.texts.join('')).toMatch(/^OPTIONS /);
      const [connection] = home.sockets;
      connection!.destroy();
      expect(tokensOf(await app.inbox.next())[1]).toBe('sip');
    } else expect(await final(alice)).toMatch(/^OPTIONS /);
  }
});

test('over TLS "alias" counts only from one who has shown a certificate that we trust', async () => {
  const { client, telephone, server } = await secureStage('tls');
  const [app, alice] = [await client('message'), await telephone()];
  alice.send(request('MESSAGE', 9, { protocol: 'TLS' }).replace(/(Via: [^\r]*)/, '$1;alias'));
  app.send(`id|sip|${tokensOf(await app.inbox.next())[8]}|\r\nSIP/2.0 202 Accepted\r\n\r\n`);
  await app.inbox.next();
  await final(alice);
  app.send('id|sip|||\r\nOPTIONS sip:alice@127.0.0.1:9;transport=tls SIP/2.0\r\n\r\n');
  await app.inbox.next();
  expect(await app.inbox.next()).toContain('\r\nSIP/2.0 503 ');
  expect([alice.inbox.waiting.length, server.metrics.drops['tls-failed']]).toEqual([0, 1]);
});

test('a telephone that registered at one of several UDP sockets is called from that one', async () => {
  const { client, server } = await stage({ listen: ['udp://127.0.0.1:0', 'udp://127.0.0.1:0'] });
  const [first, second] = server.addresses.map(({ port }) => port);
  const app = await client('register');
  for (const at of [second!, first!]) {
    const alice = await udpPeer(at);
    onTestFinished(() => alice.close());
    alice.send(request('REGISTER', alice.port));
    const told = await app.inbox.next();
    app.send(
      `id|sip|${tokensOf(told)[8]}|\r\nSIP/2.0 200 OK\r\nContact: ${valueOf(told, 'Contact')};expires=60\r\n\r\n`,
    );
    await app.inbox.next();
    await final(alice);
    app.send(`id|sip|||sip:127.0.0.1:${alice.port}\r\nOPTIONS sip:alice@a.invalid SIP/2.0\r\n\r\n`);
    await app.inbox.next();
    const asked = await alice.inbox.next();
    expect(valueOf(asked, 'Via')).toContain(`127.0.0.1:${at};`);
    alice.send(response(asked, '200 OK'));
    await app.inbox.next();
  }
});

test.each<Secure | 'udp' | 'tcp'>(['udp', 'tcp', 'tls', 'ws', 'wss'])(
  '%s is served over IPv6 and IPv4, by several sockets each',
  async (protocol) => {
    const tls = await certificate(['localhost']);
    const listen = ['127.0.0.1', '127.0.0.1', '[::1]', '[::1]'].map((host) => `${protocol}://${host}:0`);
    const { server } = await stage({ listen, tls });
    expect(server.addresses.map(({ address }) => address)).toEqual(['127.0.0.1', '127.0.0.1', '::1', '::1']);
    expect(new Set(server.addresses.map(({ port }) => port)).size).toBe(4);
  },
);

test('a telephone is served over IPv6 by UDP', async () => {
  const { client, port } = await stage({ listen: ['udp://[::1]:0'] });
  const app = await client('message');
  const socket = createSocket('udp6');
  onTestFinished(() => void socket.close());
  const answer = new Promise<Buffer>((resolve) => socket.on('message', (octets) => resolve(octets)));
  socket.send(request('MESSAGE', 1).replaceAll('127.0.0.1:1;', '[::1]:1;'), port(), '::1');
  const told = tokensOf(await app.inbox.next());
  expect(told[5]).toBe('::1');
  app.send(`id|sip|${told[8]}|\r\nSIP/2.0 202 Accepted\r\n\r\n`);
  expect(valueOf(String(await answer), 'Via')).toMatch(/^SIP\/2\.0\/UDP \[::1\]:1;branch=[^;]*;rport=\d+/);
});

test('a telephone is served over IPv6 by secure WebSocket', async () => {
  const tls = await certificate(['localhost']);
  const opened = await stage({ listen: ['wss://[::1]:0'], tls });
  const app = await opened.client('message');
  const alice = await telephoneOf('wss', portOf(opened, 'wss'), '::1');
  alice.ask('MESSAGE');
  expect(tokensOf(await app.inbox.next()).slice(4, 7)).toEqual(['wss', '::1', String(alice.port)]);
});
