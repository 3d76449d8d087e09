// Addresses of record: how many may register there and for how long, and how contacts are kept an eye on.
import { Type, type Static } from 'typebox';
import { parseUri } from '../uri.ts';
import { closed, count, isYes, list, listOf, seconds, wrong, yesNo } from './reading.ts';

export const AorOptions = Type.Object(
  {
    contact: Type.Optional(list),
    max_contacts: Type.Optional(count),
    remove_existing: Type.Optional(yesNo),
    remove_unavailable: Type.Optional(yesNo),
    minimum_expiration: Type.Optional(seconds),
    maximum_expiration: Type.Optional(seconds),
    default_expiration: Type.Optional(seconds),
    support_path: Type.Optional(yesNo),
    qualify_frequency: Type.Optional(Type.Integer({ minimum: 0, maximum: 86_400 })),
    qualify_timeout: Type.Optional(Type.Number({ exclusiveMinimum: 0, maximum: 32 })),
    qualify_2xx_only: Type.Optional(yesNo),
    authenticate_qualify: Type.Optional(yesNo),
  },
  closed,
);

export interface AorObject {
  readonly id: string;
  /** SIP URIs that are always there. */
  readonly contact: readonly string[];
  /** How many may register; 0 switches registration off. */
  readonly max_contacts: number;
  readonly remove_existing: boolean;
  /** Contacts that cannot be reached make room for new ones: before all others with `remove_existing`, else they alone. */
  readonly remove_unavailable: boolean;
  /** These three in seconds. */
  readonly minimum_expiration: number;
  readonly maximum_expiration: number;
  readonly default_expiration: number;
  /** Whether the Path (RFC 3327) of a registration is kept and used. */
  readonly support_path: boolean;
  /** Seconds between two OPTIONS to each contact; 0: none are sent. */
  readonly qualify_frequency: number;
  /** Seconds to wait for the answer. */
  readonly qualify_timeout: number;
  /** Only a 2xx shows that a contact is there; otherwise any response does. */
  readonly qualify_2xx_only: boolean;
  /** Whether a challenge to OPTIONS is answered. */
  readonly authenticate_qualify: boolean;
}

export function aor(id: string, written: Static<typeof AorOptions>): AorObject {
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
    remove_unavailable: isYes(written.remove_unavailable, false),
    minimum_expiration: minimum,
    maximum_expiration: maximum,
    default_expiration: written.default_expiration ?? 3600,
    support_path: isYes(written.support_path, false),
    qualify_frequency: written.qualify_frequency ?? 0,
    qualify_timeout: written.qualify_timeout ?? 3,
    qualify_2xx_only: isYes(written.qualify_2xx_only, false),
    authenticate_qualify: isYes(written.authenticate_qualify, false),
  };
}
