// Senders that are recognised by something else than their name.
import { Type, type Static } from 'typebox';
import { isIP } from 'node:net';
import { parseNetwork, type Network } from '../networks.ts';
import { closed, existing, isYes, list, listOf, text, wrong, yesNo } from './reading.ts';

export const IdentifyOptions = Type.Object(
  {
    endpoint: text,
    match: Type.Optional(list),
    srv_lookups: Type.Optional(yesNo),
    match_header: Type.Optional(text),
    match_request_uri: Type.Optional(text),
  },
  closed,
);

export interface IdentifyObject {
  readonly id: string;
  /** The name of the endpoint that is recognised. */
  readonly endpoint: string;
  readonly match: readonly Network[];
  /** Names whose addresses match, too. */
  readonly hosts: readonly string[];
  /** Whether such a name is also one of SRV records. */
  readonly srv_lookups: boolean;
  readonly match_header: { readonly name: string; readonly pattern: RegExp } | undefined;
  readonly match_request_uri: RegExp | undefined;
}

const HOST = /^(?=.{1,253}$)[a-z\d_]([a-z\d_-]*[a-z\d])?(\.[a-z\d_]([a-z\d_-]*[a-z\d])?)*\.?$/i;

export function identify(
  id: string,
  written: Static<typeof IdentifyOptions>,
  endpoints: ReadonlyMap<string, { readonly id: string }>,
): IdentifyObject {
  const path = `pjsip.identify.${id}`;
  const match: Network[] = [];
  const hosts: string[] = [];
  for (const each of listOf(written.match)) {
    const network = parseNetwork(each);
    if (network !== undefined) match.push(network);
    else if (HOST.test(each) && isIP(each) === 0 && /[a-z]/i.test(each)) hosts.push(each);
    else throw wrong(`${path}.match`, `"${each}" is neither an address, a network nor a host name`);
  }
  const { match_header: header, match_request_uri: uri } = written;
  if (match.length + hosts.length === 0 && header === undefined && uri === undefined)
    throw wrong(path, 'needs a match, a match_header or a match_request_uri');
  const colon = header?.indexOf(':') ?? -1;
  if (header !== undefined && colon < 1)
    throw wrong(`${path}.match_header`, 'is written "Name: value" or "Name: /regular expression/"');
  return {
    id,
    endpoint: existing(`${path}.endpoint`, 'endpoint', written.endpoint, endpoints).id,
    match,
    hosts,
    srv_lookups: isYes(written.srv_lookups, true),
    match_header:
      header === undefined
        ? undefined
        : {
            name: header.slice(0, colon).trim(),
            pattern: pattern(`${path}.match_header`, header.slice(colon + 1).trim()),
          },
    match_request_uri: uri === undefined ? undefined : pattern(`${path}.match_request_uri`, uri),
  };
}

/** Between slashes a regular expression, else exactly this text. */
function pattern(path: string, text: string): RegExp {
  const expression = /^\/(.*)\/$/s.exec(text)?.[1];
  try {
    return new RegExp(expression ?? `^${text.replace(/[\\^$.*+?()[\]{}|/]/g, '\\$&')}$`);
  } catch (cause) {
    throw wrong(path, `"${text}" is not a regular expression`, cause);
  }
}
