// What credentials let in, over a real socket.
import { describe, expect, test } from 'vitest';
import { open, play, safe, secret, shown, wrong } from './rules.ts';

describe('digest', () => {
  const auth = (options: string): string =>
    `endpoint: { foo: { auth: foo } }\nauth: { foo: { username: foo, ${options} } }`;
  const both =
    'endpoint: { foo: { auth: [a, b] } }\nauth: { a: { username: foo, password: secret }, b: { username: bar, password: other, realm: elsewhere, supported_algorithms_uas: "SHA-512-256,SHA-256" } }';
  test.each(
    shown([
      { rule: 'nothing is asked of an endpoint without auth', pjsip: open, status: 202 },
      { rule: 'without credentials', pjsip: safe, status: 401 },
      { rule: 'with the right ones', pjsip: safe, as: secret, status: 202, endpoint: 'foo' },
      { rule: 'with a wrong password', pjsip: safe, as: wrong, status: 401 },
      { rule: 'with another name', pjsip: safe, as: { username: 'bar', password: 'secret' }, status: 401 },
      {
        rule: 'by a digest in place of the password',
        pjsip: auth('md5_cred: aab330f6817cdf8ee147c7ece2c84466'),
        as: secret,
        status: 202,
      },
      {
        rule: 'by SHA-256',
        pjsip: auth('password: secret, supported_algorithms_uas: SHA-256'),
        as: secret,
        status: 202,
      },
      {
        rule: 'by SHA-512-256',
        pjsip: auth('password: secret, supported_algorithms_uas: SHA-512-256'),
        as: secret,
        status: 202,
      },
      {
        rule: 'by the default algorithm',
        pjsip: `${safe}\nglobal: { default_auth_algorithms_uas: SHA-256 }`,
        as: secret,
        status: 202,
      },
      { rule: 'by the first of several auths', pjsip: both, as: secret, status: 202 },
      { rule: 'by the second of several auths', pjsip: both, as: { username: 'bar', password: 'other' }, status: 202 },
    ]),
  )('%s: %i', async (_, __, rule) => {
    await play(rule);
  });

  test('there is one challenge for each realm and algorithm, in the order of the auths', async () => {
    const { answer } = await play({ rule: '', pjsip: `${both}\nglobal: { default_realm: here }`, status: 401 });
    const asked = answer
      .headers('WWW-Authenticate')
      .map((each) => /realm="(\w+)".*algorithm=([\w-]+)/.exec(each)?.slice(1));
    expect(asked).toEqual([
      ['here', 'MD5'],
      ['elsewhere', 'SHA-512-256'],
      ['elsewhere', 'SHA-256'],
    ]);
  });

  test('what was heard on the wire lets nobody in again', async () => {
    const { service } = await play({ rule: '', pjsip: safe, as: secret, status: 202 });
    const foo = await service.telephone('foo', { password: 'secret' });
    await foo.message({ to: '1001', body: 'once' });
    const heard = foo.log.map(({ text }) => /^Authorization: (.*)$/m.exec(text)?.[1]?.trim()).find((each) => each)!;
    const again = await foo.request({
      method: 'MESSAGE',
      to: '1001',
      body: 'twice',
      authenticates: false,
      headers: [
        ['Authorization', heard],
        ['Content-Type', 'text/plain'],
      ],
    });
    expect([again.status, again.header('WWW-Authenticate').includes('stale=true')]).toEqual([401, true]);
  });
});
