// Whether anybody may pass for one of our endpoints, and whether there is anybody who could.
import { parseNetwork } from './networks.ts';
import type { EndpointObject, PjsipObjects } from './objects/index.ts';
import type { SipAddress } from './stack.ts';

export interface Security {
  readonly objects: Pick<PjsipObjects, 'endpoints' | 'identifies'>;
  /** Where it listens. */
  readonly addresses: readonly Pick<SipAddress, 'address'>[];
  /** Whether credentials are asked for at all. */
  readonly isAuthenticating: boolean;
}

/** Endpoints that prove nothing, and are recognised by what anybody can write into a request. Where it comes from nobody can choose. */
export function openEndpoints({ objects, isAuthenticating }: Omit<Security, 'addresses'>): string[] {
  const byText = new Set(
    objects.identifies
      .filter((each) => each.match_header !== undefined || each.match_request_uri !== undefined)
      .map(({ endpoint }) => endpoint),
  );
  const isOpen = ({ id, auth, identify_by: ways }: EndpointObject): boolean =>
    (!isAuthenticating || auth.length === 0) &&
    (ways.includes('username') || ways.includes('auth_username') || byText.has(id) || /^anonymous(@|$)/.test(id));
  return [...objects.endpoints.values()].filter(isOpen).map(({ id }) => id);
}

/** What an operator is to be told of it; undefined when each endpoint has to prove who it is, or is known by its address. */
export function insecurity(security: Omit<Security, 'addresses'>): string | undefined {
  const open = openEndpoints(security);
  if (open.length === 0) return undefined;
  const named =
    open.length > NAMED ? `${open.slice(0, NAMED).join(', ')} and ${open.length - NAMED} more` : open.join(', ');
  return `Anybody can pass for ${named}: no credentials are asked for (auth), and what anybody can write is enough (identify_by, identify)`;
}

const NAMED = 5;

/**
 * The same, but only if it listens where others than this machine can reach it: then `insecure: true` is needed. An
 * unknown address may be any.
 */
export function needsInsecure(security: Security): string | undefined {
  const beyond = security.addresses.find(({ address }) => !isLoopback(address));
  const problem = beyond && insecurity(security);
  return (
    problem &&
    `${problem}. It listens on ${beyond.address}: give them an auth, let them be known by their address alone (identify_by: ip), or say sip.insecure: true`
  );
}

const LOOPBACK = ['127.0.0.0/8', '::1'].map((text) => parseNetwork(text));
const isLoopback = (address: string): boolean => LOOPBACK.some((network) => network?.contains(address));
