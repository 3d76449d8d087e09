// What the stack does when the SIP server refuses it, breaks off, or comes back.
import { once } from 'node:events';
import { createServer } from 'node:net';
import { expect, onTestFinished, test } from 'vitest';
import { Mailbox } from '../../../scripts/demo/waiting.ts';
import { drachtioStack } from '../../../src/engines/drachtio/index.ts';
import type { SipRequest } from '../../../src/technologies/pjsip/stack.ts';
import type { Command } from './control-server.ts';
import { controlServer } from './control-server.ts';

function stackAt(port: number, patience?: number, heartbeat?: number) {
  const log = new Mailbox<string>();
  const requests = new Mailbox<SipRequest>();
  const stack = drachtioStack({
    host: '127.0.0.1',
    port,
    secret: 'cymru',
    log: (_, text) => log.put(text),
    ...(patience === undefined ? {} : { patience }),
    ...(heartbeat === undefined ? {} : { heartbeat }),
  });
  onTestFinished(() => stack.stop());
  return {
    stack,
    start: () => stack.start((request) => requests.put(request)),
    logged: () => log.next(5_000, 'line in the log'),
    next: () => requests.next(5_000, 'request for the application'),
  };
}

async function started() {
  const server = await controlServer();
  const parts = stackAt(server.port);
  await parts.start();
  await parts.logged();
  const { socket, rest } = await server.next('authenticate');
  return { server, socket, authentication: rest, ...parts };
}

const message = {
  method: 'MESSAGE',
  uri: 'sip:foo@127.0.0.1',
  headers: [['Content-Type', 'text/plain']],
  body: 'hello',
} as const;
const sent = (transaction: string, { text }: Command): [string[], string] => [
  ['OK', 'application', '1', 'udp', '127.0.0.1', '5060', '00:00:00.000000', transaction, 'Msg sent:', ''],
  text.replace(/\r\n\r\n/, '\r\nCall-ID: a\r\n\r\n'),
];
const invite = [
  'INVITE sip:bar@127.0.0.1 SIP/2.0',
  'From: <sip:foo@127.0.0.1>;tag=1',
  'To: <sip:bar@127.0.0.1>',
  'Call-ID: call',
  'CSeq: 1 INVITE',
  '',
  '',
].join('\r\n');
const fromNetwork = (transaction: string, dialog: string): string[] => [
  'network',
  '1',
  'udp',
  '127.0.0.1',
  '5070',
  '00:00:00.000000',
  transaction,
  dialog,
  '127.0.0.1',
  '5060',
  '',
];

test('it says its secret, routes every method once, and knows where the server really listens', async () => {
  const { server, stack, authentication } = await started();
  expect(authentication).toEqual(['cymru', '']);
  const words: (string | undefined)[] = [];
  for (let count = 0; count < 13; count += 1) words.push((await server.next('route')).rest[0]);
  expect(words).toEqual(
    'register message invite options bye info update refer notify subscribe publish prack *'.split(' '),
  );
  expect(stack.isConnected).toBe(true);
  expect(stack.addresses).toEqual([
    { protocol: 'udp', address: '127.0.0.1', port: 5060 },
    { protocol: 'tcp', address: '::1', port: 5062 },
  ]);
});

test('the start is over when the server has taken the routes, and not before', async () => {
  const server = await controlServer({ holdsPings: true });
  const order: string[] = [];
  const start = stackAt(server.port)
    .start()
    .then(() => order.push('started'));
  const ping = await server.next('ping');
  order.push('routes taken');
  server.reply(ping, ['OK', 'pong']);
  await start;
  expect(order).toEqual(['routes taken', 'started']);
});

test('a wrong secret fails the start', async () => {
  const server = await controlServer({ refuses: true });
  const { start, stack } = stackAt(server.port);
  await expect(start()).rejects.toMatchObject({ name: 'Fault', kind: 'unauthorized' });
  expect(stack.isConnected).toBe(false);
});

test('where no server is, the start fails when its patience is over, with the reason', async () => {
  const nobody = createServer().listen(0, '127.0.0.1');
  await once(nobody, 'listening');
  const address = nobody.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  nobody.close();
  await once(nobody, 'close');
  const { start } = stackAt(port, 100);
  await expect(start()).rejects.toMatchObject({
    kind: 'unavailable',
    message: expect.stringMatching(
      new RegExp(`^the SIP server at 127.0.0.1:${port} cannot be reached: .*ECONNREFUSED`),
    ),
  });
});

test('before the start, and after the end, sending fails', async () => {
  const { server, stack } = await started();
  const refusal = { name: 'Fault', kind: 'unavailable' };
  await expect(stackAt(server.port).stack.send(message).sent).rejects.toMatchObject(refusal);
  await stack.stop();
  await expect(stack.send(message).sent).rejects.toMatchObject(refusal);
});

