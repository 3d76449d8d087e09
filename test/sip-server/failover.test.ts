// When one server of a domain fails the next is tried, and the application hears of one answer only (RFC 3263 4.3).
import { expect, test } from 'vitest';
import type { SipServerOptions } from '../../src/sip-server/index.ts';
import { tokensOf } from './calls.ts';
import { a, dnsServer, srv } from './locate/dns-server.ts';
import type { Party } from './replay/parties.ts';
import { response, stage, valueOf, type Stage } from './stage.ts';

/** Two servers of example.com over UDP, in this order, and an application. */
async function scene(options: Partial<SipServerOptions> = {}): Promise<Stage & { app: Party; one: Party; two: Party }> {
  const records = [a('sip.example.com', '127.0.0.1')];
  const { resolver } = await dnsServer(records);
  const staged = await stage({ resolver, ...options });
  const [app, one, two] = [await staged.client(), await staged.peer(), await staged.peer()];
  [one, two].forEach(({ port }, index) =>
    records.push(srv('_sip._udp.example.com', 'sip.example.com', port, index + 1)),
  );
  return { ...staged, app, one, two };
}

const statusOf = (frame: string): string => frame.split('\r\n')[1]!;
const uri = 'sip:bob@example.com;transport=udp';
/** 32 seconds pass in 640 ms. */
const timers = { T1: 10, T2: 80, T4: 100 };

test('a 503 is followed by the next server, by a new branch of the same request', async () => {
  const { app, one, two, server } = await scene();
  app.send(`id|sip||\r\nMESSAGE ${uri} SIP/2.0\r\nContent-Type: text/plain\r\n\r\nhello`);
  const transaction = tokensOf(await app.inbox.next())[10];
  const first = await one.inbox.next();
  one.send(response(first, '503 Service Unavailable'));
  const second = await two.inbox.next();
  for (const name of ['Call-ID', 'CSeq', 'From', 'To']) expect(valueOf(second, name)).toBe(valueOf(first, name));
  expect(valueOf(second, 'Via')).not.toBe(valueOf(first, 'Via'));
  expect(second.endsWith('\r\n\r\nhello')).toBe(true);
  two.send(response(second, '200 OK'));
  const told = await app.inbox.next();
  expect([tokensOf(told)[8], statusOf(told)]).toEqual([transaction, 'SIP/2.0 200 OK']);
  expect(app.inbox.waiting).toEqual([]);
  expect(server.metrics.requestsOut['MESSAGE']).toBe(2);
});

test('the last server’s 503 is given to the application', async () => {
  const { app, one, two } = await scene();
  app.send(`id|sip||\r\nOPTIONS ${uri} SIP/2.0\r\n\r\n`);
  await app.inbox.next();
  one.send(response(await one.inbox.next(), '503 Full'));
  two.send(response(await two.inbox.next(), '503 Full Too'));
  expect(statusOf(await app.inbox.next())).toBe('SIP/2.0 503 Full Too');
});

test('a server that says nothing is followed by the next', async () => {
  const { app, one, two } = await scene({ timers });
  app.send(`id|sip||\r\nINVITE ${uri} SIP/2.0\r\n\r\n`);
  await app.inbox.next();
  const first = await one.inbox.next();
  const second = await two.inbox.next();
  expect(valueOf(second, 'Call-ID')).toBe(valueOf(first, 'Call-ID'));
  two.send(response(second, '486 Busy Here'));
  expect(statusOf(await app.inbox.next())).toBe('SIP/2.0 486 Busy Here');
});

test('when nobody answers, the application hears one 408', async () => {
  const { app } = await scene({ timers });
  app.send(`id|sip||\r\nMESSAGE ${uri} SIP/2.0\r\n\r\n`);
  await app.inbox.next();
  expect(statusOf(await app.inbox.next())).toBe('SIP/2.0 408 Request Timeout');
});

test('a server that has begun to answer keeps the request', async () => {
  const { app, one, two } = await scene({ timers });
  app.send(`id|sip||\r\nMESSAGE ${uri} SIP/2.0\r\n\r\n`);
  await app.inbox.next();
  one.send(response(await one.inbox.next(), '100 Trying'));
  expect(statusOf(await app.inbox.next())).toBe('SIP/2.0 408 Request Timeout');
  expect(two.inbox.waiting).toEqual([]);
});

test('a connection that is refused is followed by the next server', async () => {
  const records = [a('sip.example.com', '127.0.0.1')];
  const { resolver } = await dnsServer(records);
  const { client, peer } = await stage({ resolver });
  const [app, two] = [await client(), await peer()];
  records.push(srv('_sip._tcp.example.com', 'sip.example.com', 1));
  records.push(srv('_sip._udp.example.com', 'sip.example.com', two.port));
  // Without a transport UDP would come first, so the first server is named by NAPTR.
  records.push({
    type: 'NAPTR',
    name: 'example.com',
    data: {
      order: 1,
      preference: 1,
      flags: 's',
      services: 'SIP+D2T',
      regexp: '',
      replacement: '_sip._tcp.example.com',
    },
  });
  records.push({
    type: 'NAPTR',
    name: 'example.com',
    data: {
      order: 2,
      preference: 1,
      flags: 's',
      services: 'SIP+D2U',
      regexp: '',
      replacement: '_sip._udp.example.com',
    },
  });
  app.send('id|sip||\r\nINVITE sip:bob@example.com SIP/2.0\r\n\r\n');
  const sent = await app.inbox.next();
  expect(valueOf(sent, 'Via')).toMatch(/^SIP\/2\.0\/TCP /);
  const invite = await two.inbox.next();
  expect(valueOf(invite, 'Via')).toMatch(/^SIP\/2\.0\/UDP /);
  expect(valueOf(sent, 'Contact')).toMatch(/;transport=tcp>$/);
  expect(valueOf(invite, 'Contact')).not.toContain('transport');
});

