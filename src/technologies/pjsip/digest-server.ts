// The digest server: whether what a request presents is right, and the challenge when not (RFC 7616, RFC 3261 22).
//
// Whoever is challenged costs the same work, whether the name is known or not, and whatever is wrong: the hashes are
// reckoned in any case. So names cannot be found out by trying.
import type { Clock } from '../../core/clock.ts';
import { algorithmOf, digestResponse, parseDigest, systemHash, type DigestFields, type Hash } from './digest.ts';
import { quote } from './name-address.ts';
import { areEqual, Nonces, type NoncesMetrics } from './nonces.ts';
import type { Algorithm, AuthObject } from './objects/index.ts';
import type { SipHeader, SipRequest } from './stack.ts';

/** What lets someone in, and what is asked for it. */
export interface DigestCredentials extends Pick<AuthObject, 'username' | 'password' | 'digests'> {
  readonly realm: string;
  /** Those that are offered, the preferred one first. */
  readonly algorithms: readonly Algorithm[];
  /** In seconds. */
  readonly nonceLifetime: number;
  /** The URIs that the credentials are good for; left out, all of ours (RFC 7616 3.3). */
  readonly domain?: string;
  /** What is to be sent back unchanged; made anew for each challenge if left out. */
  readonly opaque?: string;
  /** Instead of one that is made for each challenge. Whoever gives it sees to it that it changes. */
  readonly nonce?: string;
}

/** `stale`: the credentials are right, but the nonce is old, used already, or of another life of this process. */
export type Verdict = 'right' | 'stale' | 'wrong' | 'absent';

export interface DigestServerParts {
  readonly clock: Clock;
  readonly random: (bytes: number) => Buffer;
  readonly hash?: Hash;
}

/** How many answers in one request are looked at; what is beyond them is passed over. */
const MOST = 8;

export class DigestServer {
  readonly #parts: DigestServerParts;
  readonly #nonces: Nonces;
  /** Whom nobody can be: reckoned with when there is nothing else. */
  readonly #nobody: DigestCredentials;

  constructor(parts: DigestServerParts) {
    this.#parts = parts;
    this.#nonces = new Nonces(parts);
    this.#nobody = impossible('', ['MD5'], parts.random);
  }

  /** The first of the credentials that what is presented proves to know lets in. */
  verify(request: SipRequest, credentials: readonly DigestCredentials[]): Verdict {
    const presented = parseDigest(request.headers.all('Authorization')).slice(0, MOST);
    if (presented.length === 0) return 'absent';
    const verdicts = presented.map((fields) => this.#judge(request, fields, credentials));
    return (['right', 'stale'] as const).find((each) => verdicts.includes(each)) ?? 'wrong';
  }

  /** One for each realm and algorithm, as lines of their own; the order is the server's preference (RFC 8760 2.3). */
  challenges({ source }: SipRequest, credentials: readonly DigestCredentials[], isStale: boolean): SipHeader[] {
    const asked = new Map<string, () => string>();
    for (const { realm, algorithms, domain, nonce, opaque } of credentials) {
      for (const algorithm of algorithms) {
        const fields = (): string[] => [
          `realm=${quote(realm)}`,
          ...(domain === undefined ? [] : [`domain=${quote(domain)}`]),
          `nonce=${quote(nonce ?? this.#nonces.make(source.address, realm))}`,
          `opaque=${quote(opaque ?? this.#parts.random(8).toString('hex'))}`,
          `algorithm=${algorithm}`,
          'qop="auth"',
          ...(isStale ? ['stale=true'] : []),
        ];
        const key = `${algorithm} ${realm}`;
        if (!asked.has(key)) asked.set(key, () => `Digest ${fields().join(',')}`);
      }
    }
    return [...asked.values()].map((line) => ['WWW-Authenticate', line()]);
  }

  /** Forgets the nonces that are too old to be used. */
  prune(): void {
    this.#nonces.prune();
  }

  get metrics(): NoncesMetrics {
    return this.#nonces.metrics;
  }

  #judge({ method, source }: SipRequest, fields: DigestFields, credentials: readonly DigestCredentials[]): Verdict {
    const algorithm = algorithmOf(fields);
    const [realm = '', username = '', nonce = ''] = ['realm', 'username', 'nonce'].map((name) => fields.get(name));
    const [qop, nc = ''] = [fields.get('qop'), fields.get('nc')];
    const fitting = credentials.filter(
      (each) =>
        areEqual(each.realm, realm) &&
        areEqual(each.username, username) &&
        algorithm !== undefined &&
        each.algorithms.includes(algorithm),
    );
    const isWellFormed = qop === undefined || (qop.toLowerCase() === 'auth' && /^[\da-f]{8}$/i.test(nc));
    const proven = (fitting.length === 0 ? [this.#nobody] : fitting).filter((auth) => {
      const uri = fields.get('uri') ?? '';
      const protection = qop === undefined ? undefined : { qop, nc, cnonce: fields.get('cnonce') ?? '' };
      const calculation = { algorithm: algorithm ?? 'MD5', auth, method, realm, uri, nonce, protection };
      const expected = digestResponse(calculation, this.#parts.hash ?? systemHash);
      return areEqual(fields.get('response')?.toLowerCase() ?? '', expected);
    });
    const [known] = proven;
    if (known === undefined || known === this.#nobody || !isWellFormed) return 'wrong';
    const count = qop === undefined ? undefined : Number.parseInt(nc, 16);
    const use = { nonce, address: source.address, realm, lifetime: known.nonceLifetime, count };
    const isUsable =
      known.nonce === undefined ? this.#nonces.use(use) : nonce === known.nonce && this.#nonces.useGiven(use);
    return isUsable ? 'right' : 'stale';
  }
}

/** Credentials that nobody can have. */
export function impossible(
  realm: string,
  algorithms: readonly Algorithm[],
  random: (bytes: number) => Buffer,
): DigestCredentials {
  const secret = (): string => random(32).toString('hex');
  return { username: secret(), password: secret(), digests: {}, realm, algorithms, nonceLifetime: 32 };
}
