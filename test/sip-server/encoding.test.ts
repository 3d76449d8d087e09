// Bodies that are no text: octets on the wire, base64 in the frames of applications.
import { expect, test } from 'vitest';
import { tokensOf } from './calls.ts';
import { final, request, response, stage, valueOf } from './stage.ts';
import { secureStage } from './transports/peers.ts';

const mark = 'X-Arion-Body-Encoding';
const binary = 'Content-Type: application/octet-stream';
const octets = String.fromCharCode(...Array.from({ length: 256 }, (_, octet) => octet));
const base64 = (body: string): string => Buffer.from(body, 'latin1').toString('base64');
const bodyOf = (message: string): string => message.slice(message.lastIndexOf('\r\n\r\n') + 4);

test.each(['tls', 'ws', 'wss'] as const)(
  'over %s 64 KiB and their headers pass in both directions',
  async (protocol) => {
    const { telephone, client } = await secureStage(protocol);
    const [app, alice] = [await client('message'), await telephone()];
    const body = octets.repeat(256);
    alice.ask('MESSAGE', { body, headers: [binary, `Subject: ${'s'.repeat(8_000)}`] });
    const told = await app.inbox.next();
    expect([valueOf(told, mark), valueOf(told, 'Content-Length')]).toEqual(['base64', '87384']);
    expect(bodyOf(told) === base64(body)).toBe(true);
    app.send(`id|sip|${tokensOf(told)[8]}|\r\nSIP/2.0 200 OK\r\n${binary}\r\n${mark}: base64\r\n\r\n${base64(body)}`);
    const answer = await final(alice);
    expect([valueOf(answer, mark), valueOf(answer, 'Content-Length')]).toEqual([undefined, '65536']);
    expect(answer.endsWith(`\r\n\r\n${body}`)).toBe(true);
  },
);

test('unmodified drachtio-srf reads it, and answers in the same way', async () => {
  const { application, peer } = await stage();
  await application((srf) =>
    srf.message((req, res) => {
      const headers = { 'Content-Type': req.get('Content-Type'), [mark]: req.get(mark) };
      res.send(200, { headers, body: req.body });
    }),
  );
  const alice = await peer();
  alice.send(request('MESSAGE', alice.port, { body: octets, headers: [binary] }));
  const answer = await final(alice);
  expect(answer.endsWith(`\r\n\r\n${octets}`)).toBe(true);
  expect(valueOf(answer, mark)).toBeUndefined();
});

test('what is forwarded keeps its octets, and loses a header that is for applications alone', async () => {
  const { client, peer } = await stage();
  const [app, alice, bob] = [await client('message'), await peer(), await peer()];
  alice.send(request('MESSAGE', alice.port, { body: octets, headers: [binary, `${mark.toUpperCase()}: base64`] }));
  const transaction = tokensOf(await app.inbox.next())[8];
  app.send(
    `id|proxy|${transaction}|||followRedirects|serial|||sip:bob@127.0.0.1:${bob.port}\r\nMESSAGE sip:bob@x SIP/2.0\r\n\r\n`,
  );
  const forwarded = await bob.inbox.next();
  expect(forwarded.endsWith(`\r\n\r\n${octets}`)).toBe(true);
  expect(valueOf(forwarded, mark)).toBeUndefined();
  bob.send(response(forwarded, '200 OK', [binary, `${mark}: base64`], octets));
  const told = await app.inbox.next();
  expect([valueOf(told, mark), bodyOf(told)]).toEqual(['base64', base64(octets)]);
  const answer = await final(alice);
  expect(answer.endsWith(`\r\n\r\n${octets}`)).toBe(true);
  expect(valueOf(answer, mark)).toBeUndefined();
});

test.each([
  ['of an unknown encoding', 'gzip', 'YQ==', 'unknown body encoding'],
  ['of two encodings', 'base64, base64', 'YQ==', 'unknown body encoding'],
  ['that is no base64', 'base64', 'Y?==', 'malformed body encoding'],
  ['with something behind it', 'base64', 'YQ==\r\n', 'malformed body encoding'],
])('a body %s is refused, in request, response and forwarding', async (_, encoding, body, reason) => {
  const { client, peer } = await stage();
  const [app, alice] = [await client('message'), await peer()];
  alice.send(request('MESSAGE', alice.port));
  const transaction = tokensOf(await app.inbox.next())[8];
  const rest = `\r\n${binary}\r\n${mark}: ${encoding}\r\n\r\n${body}`;
  for (const command of [
    `sip||\r\nMESSAGE sip:alice@127.0.0.1:${alice.port} SIP/2.0`,
    `sip|${transaction}|\r\nSIP/2.0 200 OK`,
    `proxy|${transaction}||||serial|||sip:bob@127.0.0.1\r\nMESSAGE sip:bob@127.0.0.1 SIP/2.0`,
  ]) {
    app.send(`id|${command}${rest}`);
    expect(tokensOf(await app.inbox.next()).slice(3)).toEqual(['NOK', reason]);
  }
  app.send(`id|sip|${transaction}|\r\nSIP/2.0 202 Accepted\r\n\r\n`);
  expect(await final(alice)).toMatch(/^SIP\/2\.0 202 /);
});

test('a message beyond the limit is answered 513, and its connection ends', async () => {
  const { peer, client, server } = await stage();
  const [app, alice] = [await client('message'), await peer('tcp')];
  const ask = (callId: string, size: number): void =>
    alice.send(
      request('MESSAGE', alice.port, {
        protocol: 'TCP',
        callId,
        body: 'x'.repeat(size),
        headers: ['Content-Type: a/b'],
      }),
    );
  ask('fits', 80_000);
  expect(await app.inbox.next()).toContain('Call-ID: fits');
  for (const size of [81_900, 1_000_000]) {
    const mallory = await peer('tcp');
    mallory.send(
      request('MESSAGE', mallory.port, { protocol: 'TCP', body: 'x'.repeat(size), headers: ['Content-Type: a/b'] }),
    );
    expect(await mallory.inbox.next()).toMatch(/^SIP\/2\.0 513 Message Too Large\r\n/);
  }
  expect(server.metrics.drops['tcp-unframed']).toBe(2);
});