test('when the connection breaks, nothing that was under way hangs, and it is made again', async () => {
  const { server, socket, stack, next, logged } = await started();
  // A request of ours that went out, and one of which that is not known.
  const outgoing = stack.send(message);
  const command = await server.next('sip');
  server.reply(command, ...sent('t1', command));
  expect((await outgoing.sent).body).toBe('hello');
  const unconfirmed = stack.send(message);
  await server.next('sip');
  // A call that rings here, and the confirmation of an answer.
  server.notify(socket, fromNetwork('t2', ''), invite);
  const ringing = await next();
  const cancelled = new Promise((resolve) => ringing.onCancel(resolve));
  const answer = ringing.respond(180);
  await server.next('sip');
  // A call that is up.
  server.notify(socket, fromNetwork('t3', ''), invite.replaceAll('call', 'other call'));
  const answered = await next();
  const accepted = answered.respond(200);
  const accept = await server.next('sip');
  const leader = ['OK', 'application', '1', 'udp', '127.0.0.1', '5070', '0', 't3', 'dialog', '', 'Msg sent:', ''];
  server.reply(accept, leader, accept.text);
  expect((await accepted).dialogId).toBe('dialog');

  const again = server.next('authenticate');
  server.break();
  expect(await outgoing.final).toMatchObject({ status: 503, source: undefined });
  await expect(unconfirmed.sent).rejects.toMatchObject({ name: 'Fault', kind: 'unavailable' });
  await expect(unconfirmed.final).rejects.toMatchObject({ name: 'Fault', kind: 'unavailable' });
  await expect(answer).rejects.toMatchObject({ name: 'Fault', kind: 'unavailable' });
  expect(await cancelled).toMatchObject({ body: '' });
  expect(await next()).toMatchObject({ method: 'BYE', dialogId: 'dialog', isOwn: true });
  expect(stack.isConnected).toBe(false);
  await expect(stack.send(message).sent).rejects.toMatchObject({ name: 'Fault', kind: 'unavailable' });
  await expect(answered.respond(200)).rejects.toMatchObject({ name: 'Fault', kind: 'conflict' });

  expect(await logged()).toBe('the connection to the SIP server broke');
  await again;
  expect(await logged()).toMatch(/^connected to the SIP server/);
  expect(stack.isConnected).toBe(true);
  const later = stack.send(message);
  const repeated = await server.next('sip');
  server.reply(repeated, ...sent('t4', repeated));
  await later.sent;
});

test('stopping while the server is away ends the attempts', async () => {
  const { server, stack } = await started();
  server.break();
  await expect.poll(() => stack.isConnected).toBe(false);
  await stack.stop();
  // The first attempt would come after a quarter of a second.
  await expect(server.next('authenticate', 600)).rejects.toThrow('no command "authenticate" within 600 ms');
});

test('a response in the same read as the confirmation of its request is not lost', async () => {
  const { server, socket, stack } = await started();
  const { final } = stack.send(message);
  const command = await server.next('sip');
  socket.cork();
  server.reply(command, ...sent('t1', command));
  const reply = 'SIP/2.0 200 OK\r\nCall-ID: a\r\nCSeq: 1 MESSAGE\r\n\r\n';
  server.notify(socket, fromNetwork('t1', ''), reply);
  socket.uncork();
  expect((await final).status).toBe(200);
});

test('an UPDATE of a call that is not answered yet is handed on', async () => {
  const { server, socket, stack, next } = await started();
  const update = invite.replaceAll('INVITE', 'UPDATE');
  server.notify(socket, fromNetwork('t1', ''), invite);
  const ringing = await next();
  server.notify(socket, fromNetwork('t2', 'dialog'), update);
  expect(await next()).toMatchObject({ method: 'UPDATE', dialogId: 'dialog' });
  void ringing;

  const outgoing = stack.send({ method: 'INVITE', uri: 'sip:foo@127.0.0.1' });
  const command = await server.next('sip');
  server.reply(command, ...sent('t3', command));
  await outgoing.sent;
  server.notify(socket, fromNetwork('t4', 'other dialog'), update.replace('Call-ID: call', 'Call-ID: a'));
  expect(await next()).toMatchObject({ method: 'UPDATE', dialogId: 'other dialog' });
});

test.each([
  ['Server error: unable to find dialog for dialog id provided', 'invalid'],
  ['missing content-type', 'invalid'],
  ['invalid request-uri: x', 'invalid'],
  ['can not send request to myself', 'invalid'],
  ['requested protocol/transport not available', 'unavailable'],
])('when the server refuses a request with "%s", that is %s', async (text, kind) => {
  const { server, stack } = await started();
  const { sent: going, final } = stack.send(message);
  server.reply(await server.next('sip'), ['NOK', text]);
  await expect(going).rejects.toMatchObject({ name: 'Fault', kind, message: `MESSAGE: ${text}` });
  await expect(final).rejects.toMatchObject({ name: 'Fault', kind });
});

test.each([
  ['Response not sent due to unknown transaction', 'conflict'],
  ['transport for response has been shutdown or closed', 'unavailable'],
  ['Unknown server error sending response', 'invalid'],
])('when the server refuses a response with "%s", that is %s', async (text, kind) => {
  const { server, socket, next } = await started();
  server.notify(socket, fromNetwork('t1', ''), invite.replaceAll('INVITE', 'OPTIONS'));
  const answer = (await next()).respond(200);
  server.reply(await server.next('sip'), ['NOK', text]);
  await expect(answer).rejects.toMatchObject({ name: 'Fault', kind, message: `response 200: ${text}` });
});
