// Unmodified drachtio-srf drives the embedded server: registrations, messages and calls over real sockets.
import { describe, expect, test } from 'vitest';
import { final, request, response, stage, valueOf, type Application, type Message } from './stage.ts';

const sdp = 'v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\n';

describe.each(['udp', 'tcp'] as const)('over %s', (transport) => {
  const protocol = transport === 'udp' ? 'UDP' : 'TCP';

  test('a REGISTER is challenged by two header lines, though drachtio-srf joins them, and then accepted', async () => {
    const challenges = [
      'Digest realm="a, b", nonce="1", algorithm=SHA-256, qop="auth"',
      'Digest realm="a, b", nonce="1", algorithm=MD5',
    ];
    const { application, peer } = await stage();
    await application((srf) =>
      srf.register((req, res) => {
        if (req.has('Authorization')) res.send(200, { headers: { Contact: req.get('Contact'), Expires: '60' } });
        else res.send(401, { headers: { 'WWW-Authenticate': challenges } });
      }),
    );
    const alice = await peer(transport);
    alice.send(request('REGISTER', alice.port, { protocol, callId: 'registration' }));
    const refused = await final(alice);
    expect(refused.split('\r\n').filter((line) => line.startsWith('WWW-'))).toEqual(
      challenges.map((each) => `WWW-Authenticate: ${each}`),
    );
    const headers = ['Authorization: Digest username="alice"'];
    alice.send(request('REGISTER', alice.port, { protocol, callId: 'registration', cseq: 2, headers }));
    const accepted = await final(alice);
    expect([accepted.split('\r\n')[0], valueOf(accepted, 'Expires')]).toEqual(['SIP/2.0 200 OK', '60']);
  });

  test('a MESSAGE goes in and is answered, and one goes out and is answered', async () => {
    const { application, peer } = await stage();
    const bodies: string[] = [];
    const srf = await application((app) =>
      app.message((req, res) => {
        bodies.push(req.body);
        res.send(202);
      }),
    );
    const alice = await peer(transport);
    const body = Buffer.from('héllo ☎ 😀').toString('latin1');
    alice.send(request('MESSAGE', alice.port, { protocol, body, headers: ['Content-Type: text/plain'] }));
    expect(await final(alice)).toMatch(/^SIP\/2\.0 202 Accepted\r\n/);
    expect(bodies).toEqual(['héllo ☎ 😀']);

    const sent = ask(srf, `sip:alice@127.0.0.1:${alice.port};transport=${transport}`, {
      method: 'MESSAGE',
      headers: { 'Content-Type': 'text/plain' },
      body: 'grüß',
    });
    const received = await final(alice);
    expect(Buffer.from(received.split('\r\n\r\n')[1]!, 'latin1').toString()).toBe('grüß');
    alice.send(response(received, '200 OK'));
    expect((await sent).status).toBe(200);
  });

  test('a call comes in, is answered, renegotiated and ended by the telephone', async () => {
    const { application, peer, server } = await stage();
    const events: string[] = [];
    await application((srf) =>
      srf.invite((req, res) => {
        res.send(180);
        void srf.createUAS(req, res, { localSdp: sdp }).then((dialog) => {
          dialog.on('ack', () => events.push('ack'));
          dialog.on('modify', (_, answer) => {
            events.push('modify');
            answer.send(200, { body: sdp });
          });
          dialog.on('destroy', () => events.push('destroy'));
        });
      }),
    );
    const alice = await peer(transport);
    const call = { protocol, callId: 'call', headers: ['Content-Type: application/sdp'], body: sdp } as const;
    alice.send(request('INVITE', alice.port, call));
    const ok = await final(alice);
    const within = { ...call, to: valueOf(ok, 'To')!, uri: /<(.*)>/.exec(valueOf(ok, 'Contact')!)![1]! };
    alice.send(request('ACK', alice.port, { ...within, headers: [], body: '' }));
    await expect.poll(() => events).toEqual(['ack']);
    alice.send(request('INVITE', alice.port, { ...within, cseq: 2 }));
    expect(await final(alice)).toMatch(/^SIP\/2\.0 200 OK\r\n/);
    alice.send(request('ACK', alice.port, { ...within, cseq: 2, headers: [], body: '' }));
    await expect.poll(() => events).toEqual(['ack', 'modify', 'ack']);
    alice.send(request('BYE', alice.port, { ...within, cseq: 3, headers: [], body: '' }));
    expect(valueOf(await final(alice), 'CSeq')).toBe('3 BYE');
    await expect.poll(() => events).toEqual(['ack', 'modify', 'ack', 'destroy']);
    expect(server.metrics.gauges).toMatchObject({ dialogs: 0, pendingRequests: 0 });
  });

  test('a call goes out, rings, is answered, and ended by the application', async () => {
    const { application, peer, server } = await stage();
    const srf = await application();
    const bob = await peer(transport);
    if (transport === 'tcp') bob.send('\r\n\r\n');
    const provisional: number[] = [];
    const calling = srf.createUAC(
      `sip:bob@127.0.0.1:${bob.port};transport=${transport}`,
      { localSdp: sdp, headers: { From: '<sip:app@localhost>' } },
      { cbProvisional: (each: Message) => provisional.push(each.status) },
    );
    const invite = await bob.inbox.next();
    const contact = `Contact: <sip:bob@127.0.0.1:${bob.port};transport=${transport}>`;
    for (const status of ['100 Trying', '180 Ringing']) bob.send(response(invite, status, [contact]));
    bob.send(response(invite, '200 OK', [contact, 'Content-Type: application/sdp'], sdp));
    const dialog = await calling;
    expect([provisional, dialog.remote.sdp]).toEqual([[180], sdp]);
    expect(await bob.inbox.next()).toMatch(/^ACK sip:bob@/);
    void dialog.destroy();
    const bye = await bob.inbox.next();
    expect(bye).toMatch(/^BYE sip:bob@/);
    bob.send(response(bye, '200 OK'));
    await expect.poll(() => server.metrics.gauges.dialogs).toBe(0);
  });
});

