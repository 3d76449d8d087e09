// What holds for all objects.
import { Type, type Static } from 'typebox';
import { ALGORITHMS, type Algorithm, type AuthDefaults } from './auth.ts';
import { IDENTIFIERS, type IdentifierName } from './endpoint.ts';
import { closed, count, existing, isYes, list, listOf, oneOf, text, yesNo } from './reading.ts';

export const GlobalOptions = Type.Object(
  {
    context: Type.Optional(text),
    language: Type.Optional(text),
    endpoint_identifier_order: Type.Optional(list),
    default_outbound_endpoint: Type.Optional(text),
    default_realm: Type.Optional(text),
    default_auth_algorithms_uas: Type.Optional(list),
    default_auth_algorithms_uac: Type.Optional(list),
    user_agent: Type.Optional(text),
    unidentified_request_count: Type.Optional(Type.Integer({ minimum: 1 })),
    unidentified_request_period: Type.Optional(Type.Integer({ minimum: 1 })),
    unidentified_request_prune_interval: Type.Optional(Type.Integer({ minimum: 1, maximum: 86_400 })),
    max_initial_qualify_time: Type.Optional(count),
    send_contact_status_on_update_registration: Type.Optional(yesNo),
  },
  closed,
);

export interface GlobalObject {
  readonly endpoint_identifier_order: readonly IdentifierName[];
  readonly default_outbound_endpoint: string;
  readonly default_realm: string;
  /** What a stranger is asked for, and whoever has an auth that does not say. */
  readonly default_auth_algorithms_uas: readonly Algorithm[];
  readonly user_agent: string;
  readonly unidentified_request_count: number;
  /** In seconds. */
  readonly unidentified_request_period: number;
  /** Seconds between two times when what was kept of strangers, and of nonces, is forgotten if it is old. */
  readonly unidentified_request_prune_interval: number;
  /** Seconds within which contacts that were known at the start are first qualified; 0: within their own frequency. */
  readonly max_initial_qualify_time: number;
  /** Whether a refreshed contact is told as one that came. */
  readonly send_contact_status_on_update_registration: boolean;
}

type Written = Static<typeof GlobalOptions>;

export function global(written: Written, endpoints: ReadonlyMap<string, unknown>): GlobalObject {
  const { default_outbound_endpoint: outbound } = written;
  if (outbound !== undefined) existing('pjsip.global.default_outbound_endpoint', 'endpoint', outbound, endpoints);
  const { uas } = authDefaults(written);
  const order = listOf(written.endpoint_identifier_order ?? 'ip,username,anonymous');
  return {
    endpoint_identifier_order: order.map((each) => oneOf('pjsip.global.endpoint_identifier_order', each, IDENTIFIERS)),
    default_outbound_endpoint: outbound ?? 'default_outbound_endpoint',
    default_realm: written.default_realm ?? 'asterisk',
    default_auth_algorithms_uas: uas.length === 0 ? ['MD5'] : uas,
    user_agent: written.user_agent ?? 'Arion',
    unidentified_request_count: written.unidentified_request_count ?? 5,
    unidentified_request_period: written.unidentified_request_period ?? 5,
    unidentified_request_prune_interval: written.unidentified_request_prune_interval ?? 30,
    max_initial_qualify_time: written.max_initial_qualify_time ?? 0,
    send_contact_status_on_update_registration: isYes(written.send_contact_status_on_update_registration, false),
  };
}

/** The algorithms of those auth objects that name none. */
export function authDefaults(written: Written): AuthDefaults {
  const algorithms = (option: 'default_auth_algorithms_uas' | 'default_auth_algorithms_uac') =>
    listOf(written[option]).map((each) => oneOf(`pjsip.global.${option}`, each, ALGORITHMS));
  return { uas: algorithms('default_auth_algorithms_uas'), uac: algorithms('default_auth_algorithms_uac') };
}
