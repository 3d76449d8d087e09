// The digest server: whether who sends a request has proven it, and the challenge when not (RFC 7616, RFC 3261 22).
//
// Nothing is stored: a nonce is its time, and a seal over that time, the sender's address and the realm. Who is unknown
// is challenged too, with the same work and the same look, so that names cannot be found out by trying.
import { createHmac, timingSafeEqual } from 'node:crypto';
import type { Clock } from './clock.ts';
import { algorithmOf, digestResponse, parseDigest, type DigestFields } from './digest.ts';
import { quote } from './name-address.ts';
import type { AuthObject, PjsipObjects } from './objects/index.ts';
import type { SipHeader, SipRequest } from './stack.ts';

/** `failed`: what it presented was wrong, and it was challenged again. */
export type Authentication = 'challenge-sent' | 'success' | 'failed' | 'not-required';

/** Answers the request, with a challenge, unless the outcome is `success` or `not-required`. Nobody in particular: undefined. */
export type Authenticate = (request: SipRequest, auths: readonly AuthObject[] | undefined) => Promise<Authentication>;

export interface AuthenticationParts {
  readonly objects: PjsipObjects;
  readonly clock: Clock;
  readonly random: (bytes: number) => Buffer;
}

export function authenticating({ objects, clock, random }: AuthenticationParts): Authenticate {
  const realmOf = ({ realm }: AuthObject): string => realm ?? objects.global.default_realm;
  const nonces = new Nonces(random(32), clock);
  const nobody = impossible(objects, () => random(32).toString('hex'));

  return async (request, auths = nobody) => {
    if (auths.length === 0) return 'not-required';
    const presented = parseDigest(request.headers.all('Authorization'));
    const outcomes = presented.flatMap((fields) =>
      auths.map((auth) => prove(request, fields, auth, realmOf(auth), nonces)),
    );
    if (outcomes.includes('proven')) return 'success';
    const isStale = outcomes.includes('stale');
    const headers = challenges(auths, realmOf, (realm) => nonces.make(request.source.address, realm), isStale);
    await request.respond(401, { headers });
    return presented.length === 0 || isStale ? 'challenge-sent' : 'failed';
  };
}

/** Credentials that nobody can have, in the shape of those that the first endpoint with any has. */
function impossible({ endpoints }: PjsipObjects, secret: () => string): readonly AuthObject[] {
  const usual: AuthObject = {
    id: '',
    username: '',
    password: '',
    digests: {},
    realm: undefined,
    nonce_lifetime: 32,
    supported_algorithms_uas: ['MD5'],
    supported_algorithms_uac: [],
  };
  const model = [...endpoints.values()].find(({ auth }) => auth.length > 0)?.auth ?? [usual];
  return model.map((auth) => ({ ...auth, username: secret(), password: secret(), digests: {} }));
}

/** `stale`: the credentials are right, the nonce is old, or of another life of this process. */
function prove(
  { method, source }: SipRequest,
  fields: DigestFields,
  auth: AuthObject,
  realm: string,
  nonces: Nonces,
): 'proven' | 'stale' | 'wrong' {
  const algorithm = algorithmOf(fields);
  if (fields.get('realm') !== realm || algorithm === undefined) return 'wrong';
  if (!auth.supported_algorithms_uas.includes(algorithm)) return 'wrong';
  const [nonce = '', uri = '', qop] = [fields.get('nonce'), fields.get('uri'), fields.get('qop')];
  const protection =
    qop === undefined ? undefined : { qop, nc: fields.get('nc') ?? '', cnonce: fields.get('cnonce') ?? '' };
  const expected = digestResponse({ algorithm, auth, method, realm, uri, nonce, protection });
  const isRightName = areEqual(fields.get('username') ?? '', auth.username);
  const isRight = areEqual(fields.get('response')?.toLowerCase() ?? '', expected) && isRightName;
  if (!isRight) return 'wrong';
  return nonces.isFresh(nonce, source.address, realm, auth.nonce_lifetime) ? 'proven' : 'stale';
}

/** One for each realm and algorithm, as lines of their own; the order is the server's preference (RFC 8760 2.3). */
function challenges(
  auths: readonly AuthObject[],
  realmOf: (auth: AuthObject) => string,
  nonce: (realm: string) => string,
  isStale: boolean,
): SipHeader[] {
  const lines = auths.flatMap((auth) => {
    const realm = realmOf(auth);
    return auth.supported_algorithms_uas.map(
      (algorithm) =>
        `Digest realm=${quote(realm)},nonce="${nonce(realm)}",algorithm=${algorithm},qop="auth"${isStale ? ',stale=true' : ''}`,
    );
  });
  return [...new Set(lines)].map((line) => ['WWW-Authenticate', line]);
}

class Nonces {
  readonly #key: Buffer;
  readonly #clock: Clock;

  constructor(key: Buffer, clock: Clock) {
    this.#key = key;
    this.#clock = clock;
  }

  make(address: string, realm: string): string {
    const time = String(this.#now());
    return `${time}/${this.#seal(time, address, realm)}`;
  }

  /** Whether this process made it, for that sender, within that many seconds. */
  isFresh(nonce: string, address: string, realm: string, lifetime: number): boolean {
    const [time = '', seal = ''] = nonce.split('/', 2);
    return areEqual(seal, this.#seal(time, address, realm)) && this.#now() - Number(time) <= lifetime;
  }

  #now(): number {
    return Math.floor(this.#clock.now() / 1000);
  }

  #seal(time: string, address: string, realm: string): string {
    return createHmac('sha256', this.#key)
      .update(JSON.stringify([time, address, realm]))
      .digest('hex')
      .slice(0, 32);
  }
}

/** In a time that does not tell how much of it was right. */
function areEqual(one: string, other: string): boolean {
  const [left, right] = [Buffer.from(one), Buffer.from(other)];
  return left.length === right.length && timingSafeEqual(left, right);
}
