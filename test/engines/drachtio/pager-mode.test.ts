// A MESSAGE goes past srf: by the frames that srf would have written.
import { expect, onTestFinished, test } from 'vitest';
import { Mailbox } from '../../../scripts/demo/waiting.ts';
import { drachtioStack } from '../../../src/engines/drachtio/index.ts';
import type { OutgoingRequest, SipRequest, SipResponse } from '../../../src/technologies/pjsip/stack.ts';
import { controlServer, type Command } from './control-server.ts';

async function started() {
  const server = await controlServer();
  const requests = new Mailbox<SipRequest>();
  const stack = drachtioStack({ host: '127.0.0.1', port: server.port, secret: 'cymru', log: () => undefined });
  onTestFinished(() => stack.stop());
  await stack.start((request) => requests.put(request));
  const { socket } = await server.next('authenticate');
  return { server, socket, stack, next: () => requests.next(5_000, 'request for the application') };
}

const went = ['OK', 'application', '1', 'udp', '127.0.0.1', '5060', '00:00:00.000000'];
const from = (source: 'network', transaction: string): string[] => [
  ...[source, '1', 'udp', '192.0.2.7', '5070', '00:00:00.000000', transaction, ''],
  ...['127.0.0.1', '5060'],
];

/** The leader, the start line, the headers in no order, and the body; without what differs between methods. */
function partsOf({ rest, text }: Command, method: string) {
  const [head = '', body] = text.replaceAll(method, 'METHOD').split('\r\n\r\n');
  const [startLine, ...lines] = head.split('\r\n');
  const headers = lines.map((line) => line.replace(/^[^:]+/, (name) => name.toLowerCase())).sort();
  return { rest, startLine, headers, body };
}

test.each<Partial<OutgoingRequest>>([
  { uri: 'sip:foo@127.0.0.1' },
  { uri: 'sip:foo@127.0.0.1', nextHop: 'sip:127.0.0.1:5070;transport=tcp;lr' },
  { dialogId: 'a-dialog' },
  {
    uri: 'sip:foo@127.0.0.1',
    body: 'hello',
    headers: [
      ['Content-Type', 'text/plain'],
      ['X-A', 'one'],
      ['x-a', 'two'],
    ],
  },
])('it leaves as srf sends any other request: %j', async (request) => {
  const { server, stack } = await started();
  const [one, other] = ['MESSAGE', 'NOTIFY'].map((method) => stack.send({ ...request, method }));
  const [message, notify] = [await server.next('sip'), await server.next('sip')];
  expect(partsOf(message, 'MESSAGE')).toEqual(partsOf(notify, 'NOTIFY'));
  for (const each of [message, notify]) server.reply(each, ['NOK', 'missing content-type']);
  for (const each of [one!, other!]) await expect(each.sent).rejects.toMatchObject({ kind: 'invalid' });
});

const incoming = (method: string, sender = 'f: "Foo" <sip:foo@127.0.0.1>;tag=1'): string =>
  [
    `${method} sip:bar@127.0.0.1 SIP/2.0`,
    'Via: SIP/2.0/UDP 192.0.2.7:5070;branch=z9hG4bK1',
    sender,
    'T: <sip:bar@127.0.0.1>',
    'Contact: <sip:foo@192.0.2.7>',
    'call-id: one@192.0.2.7',
    `CSeq: 7 ${method}`,
    'Content-Length: 0',
    '',
    '',
  ].join('\r\n');

test('it is answered as srf answers any other request', async () => {
  const { server, socket, next } = await started();
  const answers: unknown[] = [];
  for (const method of ['MESSAGE', 'NOTIFY']) {
    server.notify(socket, from('network', 'one'), incoming(method));
    const request = await next();
    expect(request).toMatchObject({
      ...{ method, uri: 'sip:bar@127.0.0.1', source: { protocol: 'udp', address: '192.0.2.7', port: 5070 } },
      ...{ receivedOn: { protocol: 'udp', address: '127.0.0.1', port: 5060 }, dialogId: undefined },
    });
    const sent = request.respond(480, { headers: [['Retry-After', '5']], body: 'later', reason: 'Away' });
    const command = await server.next('sip');
    answers.push(partsOf(command, method));
    server.reply(command, [...went, 'one', '', 'Msg sent:', ''], command.text);
    expect((await sent).headers.get('Retry-After')).toBe('5');
    await expect(request.respond(200)).rejects.toMatchObject({ kind: 'conflict' });
  }
  expect(answers[0]).toMatchObject({ rest: ['one', ''], startLine: 'SIP/2.0 480 Away' });
  const [message, notify] = answers as { headers: string[] }[];
  // The names of the echo are those of the request, compact or not; the server writes these lines itself.
  const long = (line: string): string => line.replace(/^f:/, 'from:').replace(/^t:/, 'to:');
  expect({ ...message, headers: message!.headers.map(long).sort() }).toEqual(notify);
});

test('of a header that is folded all is repeated', async () => {
  const { server, socket, next } = await started();
  server.notify(socket, from('network', 'one'), incoming('MESSAGE', 'From: "Foo"\r\n  <sip:foo@127.0.0.1>;tag=1'));
  const sent = (await next()).respond(202);
  const command = await server.next('sip');
  expect(command.text.split('\r\n')).toContain('From: "Foo" <sip:foo@127.0.0.1>;tag=1');
  server.reply(command, [...went, 'one', '', 'Msg sent:', ''], command.text);
  await sent;
});

test('a status that nobody knows is refused, and the request can still be answered', async () => {
  const { server, socket, next } = await started();
  server.notify(socket, from('network', 'one'), incoming('MESSAGE'));
  const request = await next();
  await expect(request.respond(299)).rejects.toMatchObject({ name: 'Fault', kind: 'invalid' });
  const sent = request.respond(202);
  const refused = await server.next('sip');
  expect(refused.text.split('\r\n')[0]).toBe('SIP/2.0 202 Accepted');
  server.reply(refused, ['NOK', 'Response not sent due to unknown transaction']);
  await expect(sent).rejects.toMatchObject({ kind: 'conflict' });
});

test('its responses are those of its transaction, until the final one', async () => {
  const { server, socket, stack } = await started();
  const provisional: SipResponse[] = [];
  const transaction = stack.send({
    ...{ method: 'MESSAGE', uri: 'sip:foo@127.0.0.1', headers: [['Content-Type', 'text/plain']], body: 'hello' },
    onProvisional: (response) => provisional.push(response),
  });
  const command = await server.next('sip');
  server.reply(command, [...went, 'ours', 'Msg sent:', ''], command.text);
  expect(await transaction.sent).toMatchObject({ uri: 'sip:foo@127.0.0.1', body: 'hello' });
  const respond = (id: string, line: string): void =>
    server.notify(socket, from('network', id), `SIP/2.0 ${line}\r\n\r\n`);
  respond('of another', '500 Not For Us');
  respond('ours', '182 Queued');
  respond('ours', '200 Fine');
  respond('ours', '500 Too Late');
  expect(await transaction.final).toMatchObject({ status: 200, reason: 'Fine', source: { address: '192.0.2.7' } });
  expect(provisional.map(({ status }) => status)).toEqual([182]);
});
