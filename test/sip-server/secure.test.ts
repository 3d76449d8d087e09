// A sips URI leads over TLS to a server that proves to be the domain of the URI, and to no other (RFC 3263 4.1, RFC 5922).
import { createServer } from 'node:tls';
import { expect, onTestFinished, test } from 'vitest';
import { StreamFramer } from '../../src/sip-server/transport/stream-framer.ts';
import { a, dnsServer, srv } from './locate/dns-server.ts';
import { Inbox } from './replay/parties.ts';
import { certificate } from '../support/certificate.ts';
import { response, stage, valueOf } from './stage.ts';

/** A server that answers everything with 200, and what it got. */
async function secureServer(key: string, cert: string): Promise<{ port: number; inbox: Inbox }> {
  const inbox = new Inbox();
  const server = createServer({ key, cert }, (socket) => {
    const framer = new StreamFramer(100_000);
    socket.on('error', () => undefined);
    socket.on('data', (chunk) => {
      for (const part of framer.push(chunk)) {
        if (part.kind !== 'message') continue;
        const text = part.octets.toString('latin1');
        inbox.push(text);
        socket.write(response(text, '200 OK'));
      }
    });
  });
  server.on('tlsClientError', () => undefined);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => void server.close());
  const bound = server.address();
  return { port: bound !== null && typeof bound === 'object' ? bound.port : 0, inbox };
}

test('the server that has the certificate of the domain is asked, after one that has another', async () => {
  const [right, wrong] = [await certificate(['example.com']), await certificate(['sip.example.com'])];
  const [first, second] = [await secureServer(wrong.key, wrong.cert), await secureServer(right.key, right.cert)];
  const { resolver } = await dnsServer([
    srv('_sips._tcp.example.com', 'sip.example.com', first.port, 1),
    srv('_sips._tcp.example.com', 'sip.example.com', second.port, 2),
    a('sip.example.com', '127.0.0.1'),
  ]);
  const tls = { key: right.key, cert: right.cert, ca: `${right.cert}\n${wrong.cert}` };
  const { client } = await stage({ listen: ['tls://127.0.0.1:0', 'udp://127.0.0.1:0'], tls, resolver });
  const app = await client();
  app.send('id|sip||\r\nOPTIONS sips:bob@example.com SIP/2.0\r\n\r\n');
  expect(valueOf(await app.inbox.next(), 'Via')).toMatch(/^SIP\/2\.0\/TLS /);
  expect(await second.inbox.next()).toMatch(/^OPTIONS sips:bob@example\.com /);
  expect((await app.inbox.next()).split('\r\n')[1]).toBe('SIP/2.0 200 OK');
  expect(first.inbox.waiting).toEqual([]);
});

test('without a TLS transport of ours a sips URI is refused', async () => {
  const { client } = await stage();
  const app = await client();
  app.send('id|sip||\r\nOPTIONS sips:bob@127.0.0.1 SIP/2.0\r\n\r\n');
  expect((await app.inbox.next()).split('|').slice(3)).toEqual(['NOK', 'requested protocol/transport not available']);
});
