// Who is calling: every rule of recognising a sender, and what strangers are answered, over a real socket.
import { describe, expect, test } from 'vitest';
import type { SipLine } from '../../scripts/demo/sip-text.ts';
import { startService } from '../support/service.ts';
import { ask, digest, open, play, safe, secret, shown, wrong, type Secret } from './rules.ts';

describe('who is recognised', () => {
  const trunk =
    'endpoint: { foo: {}, trunk: { identify_by: ip } }\nidentify: { trunk: { endpoint: trunk, match: 127.0.0.1 } }';
  const domains =
    'endpoint: { foo: {}, "foo@example.org": {} }\ndomain_alias: { example.net: { domain: example.org } }';
  const byAuth =
    'endpoint: { foo: {}, login: { identify_by: auth_username }, "login@realm": { identify_by: auth_username } }';
  const byText =
    'endpoint: { foo: {}, gate: { identify_by: header } }\nidentify: { h: { endpoint: gate, match_header: "X-Gate: /^g\\\\d$/" }, u: { endpoint: gate, match_request_uri: "sip:gate@127.0.0.1" } }';
  const guests = 'endpoint: { foo: {}, anonymous: {}, "anonymous@example.org": {} }';
  test.each(
    shown([
      { rule: 'username: the user of From', pjsip: open, status: 202, endpoint: 'foo' },
      {
        rule: 'username: user@domain first',
        pjsip: domains,
        from: 'sip:foo@example.org',
        status: 202,
        endpoint: 'foo@example.org',
      },
      {
        rule: 'username: user@alias',
        pjsip: domains,
        from: 'sip:foo@example.net',
        status: 202,
        endpoint: 'foo@example.org',
      },
      { rule: 'username: then the user', pjsip: domains, from: 'sip:foo@example.com', status: 202, endpoint: 'foo' },
      { rule: 'identify_by: not by its name', pjsip: 'endpoint: { foo: { identify_by: ip } }', status: 401 },
      { rule: 'ip: the address of an identify, before the name', pjsip: trunk, status: 202, endpoint: 'trunk' },
      {
        rule: 'ip: a network',
        pjsip: trunk.replace('match: 127.0.0.1', 'match: 127.0.0.0/8'),
        status: 202,
        endpoint: 'trunk',
      },
      {
        rule: 'ip: a host name',
        pjsip: trunk.replace('match: 127.0.0.1', 'match: localhost'),
        status: 202,
        endpoint: 'trunk',
      },
      {
        rule: 'the order is what endpoint_identifier_order says',
        pjsip: `${trunk}\nglobal: { endpoint_identifier_order: "username,ip" }`,
        status: 202,
        endpoint: 'foo',
      },
      {
        rule: 'auth_username: comes after those that the order names',
        pjsip: byAuth,
        headers: [digest('login')],
        status: 202,
        endpoint: 'foo',
      },
      {
        rule: 'auth_username: the user of Authorization',
        pjsip: byAuth,
        from: 'x',
        headers: [digest('login')],
        status: 202,
        endpoint: 'login',
      },
      {
        rule: 'auth_username: user@realm first',
        pjsip: byAuth,
        from: 'x',
        headers: [digest('login', 'realm')],
        status: 202,
        endpoint: 'login@realm',
      },
      {
        rule: 'auth_username: not who wants it by From',
        pjsip: open,
        from: 'x',
        headers: [digest('foo')],
        status: 401,
      },
      {
        rule: 'header: a value that fits',
        pjsip: byText,
        from: 'x',
        headers: [['X-Gate', 'g1']],
        status: 202,
        endpoint: 'gate',
      },
      { rule: 'header: no other', pjsip: byText, from: 'x', headers: [['X-Gate', 'g']], status: 401 },
      { rule: 'request_uri', pjsip: byText, from: 'x', uri: 'sip:gate@127.0.0.1', status: 202, endpoint: 'gate' },
      {
        rule: 'anonymous@domain',
        pjsip: guests,
        from: 'sip:x@example.org',
        status: 202,
        endpoint: 'anonymous@example.org',
      },
      { rule: 'anonymous', pjsip: guests, from: 'sip:x@example.com', status: 202, endpoint: 'anonymous' },
    ]),
  )('%s: %i', async (_, __, rule) => {
    await play(rule);
  });
});

