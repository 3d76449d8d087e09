// The simulated telephone, against a server that is a bare socket.
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { expect, onTestFinished, test } from 'vitest';
import { SipText, cut, read } from '../../../scripts/demo/sip-text.ts';
import { Telephone } from '../../../scripts/demo/telephone.ts';

/** Answers each request with what `answers` says: whole header sections after the start line's "SIP/2.0 ". */
async function server(answers: (request: SipText, count: number) => readonly string[]) {
  const socket = createSocket('udp4');
  const requests: SipText[] = [];
  socket.on('message', (bytes, { port }) => {
    const request = read(bytes.toString());
    requests.push(request);
    for (const answer of answers(request, requests.length)) socket.send(reply(request, answer), port, '127.0.0.1');
  });
  socket.bind(0, '127.0.0.1');
  await once(socket, 'listening');
  onTestFinished(() => void socket.close());
  return { requests, address: { host: '127.0.0.1', port: socket.address().port }, socket };
}

function reply(request: SipText, answer: string): string {
  const echoed = ['Via', 'From', 'To', 'Call-ID', 'CSeq'].map((name) => `${name}: ${request.header(name)}`);
  const [status, ...lines] = answer.split('\r\n');
  return [`SIP/2.0 ${status}`, ...echoed, ...lines, 'Content-Length: 0', '', ''].join('\r\n');
}

async function telephone(options: Partial<Parameters<typeof Telephone.open>[0]>): Promise<Telephone> {
  const phone = await Telephone.open({
    user: 'foo',
    password: 'secret',
    server: { host: '127.0.0.1', port: 9 },
    deadline: 3_000,
    ...options,
  });
  onTestFinished(() => phone.close());
  return phone;
}

test('it registers again with credentials when it is challenged, in the same Call-ID', async () => {
  const { address, requests } = await server((_, count) =>
    count === 1 ? ['401 Unauthorized\r\nWWW-Authenticate: Digest realm="r", nonce="n", qop="auth"'] : ['200 OK'],
  );
  const phone = await telephone({ server: address });
  expect((await phone.register({ expires: 60 })).status).toBe(200);
  expect(requests.map((each) => each.header('Authorization') !== '')).toEqual([false, true]);
  expect(requests[1]?.header('Call-ID')).toBe(requests[0]?.header('Call-ID'));
  expect(requests[1]?.sequence).toBe((requests[0]?.sequence ?? 0) + 1);
  expect(phone.log.map(({ direction }) => direction)).toEqual(['sent', 'received', 'sent', 'received']);
});

test('it gives up after its credentials were refused', async () => {
  const { address, requests } = await server(() => [
    '401 Unauthorized\r\nWWW-Authenticate: Digest realm="r", nonce="n"',
  ]);
  const phone = await telephone({ server: address });
  expect((await phone.message({ to: 'bar', body: 'hello' })).status).toBe(401);
  expect(requests).toHaveLength(2);
});

test('a call acknowledges its answer each time it comes, and hangs up in the dialog', async () => {
  const { address } = await server(({ method }) => {
    if (method === 'INVITE')
      return ['180 Ringing', ...Array<string>(2).fill('200 OK\r\nContact: <sip:there@127.0.0.1:9>')];
    return method === 'BYE' ? ['200 OK'] : [];
  });
  const phone = await telephone({ server: address });
  const call = phone.call({ to: 'bar' });
  expect((await call.progress(180)).status).toBe(180);
  expect((await call.answered).status).toBe(200);
  expect((await call.hangup()).status).toBe(200);
  const sent = phone.log.filter(({ direction }) => direction === 'sent').map(({ text }) => text.split('\r\n')[0]);
  expect(sent.filter((line) => line === 'ACK sip:there@127.0.0.1:9 SIP/2.0')).toHaveLength(2);
  expect(sent).toContain('BYE sip:there@127.0.0.1:9 SIP/2.0');
});

test('a wait without an answer ends in an error that says what was waited for', async () => {
  const { address } = await server(() => []);
  const phone = await telephone({ server: address, deadline: 50 });
  await expect(phone.message({ to: 'bar', body: 'hello' })).rejects.toThrow(
    /final response to MESSAGE sip:bar@127.0.0.1/,
  );
  await expect(phone.nextMessage()).rejects.toThrow('no MESSAGE for foo within 50 ms');
});

test('an incoming request is answered once, and a repetition gets the same answer again', async () => {
  const { address, socket } = await server(() => []);
  const phone = await telephone({ server: address });
  const request = new SipText(
    'MESSAGE sip:foo@127.0.0.1 SIP/2.0',
    [
      ['Via', 'SIP/2.0/UDP 127.0.0.1;branch=z9hG4bK1'],
      ['From', '<sip:bar@127.0.0.1>;tag=1'],
      ['To', '<sip:foo@127.0.0.1>'],
      ['Call-ID', 'a'],
      ['CSeq', '1 MESSAGE'],
    ],
    'é',
  );
  const answers: string[] = [];
  socket.removeAllListeners('message');
  const both = new Promise<void>((resolve) => {
    socket.on('message', (bytes) => {
      answers.push(bytes.toString());
      if (answers.length === 2) resolve();
    });
  });
  for (const _ of [1, 2]) socket.send(request.raw, phone.address.port, '127.0.0.1');
  expect((await phone.nextMessage()).body).toBe('é');
  await both;
  expect(answers[0]).toMatch(/^SIP\/2\.0 200 OK\r\n/);
  expect(answers[1]).toBe(answers[0]);
});

test('on TCP a message that arrives in pieces is put together again', async () => {
  const listener = createServer((socket) => {
    let stream: Buffer = Buffer.alloc(0);
    socket.on('data', (bytes: Buffer) => {
      const { messages, rest } = cut(Buffer.concat([stream, bytes]));
      stream = rest;
      for (const text of messages) {
        const answer = reply(read(text), '200 OK\r\nSubject: in two pieces');
        socket.write(`\r\n\r\n${answer.slice(0, 40)}`, () => setImmediate(() => socket.write(answer.slice(40))));
      }
    });
  });
  listener.listen(0, '127.0.0.1');
  await once(listener, 'listening');
  onTestFinished(() => void listener.close());
  const address = listener.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  const phone = await telephone({ transport: 'tcp', server: { host: '127.0.0.1', port: address.port } });
  expect((await phone.register()).header('Subject')).toBe('in two pieces');
});
