// Bad input gets a clear error, loses nothing, and stops nothing.
import { describe, expect, test } from 'vitest';
import { startService } from '../support/service.ts';

const lines = (...each: readonly string[]): string => `${each.join('\r\n')}\r\n\r\n`;
const via = (port: number, transport: string): string =>
  `Via: SIP/2.0/${transport.toUpperCase()} 127.0.0.1:${port};branch=z9hG4bKbad${port};rport`;

describe.each(['udp', 'tcp'] as const)('malformed SIP over %s', (transport) => {
  test.each([
    ['without a Call-ID', ['From: <sip:foo@x>;tag=1', 'To: <sip:1001@x>', 'CSeq: 1 MESSAGE', 'Content-Length: 0']],
    [
      'with another method in CSeq',
      ['From: <sip:foo@x>;tag=1', 'To: <sip:1001@x>', 'Call-ID: a', 'CSeq: 1 INVITE', 'Content-Length: 0'],
    ],
    [
      'with a From that is no address',
      ['From: <<<', 'To: <sip:1001@x>', 'Call-ID: a', 'CSeq: 1 MESSAGE', 'Content-Length: 0'],
    ],
    [
      'with two lengths',
      [
        'From: <sip:foo@x>;tag=1',
        'To: <sip:1001@x>',
        'Call-ID: a',
        'CSeq: 1 MESSAGE',
        'Content-Length: 0',
        'Content-Length: 5',
      ],
    ],
  ])('%s gets 400', async (_, headers) => {
    const service = await startService();
    const foo = await service.telephone('foo', { transport });
    foo.send(
      lines('MESSAGE sip:1001@127.0.0.1 SIP/2.0', via(foo.address.port, transport), 'Max-Forwards: 70', ...headers),
    );
    expect((await foo.received(({ isResponse }) => isResponse)).status).toBe(400);
    expect((await (await service.telephone('foo')).register()).status).toBe(200);
  });

  test('that cannot be answered stops nothing', async () => {
    const service = await startService();
    const foo = await service.telephone('foo', { transport });
    for (const noise of [
      '\0\0\0\0',
      'GET / HTTP/1.1\r\n\r\n',
      'SIP/2.0 abc\r\n\r\n',
      `INVITE ${'x'.repeat(3_000)}\r\n\r\n`,
    ])
      foo.send(noise);
    foo.send(new Uint8Array([0xff, 0xfe, 0x0d, 0x0a, 0x0d, 0x0a]));
    expect((await (await service.telephone('foo', { transport })).register()).status).toBe(200);
    expect(service.logged.filter((line) => line.startsWith('error'))).toEqual([]);
  });
});

describe('a SIP request', () => {
  test.each([
    ['PUBLISH', 405],
    ['SUBSCRIBE', 405],
    ['FROBNICATE', 501],
    ['BYE', 481],
  ])('%s is answered %i', async (method, status) => {
    const service = await startService();
    const foo = await service.telephone('foo');
    const answer = await foo.request({ method, to: '1001' });
    expect(answer.status).toBe(status);
    if (status === 405) expect(answer.header('Allow')).toMatch(/INVITE.*MESSAGE|MESSAGE.*INVITE/);
  });

  test('MESSAGE that nobody would be told of is refused, not swallowed, when nothing is kept', async () => {
    const service = await startService({ messages: 'store: false' });
    const foo = await service.telephone('foo');
    expect((await foo.message({ to: '1001', body: 'lost?' })).status).toBe(404);
    await service.application('hello', ['endpoint:PJSIP/foo']);
    expect((await foo.message({ to: '1001', body: 'heard' })).status).toBe(202);
  });

  test('from a stranger gets a challenge that cannot succeed, like that of someone known', async () => {
    const service = await startService();
    const stranger = await service.telephone('stranger');
    const foo = await service.telephone('foo', { password: 'wrong' });
    const [unknown, known] = [await stranger.register(), await foo.register()];
    expect([unknown.status, known.status]).toEqual([401, 401]);
    const shape = (challenge: string): string => challenge.replace(/"[^"]*"/g, '""');
    expect(shape(unknown.header('WWW-Authenticate'))).toBe(shape(known.header('WWW-Authenticate')));
  });
});

describe('a REST request', () => {
  test.each([
    ['PUT', '/endpoints/sendMessage', { from: 'sip:a@b' }, 400, 'to'],
    ['PUT', '/endpoints/sendMessage', { to: 'nope:foo', from: 'sip:a@b' }, 404, 'nope:foo'],
    ['PUT', '/endpoints/PJSIP/foo/sendMessage', { from: 'a\r\nb: c' }, 400, 'from'],
    ['POST', '/applications/hello/subscription', {}, 400, 'eventSource'],
    ['POST', '/applications/hello/subscription', { eventSource: 'planet:mars' }, 400, 'planet:mars'],
    [
      'POST',
      '/applications/hello/subscription',
      { eventSource: 'endpoint:PJSIP/nobody' },
      422,
      'endpoint:PJSIP/nobody',
    ],
    ['GET', '/applications/nobody', {}, 404, 'Application'],
    ['DELETE', '/channels/1.1', { reason: 'boredom' }, 404, 'Channel'],
    ['POST', '/bridges', { type: 'bogus' }, 400, 'mixing'],
    ['POST', '/bridges/b/play', { media: 'tone:ring' }, 404, 'Resource'],
    ['POST', '/channels', { endpoint: 'PJSIP/foo' }, 400, 'Application'],
  ] as const)('%s %s with %j is answered %i and names %s', async (method, path, query, status, named) => {
    const service = await startService();
    await service.application('hello');
    await (await service.telephone('foo')).register();
    const answer = await service.rest(method, path, query);
    expect([answer.status, answer.body]).toEqual([
      status,
      { message: expect.stringContaining(named), code: expect.any(String) },
    ]);
  });
});
