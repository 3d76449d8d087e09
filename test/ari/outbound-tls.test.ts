// WebSockets that are opened from here over TLS: to whom, and to whom not.
import { once } from 'node:events';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { expect, onTestFinished, test } from 'vitest';
import { WebSocketServer } from 'ws';
import { connect } from '../../src/ari/outbound/connect.ts';
import { certificate, type Identity } from '../support/certificate.ts';

async function serve({ key, cert }: Identity): Promise<string> {
  const server = createServer({ key, cert });
  const sockets = new WebSocketServer({ server });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => {
    for (const client of sockets.clients) client.terminate();
    server.close();
  });
  return `wss://127.0.0.1:${(server.address() as AddressInfo).port}/ari`;
}

/** "open", or why it is not. */
async function attempt(uri: string, tls: Parameters<typeof connect>[0]['tls']): Promise<string> {
  const target = { uri, protocols: ['ari'], tls, timeout: 5_000, interval: 500, attempts: 1 };
  try {
    return await connect(target, new AbortController().signal, (socket) => {
      socket.terminate();
      return 'open';
    });
  } catch (error) {
    return (error as Error).message;
  }
}

test('a certificate that no known authority has signed is refused, unless none is asked for', async () => {
  const identity = await certificate(['127.0.0.1']);
  const uri = await serve(identity);
  expect(await attempt(uri, { verifiesCertificate: true, verifiesHostname: true })).toMatch(
    /self-signed|unable to verify/,
  );
  expect(await attempt(uri, { ca: identity.cert, verifiesCertificate: true, verifiesHostname: true })).toBe('open');
  expect(await attempt(uri, { verifiesCertificate: false, verifiesHostname: true })).toBe('open');
});

test('a certificate of another host is refused, unless its name does not matter', async () => {
  const identity = await certificate(['other.example']);
  const uri = await serve(identity);
  const ca = identity.cert;
  expect(await attempt(uri, { ca, verifiesCertificate: true, verifiesHostname: true })).toContain('does not match');
  expect(await attempt(uri, { ca, verifiesCertificate: true, verifiesHostname: false })).toBe('open');
});
