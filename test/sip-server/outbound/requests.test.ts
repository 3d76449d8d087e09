// Outbound mode: a web service says what becomes of a request, and drachtio-srf listens for it.
import type { AddressInfo, Server } from 'node:net';
import Srf from 'drachtio-srf';
import { expect, onTestFinished, test } from 'vitest';
import type { Party } from '../replay/parties.ts';
import { certificate } from '../../support/certificate.ts';
import { final, request, stage, valueOf } from '../stage.ts';
import { listening, on, scene, statusLine, webService } from './scene.ts';

test('a request goes to an application that listens, and the connection ends when the application says so', async () => {
  const bodies: string[] = [];
  const port = await listening((srf, end) =>
    on(srf, 'message', (req, res) => {
      bodies.push(req.body);
      res.send(202);
      end(req);
    }),
  );
  const { alice, asked, server } = await scene('route', { uri: `127.0.0.1:${port}` });
  const headers = ['Content-Type: text/plain'];
  const uri = 'sip:service;color=blue@127.0.0.1;x=y;method=FAKE';
  alice.send(request('MESSAGE', alice.port, { uri, body: 'hi', headers }));
  expect(statusLine(await final(alice))).toBe('SIP/2.0 202 Accepted');
  expect(bodies).toEqual(['hi']);
  expect(asked).toEqual([
    {
      method: 'MESSAGE',
      domain: '127.0.0.1',
      protocol: 'udp',
      source_address: '127.0.0.1',
      fromUser: 'alice',
      toUser: 'service',
      uriUser: 'service;color=blue',
      contentType: 'text/plain',
      uri,
      x: 'y',
      accept: 'application/json',
    },
  ]);
  await expect.poll(() => server.metrics.gauges.clients).toBe(0);
});

test('a call stays with the connection that got its INVITE', async () => {
  const events: string[] = [];
  const port = await listening((srf, end) =>
    on(srf, 'invite', (req, res) => {
      void (srf as unknown as { createUAS(...of: unknown[]): Promise<NodeJS.EventEmitter> })
        .createUAS(req, res, { localSdp: 'v=0\r\n' })
        .then((dialog) =>
          dialog.on('destroy', () => {
            events.push('destroy');
            end(req);
          }),
        );
    }),
  );
  const { alice, server, asked } = await scene('route', { uri: `127.0.0.1:${port};transport=tcp` });
  alice.send(request('INVITE', alice.port, { callId: 'call' }));
  const within = { callId: 'call', to: valueOf(await final(alice), 'To')! };
  alice.send(request('ACK', alice.port, within));
  alice.send(request('BYE', alice.port, { ...within, cseq: 2 }));
  expect(statusLine(await final(alice))).toBe('SIP/2.0 200 OK');
  await expect.poll(() => events).toEqual(['destroy']);
  expect(asked).toHaveLength(1);
  await expect.poll(() => server.metrics.gauges).toMatchObject({ clients: 0, dialogs: 0 });
});

test('"tcp://host:port" needs no web service', async () => {
  const port = await listening((srf) => on(srf, 'message', (_, res) => res.send(200)));
  const { peer } = await stage({ requestHandlers: { message: `tcp://127.0.0.1:${port}` } });
  const alice = await peer();
  alice.send(request('MESSAGE', alice.port));
  expect(statusLine(await final(alice))).toBe('SIP/2.0 200 OK');
});

test('a method without a handler goes by the routes', async () => {
  const { url } = await webService(undefined);
  const { client, peer } = await stage({ requestHandlers: { INVITE: url } });
  const [app, alice] = [await client('message'), await peer()];
  alice.send(request('MESSAGE', alice.port));
  expect(await app.inbox.next()).toContain('\r\nMESSAGE sip:');
});

test('by a tag it goes to one of those that came with it', async () => {
  const { alice, rawClient } = await scene('route', { tag: 'blue' });
  const clients: Party[] = [];
  for (const tags of ['red', 'blue,green', 'blue']) {
    const client = await rawClient();
    for (const command of [`authenticate|secret|${tags}`, 'route|message']) {
      client.send(`id|${command}`);
      await client.inbox.next();
    }
    clients.push(client);
  }
  for (let sent = 0; sent < 4; sent++) alice.send(request('MESSAGE', alice.port));
  for (const client of clients.slice(1)) {
    await client.inbox.next();
    await client.inbox.next();
  }
  expect(clients[0]!.inbox.waiting).toEqual([]);
});

test('"reject" is sent as it is', async () => {
  const { alice } = await scene('reject', { status: 480, reason: 'Go Away' });
  alice.send(request('MESSAGE', alice.port));
  expect(statusLine(await final(alice))).toBe('SIP/2.0 480 Go Away');
});

test('"redirect" is 302 with every contact', async () => {
  const { alice } = await scene('redirect', { contact: ['sip:a@example.com', 'sip:b@example.com'] });
  alice.send(request('INVITE', alice.port));
  const answer = await final(alice);
  expect(statusLine(answer)).toBe('SIP/2.0 302 Moved');
  expect(answer.match(/^Contact: .*$/gm)).toEqual(['Contact: <sip:a@example.com>', 'Contact: <sip:b@example.com>']);
});

test('"proxy" forwards without an application', async () => {
  const staged = await stage();
  const bob = await staged.peer();
  const { alice } = await scene('proxy', { destination: `bob@127.0.0.1:${bob.port}`, recordRoute: true });
  alice.send(request('INVITE', alice.port));
  const invite = await bob.inbox.next();
  expect(valueOf(invite, 'Record-Route')).toContain(';lr;of=');
  // Bob's own socket answers to where the request came from.
  expect(invite).toMatch(/^INVITE sip:service@127\.0\.0\.1 /);
});

test('over TLS, to an application whose certificate is trusted', async () => {
  const { key, cert } = await certificate(['localhost']);
  const srf = new Srf();
  on(srf, 'message', (_, res) => res.send(200));
  // Its own types know neither.
  const listener = srf as unknown as { listen(options: object): Server };
  const server = listener.listen({ host: '127.0.0.1', port: 0, secret: 'secret', tls: { key, cert } });
  onTestFinished(() => void server.close());
  await new Promise<void>((resolve) => server.once('listening', resolve));
  const { port } = server.address() as AddressInfo;
  const data = { uri: `localhost:${port};transport=tls` };
  const { alice } = await scene('route', data, { tls: { key, cert, ca: cert } });
  alice.send(request('MESSAGE', alice.port));
  expect(statusLine(await final(alice))).toBe('SIP/2.0 200 OK');
});
