// Who sent a request: a list of ways to recognise an endpoint, of which the first that does decides.
import { parseDigest } from './digest.ts';
import type { Hosts } from './hosts.ts';
import { parseSipAddress } from './name-address.ts';
import type { EndpointObject, IdentifierName, PjsipObjects } from './objects/index.ts';
import type { SipRequest } from './stack.ts';
import type { SipUri } from './uri.ts';

/** Gives the name of the endpoint, or leaves it to the next one. */
export type Identifier = (request: SipRequest) => string | undefined;

/** The ways, in the order in which they are tried: those that `endpoint_identifier_order` names, then the others as they came. */
export class Identifiers {
  readonly #objects: Pick<PjsipObjects, 'endpoints'>;
  readonly #order: readonly string[];
  #ways: readonly (readonly [name: string, identifier: Identifier])[] = [];

  constructor(objects: Pick<PjsipObjects, 'endpoints' | 'global'>) {
    this.#objects = objects;
    this.#order = objects.global.endpoint_identifier_order;
  }

  /** From now on it is asked, in its place, until what is returned is called. */
  register(name: string, identifier: Identifier): () => void {
    const way = [name, identifier] as const;
    const place = ([each]: readonly [string, Identifier]): number =>
      this.#order.includes(each) ? this.#order.indexOf(each) : this.#order.length;
    this.#ways = [...this.#ways, way].sort((one, other) => place(one) - place(other));
    return () => {
      this.#ways = this.#ways.filter((each) => each !== way);
    };
  }

  /** The endpoint of the first that recognises one. */
  identify(request: SipRequest): EndpointObject | undefined {
    for (const [, identifier] of this.#ways) {
      const id = identifier(request);
      const endpoint = id === undefined ? undefined : this.#objects.endpoints.get(id);
      if (endpoint !== undefined) return endpoint;
    }
    return undefined;
  }
}

/**
 * Asterisk's. An endpoint says by `identify_by` whether its name alone may be enough (username, auth_username); an
 * identify object is a permission of its own.
 */
export function identifiers(
  objects: Pick<PjsipObjects, 'endpoints' | 'identifies' | 'domainAliases'>,
  hosts: Pick<Hosts, 'has'>,
): Readonly<Record<IdentifierName, Identifier>> {
  /** "user@domain", then "user@" and what the domain is another name of, then the user alone. */
  const namesAt = (user: string, domain: string): string[] => {
    const alias = objects.domainAliases.get(domain);
    return [`${user}@${domain}`, ...(alias === undefined ? [] : [`${user}@${alias}`]), user];
  };
  const named = (user: string | undefined, domain: string, way: IdentifierName): string | undefined =>
    user === undefined
      ? undefined
      : namesAt(user, domain).find((id) => objects.endpoints.get(id)?.identify_by.includes(way));
  return {
    ip: ({ source: { address } }) =>
      objects.identifies.find(
        ({ match, hosts: names }) =>
          match.some((network) => network.contains(address)) || names.some((name) => hosts.has(name, address)),
      )?.endpoint,
    username(request) {
      const from = fromOf(request);
      return from && named(from.user, from.host, 'username');
    },
    auth_username: ({ headers }) =>
      parseDigest(headers.all('Authorization'))
        .map((each) => named(each.get('username'), each.get('realm') ?? '', 'auth_username'))
        .find((id) => id !== undefined),
    header: ({ headers }) =>
      objects.identifies.find(
        ({ match_header: wanted }) =>
          wanted !== undefined && headers.all(wanted.name).some((value) => wanted.pattern.test(value)),
      )?.endpoint,
    request_uri: ({ uri }) => objects.identifies.find(({ match_request_uri: wanted }) => wanted?.test(uri))?.endpoint,
    anonymous: (request) => namesAt('anonymous', fromOf(request)?.host ?? '').find((id) => objects.endpoints.has(id)),
  };
}

const fromOf = ({ headers }: SipRequest): SipUri | undefined => headers.read('From', parseSipAddress)?.sip;