describe('a stranger', () => {
  test.each(
    shown([
      ...['INVITE', 'MESSAGE', 'REGISTER', 'OPTIONS', 'SUBSCRIBE', 'FROBNICATE'].map((method) => ({
        rule: `is challenged, whatever it asks for: ${method}`,
        pjsip: safe,
        from: 'stranger',
        method,
        status: 401,
      })),
      { rule: 'cannot answer the challenge', pjsip: safe, from: 'stranger', as: secret, status: 401 },
      {
        rule: 'is who sends from where all are denied',
        pjsip: `${open}\nacl: { a: { deny: 127.0.0.0/8 } }`,
        status: 401,
      },
      {
        rule: 'is who sends from where its endpoint denies',
        pjsip: 'endpoint: { foo: { deny: 127.0.0.1 } }',
        status: 401,
      },
      {
        rule: 'is nobody whom a permit lets in',
        pjsip:
          'endpoint: { foo: { deny: "0.0.0.0/0", permit: 127.0.0.1 } }\nacl: { a: { deny: "0.0.0.0/0", permit: 127.0.0.0/8 } }',
        status: 202,
      },
      { rule: 'with a BYE of no dialog learns only that', pjsip: safe, from: 'stranger', method: 'BYE', status: 481 },
      {
        rule: 'with a CANCEL of no call learns only that',
        pjsip: safe,
        from: 'stranger',
        method: 'CANCEL',
        status: 481,
      },
      {
        rule: 'with a method that nobody takes is told, once it is known',
        pjsip: open,
        method: 'FROBNICATE',
        status: 501,
      },
      {
        rule: 'with a method of the standard that nobody takes is told what is',
        pjsip: open,
        method: 'PUBLISH',
        status: 405,
      },
    ]),
  )('%s: %i', async (_, __, rule) => {
    await play(rule);
  });

  test('has to say a right CSeq: 400', async () => {
    const service = await startService({ pjsip: open });
    const foo = await service.telephone('foo');
    const { host, port } = foo.address;
    const lines = [
      'MESSAGE sip:1001@127.0.0.1 SIP/2.0',
      `Via: SIP/2.0/UDP ${host}:${port};branch=z9hG4bKcseq`,
      ...['Max-Forwards: 70', 'From: <sip:foo@127.0.0.1>;tag=1', 'To: <sip:1001@127.0.0.1>', 'Call-ID: cseq'],
      ...['CSeq: 1 INFO', 'Content-Length: 0', '', ''],
    ];
    foo.send(lines.join('\r\n'));
    expect((await foo.received(({ isResponse }) => isResponse)).status).toBe(400);
  });

  test('is not told from somebody known: the same bytes but for what is made anew', async () => {
    const pjsip = `${safe}\nacl: { a: { deny: 192.0.2.0/24 } }`;
    const service = await startService({ pjsip });
    const foo = await service.telephone('foo');
    const shape = async (from: string, as: Secret): Promise<string[]> => {
      const { startLine, lines } = await ask(foo, { rule: '', pjsip, from, as, status: 401, method: 'REGISTER' });
      const made = ['Via', 'From', 'To', 'Call-ID', 'CSeq'];
      const kept = lines.filter(([name]) => !made.includes(name)).map((each) => each.join(': '));
      return [startLine, ...kept.map((line) => line.replace(/(nonce|opaque)="[^"]*"/g, ''))];
    };
    expect(await shape('stranger', secret)).toEqual(await shape('foo', wrong));
  });

  test('is named once in the log, or after some attempts where credentials are to tell who it is', async () => {
    for (const [order, expected] of [
      ['ip,username', [1, 1]],
      ['ip,username,auth_username', [0, 1]],
    ] as const) {
      const service = await startService({ pjsip: `${safe}\nglobal: { endpoint_identifier_order: "${order}" }` });
      const foo = await service.telephone('foo');
      const said = (): number => service.logged.filter((line) => line.includes('No endpoint matches')).length;
      const attempt = () => ask(foo, { rule: '', pjsip: '', from: 'stranger', status: 401 });
      await attempt();
      const first = said();
      for (let count = 0; count < 5; count++) await attempt();
      expect([first, said()]).toEqual(expected);
    }
  });
});

test('within a call nobody is asked again who it is', async () => {
  const service = await startService({ pjsip: safe, contexts: 'default: { "1001": { app: app } }' });
  const application = await service.application('app');
  const foo = await service.telephone('foo', { password: 'secret' });
  const call = foo.call({ to: '1001' });
  const { channel } = (await application.next('StasisStart')) as unknown as {
    readonly channel: { readonly id: string };
  };
  expect((await service.rest('POST', `/channels/${channel.id}/answer`)).status).toBe(204);
  expect((await call.answered).status).toBe(200);
  expect((await call.hangup()).status).toBe(200);
  const bye = foo.log.find(({ text }) => text.startsWith('BYE '))!;
  expect(bye.text).not.toContain('Authorization');
});

describe('From', () => {
  const message = async (options: string, from: string, headers: readonly SipLine[] = []) => {
    const service = await startService({
      pjsip: `endpoint: { foo: ${options} }\nidentify: { foo: { endpoint: foo, match: 127.0.0.1 } }`,
    });
    const application = await service.application('app', [], { subscribeAll: true });
    await ask(await service.telephone('foo'), { rule: '', pjsip: '', from, headers, status: 202 });
    const { message } = (await application.next('TextMessageReceived')) as unknown as {
      readonly message: { readonly from: string; readonly variables: Readonly<Record<string, string>> };
    };
    return { ...message, logged: service.logged };
  };
  const asserted: SipLine = ['P-Asserted-Identity', '<sip:boss@bank.example>'];

  test('that is not its own reaches no application, nor does an identity that it asserts', async () => {
    const { from, variables, logged } = await message('{ identify_by: ip }', '"Boss" <sip:boss@bank.example>;tag=7', [
      asserted,
    ]);
    expect(from).toBe('<sip:foo@127.0.0.1>');
    expect(variables['From']).toBe('<sip:foo@127.0.0.1>;tag=7');
    expect(JSON.stringify(variables)).not.toContain('boss');
    expect(logged.join()).toMatch(/warn: Endpoint foo, which is not trusted, names somebody else from 127\.0\.0\.1/);
  });

  test('of an endpoint that is trusted is believed, and so is what it asserts', async () => {
    const from = '"Boss" <sip:boss@bank.example>;tag=7';
    const received = await message('{ identify_by: ip, trust_id_inbound: yes }', from, [asserted]);
    expect(received.from).toBe('"Boss" <sip:boss@bank.example>');
    expect(received.variables['P-Asserted-Identity']).toBe('<sip:boss@bank.example>');
  });
});
