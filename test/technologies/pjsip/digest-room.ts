// Endpoints with all kinds of credentials, a digest server for them, and the telephone that answers it.
import {
  checkingAuthentication,
  digestAuthenticator,
  type Authentication,
} from '../../../src/technologies/pjsip/auth.ts';
import { DigestServer } from '../../../src/technologies/pjsip/digest-server.ts';
import { systemHash, type Hash } from '../../../src/technologies/pjsip/digest.ts';
import { resolvePjsip, type AuthObject, type PjsipConfig } from '../../../src/technologies/pjsip/objects/index.ts';
import type { SipHeader, SipResponse } from '../../../src/technologies/pjsip/stack.ts';
import type { Answer } from '../../support/fake-stack.ts';
import { testClock } from '../../support/test-clock.ts';
import { incoming } from './request.ts';
import { answerChallenges } from '../../support/answer-challenges.ts';

const config: PjsipConfig = {
  endpoint: {
    foo: { auth: 'foo' },
    open: {},
    two: { auth: 'foo, strong' },
    hashed: { auth: 'hashed' },
    shared: { auth: 'foo, other' },
    MD5: { auth: 'foo' },
    'SHA-256': { auth: 'sha256' },
    'SHA-512-256': { auth: 'sha512' },
    twice: { auth: 'foo, renewed' },
  },
  auth: {
    foo: { username: 'foo', password: 'secret' },
    other: { username: 'other', password: 'x' },
    sha256: { username: 'foo', password: 'secret', supported_algorithms_uas: 'SHA-256' },
    sha512: { username: 'foo', password: 'secret', supported_algorithms_uas: 'SHA-512-256' },
    renewed: { username: 'foo', password: 'new' },
    strong: { username: 'foo', password: 'other', realm: 'elsewhere', supported_algorithms_uas: 'SHA-512-256,SHA-256' },
    // The MD5 of "foo:asterisk:secret".
    hashed: { username: 'foo', md5_cred: 'aab330f6817cdf8ee147c7ece2c84466' },
  },
};
export const objects = resolvePjsip(config);
export const client = (parts: Partial<AuthObject> = {}): AuthObject => ({
  ...objects.auths.get('foo')!,
  ...parts,
});

export function server(): {
  readonly clock: ReturnType<typeof testClock>;
  /** The algorithms of the hashes that were reckoned, in order. */
  readonly hashed: string[];
  /** One request of that endpoint, with such headers. */
  ask(
    endpoint: string | undefined,
    headers?: readonly SipHeader[],
    address?: string,
  ): Promise<[Authentication, Answer[]]>;
} {
  const clock = testClock();
  let seed = 0;
  const random = (bytes: number): Buffer => Buffer.alloc(bytes, ++seed);
  const hashed: string[] = [];
  const hash: Hash = (algorithm, text) => {
    hashed.push(algorithm);
    return systemHash(algorithm, text);
  };
  const digest = new DigestServer({ clock, random, hash });
  const check = checkingAuthentication(digestAuthenticator({ objects, digest, random }), digest);
  return {
    clock,
    hashed,
    async ask(endpoint, headers = [], address = '127.0.0.1') {
      const { request, received } = incoming({
        method: 'REGISTER',
        uri: 'sip:127.0.0.1',
        headers,
        source: { address },
      });
      return [
        await check(request, endpoint === undefined ? undefined : objects.endpoints.get(endpoint)),
        received.answers,
      ];
    },
  };
}

/** What a telephone answers to a challenge. */
export const asResponse = ([challenge]: readonly Answer[]): SipResponse => ({
  ...challenge!,
  reason: '',
  source: undefined,
  dialogId: undefined,
});

export function answerTo(answers: readonly Answer[], ...auths: AuthObject[]): SipHeader[] {
  return answerChallenges(asResponse(answers), { method: 'REGISTER', uri: 'sip:127.0.0.1' }, auths, () => 'cnonce');
}

export const shape = (lines: string[]): string[] => lines.map((each) => each.replace(/(nonce|opaque)="[^"]*"/g, ''));

export const linesOf = ([answer]: readonly Answer[]): string[] => answer?.headers.all('WWW-Authenticate') ?? [];
