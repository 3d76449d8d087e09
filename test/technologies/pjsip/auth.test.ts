// Digest authentication from both sides: the arithmetic, the server's challenges, the client's answers.
import { describe, expect, test } from 'vitest';
import { authenticating, type Authentication } from '../../../src/technologies/pjsip/auth.ts';
import { answerChallenges, digestResponse, parseDigest } from '../../../src/technologies/pjsip/digest.ts';
import type { Algorithm, AuthObject, PjsipConfig } from '../../../src/technologies/pjsip/objects/index.ts';
import { resolvePjsip } from '../../../src/technologies/pjsip/objects/index.ts';
import {
  SipHeaders,
  type SipHeader,
  type SipRequest,
  type SipResponse,
} from '../../../src/technologies/pjsip/stack.ts';
import { fakeStack, type Answer } from '../../support/fake-stack.ts';
import { testClock } from '../../support/test-clock.ts';

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

const config: PjsipConfig = {
  endpoint: {
    foo: { auth: 'foo' },
    open: {},
    two: { auth: 'foo, strong' },
    hashed: { auth: 'hashed' },
    shared: { auth: 'foo, other' },
  },
  auth: {
    foo: { username: 'foo', password: 'secret' },
    other: { username: 'other', password: 'x' },
    strong: { username: 'foo', password: 'other', realm: 'elsewhere', supported_algorithms_uas: 'SHA-512-256,SHA-256' },
    // The MD5 of "foo:asterisk:secret".
    hashed: { username: 'foo', md5_cred: 'aab330f6817cdf8ee147c7ece2c84466' },
  },
};
const objects = resolvePjsip(config);
const client = (parts: Partial<AuthObject> = {}): AuthObject => ({
  ...objects.auths.get('foo')!,
  ...parts,
});

function server(): {
  readonly clock: ReturnType<typeof testClock>;
  /** One request of that endpoint, with such headers. */
  ask(
    endpoint: string | undefined,
    headers?: readonly SipHeader[],
    address?: string,
  ): Promise<[Authentication, Answer[]]>;
} {
  const clock = testClock();
  let seed = 0;
  const authenticate = authenticating({ objects, clock, random: (bytes) => Buffer.alloc(bytes, ++seed) });
  return {
    clock,
    async ask(endpoint, headers = [], address = '127.0.0.1') {
      const stack = fakeStack();
      const seen = new Promise<SipRequest>((resolve) => void stack.start(resolve));
      const { answers } = stack.receive({ method: 'REGISTER', uri: 'sip:127.0.0.1', headers, source: { address } });
      const auths = endpoint === undefined ? undefined : objects.endpoints.get(endpoint)?.auth;
      return [await authenticate(await seen, auths), answers];
    },
  };
}

/** What a telephone answers to a challenge. */
function answerTo([challenge]: readonly Answer[], ...auths: AuthObject[]): SipHeader[] {
  const response: SipResponse = { ...challenge!, reason: '', source: undefined, dialogId: undefined };
  return answerChallenges(response, { method: 'REGISTER', uri: 'sip:127.0.0.1' }, auths, () => 'cnonce');
}

const linesOf = ([answer]: readonly Answer[]): string[] => answer?.headers.all('WWW-Authenticate') ?? [];

