// Our own registrations at a provider.
import { Type, type Static } from 'typebox';
import { parseUri } from '../uri.ts';
import type { AuthObject } from './auth.ts';
import { closed, count, existing, isYes, list, listOf, seconds, text, wrong, yesNo } from './reading.ts';

export const RegistrationOptions = Type.Object(
  {
    server_uri: text,
    client_uri: text,
    contact_user: Type.Optional(text),
    outbound_auth: Type.Optional(list),
    outbound_proxy: Type.Optional(text),
    endpoint: Type.Optional(text),
    expiration: Type.Optional(Type.Integer({ minimum: 1, maximum: 0xffff_ffff })),
    retry_interval: Type.Optional(seconds),
    forbidden_retry_interval: Type.Optional(seconds),
    fatal_retry_interval: Type.Optional(seconds),
    max_retries: Type.Optional(count),
    auth_rejection_permanent: Type.Optional(yesNo),
    support_path: Type.Optional(yesNo),
  },
  closed,
);

export interface RegistrationObject {
  readonly id: string;
  /** Where we register: the Request-URI. */
  readonly server_uri: string;
  /** Whom we register: the address of record, in To and From. */
  readonly client_uri: string;
  /** The user part of our Contact. */
  readonly contact_user: string;
  /** The only credentials that this provider is ever shown. */
  readonly outbound_auth: readonly AuthObject[];
  /** The SIP URI that requests are sent to, instead of where `server_uri` leads. */
  readonly outbound_proxy: string | undefined;
  /** Whose registration it is, for those who are told of it. */
  readonly endpoint: string | undefined;
  /** The four of them in seconds; a retry interval of 0: no further try. */
  readonly expiration: number;
  readonly retry_interval: number;
  readonly forbidden_retry_interval: number;
  readonly fatal_retry_interval: number;
  /** Tries that fail in a row before it is given up. */
  readonly max_retries: number;
  /** Whether wrong credentials are the end of trying. */
  readonly auth_rejection_permanent: boolean;
  readonly support_path: boolean;
}

export function registration(
  id: string,
  written: Static<typeof RegistrationOptions>,
  auths: ReadonlyMap<string, AuthObject>,
  endpoints: ReadonlyMap<string, unknown>,
): RegistrationObject {
  const path = `pjsip.registration.${id}`;
  for (const option of ['server_uri', 'client_uri', 'outbound_proxy'] as const) {
    const uri = written[option];
    if (uri !== undefined && parseUri(uri) === undefined) throw wrong(`${path}.${option}`, `"${uri}" is not a SIP URI`);
  }
  if (written.endpoint !== undefined) existing(`${path}.endpoint`, 'endpoint', written.endpoint, endpoints);
  return {
    id,
    server_uri: written.server_uri,
    client_uri: written.client_uri,
    contact_user: written.contact_user ?? parseUri(written.client_uri)?.user ?? 's',
    outbound_auth: listOf(written.outbound_auth).map((name) => existing(`${path}.outbound_auth`, 'auth', name, auths)),
    outbound_proxy: written.outbound_proxy,
    endpoint: written.endpoint,
    expiration: written.expiration ?? 3600,
    retry_interval: written.retry_interval ?? 60,
    forbidden_retry_interval: written.forbidden_retry_interval ?? 0,
    fatal_retry_interval: written.fatal_retry_interval ?? 0,
    max_retries: written.max_retries ?? 10,
    auth_rejection_permanent: isYes(written.auth_rejection_permanent, true),
    support_path: isYes(written.support_path, false),
  };
}
