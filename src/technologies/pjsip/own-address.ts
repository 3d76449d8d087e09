// What we call ourselves when we write in the name of an endpoint.
import type { EndpointObject } from './objects/index.ts';
import type { SipAddress, SipStack } from './stack.ts';
import { sipUri, type SipUri } from './uri.ts';

/** Everywhere is no address. */
const EVERYWHERE: readonly string[] = ['0.0.0.0', '::'];

/** A place at which the stack listens, if it says one. */
export const ownPlace = ({ addresses }: Pick<SipStack, 'addresses'>): SipAddress | undefined =>
  addresses.find(({ address }) => !EVERYWHERE.includes(address));

export const hostOf = ({ address }: Pick<SipAddress, 'address'>): string =>
  address.includes(':') ? `[${address}]` : address;

/** The endpoint's From. Where no address is known it is "localhost", for which the stack puts in the one that it sends from. */
export function ownUri(
  { id, from_user: user, from_domain: domain }: EndpointObject,
  stack: Pick<SipStack, 'addresses'>,
): SipUri {
  const here = ownPlace(stack);
  return sipUri(user ?? id, domain ?? (here === undefined ? 'localhost' : hostOf(here)));
}
