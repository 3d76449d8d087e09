// From what is written in the configuration to objects: defaults applied, texts taken apart, references checked.
import type { Party } from '../../core/facts.ts';
import { Fault } from '../../errors.ts';
import { didYouMean } from './nearest.ts';
import { parseNetwork } from './networks.ts';
import {
  ALGORITHMS,
  CODECS,
  IDENTIFIERS,
  type Algorithm,
  type AorObject,
  type AuthObject,
  type EndpointObject,
  type GlobalObject,
  type IdentifyObject,
  type PjsipConfig,
  type PjsipObjects,
} from './objects.ts';
import { parseUri } from './uri.ts';

type Written<Kind extends 'endpoint' | 'auth' | 'aor' | 'identify'> = NonNullable<PjsipConfig[Kind]>[string];
type Global = NonNullable<PjsipConfig['global']>;

/**
 * The configuration must fit the schema. Fails with a Fault 'invalid', whose message begins with the path of the wrong
 * key, when a name leads nowhere or a text cannot be read.
 */
export function resolvePjsip(config: PjsipConfig): PjsipObjects {
  const auths = mapOf(config.auth, auth);
  const aors = mapOf(config.aor, aor);
  const endpoints = mapOf(config.endpoint, (id, written) => endpoint(id, written, config.global ?? {}, auths, aors));
  const identifies = [...mapOf(config.identify, (id, written) => identify(id, written, endpoints)).values()];
  return { global: global(config.global ?? {}, endpoints), endpoints, auths, aors, identifies };
}

function global(written: Global, endpoints: ReadonlyMap<string, unknown>): GlobalObject {
  const { default_outbound_endpoint: outbound } = written;
  if (outbound !== undefined) existing('pjsip.global.default_outbound_endpoint', 'endpoint', outbound, endpoints);
  const order = listOf(written.endpoint_identifier_order ?? 'ip,username,anonymous');
  return {
    endpoint_identifier_order: order.map((each) => oneOf('pjsip.global.endpoint_identifier_order', each, IDENTIFIERS)),
    default_outbound_endpoint: outbound ?? 'default_outbound_endpoint',
    default_realm: written.default_realm ?? 'asterisk',
    user_agent: written.user_agent ?? 'Arion',
    unidentified_request_count: written.unidentified_request_count ?? 5,
    unidentified_request_period: written.unidentified_request_period ?? 5,
  };
}

/** Being anonymous is nothing that an endpoint can choose. */
const OF_ENDPOINTS = IDENTIFIERS.filter((each) => each !== 'anonymous');

function endpoint(
  id: string,
  written: Written<'endpoint'>,
  defaults: Global,
  auths: ReadonlyMap<string, AuthObject>,
  aors: ReadonlyMap<string, AorObject>,
): EndpointObject {
  const path = `pjsip.endpoint.${id}`;
  const authsOf = (option: 'auth' | 'outbound_auth'): AuthObject[] =>
    listOf(written[option]).map((name) => existing(`${path}.${option}`, 'auth', name, auths));
  return {
    id,
    context: written.context ?? defaults.context ?? 'default',
    language: written.language ?? defaults.language ?? 'en',
    auth: authsOf('auth'),
    outbound_auth: authsOf('outbound_auth'),
    aors: listOf(written.aors).map((name) => existing(`${path}.aors`, 'aor', name, aors).id),
    identify_by: listOf(written.identify_by ?? 'username,ip').map((each) =>
      oneOf(`${path}.identify_by`, each, OF_ENDPOINTS),
    ),
    callerid: callerId(written.callerid),
    from_user: written.from_user,
    from_domain: written.from_domain,
    allow: listOf(written.allow ?? 'ulaw,alaw,g722,opus').map((each) => oneOf(`${path}.allow`, each, CODECS)),
    allow_overlap: isYes(written.allow_overlap, true),
  };
}

const LENGTHS: Readonly<Record<Algorithm, number>> = { 'SHA-512-256': 64, 'SHA-256': 64, MD5: 32 };

function auth(id: string, written: Written<'auth'>): AuthObject {
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
  return {
    id,
    username: written.username,
    password: written.password,
    digests,
    realm: written.realm,
    nonce_lifetime: written.nonce_lifetime ?? 32,
    supported_algorithms_uas: uas.length > 0 ? uas : able.includes('MD5') ? ['MD5'] : able,
    supported_algorithms_uac: uac.length > 0 ? uac : able,
  };
}

