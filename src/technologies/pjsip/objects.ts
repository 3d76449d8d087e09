// The configuration objects of chan_pjsip that exist here: what may be written, with Asterisk's option names, and what it becomes.
//
// An option that would do nothing is not in the schema. Where a list is meant, one text with commas will do, as in
// pjsip.conf; where a yes or no is meant, `yes` and `no` will do.
import { Type, type Static } from 'typebox';
import type { Party } from '../../core/facts.ts';
import type { Network } from './networks.ts';

const text = Type.String({ minLength: 1 });
const list = Type.Union([text, Type.Array(text)]);
const yesNo = Type.Union([Type.Boolean(), Type.Literal('yes'), Type.Literal('no')]);
const count = Type.Integer({ minimum: 0 });
const seconds = Type.Integer({ minimum: 0, maximum: 0xffff_ffff });
const closed = { additionalProperties: false } as const;

/** Ways to recognise the sender of a request. */
export const IDENTIFIERS = ['ip', 'username', 'auth_username', 'header', 'request_uri', 'anonymous'] as const;
export type IdentifierName = (typeof IDENTIFIERS)[number];

/** Hash algorithms of digest authentication (RFC 7616, RFC 8760), the stronger first. */
export const ALGORITHMS = ['SHA-512-256', 'SHA-256', 'MD5'] as const;
export type Algorithm = (typeof ALGORITHMS)[number];

/** Codecs that an offer or an answer can name. */
export const CODECS = ['ulaw', 'alaw', 'g722', 'opus', 'gsm', 'g729'] as const;
export type Codec = (typeof CODECS)[number];

export const GlobalOptions = Type.Object(
  {
    context: Type.Optional(text),
    language: Type.Optional(text),
    endpoint_identifier_order: Type.Optional(list),
    default_outbound_endpoint: Type.Optional(text),
    default_realm: Type.Optional(text),
    user_agent: Type.Optional(text),
    unidentified_request_count: Type.Optional(Type.Integer({ minimum: 1 })),
    unidentified_request_period: Type.Optional(Type.Integer({ minimum: 1 })),
  },
  closed,
);

export const EndpointOptions = Type.Object(
  {
    context: Type.Optional(text),
    language: Type.Optional(text),
    auth: Type.Optional(list),
    outbound_auth: Type.Optional(list),
    aors: Type.Optional(list),
    identify_by: Type.Optional(list),
    callerid: Type.Optional(text),
    from_user: Type.Optional(text),
    from_domain: Type.Optional(text),
    allow: Type.Optional(list),
    allow_overlap: Type.Optional(yesNo),
  },
  closed,
);

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

export const AorOptions = Type.Object(
  {
    contact: Type.Optional(list),
    max_contacts: Type.Optional(count),
    remove_existing: Type.Optional(yesNo),
    minimum_expiration: Type.Optional(seconds),
    maximum_expiration: Type.Optional(seconds),
    default_expiration: Type.Optional(seconds),
    support_path: Type.Optional(yesNo),
  },
  closed,
);

export const IdentifyOptions = Type.Object(
  {
    endpoint: text,
    match: Type.Optional(list),
    match_header: Type.Optional(text),
    match_request_uri: Type.Optional(text),
  },
  closed,
);

/** The `pjsip` part of the configuration. */
export const PjsipConfig = Type.Object(
  {
    global: Type.Optional(GlobalOptions),
    endpoint: Type.Optional(Type.Record(Type.String(), EndpointOptions)),
    auth: Type.Optional(Type.Record(Type.String(), AuthOptions)),
    aor: Type.Optional(Type.Record(Type.String(), AorOptions)),
    identify: Type.Optional(Type.Record(Type.String(), IdentifyOptions)),
  },
  closed,
);
export type PjsipConfig = Static<typeof PjsipConfig>;

export interface GlobalObject {
  readonly endpoint_identifier_order: readonly IdentifierName[];
  readonly default_outbound_endpoint: string;
  readonly default_realm: string;
  readonly user_agent: string;
  readonly unidentified_request_count: number;
  /** In seconds. */
  readonly unidentified_request_period: number;
}

export interface EndpointObject {
  readonly id: string;
  readonly context: string;
  readonly language: string;
  /** Whose credentials let a request of this endpoint in; none: no proof is asked for. */
  readonly auth: readonly AuthObject[];
  /** With what we answer its challenges. */
  readonly outbound_auth: readonly AuthObject[];
  /** Names of its addresses of record, whose contacts `Location` knows. */
  readonly aors: readonly string[];
  readonly identify_by: readonly IdentifierName[];
  readonly callerid: Party | undefined;
  readonly from_user: string | undefined;
  readonly from_domain: string | undefined;
  readonly allow: readonly Codec[];
  /** Whether an incomplete number is told as such, with 484. */
  readonly allow_overlap: boolean;
}

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

export interface AorObject {
  readonly id: string;
  /** SIP URIs that are always there. */
  readonly contact: readonly string[];
  /** How many may register; 0 switches registration off. */
  readonly max_contacts: number;
  readonly remove_existing: boolean;
  /** These three in seconds. */
  readonly minimum_expiration: number;
  readonly maximum_expiration: number;
  readonly default_expiration: number;
  /** Whether the Path (RFC 3327) of a registration is kept and used. */
  readonly support_path: boolean;
}

export interface IdentifyObject {
  readonly id: string;
  /** The name of the endpoint that is recognised. */
  readonly endpoint: string;
  readonly match: readonly Network[];
  readonly match_header: { readonly name: string; readonly pattern: RegExp } | undefined;
  readonly match_request_uri: RegExp | undefined;
}

/** All of it: defaults applied, every reference checked. */
export interface PjsipObjects {
  readonly global: GlobalObject;
  readonly endpoints: ReadonlyMap<string, EndpointObject>;
  readonly auths: ReadonlyMap<string, AuthObject>;
  readonly aors: ReadonlyMap<string, AorObject>;
  /** In the order in which they are tried. */
  readonly identifies: readonly IdentifyObject[];
}
