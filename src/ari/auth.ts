// Who is asking, and what they may do: one function for HTTP, the WebSocket, and REST over the WebSocket.
//
// A password hash is made with:
//   node -e "const c=require('node:crypto'),s=c.randomBytes(16);console.log(['scrypt',s.toString('base64'),c.scryptSync(process.argv[1],s,32).toString('base64')].join(':'))" PASSWORD
import { hash as hashOf, randomBytes, scrypt, timingSafeEqual } from 'node:crypto';
import { Fault } from '../errors.ts';

/** Either `password` or `password_hash`: "scrypt:<salt>:<hash>", both base64, by Node's default scrypt parameters. */
export interface ApiUser {
  readonly password?: string;
  readonly password_hash?: string;
  /** May only read. */
  readonly read_only?: boolean;
}

export interface Credentials {
  readonly name: string;
  readonly password: string;
}

/** A user for whom a WebSocket acts that we opened ourselves: nobody has to prove anything. */
export interface Deputy {
  readonly actsFor: string;
}

/** Who says to be asking. */
export type Claim = Credentials | Deputy;

/** Who has been let in. */
export interface User {
  readonly name: string;
  readonly isReadOnly: boolean;
}

export const REALM = 'Asterisk REST Interface';

/** What Asterisk reads of a credential, in bytes. */
const LONGEST = 255;
/** How many credentials that were found right are remembered, so that a hash is computed once and not per request. */
const REMEMBERED = 1_000;
/** How many hashes may be under way; each keeps a thread busy for some 50 ms. */
const UNDER_WAY = 64;
const HASH = /^scrypt:([A-Za-z0-9+/]+={0,2}):([A-Za-z0-9+/]+={0,2})$/;

/** From the Authorization header, and only where that has none from `api_key=name:password`. */
export function readCredentials(authorization: string | undefined, query: string): Credentials | undefined {
  const basic = authorization?.startsWith('Basic ') ? split(decode(authorization.slice(6))) : undefined;
  if (basic !== undefined || query === '') return basic;
  return split(new URLSearchParams(query).getAll('api_key').at(-1) ?? '');
}

const decode = (base64: string): string => Buffer.from(base64, 'base64').toString();

function split(text: string): Credentials | undefined {
  const colon = text.indexOf(':');
  if (colon < 0 || Buffer.byteLength(text) > LONGEST) return undefined;
  return { name: text.slice(0, colon), password: text.slice(colon + 1) };
}

interface Known {
  readonly user: User;
  readonly passwordHash: string | undefined;
  /** The digest of the password, if it is known. */
  readonly digest: Buffer;
}

function admitted(known: Known | undefined, method: string): User {
  if (known === undefined) throw new Fault('unauthorized', 'Authentication required');
  if (known.user.isReadOnly && method !== 'GET' && method !== 'OPTIONS') {
    throw new Fault('forbidden', 'Write access denied', { code: 'read-only' });
  }
  return known.user;
}

export class Authorizer {
  readonly #users = new Map<string, Known>();
  /** Goes into every digest, and dies with the process. */
  readonly #salt = randomBytes(32).toString('latin1');
  readonly #verified = new Set<string>();
  #underWay = 0;

  /** Fails with a Fault 'invalid' when a user has no password, or a hash that is not written as it should be. */
  constructor(users: Readonly<Record<string, ApiUser>>) {
    for (const [name, { password, password_hash: passwordHash, read_only: isReadOnly = false }] of Object.entries(
      users,
    )) {
      if (passwordHash === undefined ? password === undefined : !HASH.test(passwordHash)) {
        throw new Fault('invalid', `ari.users.${name}: expected a password, or a password_hash "scrypt:<salt>:<hash>"`);
      }
      this.#users.set(name, { user: { name, isReadOnly }, passwordHash, digest: this.#digest(password ?? '') });
    }
  }

  /**
   * Fails with a Fault 'unauthorized' for wrong or no credentials, 'forbidden' where a user who may only read wants more,
   * 'unavailable' while too many hashes are being computed. At once where no hash has to be.
   */
  authorize(claim: Claim | undefined, method: string): User | Promise<User> {
    const name = claim && ('actsFor' in claim ? claim.actsFor : claim.name);
    const known = name === undefined ? undefined : this.#users.get(name);
    const matches = known !== undefined && this.#matches(known, claim!);
    if (typeof matches === 'boolean') return admitted(matches ? known : undefined, method);
    return matches.then((isRight) => admitted(isRight ? known : undefined, method));
  }

  #matches(known: Known, claim: Claim): boolean | Promise<boolean> {
    if ('actsFor' in claim) return true;
    const { name, password } = claim;
    // In a time that does not tell how much of it is right.
    if (known.passwordHash === undefined) return timingSafeEqual(this.#digest(password), known.digest);
    return this.#isRight(known.passwordHash, name, password);
  }

  async #isRight(passwordHash: string, name: string, password: string): Promise<boolean> {
    const digest = this.#digest(`${name}:${password}`).toString('base64');
    if (this.#verified.has(digest)) return true;
    if (!(await this.#verify(passwordHash, password))) return false;
    if (this.#verified.size >= REMEMBERED) this.#verified.clear();
    this.#verified.add(digest);
    return true;
  }

  async #verify(passwordHash: string, password: string): Promise<boolean> {
    const [, salt = '', hash = ''] = HASH.exec(passwordHash) ?? [];
    const expected = Buffer.from(hash, 'base64');
    if (this.#underWay >= UNDER_WAY) throw new Fault('unavailable', 'Too many logins at once');
    this.#underWay += 1;
    try {
      const derived = await new Promise<Buffer>((resolve, reject) => {
        scrypt(password, Buffer.from(salt, 'base64'), expected.length, (error, key) =>
          error === null ? resolve(key) : reject(error),
        );
      });
      return timingSafeEqual(derived, expected);
    } finally {
      this.#underWay -= 1;
    }
  }

  /** Made at once: an HMAC, which is an object first, took a fifth of the time of a small request. */
  #digest(text: string): Buffer {
    return hashOf('sha256', this.#salt + text, 'buffer');
  }
}
