// The telephone's side of digest authentication (RFC 7616, and RFC 2617 for servers without qop).
import { createHash } from 'node:crypto';

export type Challenge = Readonly<Record<string, string>>;

export interface Credentials {
  readonly username: string;
  readonly password: string;
  readonly method: string;
  readonly uri: string;
  readonly cnonce: string;
}

const schemeOrParameter = /\b(Digest)\s+(?=[\w-]+\s*=)|([\w-]+)\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^\s,"]+))/gi;

/** In the order of WWW-Authenticate lines, which may also hold several challenges each. */
export function challengesOf(values: readonly string[]): Challenge[] {
  const challenges: Record<string, string>[] = [];
  for (const [, scheme, name = '', quoted, plain = ''] of values.join(', ').matchAll(schemeOrParameter)) {
    const latest = challenges.at(-1);
    if (scheme !== undefined) challenges.push({});
    else if (latest !== undefined) latest[name.toLowerCase()] = quoted ?? plain;
  }
  return challenges;
}

const hashes: Readonly<Record<string, string>> = { MD5: 'md5', 'SHA-256': 'sha256' };
const algorithmOf = (challenge: Challenge): string => (challenge['algorithm'] ?? 'MD5').toUpperCase();

/** The first challenge that this telephone can answer: the server's order is its preference (RFC 8760 2.4). */
export const answerable = (challenges: readonly Challenge[]): Challenge | undefined =>
  challenges.find((challenge) => algorithmOf(challenge) in hashes);

/** The value of Authorization. The nonce is used once, so its count is always 1. */
export function authorization(challenge: Challenge, credentials: Credentials): string {
  const { username, password, method, uri, cnonce } = credentials;
  const algorithm = algorithmOf(challenge);
  const hash = (text: string): string =>
    createHash(hashes[algorithm] ?? 'md5')
      .update(text)
      .digest('hex');
  const { realm = '', nonce = '', opaque } = challenge;
  const qop = challenge['qop']?.split(',').some((each) => each.trim() === 'auth') === true ? 'auth' : undefined;
  const ha1 = hash(`${username}:${realm}:${password}`);
  const ha2 = hash(`${method}:${uri}`);
  const response = hash(
    qop === undefined ? `${ha1}:${nonce}:${ha2}` : `${ha1}:${nonce}:00000001:${cnonce}:${qop}:${ha2}`,
  );
  const parts = [
    `username="${username}"`,
    `realm="${realm}"`,
    `nonce="${nonce}"`,
    `uri="${uri}"`,
    `response="${response}"`,
    ...(challenge['algorithm'] === undefined ? [] : [`algorithm=${challenge['algorithm']}`]),
    ...(opaque === undefined ? [] : [`opaque="${opaque}"`]),
    ...(qop === undefined ? [] : [`qop=${qop}`, 'nc=00000001', `cnonce="${cnonce}"`]),
  ];
  return `Digest ${parts.join(', ')}`;
}
