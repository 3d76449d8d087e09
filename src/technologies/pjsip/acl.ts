// Whether an address may send us requests, or stand in a Contact: by the rules for all, and by an endpoint's own.
import { isIP } from 'node:net';
import type { AclObject, EndpointObject, PjsipObjects, Rules } from './objects/index.ts';
import type { SipUri } from './uri.ts';

/** Whether a request of that source passes the rules that hold for all. */
export const sourceAllowed = ({ acls }: Pick<PjsipObjects, 'acls'>, address: string): boolean =>
  acls.every(({ source }) => passes(source, address));

/** Whether it passes the endpoint's own rules. */
export const endpointAllows = ({ acl }: EndpointObject, address: string): boolean => passes(acl.source, address);

/**
 * Whether an endpoint may register such a contact. A host name could lead anywhere, so it passes
 * only where nothing is denied. Who may not is answered 403.
 */
export function contactAllowed(
  { acls }: Pick<PjsipObjects, 'acls'>,
  { acl }: EndpointObject,
  { host }: Pick<SipUri, 'host'>,
): boolean {
  const address = host.replace(/^\[|\]$/g, '');
  const rules = [...acls, acl].map((each: AclObject) => each.contact);
  return isIP(address) === 0
    ? rules.every(({ deny }) => deny.length === 0)
    : rules.every((each) => passes(each, address));
}

const passes = ({ permit, deny }: Rules, address: string): boolean =>
  !deny.some((network) => network.contains(address)) || permit.some((network) => network.contains(address));
