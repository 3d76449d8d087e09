// Bodies of any type and any bytes pass in both directions, octet by octet.
import { once } from 'node:events';
import { connect, createServer, type Socket } from 'node:net';
import { expect, onTestFinished, test } from 'vitest';
import { startService, type Service } from '../support/service.ts';

const cpim = [
  'From: MR SANDERS <im:piglet@100akerwood.com>',
  'To: Depressed Donkey <im:eeyore@100akerwood.com>',
  '',
  'Content-Type: text/plain; charset=utf-8',
  '',
  'Here is the text of my message.',
  '',
].join('\r\n');

const bodies: readonly (readonly [name: string, type: string, bytes: Buffer])[] = [
  ['JSON', 'application/json', Buffer.from('{"a":[1,null,"\\u0000"],"b":"é"}\n')],
  ['CPIM', 'message/cpim', Buffer.from(cpim)],
  ['text with emoji', 'text/plain;charset=utf-8', Buffer.from('Grüße 👩‍👩‍👧 ☎\r\n\r\n')],
  ['NUL bytes', 'text/plain', Buffer.from('a\0b\0\0')],
  ['64 KiB of text', 'text/plain', Buffer.from('0123456789abcdef'.repeat(4_096))],
  [
    '64 KiB of any bytes',
    'application/octet-stream',
    Buffer.from(Array.from({ length: 65_536 }, (_, at) => (at * 7) % 256)),
  ],
  ['what is nearly UTF-8', 'text/plain', Buffer.from([0x61, 0xc3, 0x28, 0xff])],
];

const decoded = ({ body, encoding }: { body: string; encoding?: 'base64' }): Buffer =>
  Buffer.from(body, encoding ?? 'utf8');

test.each(bodies)('%s from a telephone over TCP', async (_, type, bytes) => {
  const service = await startService({ pjsip: 'endpoint: { foo: { context: default } }' });
  const app = await service.application('hello', ['endpoint:PJSIP/foo']);
  const socket = connect(service.sip.tcpPort, service.sip.host);
  onTestFinished(() => void socket.destroy());
  await once(socket, 'connect');
  socket.write(head(`MESSAGE sip:hello@127.0.0.1 SIP/2.0`, 'foo', type, bytes));
  socket.write(bytes);
  expect((await once(socket, 'data')).toString()).toMatch(/^SIP\/2\.0 202 /);
  const { message } = await app.next('TextMessageReceived');
  expect(decoded(message as { body: string }).equals(bytes)).toBe(true);
  expect((message as { variables: object }).variables).toMatchObject({ 'Content-Type': type });
});

test.each(bodies)('%s to a telephone over TCP', async (_, type, bytes) => {
  const { port, received } = await tcpTelephone();
  const service: Service = await startService({
    pjsip: `
endpoint: { foo: { context: default, aors: [foo] } }
aor: { foo: { contact: ['sip:foo@127.0.0.1:${port};transport=tcp'] } }`,
  });
  const isText = Buffer.from(bytes.toString('utf8')).equals(bytes);
  const { status } = await service.rest(
    'PUT',
    '/endpoints/PJSIP/foo/sendMessage',
    {},
    {
      from: 'sip:app@127.0.0.1',
      ...(isText ? { body: bytes.toString('utf8') } : { body: bytes.toString('base64'), encoding: 'base64' }),
      variables: { 'Content-Type': type, 'X-Own': 'kept' },
    },
  );
  expect(status).toBe(202);
  const { head: lines, body } = await received;
  expect(body.equals(bytes)).toBe(true);
  expect(lines).toContain(`\r\nContent-Type: ${type}\r\n`);
  expect(lines).toContain('\r\nX-Own: kept\r\n');
  expect(lines.toLowerCase()).not.toContain('x-arion');
});

test('a body that is larger than allowed, or of a refused type, is refused and not cut', async () => {
  const service = await startService({
    pjsip: 'endpoint: { foo: { context: default } }',
    messages: 'max_size: 1KiB, refuse_types: [ "image/*" ]',
  });
  await service.application('hello', ['endpoint:PJSIP/foo']);
  const answerTo = async (type: string, bytes: Buffer): Promise<string> => {
    const socket = connect(service.sip.tcpPort, service.sip.host);
    onTestFinished(() => void socket.destroy());
    await once(socket, 'connect');
    socket.write(Buffer.concat([Buffer.from(head('MESSAGE sip:hello@127.0.0.1 SIP/2.0', 'foo', type, bytes)), bytes]));
    return (await once(socket, 'data')).toString().split('\r\n')[0]!;
  };
  expect(await answerTo('text/plain', Buffer.alloc(1_024, 'a'))).toBe('SIP/2.0 202 Accepted');
  expect(await answerTo('text/plain', Buffer.alloc(1_025, 'a'))).toMatch(/^SIP\/2\.0 413 /);
  expect(await answerTo('image/png', Buffer.alloc(10))).toMatch(/^SIP\/2\.0 415 /);
  const tooLarge = await service.rest('PUT', '/endpoints/PJSIP/foo/sendMessage', {}, { body: 'a'.repeat(1_025) });
  expect([tooLarge.status, tooLarge.body]).toMatchObject([413, { code: 'too-large' }]);
  const refused = { body: 'a', variables: { 'Content-Type': 'image/gif' } };
  expect((await service.rest('PUT', '/endpoints/PJSIP/foo/sendMessage', {}, refused)).status).toBe(415);
});

let calls = 0;
const head = (line: string, user: string, type: string, bytes: Buffer): string =>
  [
    line,
    `Via: SIP/2.0/TCP 127.0.0.1:9;branch=z9hG4bKbodies${++calls}`,
    'Max-Forwards: 70',
    `From: <sip:${user}@127.0.0.1>;tag=${calls}`,
    'To: <sip:hello@127.0.0.1>',
    `Call-ID: bodies-${calls}`,
    'CSeq: 1 MESSAGE',
    `Content-Type: ${type}`,
    `Content-Length: ${bytes.length}`,
    '\r\n',
  ].join('\r\n');

/** A telephone that takes one message, and shows its octets. */
async function tcpTelephone() {
  const server = createServer();
  const sockets = new Set<Socket>();
  onTestFinished(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const received = new Promise<{ readonly head: string; readonly body: Buffer }>((resolve) => {
    server.on('connection', (socket) => {
      sockets.add(socket);
      let stream = Buffer.alloc(0);
      socket.on('data', (bytes) => {
        stream = Buffer.concat([stream, bytes]);
        const end = stream.indexOf('\r\n\r\n');
        const text = stream.toString('latin1', 0, end + 2);
        const length = Number(/\r\nContent-Length: *(\d+)/i.exec(text)?.[1]);
        if (end < 0 || stream.length < end + 4 + length) return;
        socket.write(
          [
            'SIP/2.0 200 OK',
            ...text.split('\r\n').filter((line) => /^(Via|From|To|Call-ID|CSeq):/i.test(line)),
            'Content-Length: 0',
            '\r\n',
          ].join('\r\n'),
        );
        resolve({ head: stream.toString('utf8', 0, end + 2), body: stream.subarray(end + 4, end + 4 + length) });
      });
    });
  });
  return { port: (server.address() as { port: number }).port, received };
}
