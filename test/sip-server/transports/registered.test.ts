// Telephones that come by TLS, WebSocket and secure WebSocket: registered, called, and reached by the connection that they opened.
import { describe, expect, test } from 'vitest';
import { tokensOf } from '../calls.ts';
import { final, response, valueOf } from '../stage.ts';
import { secureStage, type Secure, type webTelephone } from './peers.ts';

const protocols: readonly Secure[] = ['tls', 'ws', 'wss'];

describe.each(protocols)('over %s', (protocol) => {
  test('unmodified drachtio-srf registers a telephone, and calls it by the connection that is there', async () => {
    const { application, telephone } = await secureStage(protocol);
    const seen: unknown[] = [];
    const srf = await application((app) =>
      app.register((req, res) => {
        const { source, source_address, source_port, protocol: by } = req as unknown as Record<string, unknown>;
        seen.push([source, source_address, source_port, by]);
        res.send(200, { headers: { Contact: `${req.get('Contact')};expires=60` } });
      }),
    );
    const alice = await telephone();
    // A browser knows neither its address nor a name of its own.
    const contact = `<sip:alice@abc.invalid;transport=${protocol === 'tls' ? 'tls' : 'ws'}>`;
    const register = `REGISTER sip:127.0.0.1 SIP/2.0\r\nVia: SIP/2.0/${alice.protocol} abc.invalid;branch=z9hG4bK-1\r\nMax-Forwards: 70\r\nFrom: <sip:alice@127.0.0.1>;tag=1\r\nTo: <sip:alice@127.0.0.1>\r\nCall-ID: reg\r\nCSeq: 1 REGISTER\r\nContact: ${contact}\r\nContent-Length: 0\r\n\r\n`;
    alice.send(register);
    const ok = await final(alice);
    expect(ok).toMatch(/^SIP\/2\.0 200 OK\r\n/);
    expect(valueOf(ok, 'Via')).toBe(
      `SIP/2.0/${alice.protocol} abc.invalid;branch=z9hG4bK-1;rport=${alice.port};received=127.0.0.1`,
    );
    expect(seen).toEqual([['network', '127.0.0.1', alice.port, protocol]]);

    for (const [uri, proxy] of [
      [`sip:alice@abc.invalid;transport=${protocol === 'tls' ? 'tls' : 'ws'}`, undefined],
      ['sip:alice@abc.invalid', `sip:127.0.0.1:${alice.port};transport=${protocol}`],
    ] as const) {
      const sent = await srf.request(uri, { method: 'INVITE', body: 'v=0\r\n', ...(proxy && { proxy }) });
      const invite = await alice.inbox.next();
      expect(invite).toContain(`INVITE ${uri} SIP/2.0\r\n`);
      expect(valueOf(invite, 'Via')).toMatch(new RegExp(`^SIP/2.0/${alice.protocol} 127.0.0.1:\\d+;branch=`));
      expect(valueOf(invite, 'Contact')).toMatch(
        new RegExp(`^<sip:127.0.0.1:\\d+;transport=${protocol === 'tls' ? 'tls' : 'ws'}>$`),
      );
      const status = new Promise((resolve) => sent.on('response', (res) => resolve(res.status)));
      alice.send(response(invite, '486 Busy Here'));
      expect(await status).toBe(486);
      expect(await alice.inbox.next()).toMatch(/^ACK /);
    }
  });

  test('a call goes on over the connection, whatever its Contact says', async () => {
    const { client, telephone } = await secureStage(protocol);
    const [app, alice] = [await client('invite'), await telephone()];
    alice.ask('INVITE', { callId: 'call' });
    app.send(`id|sip|${tokensOf(await app.inbox.next())[8]}|\r\nSIP/2.0 200 OK\r\n\r\n`);
    const dialog = tokensOf(await app.inbox.next())[11]!;
    const ok = await final(alice);
    alice.ask('ACK', { callId: 'call', to: valueOf(ok, 'To')! });
    await app.inbox.next();
    app.send(`id|sip||${dialog}\r\nBYE sip:placeholder SIP/2.0\r\n\r\n`);
    expect(await final(alice)).toMatch(/^BYE sip:alice@/);
  });

  test('when its connection has ended a telephone is not reached, and that is told once', async () => {
    const closed: object[] = [];
    const { client, telephone, server } = await secureStage(protocol, { onFlowClosed: (flow) => closed.push(flow) });
    const [app, alice] = [await client('register'), await telephone()];
    alice.ask('REGISTER');
    const transaction = tokensOf(await app.inbox.next())[8]!;
    const flow = { protocol, address: '127.0.0.1', port: alice.port };
    expect([server.isFlowOpen(flow), server.isFlowOpen({ ...flow, protocol: 'udp' })]).toEqual([true, false]);
    await alice.close();
    await expect.poll(() => server.isFlowOpen(flow)).toBe(false);
    await expect.poll(() => closed).toEqual([flow]);
    if (protocol === 'tls') return;
    app.send(`id|sip|${transaction}|\r\nSIP/2.0 200 OK\r\n\r\n`);
    expect(await app.inbox.next()).toContain('|NOK|transport for response has been shutdown or closed');
    app.send(
      `id|sip|||sip:127.0.0.1:${alice.port};transport=${protocol}\r\nOPTIONS sip:alice@a.invalid SIP/2.0\r\n\r\n`,
    );
    expect(await app.inbox.next()).toContain('|NOK|requested protocol/transport not available');
    expect(closed).toHaveLength(1);
  });
});

test('over WebSocket a message may be binary or text, and its length need not be said', async () => {
  const { client, telephone } = await secureStage('ws');
  const [app, alice] = [await client('message'), await telephone()];
  const text = Buffer.from('grüß').toString('latin1');
  const binary = '\xff\xfe';
  for (const [body, told] of [
    [text, text],
    [binary, Buffer.from(binary, 'latin1').toString('base64')],
  ] as const) {
    alice.ask('MESSAGE', { body, headers: ['Content-Type: text/plain'] });
    expect((await app.inbox.next()).endsWith(`\r\n\r\n${told}`)).toBe(true);
  }
  // Text that is no UTF-8 is no text (RFC 6455 8.1): the connection ends.
  const { web } = alice as Awaited<ReturnType<typeof webTelephone>>;
  web.send(Buffer.from(binary, 'latin1'), { binary: false });
  await alice.closed;
});
