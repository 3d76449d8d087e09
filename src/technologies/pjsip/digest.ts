// The arithmetic of digest authentication (RFC 7616), and its client: what answers a challenge.
import { createHash } from 'node:crypto';
import { divide, quote } from './name-address.ts';
import { ALGORITHMS, type Algorithm, type AuthObject } from './objects/index.ts';
import type { SipResponse } from './stack.ts';

/** The fields of one challenge or of one answer; names in lower case, values without quotes. */
export type DigestFields = ReadonlyMap<string, string>;

const FIELD = /^(?:([\w-]+)\s+)?([\w-]+)\s*=\s*(.*)$/s;

/** What stands in such header lines, each of which may hold several. Other schemes than Digest are left out. */
export function parseDigest(lines: readonly string[]): DigestFields[] {
  const found: { readonly scheme: string; readonly fields: Map<string, string> }[] = [];
  for (const line of lines) {
    for (const part of divide(line, ',')) {
      const [, scheme, name, value = ''] = FIELD.exec(part) ?? [];
      if (scheme !== undefined) found.push({ scheme: scheme.toLowerCase(), fields: new Map() });
      if (name !== undefined) found.at(-1)?.fields.set(name.toLowerCase(), unquote(value.trim()));
    }
  }
  return found.filter(({ scheme }) => scheme === 'digest').map(({ fields }) => fields);
}

const unquote = (text: string): string => (text.startsWith('"') ? text.slice(1, -1).replace(/\\(.)/gs, '$1') : text);

/** MD5 where none is named; undefined for one that we do not know. */
export function algorithmOf(fields: DigestFields): Algorithm | undefined {
  const name = fields.get('algorithm')?.toUpperCase() ?? 'MD5';
  return ALGORITHMS.find((each) => each === name);
}

const HASHES: Readonly<Record<Algorithm, string>> = { 'SHA-512-256': 'sha512-256', 'SHA-256': 'sha256', MD5: 'md5' };

/** In lower-case hexadecimal. */
export type Hash = (algorithm: Algorithm, text: string) => string;

export const systemHash: Hash = (algorithm, text) => createHash(HASHES[algorithm]).update(text).digest('hex');

export interface Calculation {
  readonly algorithm: Algorithm;
  readonly auth: Pick<AuthObject, 'username' | 'password' | 'digests'>;
  readonly method: string;
  readonly realm: string;
  readonly uri: string;
  readonly nonce: string;
  /** Left out, it is reckoned as in RFC 2069. */
  readonly protection?: { readonly qop: string; readonly nc: string; readonly cnonce: string } | undefined;
}

/** The `response` that proves the knowledge of the secret, in lower-case hexadecimal. It is always three hashes. */
export function digestResponse(
  { algorithm, auth, method, realm, uri, nonce, protection }: Calculation,
  hash: Hash = systemHash,
): string {
  const reckoned = hash(algorithm, `${auth.username}:${realm}:${auth.password ?? ''}`);
  const secret = auth.digests[algorithm] ?? reckoned;
  const guarded = protection === undefined ? '' : `${protection.nc}:${protection.cnonce}:${protection.qop}:`;
  return hash(algorithm, `${secret}:${nonce}:${guarded}${hash(algorithm, `${method}:${uri}`)}`);
}

/** A challenge that we can answer, and with what. */
export interface Answerable {
  /** The name of the header that answers it. */
  readonly header: 'Authorization' | 'Proxy-Authorization';
  readonly realm: string;
  readonly challenge: DigestFields;
  readonly auth: AuthObject;
}

/**
 * The challenges of a 401 or a 407 that the credentials fit: for each realm one, with the strongest algorithm that both
 * sides can. Credentials for a realm are shown to no other, and go before those that name none.
 */
export function answerable(response: SipResponse, auths: readonly AuthObject[]): Answerable[] {
  const [asked, header] =
    response.status === 407
      ? (['Proxy-Authenticate', 'Proxy-Authorization'] as const)
      : (['WWW-Authenticate', 'Authorization'] as const);
  const challenges = parseDigest(response.headers.all(asked));
  const realmOf = (challenge: DigestFields): string => challenge.get('realm') ?? '';
  return [...new Set(challenges.map(realmOf))].flatMap((realm) => {
    const here = challenges.filter((each) => realmOf(each) === realm);
    const fitting = [realm, undefined].flatMap((wanted) => auths.filter((each) => each.realm === wanted));
    for (const auth of fitting) {
      const challenge = strongest(here, auth);
      if (challenge !== undefined) return [{ header, realm, challenge, auth }];
    }
    return [];
  });
}

function strongest(challenges: readonly DigestFields[], auth: AuthObject): DigestFields | undefined {
  const rank = (each: DigestFields): number => ALGORITHMS.indexOf(algorithmOf(each)!);
  return challenges
    .filter((each) => {
      const algorithm = algorithmOf(each);
      const qop = each.get('qop');
      return (
        algorithm !== undefined &&
        auth.supported_algorithms_uac.includes(algorithm) &&
        (qop === undefined || offersAuth(qop))
      );
    })
    .sort((one, other) => rank(one) - rank(other))[0];
}

const offersAuth = (qop: string): boolean => qop.split(',').some((each) => each.trim().toLowerCase() === 'auth');

/** `count` is how often the nonce is used with this one, from 1. */
export function authorization(
  challenge: DigestFields,
  { method, uri }: { readonly method: string; readonly uri: string },
  auth: AuthObject,
  cnonce: string,
  count: number,
): string {
  const algorithm = algorithmOf(challenge) ?? 'MD5';
  const realm = challenge.get('realm') ?? '';
  const nonce = challenge.get('nonce') ?? '';
  const opaque = challenge.get('opaque');
  const nc = count.toString(16).padStart(8, '0');
  const protection = challenge.has('qop') ? { qop: 'auth', nc, cnonce } : undefined;
  const fields = [
    `username=${quote(auth.username)}`,
    `realm=${quote(realm)}`,
    `nonce=${quote(nonce)}`,
    `uri=${quote(uri)}`,
    `response="${digestResponse({ algorithm, auth, method, realm, uri, nonce, protection })}"`,
    ...(challenge.has('algorithm') ? [`algorithm=${algorithm}`] : []),
    ...(opaque === undefined ? [] : [`opaque=${quote(opaque)}`]),
    ...(protection === undefined ? [] : ['qop=auth', `nc=${nc}`, `cnonce="${cnonce}"`]),
  ];
  return `Digest ${fields.join(', ')}`;
}