test('ACK goes to whoever failed, CANCEL to whoever has the request now', async () => {
  const { app, one, two } = await scene();
  app.send(`id|sip||\r\nINVITE ${uri} SIP/2.0\r\n\r\n`);
  const transaction = tokensOf(await app.inbox.next())[10];
  const first = await one.inbox.next();
  one.send(response(first, '503 Service Unavailable'));
  const ack = await one.inbox.next();
  expect([ack.split(' ')[0], valueOf(ack, 'Via')]).toEqual(['ACK', valueOf(first, 'Via')]);
  const second = await two.inbox.next();
  two.send(response(second, '180 Ringing'));
  expect(statusOf(await app.inbox.next())).toBe('SIP/2.0 180 Ringing');
  app.send(`id|sip|${transaction}|\r\nCANCEL ${uri} SIP/2.0\r\n\r\n`);
  const cancel = await two.inbox.next();
  expect([cancel.split(' ')[0], valueOf(cancel, 'Via')]).toEqual(['CANCEL', valueOf(second, 'Via')]);
  // The first server repeats its 503 and is acknowledged again.
  one.send(response(first, '503 Service Unavailable'));
  expect(await one.inbox.next()).toBe(ack);
});

test('what the application has cancelled is not tried elsewhere', async () => {
  const { app, one, two } = await scene();
  app.send(`id|sip||\r\nINVITE ${uri} SIP/2.0\r\n\r\n`);
  const transaction = tokensOf(await app.inbox.next())[10];
  const first = await one.inbox.next();
  app.send(`id|sip|${transaction}|\r\nCANCEL ${uri} SIP/2.0\r\n\r\n`);
  await app.inbox.next();
  one.send(response(first, '503 Service Unavailable'));
  expect(statusOf(await app.inbox.next())).toBe('SIP/2.0 503 Service Unavailable');
  expect(two.inbox.waiting).toEqual([]);
});

test('a request within a dialog finds the next server of its target too', async () => {
  const { app, one, two } = await scene();
  app.send(`id|sip||\r\nINVITE ${uri} SIP/2.0\r\n\r\n`);
  const sent = await app.inbox.next();
  const dialog = `${valueOf(sent, 'Call-ID')};from-tag=${/;tag=(.*)/.exec(valueOf(sent, 'From')!)![1]}`;
  one.send(response(await one.inbox.next(), '200 OK', [`Contact: <${uri}>`]));
  await app.inbox.next();
  app.send(`id|sip||${dialog}\r\nACK sip:placeholder SIP/2.0\r\n\r\n`);
  await app.inbox.next();
  expect(await one.inbox.next()).toMatch(/^ACK /);
  app.send(`id|sip||${dialog}\r\nINFO sip:placeholder SIP/2.0\r\n\r\n`);
  await app.inbox.next();
  one.send(response(await one.inbox.next(), '503 Service Unavailable'));
  two.send(response(await two.inbox.next(), '200 OK'));
  expect(statusOf(await app.inbox.next())).toBe('SIP/2.0 200 OK');
});

test('an application’s Route is the way, and stays in the request', async () => {
  const { client, peer } = await stage();
  const [app, edge] = [await client(), await peer()];
  const routes = `Route: <sip:127.0.0.1:${edge.port};lr>, <sip:next.example;lr>`;
  app.send(`id|sip||\r\nMESSAGE sip:bob@nowhere.invalid SIP/2.0\r\n${routes}\r\n\r\n`);
  const sent = await edge.inbox.next();
  expect(sent).toMatch(/^MESSAGE sip:bob@nowhere\.invalid /);
  expect(sent.match(/^Route: .*$/gm)).toEqual([
    `Route: <sip:127.0.0.1:${edge.port};lr>`,
    'Route: <sip:next.example;lr>',
  ]);
});

test('a strict router sees itself in the Request-URI', async () => {
  const { client, peer } = await stage();
  const [app, edge] = [await client(), await peer()];
  app.send(`id|sip||\r\nMESSAGE sip:bob@nowhere.invalid SIP/2.0\r\nRoute: <sip:127.0.0.1:${edge.port}>\r\n\r\n`);
  const sent = await edge.inbox.next();
  expect([sent.split(' ')[1], valueOf(sent, 'Route')]).toEqual([
    `sip:127.0.0.1:${edge.port}`,
    '<sip:bob@nowhere.invalid>',
  ]);
});

test('a malformed Route is refused', async () => {
  const { client } = await stage();
  const app = await client();
  app.send('id|sip||\r\nMESSAGE sip:bob@127.0.0.1:9 SIP/2.0\r\nRoute: <sip:\r\n\r\n');
  expect(tokensOf(await app.inbox.next()).slice(3)).toEqual(['NOK', 'invalid Route']);
});