test('a response that follows its request at once is not lost when the request is awaited', async () => {
  const { application } = await stage({ lookup: () => Promise.reject(new Error('no such host')) });
  const srf = await application();
  const req = await srf.request('sip:bob@nowhere.invalid', { method: 'OPTIONS' });
  expect(await new Promise((resolve) => req.on('response', ({ status }) => resolve(status)))).toBe(503);
});

test('no response is lost when its request is awaited', async () => {
  const { application, peer } = await stage();
  const [srf, bob] = [await application(), await peer()];
  let heard = 0;
  for (let round = 0; round < 50; round++) {
    const asking = srf.request(`sip:bob@127.0.0.1:${bob.port}`, { method: 'OPTIONS' });
    bob.send(response(await bob.inbox.next(), '200 OK'));
    const req = await asking;
    await new Promise<void>((resolve) => req.on('response', () => resolve()));
    heard += 1;
  }
  expect(heard).toBe(50);
});

test('a cancelled call ends with 487', async () => {
  const { application, peer } = await stage();
  const [srf, bob] = [await application(), await peer()];
  const req = await srf.request(`sip:bob@127.0.0.1:${bob.port}`, { method: 'INVITE', body: sdp });
  const ended = new Promise<number>((resolve) => req.on('response', ({ status }) => status >= 200 && resolve(status)));
  const invite = await bob.inbox.next();
  bob.send(response(invite, '180 Ringing'));
  req.cancel();
  const cancel = await bob.inbox.next();
  expect(cancel).toMatch(/^CANCEL /);
  bob.send(response(cancel, '200 OK'));
  bob.send(response(invite, '487 Request Terminated'));
  expect(await bob.inbox.next()).toMatch(/^ACK /);
  expect(await ended).toBe(487);
});

test('IPv6 has brackets where SIP wants them', async () => {
  const { application, server } = await stage({ listen: ['udp://[::1]:0'] });
  const srf = await application();
  const port = server.addresses[0]!.port;
  const refused = await new Promise<Error | null>((resolve) =>
    srf.request(`sip:x@[::1]:${port}`, { method: 'OPTIONS' }, resolve),
  );
  expect(refused?.message).toContain('myself');
  const sent = await srf.request('sip:x@[::1]:9', { method: 'OPTIONS' });
  expect([sent.get('Via'), sent.get('From')]).toEqual([
    expect.stringMatching(`^SIP/2.0/UDP \\[::1\\]:${port};`),
    expect.stringMatching(`^<sip:\\[::1\\]:${port}>;tag=`),
  ]);
});

/** The response to a request that srf sends. */
const ask = (srf: Application, uri: string, options: object): Promise<Message> =>
  new Promise((resolve, reject) =>
    srf.request(uri, options, (error, req) =>
      error ? reject(error) : req.on('response', (res) => res.status >= 200 && resolve(res)),
    ),
  );
