// Where a text message goes: each shape of destination that chan_pjsip knows, as an endpoint and its request targets.
import { Fault } from '../../errors.ts';
import { towards, type Contact } from './contact.ts';
import type { Location } from './location.ts';
import { parseNameAddress } from './name-address.ts';
import type { EndpointObject, PjsipObjects } from './objects/index.ts';
import { formatUri, parseUri } from './uri.ts';

export interface Targets {
  /** Whose settings count. */
  readonly endpoint: EndpointObject;
  /** Each Request-URI, and the way to it: once, in the order in which they are tried. None, when it can be reached nowhere now. */
  readonly contacts: readonly Contact[];
}

export interface Destination extends Pick<Targets, 'endpoint'> {
  /** The first of the targets. */
  readonly contact: Contact;
}

/** What must be known to find a destination. */
export interface Directory {
  readonly endpoints: ReadonlyMap<string, EndpointObject>;
  /** The endpoint whose settings count where none is named. */
  readonly defaultEndpoint: string;
  isAor(name: string): boolean;
  /** Where the address of record can be reached now. */
  contacts(aor: string): readonly Contact[];
}

/** What is configured and registered at the time of the question. */
export function directory(
  objects: Pick<PjsipObjects, 'endpoints' | 'aors' | 'global'>,
  location: Pick<Location, 'contacts'>,
): Directory {
  return {
    get endpoints() {
      return objects.endpoints;
    },
    get defaultEndpoint() {
      return objects.global.default_outbound_endpoint;
    },
    isAor: (name) => objects.aors.has(name),
    contacts: (aor) => location.contacts(aor),
  };
}

/** Fails with a Fault 'not-found' when the text names no endpoint and no URI. An endpoint may have no contact now. */
export function targetsOf(text: string, directory: Directory): Targets {
  const found = find(text, directory);
  if (found === undefined) throw leadsNowhere(text);
  return { ...found, contacts: distinct(found.contacts) };
}

/** Fails with a Fault 'not-found' when there is no contact now, too. */
export function destinationOf(text: string, directory: Directory): Destination {
  const { endpoint, contacts } = targetsOf(text, directory);
  const [contact] = contacts;
  if (contact === undefined) throw leadsNowhere(text);
  return { endpoint, contact };
}

const leadsNowhere = (text: string): Fault =>
  new Fault('not-found', `"${text}" leads to no endpoint, contact or URI`, { code: 'destination-not-found' });

const distinct = (contacts: readonly Contact[]): readonly Contact[] =>
  contacts.length < 2 ? contacts : [...new Map(contacts.map((each) => [JSON.stringify(towards(each)), each])).values()];

export const isSip = (text: string): boolean => /^sips?:/i.test(text);

function find(text: string, directory: Directory): Targets | undefined {
  const named = directory.endpoints.get(text);
  if (named !== undefined) return toEndpoint(named, directory);
  if (isSip(text)) return toUri(outbound(directory), text);
  if (text.includes('<')) return toUri(outbound(directory), parseNameAddress(text)?.uri ?? '');
  return text.includes('/') ? ofPair(text, directory) : ofToken(text, directory);
}

/** `endpoint/aor`, `endpoint/sip:u@h`, `endpoint/u@h`, `PJSIP/user@endpoint` */
function ofPair(text: string, directory: Directory): Targets | undefined {
  const slash = text.indexOf('/');
  const [name, rest] = [text.slice(0, slash), text.slice(slash + 1)];
  const at = rest.lastIndexOf('@');
  if (name === 'PJSIP' && at !== -1) {
    const found = toEndpoint(directory.endpoints.get(rest.slice(at + 1)), directory);
    return found && withUser(found, rest.slice(0, at));
  }
  const endpoint = directory.endpoints.get(name);
  if (directory.isAor(rest)) return endpoint && { endpoint, contacts: directory.contacts(rest) };
  if (isSip(rest)) return toUri(endpoint, rest);
  return at === -1 ? undefined : toUri(endpoint, `sip:${rest}`);
}

/** `name@anything` when that is an endpoint's name; else `user@host` or `host`. */
function ofToken(text: string, directory: Directory): Targets | undefined {
  const named = directory.endpoints.get(text.split('@')[0]!);
  return named === undefined ? toUri(outbound(directory), `sip:${text}`) : toEndpoint(named, directory);
}

const outbound = ({ endpoints, defaultEndpoint }: Directory): EndpointObject | undefined =>
  endpoints.get(defaultEndpoint);

const toEndpoint = (endpoint: EndpointObject | undefined, { contacts }: Directory): Targets | undefined =>
  endpoint && { endpoint, contacts: endpoint.aors.flatMap((aor) => contacts(aor)) };

const toUri = (endpoint: EndpointObject | undefined, uri: string): Targets | undefined =>
  parseUri(uri) === undefined || UNWRITABLE.test(uri)
    ? undefined
    : endpoint && { endpoint, contacts: [{ uri, path: '' }] };

/** What must be escaped in a URI wherever it stands (RFC 3261 25.1). */
const UNWRITABLE = /[^!-~]|\|/;

function withUser({ endpoint, contacts }: Targets, user: string): Targets {
  const renamed = contacts.flatMap((contact) => {
    const uri = parseUri(contact.uri);
    return uri === undefined ? [] : [{ ...contact, uri: formatUri({ ...uri, user }) }];
  });
  return { endpoint, contacts: renamed };
}