describe('the server', () => {
  test('asks nothing of an endpoint without credentials', async () => {
    expect(await server().ask('open')).toEqual(['not-required', []]);
  });

  test('challenges with MD5, qop and its realm, and lets the right answer in', async () => {
    const { ask } = server();
    const [outcome, answers] = await ask('foo');
    expect(outcome).toBe('challenge-sent');
    expect(answers.map(({ status }) => status)).toEqual([401]);
    expect(linesOf(answers)).toEqual([
      expect.stringMatching(/^Digest realm="asterisk",nonce="1700000000\/[\da-f]{32}",algorithm=MD5,qop="auth"$/),
    ]);
    expect(await ask('foo', answerTo(answers, client()))).toEqual(['success', []]);
  });

  test('challenges again, and again with 401, when the password or the name is wrong', async () => {
    const { ask } = server();
    const [, answers] = await ask('foo');
    for (const wrong of [client({ password: 'x' }), client({ username: 'bar' })]) {
      const [outcome, again] = await ask('foo', answerTo(answers, wrong));
      expect(outcome).toBe('failed');
      expect(again.map(({ status }) => status)).toEqual([401]);
      expect(linesOf(again)[0]).not.toContain('stale');
    }
  });

  test('says that a nonce is stale, after its lifetime and from another address, when the answer is right', async () => {
    const { ask, clock } = server();
    const [, answers] = await ask('foo');
    const right = answerTo(answers, client());
    clock.advance(32_000);
    expect((await ask('foo', right))[0]).toBe('success');
    const [outcome, elsewhere] = await ask('foo', right, '192.0.2.1');
    expect(outcome).toBe('challenge-sent');
    expect(linesOf(elsewhere)[0]).toContain(',stale=true');
    clock.advance(1_000);
    const [, late] = await ask('foo', right);
    expect(linesOf(late)[0]).toContain(',stale=true');
    const [, wrong] = await ask('foo', answerTo(answers, client({ password: 'x' })));
    expect(linesOf(wrong)[0]).not.toContain('stale');
    expect((await ask('foo', answerTo(late, client())))[0]).toBe('success');
  });

  test('does not believe a nonce that it did not make', async () => {
    const { ask } = server();
    const [, answers] = await server().ask('foo');
    const nonce = parseDigest(linesOf(answers))[0]!.get('nonce')!;
    const line = linesOf(answers)[0]!.replace(nonce, `9${nonce.slice(1)}`);
    const forged = [{ status: 401, headers: new SipHeaders([['WWW-Authenticate', line]]), body: '' }];
    expect((await ask('foo', answerTo(forged, client())))[0]).toBe('challenge-sent');
  });

  test('challenges once for each realm and algorithm, in lines of their own, and is content with one of them', async () => {
    const { ask } = server();
    const [, answers] = await ask('two');
    const asked = parseDigest(linesOf(answers)).map((each) => [each.get('realm'), each.get('algorithm')]);
    expect(linesOf(answers)).toHaveLength(3);
    expect(asked).toEqual([
      ['asterisk', 'MD5'],
      ['elsewhere', 'SHA-512-256'],
      ['elsewhere', 'SHA-256'],
    ]);
    const other = client({ realm: 'elsewhere', password: 'other' });
    const [line] = answerTo(answers, other);
    expect(line?.[1]).toContain('algorithm=SHA-512-256');
    expect((await ask('two', [line!]))[0]).toBe('success');
    const md5 = answerTo(answers, client({ realm: 'asterisk', supported_algorithms_uac: ['MD5'] }));
    expect((await ask('two', md5))[0]).toBe('success');
  });

  test('does not take an algorithm that it did not offer', async () => {
    const { ask } = server();
    const [, answers] = await ask('foo');
    const line = linesOf(answers)[0]!.replace('MD5', 'SHA-256');
    const changed = [{ status: 401, headers: new SipHeaders([['WWW-Authenticate', line]]), body: '' }];
    expect((await ask('foo', answerTo(changed, client())))[0]).toBe('failed');
  });

  test('does not take a right answer under another name', async () => {
    const { ask } = server();
    const [, answers] = await ask('foo');
    const [line] = answerTo(answers, client());
    const renamed = line![1].replace('username="foo"', 'username="fop"');
    expect((await ask('foo', [['Authorization', renamed]]))[0]).toBe('failed');
  });

  test('challenges once for two credentials of one realm, and takes either', async () => {
    const { ask } = server();
    const [, answers] = await ask('shared');
    expect(linesOf(answers)).toHaveLength(1);
    expect((await ask('shared', answerTo(answers, client({ username: 'other', password: 'x' }))))[0]).toBe('success');
    expect((await ask('shared', answerTo(answers, client())))[0]).toBe('success');
  });

  test('knows a password by its hash alone', async () => {
    const { ask } = server();
    const [, answers] = await ask('hashed');
    expect((await ask('hashed', answerTo(answers, client())))[0]).toBe('success');
  });

  test('challenges a stranger in the same way, and never lets one in', async () => {
    const { ask } = server();
    const [, known] = await ask('foo');
    const [outcome, answers] = await ask(undefined);
    expect(outcome).toBe('challenge-sent');
    const shape = (lines: string[]): string[] => lines.map((each) => each.replace(/nonce="[^"]*"/, ''));
    expect(shape(linesOf(answers))).toEqual(shape(linesOf(known)));
    const [again, more] = await ask(undefined, answerTo(answers, client()));
    expect(again).toBe('failed');
    expect(shape(linesOf(more))).toEqual(shape(linesOf(known)));
  });

  test('passes over what is no digest', async () => {
    const { ask } = server();
    expect((await ask('foo', [['Authorization', 'Basic Zm9vOnNlY3JldA==']]))[0]).toBe('challenge-sent');
    expect((await ask('foo', [['Authorization', 'Digest ']]))[0]).toBe('challenge-sent');
    expect((await ask('foo', [['Authorization', 'Digest username="foo"']]))[0]).toBe('failed');
  });
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
