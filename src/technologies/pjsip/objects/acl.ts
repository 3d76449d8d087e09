// Who may send us requests, by address: rules that hold for all (acl objects), or for one endpoint.
import { Type, type Static } from 'typebox';
import type { Network } from '../networks.ts';
import { closed, list, networks } from './reading.ts';

const rules = {
  permit: Type.Optional(list),
  deny: Type.Optional(list),
  contact_permit: Type.Optional(list),
  contact_deny: Type.Optional(list),
};

export const AclOptions = Type.Object(rules, closed);
/** The same options in an endpoint. */
export const ACL_OPTIONS = rules;

/** An address is refused when a `deny` holds it and no `permit` does; what neither holds is let in. */
export interface Rules {
  readonly permit: readonly Network[];
  readonly deny: readonly Network[];
}

export interface AclObject {
  readonly id: string;
  /** For the source of a request. */
  readonly source: Rules;
  /** For the addresses that a REGISTER gives as Contact. */
  readonly contact: Rules;
}

export function acl(path: string, id: string, written: Static<typeof AclOptions>): AclObject {
  const of = (option: keyof typeof rules): Network[] => networks(`${path}.${option}`, written[option]);
  return {
    id,
    source: { permit: of('permit'), deny: of('deny') },
    contact: { permit: of('contact_permit'), deny: of('contact_deny') },
  };
}
