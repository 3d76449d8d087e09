// Outbound mode when somebody is not there, does not answer, or says what cannot be.
import { createServer, type AddressInfo } from 'node:net';
import { createServer as createTlsServer } from 'node:tls';
import { expect, onTestFinished, test } from 'vitest';
import { SipServer } from '../../../src/sip-server/index.ts';
import { certificate } from '../../support/certificate.ts';
import { tokensOf } from '../calls.ts';
import { final, request, stage } from '../stage.ts';
import { listening, on, scene, statusLine, webService } from './scene.ts';

test('a tag that nobody has is 480', async () => {
  const { alice, client } = await scene('route', { tag: 'blue' });
  await client('message');
  alice.send(request('MESSAGE', alice.port));
  expect(statusLine(await final(alice))).toBe('SIP/2.0 480 Temporarily Unavailable');
});

test.each([
  ['that is none', 'garbage', 200],
  ['that says nothing known', '{"action":"dance","data":{}}', 200],
  ['named like a property of objects', '{"action":"constructor"}', 200],
  ['without data', '{"action":"route"}', 200],
  ['that would be two lines', '{"action":"reject","data":{"status":486,"reason":"a\\r\\nX: y"}}', 200],
  ['that would be a success', '{"action":"reject","data":{"status":200}}', 200],
  ['with no port', '{"action":"route","data":{"uri":"127.0.0.1"}}', 200],
  ['of nowhere to go', '{"action":"proxy","data":{"destination":[]}}', 200],
  ['of somewhere impossible', '{"action":"proxy","data":{"destination":"sip:["}}', 200],
  ['of an error', '{"action":"reject","data":{"status":486}}', 404],
  ['without end', `"${'x'.repeat(100_000)}"`, 200],
])('an answer %s is 500, and logged', async (_, answer, status) => {
  const { url } = await webService(answer, status);
  const { peer, server } = await stage({ requestHandlers: { '*': url } });
  const alice = await peer();
  alice.send(request('MESSAGE', alice.port));
  expect(statusLine(await final(alice))).toBe('SIP/2.0 500 Server Internal Error');
  expect(server.metrics.drops.handler).toBe(1);
});

test('a web service that is not there, or does not answer, is 500', async () => {
  const free = await stage();
  const urls = [`http://127.0.0.1:${(await free.peer()).port}/`, (await webService(undefined)).url];
  for (const url of urls) {
    const { peer } = await stage({ requestHandlers: { '*': url }, limits: { handlerTime: 100 } });
    const alice = await peer();
    alice.send(request('MESSAGE', alice.port));
    expect(statusLine(await final(alice))).toBe('SIP/2.0 500 Server Internal Error');
  }
});

test('an application that is not there is 480', async () => {
  const { alice } = await scene('route', { uri: '127.0.0.1:1' });
  alice.send(request('MESSAGE', alice.port));
  expect(statusLine(await final(alice))).toBe('SIP/2.0 480 Temporarily Unavailable');
});

test.each(['', '3#x|y', '0#', 'id|authenticate|wrong|'])(
  'an application that says %j instead of its secret is 480',
  async (says) => {
    const server = createServer((socket) => {
      socket.on('error', () => undefined);
      socket.write(says.startsWith('id') ? `${says.length}#${says}` : says);
      onTestFinished(() => void socket.destroy());
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    onTestFinished(() => new Promise<void>((resolve) => server.close(() => resolve())));
    const { port } = server.address() as AddressInfo;
    const { alice } = await scene('route', { uri: `127.0.0.1:${port}` }, { limits: { authenticateTime: 100 } });
    alice.send(request('MESSAGE', alice.port));
    expect(statusLine(await final(alice))).toBe('SIP/2.0 480 Temporarily Unavailable');
  },
);

test('more connections than allowed are 480', async () => {
  const port = await listening((srf) => on(srf, 'message', () => undefined));
  const { alice, server } = await scene('route', { uri: `127.0.0.1:${port}` }, { limits: { outboundClients: 1 } });
  alice.send(request('MESSAGE', alice.port));
  await expect.poll(() => server.metrics.gauges.clients).toBe(1);
  alice.send(request('MESSAGE', alice.port));
  expect(statusLine(await final(alice))).toBe('SIP/2.0 480 Temporarily Unavailable');
});

test('a call that is cancelled while the web service thinks reaches nobody', async () => {
  const { alice, asked, server } = await scene(undefined);
  const call = { callId: 'call', branch: 'z9hG4bK-one' };
  alice.send(request('INVITE', alice.port, call));
  await expect.poll(() => asked).toHaveLength(1);
  alice.send(request('CANCEL', alice.port, call));
  const answers = [statusLine(await final(alice)), statusLine(await final(alice))];
  expect(answers.sort()).toEqual(['SIP/2.0 200 OK', 'SIP/2.0 487 Request Terminated']);
  expect(server.metrics.gauges.pendingRequests).toBe(0);
});

test('over TLS the application must show a certificate that is trusted', async () => {
  const { key, cert } = await certificate(['localhost']);
  const server = createTlsServer({ key, cert }, (socket) => void socket.on('error', () => undefined));
  server.on('tlsClientError', () => undefined);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => new Promise<void>((resolve) => server.close(() => resolve())));
  const logged: string[] = [];
  const { port } = server.address() as AddressInfo;
  const { alice } = await scene(
    'route',
    { uri: `127.0.0.1:${port};transport=tls` },
    { log: (_, text) => logged.push(text) },
  );
  alice.send(request('MESSAGE', alice.port));
  expect(statusLine(await final(alice))).toBe('SIP/2.0 480 Temporarily Unavailable');
  expect(logged.join('\n')).toContain('self-signed');
});

test.each(['ftp://host/', 'tcp://host', 'nonsense'])('%s is no request handler', (url) => {
  const options = { listen: ['udp://127.0.0.1:0'], secret: 'secret', requestHandlers: { '*': url } };
  expect(() => new SipServer(options)).toThrow(TypeError);
});

test('more questions than allowed are 503', async () => {
  const { alice, asked } = await scene(undefined, {}, { limits: { handlerRequests: 1 } });
  alice.send(request('MESSAGE', alice.port));
  await expect.poll(() => asked).toHaveLength(1);
  alice.send(request('MESSAGE', alice.port));
  expect(statusLine(await final(alice))).toBe('SIP/2.0 503 Service Unavailable');
});

test('tags beyond twenty, or not in the form of one, are left out', async () => {
  const { alice, rawClient } = await scene('route', { tag: 'last' });
  const client = await rawClient();
  client.send(`id|authenticate|secret|${Array.from({ length: 20 }, (_, index) => `t${index}`).join(',')},last`);
  await client.inbox.next();
  client.send('id|route|message');
  expect(tokensOf(await client.inbox.next())[3]).toBe('OK');
  alice.send(request('MESSAGE', alice.port));
  expect(statusLine(await final(alice))).toBe('SIP/2.0 480 Temporarily Unavailable');
});
