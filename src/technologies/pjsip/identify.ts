// Who sent a request: a list of ways to recognise an endpoint, of which the first that does decides.
import { parseDigest } from './digest.ts';
import { parseNameAddress } from './name-address.ts';
import { IDENTIFIERS, type EndpointObject, type IdentifierName, type PjsipObjects } from './objects/index.ts';
import type { SipRequest } from './stack.ts';
import { parseUri, type SipUri } from './uri.ts';

/** Gives the name of the endpoint, or leaves it to the next one. */
type Identifier = (request: SipRequest) => string | undefined;

export type Identify = (request: SipRequest) => EndpointObject | undefined;

/**
 * In the order of `endpoint_identifier_order`; those that it does not name come after. An endpoint says by `identify_by`
 * whether its name alone may be enough (username, auth_username); an identify object is a permission of its own.
 */
export function identifying(objects: PjsipObjects): Identify {
  const { endpoints, global } = objects;
  const ways = identifiers(objects);
  const order = new Set([...global.endpoint_identifier_order, ...IDENTIFIERS]);
  return (request) => {
    for (const name of order) {
      const id = ways[name](request);
      if (id !== undefined) return endpoints.get(id);
    }
    return undefined;
  };
}

function identifiers({ endpoints, identifies }: PjsipObjects): Readonly<Record<IdentifierName, Identifier>> {
  /** The endpoint "user@domain", else "user", if it lets itself be recognised so. */
  const named = (user: string | undefined, domain: string, way: IdentifierName): string | undefined => {
    if (user === undefined) return undefined;
    return [`${user}@${domain}`, user].find((id) => endpoints.get(id)?.identify_by.includes(way));
  };
  return {
    username(request) {
      const from = fromOf(request);
      return from && named(from.user, from.host, 'username');
    },
    auth_username: ({ headers }) =>
      parseDigest(headers.all('Authorization'))
        .map((each) => named(each.get('username'), each.get('realm') ?? '', 'auth_username'))
        .find((id) => id !== undefined),
    ip: ({ source }) =>
      identifies.find(({ match }) => match.some((network) => network.contains(source.address)))?.endpoint,
    header: ({ headers }) =>
      identifies.find(
        ({ match_header: wanted }) =>
          wanted !== undefined && headers.all(wanted.name).some((value) => wanted.pattern.test(value)),
      )?.endpoint,
    request_uri: ({ uri }) => identifies.find(({ match_request_uri: wanted }) => wanted?.test(uri))?.endpoint,
    anonymous: (request) => [`anonymous@${fromOf(request)?.host ?? ''}`, 'anonymous'].find((id) => endpoints.has(id)),
  };
}

const fromOf = ({ headers }: SipRequest): SipUri | undefined =>
  parseUri(parseNameAddress(headers.get('From') ?? '')?.uri ?? '');
