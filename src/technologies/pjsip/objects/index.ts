// The configuration objects of chan_pjsip that exist here: what may be written, with Asterisk's option names, and what it becomes.
//
// One file for each type holds its schema, its object, and the way from the one to the other: defaults applied, texts
// taken apart, references checked. An option that would do nothing is not in the schema. Where a list is meant, one text
// with commas will do, as in pjsip.conf; where a yes or no is meant, `yes` and `no` will do.
import { Type, type Static } from 'typebox';
import { acl, AclOptions, type AclObject } from './acl.ts';
import { aor, AorOptions, type AorObject } from './aor.ts';
import { auth, AuthOptions, type AuthObject } from './auth.ts';
import { endpoint, EndpointOptions, type EndpointObject } from './endpoint.ts';
import { authDefaults, global, GlobalOptions, type GlobalObject } from './global.ts';
import { identify, IdentifyOptions, type IdentifyObject } from './identify.ts';
import { closed, text } from './reading.ts';
import { registration, RegistrationOptions, type RegistrationObject } from './registration.ts';

export type { AclObject, Rules } from './acl.ts';
export type { AorObject } from './aor.ts';
export { ALGORITHMS, type Algorithm, type AuthObject } from './auth.ts';
export {
  CODECS,
  IDENTIFIERS,
  type Codec,
  type EndpointObject,
  type IdentifierName,
  type MediaEncryption,
} from './endpoint.ts';
export type { GlobalObject } from './global.ts';
export type { IdentifyObject } from './identify.ts';
export type { RegistrationObject } from './registration.ts';

/** The `pjsip` part of the configuration. */
export const PjsipConfig = Type.Object(
  {
    global: Type.Optional(GlobalOptions),
    endpoint: Type.Optional(Type.Record(Type.String(), EndpointOptions)),
    auth: Type.Optional(Type.Record(Type.String(), AuthOptions)),
    aor: Type.Optional(Type.Record(Type.String(), AorOptions)),
    identify: Type.Optional(Type.Record(Type.String(), IdentifyOptions)),
    registration: Type.Optional(Type.Record(Type.String(), RegistrationOptions)),
    acl: Type.Optional(Type.Record(Type.String(), AclOptions)),
    // Another name of a domain, by that other name.
    domain_alias: Type.Optional(Type.Record(Type.String(), Type.Object({ domain: text }, closed))),
  },
  closed,
);
export type PjsipConfig = Static<typeof PjsipConfig>;

/** All of it: defaults applied, every reference checked. */
export interface PjsipObjects {
  readonly global: GlobalObject;
  readonly endpoints: ReadonlyMap<string, EndpointObject>;
  readonly auths: ReadonlyMap<string, AuthObject>;
  readonly aors: ReadonlyMap<string, AorObject>;
  /** In the order in which they are tried. */
  readonly identifies: readonly IdentifyObject[];
  readonly registrations: ReadonlyMap<string, RegistrationObject>;
  /** Each of them holds for every request. */
  readonly acls: readonly AclObject[];
  /** The domain that another name stands for. */
  readonly domainAliases: ReadonlyMap<string, string>;
}

/**
 * The configuration must fit the schema. Fails with a Fault 'invalid', whose message begins with the path of the wrong
 * key, when a name leads nowhere or a text cannot be read.
 */
export function resolvePjsip(config: PjsipConfig): PjsipObjects {
  const general = config.global ?? {};
  const defaults = authDefaults(general);
  const auths = mapOf(config.auth, (id, written) => auth(id, written, defaults));
  const aors = mapOf(config.aor, aor);
  const endpoints = mapOf(config.endpoint, (id, written) => endpoint(id, written, general, auths, aors));
  const identifies = mapOf(config.identify, (id, written) => identify(id, written, endpoints));
  const registrations = mapOf(config.registration, (id, written) => registration(id, written, auths, endpoints));
  const acls = mapOf(config.acl, (id, written) => acl(`pjsip.acl.${id}`, id, written));
  return {
    global: global(general, endpoints),
    endpoints,
    auths,
    aors,
    identifies: [...identifies.values()],
    registrations,
    acls: [...acls.values()],
    domainAliases: mapOf(config.domain_alias, (_, { domain }) => domain),
  };
}

function mapOf<W, O>(
  written: Readonly<Record<string, W>> | undefined,
  make: (id: string, written: W) => O,
): Map<string, O> {
  return new Map(Object.entries(written ?? {}).map(([id, each]) => [id, make(id, each)]));
}
