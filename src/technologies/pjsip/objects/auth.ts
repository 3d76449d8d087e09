// Credentials, by which others prove who they are to us, or we to them.
import { Type, type Static } from 'typebox';
import { closed, list, listOf, oneOf, text, wrong } from './reading.ts';

/** Hash algorithms of digest authentication (RFC 7616, RFC 8760), the stronger first. */
export const ALGORITHMS = ['SHA-512-256', 'SHA-256', 'MD5'] as const;
export type Algorithm = (typeof ALGORITHMS)[number];

export const AuthOptions = Type.Object(
  {
    // These mean the same, as in Asterisk now: what there is of password and hashes decides.
    auth_type: Type.Optional(Type.Union([Type.Literal('digest'), Type.Literal('userpass'), Type.Literal('md5')])),
    username: text,
    password: Type.Optional(Type.String()),
    password_digest: Type.Optional(list),
    md5_cred: Type.Optional(text),
    realm: Type.Optional(text),
    nonce_lifetime: Type.Optional(Type.Integer({ minimum: 1 })),
    supported_algorithms_uas: Type.Optional(list),
    supported_algorithms_uac: Type.Optional(list),
  },
  closed,
);

export interface AuthObject {
  readonly id: string;
  readonly username: string;
  readonly password: string | undefined;
  /** The hash of "username:realm:password" by algorithm, in lower-case hexadecimal. */
  readonly digests: Readonly<Partial<Record<Algorithm, string>>>;
  /** Left out, it is the global one for those who come, and any realm for those whom we call. */
  readonly realm: string | undefined;
  /** In seconds. */
  readonly nonce_lifetime: number;
  readonly supported_algorithms_uas: readonly Algorithm[];
  readonly supported_algorithms_uac: readonly Algorithm[];
}

const LENGTHS: Readonly<Record<Algorithm, number>> = { 'SHA-512-256': 64, 'SHA-256': 64, MD5: 32 };

/** What each auth accepts and uses where it does not say so itself. */
export interface AuthDefaults {
  readonly uas: readonly Algorithm[];
  readonly uac: readonly Algorithm[];
}

export function auth(
  id: string,
  written: Static<typeof AuthOptions>,
  defaults: Readonly<Partial<AuthDefaults>>,
): AuthObject {
  const path = `pjsip.auth.${id}`;
  const digests: Partial<Record<Algorithm, string>> = {};
  const take = (option: string, algorithm: Algorithm, hash: string): void => {
    const length = LENGTHS[algorithm];
    if (!/^[\da-f]+$/i.test(hash) || hash.length !== length)
      throw wrong(`${path}.${option}`, `a hash of ${algorithm} is ${length} hexadecimal digits`);
    digests[algorithm] = hash.toLowerCase();
  };
  if (written.md5_cred !== undefined) take('md5_cred', 'MD5', written.md5_cred);
  for (const each of listOf(written.password_digest)) {
    const [name = '', hash = ''] = each.split(':', 2);
    take('password_digest', oneOf(`${path}.password_digest`, name, ALGORITHMS), hash);
  }
  const able = ALGORITHMS.filter((each) => written.password !== undefined || digests[each] !== undefined);
  if (able.length === 0) throw wrong(path, 'needs a password, a password_digest or an md5_cred');
  const supported = (option: 'supported_algorithms_uas' | 'supported_algorithms_uac'): Algorithm[] =>
    listOf(written[option]).map((each) => {
      const algorithm = oneOf(`${path}.${option}`, each, ALGORITHMS);
      if (!able.includes(algorithm)) throw wrong(`${path}.${option}`, `there is no password_digest of ${algorithm}`);
      return algorithm;
    });
  const uas = supported('supported_algorithms_uas');
  const uac = supported('supported_algorithms_uac');
  const usual = (of: readonly Algorithm[] = []): readonly Algorithm[] => of.filter((each) => able.includes(each));
  const fallback = able.includes('MD5') ? (['MD5'] as const) : able;
  return {
    id,
    username: written.username,
    password: written.password,
    digests,
    realm: written.realm,
    nonce_lifetime: written.nonce_lifetime ?? 32,
    supported_algorithms_uas: firstOf(uas, usual(defaults.uas), fallback),
    supported_algorithms_uac: firstOf(uac, usual(defaults.uac), able),
  };
}

const firstOf = (...lists: readonly (readonly Algorithm[])[]): readonly Algorithm[] =>
  lists.find(({ length }) => length > 0) ?? [];
