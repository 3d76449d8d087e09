// TLS connections that the server opens: only to whoever proves to be the one who is meant.
import { createServer, type TLSSocket, type TlsOptions } from 'node:tls';
import { beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { identityProblem } from '../../../src/sip-server/transport/tls.ts';
import { StreamFramer } from '../../../src/sip-server/transport/stream-framer.ts';
import { Inbox } from '../replay/parties.ts';
import { response, stage, valueOf, type Stage } from '../stage.ts';
import { tokensOf } from '../calls.ts';
import { certificate, type Identity } from '../../support/certificate.ts';

let authority: Identity;
let own: Identity;
beforeAll(async () => {
  authority = await certificate([]);
  own = await certificate(['localhost', '127.0.0.1'], authority);
});

/** A SIP server over TLS that answers every request 200. */
async function provider(identity: Identity, options: TlsOptions = {}) {
  const inbox = new Inbox();
  const connections: TLSSocket[] = [];
  const server = createServer({ ...identity, ...options }, (socket) => {
    const framer = new StreamFramer(100_000);
    connections.push(socket);
    socket.on('error', () => undefined);
    socket.on('data', (chunk) => {
      for (const part of framer.push(chunk)) {
        if (part.kind !== 'message') continue;
        inbox.push(String(part.octets));
        socket.write(response(String(part.octets), '200 OK'));
      }
    });
  });
  server.on('tlsClientError', () => undefined);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    for (const each of connections) each.destroy();
    server.close();
  });
  const bound = server.address();
  return { inbox, connections, port: bound !== null && typeof bound === 'object' ? bound.port : 0 };
}

const secured = async (log: string[] = []): Promise<Stage> =>
  stage({
    listen: ['udp://127.0.0.1:0', 'tls://127.0.0.1:0'],
    tls: { ...own, ca: authority.cert },
    lookup: () => Promise.resolve([{ address: '127.0.0.1', family: 4 }]),
    log: (_, text) => log.push(text),
  });

/** The status of the answer that the application gets. */
async function ask({ client }: Stage, uri: string): Promise<string> {
  const app = await client();
  app.send(`id|sip|||\r\nOPTIONS ${uri} SIP/2.0\r\n\r\n`);
  const told = await app.inbox.next();
  expect(tokensOf(told)[3]).toBe('OK');
  return /\r\nSIP\/2\.0 (\d+)/.exec(await app.inbox.next())![1]!;
}

describe('a request by TLS', () => {
  test.each([
    ['sips:bob@proxy.example.com', ['proxy.example.com']],
    ['sip:bob@example.com;transport=tls', ['other.example.com', 'sip:example.com']],
    ['sips:bob@127.0.0.1', ['127.0.0.1']],
  ])('goes to %s, whose certificate is for %j', async (uri, names) => {
    const { inbox, port, connections } = await provider(await certificate(names, authority));
    const at = uri.replace(/(@[^;]*)/, `$1:${port}`);
    const opened = await secured();
    expect(await ask(opened, at)).toBe('200');
    expect(valueOf(await inbox.next(), 'Via')).toMatch(/^SIP\/2\.0\/TLS 127\.0\.0\.1:\d+;branch=/);
    expect(await ask(opened, at)).toBe('200');
    expect(connections).toHaveLength(1);
    const name = /@([^:;]*)/.exec(at)![1]!;
    expect((connections[0] as TLSSocket & { servername: unknown }).servername).toBe(
      name === '127.0.0.1' ? false : name,
    );
  });

  test.each([
    ['another name', ['other.example.com'], true],
    ['a wrong SIP URI', ['sip:other.example.com'], true],
    ['a name that nobody we trust vouches for', ['proxy.example.com'], false],
  ])('does not go to one whose certificate is for %s, and the log says why', async (_, names, isTrusted) => {
    const log: string[] = [];
    const { port, inbox } = await provider(await certificate(names, isTrusted ? authority : undefined));
    const opened = await secured(log);
    expect(await ask(opened, `sips:bob@proxy.example.com:${port}`)).toBe('503');
    expect(inbox.waiting).toEqual([]);
    expect(opened.server.metrics.drops['tls-failed']).toBe(1);
    expect(log.join()).toMatch(/tls-failed: proxy\.example\.com at 127\.0\.0\.1:\d+: /);
  });

  test('uses no connection to a server of another name at the same address', async () => {
    const { port, connections } = await provider(await certificate(['one.example.com', 'two.example.com'], authority));
    const opened = await secured();
    expect(await ask(opened, `sips:bob@one.example.com:${port}`)).toBe('200');
    expect(await ask(opened, `sips:bob@two.example.com:${port}`)).toBe('200');
    expect(connections).toHaveLength(1);
    expect(await ask(opened, `sips:bob@three.example.com:${port}`)).toBe('503');
    expect(opened.server.metrics.drops['tls-failed']).toBe(1);
  });

  test('shows who we are to one who asks', async () => {
    const bob = await certificate(['127.0.0.1'], authority);
    const { port, connections } = await provider(bob, { requestCert: true, ca: authority.cert });
    expect(await ask(await secured(), `sips:bob@127.0.0.1:${port}`)).toBe('200');
    expect(connections[0]!.getPeerCertificate().subject.CN).toBe('localhost');
  });

  test('does not go to a place that speaks only what is too old', async () => {
    const bob = await certificate(['127.0.0.1'], authority);
    const { port } = await provider(bob, { maxVersion: 'TLSv1.1', minVersion: 'TLSv1', ciphers: 'ALL@SECLEVEL=0' });
    expect(await ask(await secured(), `sips:bob@127.0.0.1:${port}`)).toBe('503');
  });
});

test('what a certificate says in quotes is no name of its own', () => {
  const certificateOf = (subjectaltname: string) =>
    ({ subject: { CN: 'x' }, subjectaltname }) as unknown as Parameters<typeof identityProblem>[1];
  expect(identityProblem('a.example', certificateOf('DNS:x, URI:sip:a.example'))).toBeUndefined();
  expect(identityProblem('a.example', certificateOf('DNS:"x, URI:sip:a.example, y"'))).toBeInstanceOf(Error);
  expect(identityProblem('a.example', certificateOf('URI:sip:bob@a.example, DNS:x'))).toBeInstanceOf(Error);
});
