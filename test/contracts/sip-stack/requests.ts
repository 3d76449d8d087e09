// The contract of a SipStack: requests outside of calls.
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { expect, test } from 'vitest';
import { fromServiceTo } from '../../support/sip-peer.ts';
import type { MakeSipStack, SipStackTraits } from '../sip-stack.contract.ts';
import { begin } from './story.ts';

const plain = ['Content-Type', 'text/plain'] as const;

/** A port of this machine on which nobody listens. */
async function freePort(transport: 'udp' | 'tcp'): Promise<number> {
  if (transport === 'udp') {
    const socket = createSocket('udp4').bind(0, '127.0.0.1');
    await once(socket, 'listening');
    const { port } = socket.address();
    socket.close();
    return port;
  }
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  return typeof address === 'object' && address !== null ? address.port : 0;
}

export function requests(make: MakeSipStack, traits: SipStackTraits): void {
  const { impatient, patience, passesUnknownMethods } = traits;
  for (const transport of ['udp', 'tcp'] as const) {
    test(`a MESSAGE from ${transport} is handed on with its source, and answered`, async () => {
      const { phone, next, stack } = await begin(make, { transport });
      const response = phone.message({ to: 'bar', body: 'hello' });
      const request = await next();
      expect(request).toMatchObject({ method: 'MESSAGE', uri: 'sip:bar@127.0.0.1', body: 'hello', isOwn: false });
      expect(request.source).toEqual({ protocol: transport, address: '127.0.0.1', port: phone.address.port });
      expect(request.dialogId).toBeUndefined();
      expect(stack.addresses).toContainEqual(request.receivedOn);

      const sent = await request.respond(202, { reason: 'Queued', headers: [['X-Id', '7']], body: '' });
      expect(sent.headers.get('To')).toMatch(/;tag=.+/);
      expect(sent.dialogId).toBeUndefined();
      const received = await response;
      expect(received.startLine).toBe('SIP/2.0 202 Queued');
      expect(received.header('X-Id')).toBe('7');
      expect(received.header('To')).toBe(sent.headers.get('To'));
    });

    test(`a MESSAGE is sent over ${transport}, and its answer comes back with its source`, async () => {
      const { phone, stack } = await begin(make, { transport });
      phone.answer('MESSAGE', () => ({ status: 202, headers: [['X-Id', '7']] }));
      const headers = [...fromServiceTo(phone), plain, ['X-Note', 'a: b; c'] as const];
      const { sent, final } = stack.send({ method: 'MESSAGE', uri: phone.contact, headers, body: 'hello' });
      expect(await final).toMatchObject({
        status: 202,
        reason: 'Accepted',
        source: { protocol: transport, address: '127.0.0.1', port: phone.address.port },
      });
      expect((await final).headers.get('X-Id')).toBe('7');
      const received = await phone.nextMessage();
      expect(received.uri).toBe(phone.contact);
      expect(received.header('X-Note')).toBe('a: b; c');
      expect((await sent).headers.get('Call-ID')).toBe(received.header('Call-ID'));
    });
  }

  test('the next hop is where a request goes, and its Request-URI stays', async () => {
    const { phone, stack } = await begin(make);
    const uri = 'sip:foo@example.invalid';
    const { sent, final } = stack.send({
      method: 'MESSAGE',
      uri,
      nextHop: phone.contact,
      headers: [...fromServiceTo(phone), plain],
      body: 'hello',
    });
    expect((await sent).uri).toBe(uri);
    expect((await final).status).toBe(200);
    expect((await phone.nextMessage()).uri).toBe(uri);
  });

  test('a request that is answered late is not handed on twice, and a second answer is a conflict', async () => {
    const { phone, next } = await begin(make);
    const first = phone.message({ to: 'bar', body: 'first' });
    const request = await next();
    const [raw = ''] = phone.log.map(({ text }) => text);
    phone.send(raw);
    const second = phone.message({ to: 'bar', body: 'second' });
    const other = await next();
    expect(other.body).toBe('second');
    await request.respond(200);
    await other.respond(200);
    expect([(await first).status, (await second).status]).toEqual([200, 200]);
    await expect(request.respond(200)).rejects.toMatchObject({ name: 'Fault', kind: 'conflict' });
  });

  test(
    'a request that nobody answers ends in a 408 of the stack itself',
    { timeout: 2 * patience + 5_000 },
    async () => {
      const { phone, stack } = await begin(impatient);
      phone.answer('MESSAGE', () => undefined);
      const { final } = stack.send({
        method: 'MESSAGE',
        uri: phone.contact,
        headers: [...fromServiceTo(phone), plain],
        body: 'hello',
      });
      expect(await final).toMatchObject({ status: 408, source: undefined });
    },
  );

  // Not every system tells a UDP socket that nobody is there: then it is the timeout that says so.
  test.each([
    ['udp', [503, 408]],
    ['tcp', [503]],
  ] as const)(
    'where nobody listens on %s, a request ends in a failure of the stack itself',
    { timeout: 2 * patience + 5_000 },
    async (transport, statuses) => {
      const { phone, stack } = await begin(impatient);
      const uri = `sip:foo@127.0.0.1:${await freePort(transport)};transport=${transport}`;
      const headers = [...fromServiceTo(phone), plain];
      const response = await stack.send({ method: 'MESSAGE', uri, headers, body: 'hello' }).final;
      expect(statuses).toContain(response.status);
      expect(response.source).toBeUndefined();
    },
  );

  test('a host name without an address is a failure of the stack itself', async () => {
    const { phone, stack } = await begin(make);
    const headers = [...fromServiceTo(phone), plain];
    const { sent, final } = stack.send({ method: 'MESSAGE', uri: 'sip:foo@nowhere.invalid', headers, body: 'hello' });
    expect(await final).toMatchObject({ status: 503, source: undefined });
    expect((await sent).headers.get('Content-Type')).toBe('text/plain');
  });

  test('a digest challenge to us can be answered by the same request again', async () => {
    const { phone, stack } = await begin(make);
    phone.answer('MESSAGE', (request) =>
      request.header('Authorization') === ''
        ? { status: 401, headers: [['WWW-Authenticate', 'Digest realm="r", nonce="n"']] }
        : { status: 200 },
    );
    const message = { method: 'MESSAGE', uri: phone.contact, body: 'hello' };
    const first = stack.send({ ...message, headers: [...fromServiceTo(phone), plain] });
    const sent = (await first.sent).headers;
    expect((await first.final).headers.get('WWW-Authenticate')).toBe('Digest realm="r", nonce="n"');
    const sequence = Number.parseInt(sent.get('CSeq') ?? '', 10) + 1;
    const again = stack.send({
      ...message,
      headers: [
        ['From', sent.get('From') ?? ''],
        ['To', sent.get('To') ?? ''],
        ['Call-ID', sent.get('Call-ID') ?? ''],
        ['CSeq', `${sequence} MESSAGE`],
        ['Authorization', 'Digest username="service"'],
        plain,
      ],
    });
    expect((await again.final).status).toBe(200);
    await phone.nextMessage();
    const second = await phone.nextMessage();
    expect(second.header('Call-ID')).toBe(sent.get('Call-ID'));
    expect(second.header('From')).toBe(sent.get('From'));
    expect(second.sequence).toBe(sequence);
  });

  test.each(['REGISTER', 'OPTIONS', 'SUBSCRIBE', 'PUBLISH'])(
    'a %s outside of a dialog is handed on',
    async (method) => {
      const { phone, next } = await begin(make);
      const headers = [
        ['Contact', `<${phone.contact}>`],
        ['Event', 'presence'],
      ] as const;
      const response = phone.request({ method, to: 'bar', headers });
      const request = await next();
      expect(request.method).toBe(method);
      await request.respond(404);
      expect((await response).startLine).toBe('SIP/2.0 404 Not Found');
    },
  );

  if (!passesUnknownMethods) return;
  test('a method that no standard knows is handed on like any other', async () => {
    const { phone, next } = await begin(make);
    const response = phone.request({ method: 'JUGGLE', to: 'bar' });
    const request = await next();
    expect(request.method).toBe('JUGGLE');
    await request.respond(501);
    expect((await response).status).toBe(501);
  });
}
