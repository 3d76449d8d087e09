// The arithmetic of digest authentication, and what a client answers.
import { describe, expect, test } from 'vitest';
import { digestResponse, parseDigest } from '../../../src/technologies/pjsip/digest.ts';
import type { Algorithm, AuthObject } from '../../../src/technologies/pjsip/objects/index.ts';
import { SipHeaders, type SipHeader, type SipResponse } from '../../../src/technologies/pjsip/stack.ts';
import { client } from './digest-room.ts';
import { answerChallenges } from '../../support/answer-challenges.ts';

describe('the response is that of the examples', () => {
  const mufasa = { username: 'Mufasa', password: 'Circle of Life', digests: {} };
  test.each<[string, Algorithm, string]>([
    ['RFC 7616 3.9.1', 'MD5', '8ca523f5e9506fed4657c9700eebdbec'],
    ['RFC 7616 3.9.1', 'SHA-256', '753927fa0e85d155564e2e272a28d1802ca10daf4496794697cf8db5856cb6c1'],
  ])('of %s, %s', (_, algorithm, expected) => {
    const response = digestResponse({
      algorithm,
      auth: mufasa,
      method: 'GET',
      realm: 'http-auth@example.org',
      uri: '/dir/index.html',
      nonce: '7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v',
      protection: { qop: 'auth', nc: '00000001', cnonce: 'f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ' },
    });
    expect(response).toBe(expected);
  });

  test('of RFC 2617 3.5, and without qop, of RFC 2069 2.4 as corrected', () => {
    const request = { algorithm: 'MD5', method: 'GET', uri: '/dir/index.html', realm: 'testrealm@host.com' } as const;
    const nonce = 'dcd98b7102dd2f0e8b11d0f600bfb0c093';
    const protection = { qop: 'auth', nc: '00000001', cnonce: '0a4f113b' };
    const auth = { ...mufasa, password: 'Circle Of Life' };
    expect(digestResponse({ ...request, nonce, auth, protection })).toBe('6629fae49393a05397450978507c4ef1');
    const older = { ...mufasa, password: 'CircleOfLife' };
    expect(digestResponse({ ...request, nonce, auth: older })).toBe('1949323746fe6a43ef61f9606e7febea');
  });
});

test('challenges are read from several lines and from one', () => {
  const fields = parseDigest([
    'Digest realm="a, Digest \\"b\\"", nonce=x, Basic realm="c"',
    'digest Realm="d",qop="auth,auth-int"',
  ]);
  expect(fields.map((each) => [...each])).toEqual([
    [
      ['realm', 'a, Digest "b"'],
      ['nonce', 'x'],
    ],
    [
      ['realm', 'd'],
      ['qop', 'auth,auth-int'],
    ],
  ]);
});

describe('the client', () => {
  const challenged = (status: number, ...lines: string[]): SipResponse => ({
    status,
    reason: '',
    headers: new SipHeaders(
      lines.map((line) => [status === 407 ? 'Proxy-Authenticate' : 'WWW-Authenticate', line] as const),
    ),
    body: '',
    source: undefined,
    dialogId: undefined,
  });
  const answer = (response: SipResponse, ...auths: AuthObject[]): SipHeader[] =>
    answerChallenges(response, { method: 'MESSAGE', uri: 'sip:bar@x' }, auths, () => 'c');

  test('takes the strongest algorithm that it may use', () => {
    const response = challenged(
      401,
      'Digest realm="r",nonce="n",algorithm=MD5',
      'Digest realm="r",nonce="n",algorithm=SHA-256',
    );
    expect(answer(response, client())[0]?.[1]).toContain('algorithm=SHA-256');
    expect(answer(response, client({ supported_algorithms_uac: ['MD5'] }))[0]?.[1]).toContain('algorithm=MD5');
  });

  test('answers a proxy where it asks, and each realm once', () => {
    const response = challenged(
      407,
      'Digest realm="a",nonce="1"',
      'Digest realm="b",nonce="2"',
      'Digest realm="c",nonce="3"',
    );
    const headers = answer(response, client({ realm: 'a' }), client({ realm: 'b' }));
    expect(headers.map(([name, value]) => [name, parseDigest([value])[0]?.get('realm')])).toEqual([
      ['Proxy-Authorization', 'a'],
      ['Proxy-Authorization', 'b'],
    ]);
  });

  test('sends back what is opaque, and a count and a nonce of its own where there is qop', () => {
    const [line] = answer(challenged(401, 'Digest realm="r",nonce="n",opaque="o",qop="auth-int,auth"'), client());
    expect(Object.fromEntries(parseDigest([line?.[1] ?? ''])[0]!)).toMatchObject({
      username: 'foo',
      realm: 'r',
      uri: 'sip:bar@x',
      opaque: 'o',
      qop: 'auth',
      nc: '00000001',
      cnonce: 'c',
    });
    expect(answer(challenged(401, 'Digest realm="r",nonce="n"'), client())[0]?.[1]).not.toContain('qop');
  });

  test.each([
    'Digest realm="r",nonce="n",qop="auth-int"',
    'Digest realm="r",nonce="n",algorithm=SHA-1',
    'Basic realm="r"',
  ])('is silent when it cannot answer: %s', (line) => {
    expect(answer(challenged(401, line), client())).toEqual([]);
  });
});
