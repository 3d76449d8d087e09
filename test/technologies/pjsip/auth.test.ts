// Whether who sends a request has proven who it is: the four results, of authenticators of any kind.
import { describe, expect, test } from 'vitest';
import {
  checkingAuthentication,
  type Authentication,
  type Authenticator,
} from '../../../src/technologies/pjsip/auth.ts';
import { DigestServer, type DigestCredentials, type Verdict } from '../../../src/technologies/pjsip/digest-server.ts';
import { systemHash } from '../../../src/technologies/pjsip/digest.ts';
import { SipHeaders, type SipHeader } from '../../../src/technologies/pjsip/stack.ts';
import type { Answer } from '../../support/fake-stack.ts';
import { testClock } from '../../support/test-clock.ts';
import { answerTo, client, linesOf, objects } from './digest-room.ts';
import { incoming } from './request.ts';

describe('an authenticator of another kind', () => {
  const anyone = { username: 'foo', password: 'secret', digests: {}, realm: 'r', nonceLifetime: 32 };
  /** What it says goes through its own functions; `ask` is for one request. */
  const checked = (parts: Partial<Authenticator> & { readonly given?: Partial<DigestCredentials> }) => {
    const random = (bytes: number): Buffer => Buffer.alloc(bytes, 7);
    const digest = new DigestServer({ clock: testClock(), random });
    const credentials = [{ ...anyone, algorithms: ['MD5' as const], ...parts.given }];
    const authenticator: Authenticator = {
      isNeeded: () => true,
      verify: (request) => digest.verify(request, credentials),
      credentials: () => credentials,
      ...parts,
    };
    const check = checkingAuthentication(authenticator, digest);
    return async (headers: readonly SipHeader[] = []): Promise<[Authentication, Answer[]]> => {
      const { request, received } = incoming({ method: 'REGISTER', uri: 'sip:127.0.0.1', headers });
      return [await check(request, undefined), received.answers];
    };
  };

  test('is not asked to verify when it needs nothing', async () => {
    const ask = checked({ isNeeded: () => false, verify: () => Promise.reject(new Error('asked')) });
    expect(await ask()).toEqual(['not-required', []]);
  });

  test('gives the domain, what is opaque and the nonce of the challenge, and they are used', async () => {
    const ask = checked({ given: { domain: 'sip:127.0.0.1', opaque: 'o', nonce: 'n' } });
    const [outcome, answers] = await ask();
    expect(outcome).toBe('challenge-sent');
    expect(linesOf(answers)).toEqual([
      'Digest realm="r",domain="sip:127.0.0.1",nonce="n",opaque="o",algorithm=MD5,qop="auth"',
    ]);
    const right = answerTo(answers, client());
    expect((await ask(right))[0]).toBe('success');
    expect((await ask(right))[0]).toBe('challenge-sent');
    const other = linesOf(answers)[0]!.replace('nonce="n"', 'nonce="m"');
    const forged = [{ status: 401, headers: new SipHeaders([['WWW-Authenticate', other]]), body: '' }];
    expect((await ask(answerTo(forged, client())))[0]).toBe('challenge-sent');
  });

  test('gives a digest instead of the password, and the same telephone gets in', async () => {
    const ask = checked({ given: { password: undefined, digests: { MD5: systemHash('MD5', 'foo:r:secret') } } });
    const [, answers] = await ask();
    expect((await ask(answerTo(answers, client())))[0]).toBe('success');
  });

  test.each<[Verdict, Authentication, boolean | undefined]>([
    ['right', 'success', undefined],
    ['stale', 'challenge-sent', true],
    ['wrong', 'failed', false],
    ['absent', 'challenge-sent', false],
  ])('may verify as it likes: %s is %s', async (verdict, expected, isStale) => {
    const [outcome, answers] = await checked({ verify: () => Promise.resolve(verdict) })();
    expect([outcome, linesOf(answers)[0]?.includes('stale=true')]).toEqual([expected, isStale]);
  });

  test('is nobody: then nothing is required', async () => {
    const random = (bytes: number): Buffer => Buffer.alloc(bytes);
    const check = checkingAuthentication(undefined, new DigestServer({ clock: testClock(), random }));
    const { request, received } = incoming({ method: 'REGISTER' });
    expect(await check(request, objects.endpoints.get('foo'))).toBe('not-required');
    expect(received.answers).toEqual([]);
  });
});