function aor(id: string, written: Written<'aor'>): AorObject {
  const path = `pjsip.aor.${id}`;
  const contact = listOf(written.contact);
  const unreadable = contact.find((each) => parseUri(each) === undefined);
  if (unreadable !== undefined) throw wrong(`${path}.contact`, `"${unreadable}" is not a SIP URI`);
  const minimum = written.minimum_expiration ?? 60;
  const maximum = written.maximum_expiration ?? 7200;
  if (minimum > maximum)
    throw wrong(`${path}.minimum_expiration`, `is ${minimum}, but maximum_expiration is ${maximum}`);
  return {
    id,
    contact,
    max_contacts: written.max_contacts ?? 0,
    remove_existing: isYes(written.remove_existing, false),
    minimum_expiration: minimum,
    maximum_expiration: maximum,
    default_expiration: written.default_expiration ?? 3600,
    support_path: isYes(written.support_path, false),
  };
}

function identify(
  id: string,
  written: Written<'identify'>,
  endpoints: ReadonlyMap<string, EndpointObject>,
): IdentifyObject {
  const path = `pjsip.identify.${id}`;
  const match = listOf(written.match).map((each) => {
    const network = parseNetwork(each);
    if (network === undefined) throw wrong(`${path}.match`, `"${each}" is neither an address nor a network`);
    return network;
  });
  const { match_header: header, match_request_uri: uri } = written;
  if (match.length === 0 && header === undefined && uri === undefined)
    throw wrong(path, 'needs a match, a match_header or a match_request_uri');
  const colon = header?.indexOf(':') ?? -1;
  if (header !== undefined && colon < 1)
    throw wrong(`${path}.match_header`, 'is written "Name: value" or "Name: /regular expression/"');
  return {
    id,
    endpoint: existing(`${path}.endpoint`, 'endpoint', written.endpoint, endpoints).id,
    match,
    match_header:
      header === undefined
        ? undefined
        : {
            name: header.slice(0, colon).trim(),
            pattern: pattern(`${path}.match_header`, header.slice(colon + 1).trim()),
          },
    match_request_uri: uri === undefined ? undefined : pattern(`${path}.match_request_uri`, uri),
  };
}

/** Between slashes a regular expression, else exactly this text. */
function pattern(path: string, text: string): RegExp {
  const expression = /^\/(.*)\/$/s.exec(text)?.[1];
  try {
    return new RegExp(expression ?? `^${text.replace(/[\\^$.*+?()[\]{}|/]/g, '\\$&')}$`);
  } catch (cause) {
    throw wrong(path, `"${text}" is not a regular expression`, cause);
  }
}

/** `"Name" <number>`, `Name <number>`, a number alone, or a name alone. */
function callerId(text: string | undefined): Party | undefined {
  if (text === undefined) return undefined;
  const [, name = '', number] = /^([^<]*)<([^>]*)>\s*$/.exec(text) ?? [];
  if (number !== undefined) return { name: unquoted(name), number: number.trim() };
  return /^[\d+*#\s]+$/.test(text) ? { name: '', number: text.trim() } : { name: unquoted(text), number: '' };
}

const unquoted = (text: string): string => text.trim().replace(/^"(.*)"$/, '$1');

function listOf(written: string | readonly string[] | undefined): string[] {
  const parts = typeof written === 'string' ? written.split(',') : (written ?? []);
  return parts.map((each) => each.trim()).filter((each) => each !== '');
}

const isYes = (written: boolean | 'yes' | 'no' | undefined, otherwise: boolean): boolean =>
  written === undefined ? otherwise : written === true || written === 'yes';

function mapOf<W, O>(
  written: Readonly<Record<string, W>> | undefined,
  make: (id: string, written: W) => O,
): Map<string, O> {
  return new Map(Object.entries(written ?? {}).map(([id, each]) => [id, make(id, each)]));
}

function oneOf<T extends string>(path: string, name: string, allowed: readonly T[]): T {
  const found = allowed.find((each) => each.toLowerCase() === name.toLowerCase());
  if (found !== undefined) return found;
  throw wrong(path, `"${name}" is not one of ${allowed.join(', ')}${didYouMean(name, allowed)}`);
}

function existing<O>(path: string, kind: string, name: string, objects: ReadonlyMap<string, O>): O {
  const found = objects.get(name);
  if (found !== undefined) return found;
  throw wrong(path, `no ${kind} is named "${name}"${didYouMean(name, objects.keys())}`);
}

const wrong = (path: string, message: string, cause?: unknown): Fault =>
  new Fault('invalid', `${path}: ${message}`, { code: 'configuration', ...(cause !== undefined && { cause }) });
