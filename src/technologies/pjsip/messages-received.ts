// What is known of a MESSAGE that came: its addresses, its body whole, its headers as variables, as chan_pjsip writes them;
// and for whom, until when, and as which message it counts.
import type { TextMessage } from '../../core/facts.ts';
import {
  divide,
  formatNameAddress,
  parseNameAddress,
  parseParams,
  parseSipAddress,
  type NameAddress,
  type SipNameAddress,
} from './name-address.ts';
import type { EndpointObject } from './objects/index.ts';
import type { SipAddress, SipHeaders, SipRequest } from './stack.ts';
import { formatUri, parseUri, type SipUri } from './uri.ts';

/** Undefined when its From or To is no address. */
export function textOf(request: SipRequest, object: EndpointObject): TextMessage | undefined {
  const { headers, body, bodyEncoding } = request;
  const from = inHeader(headers.read('From', parseSipAddress));
  const to = inHeader(headers.read('To', parseSipAddress));
  if (from === undefined || to === undefined) return undefined;
  const text = {
    from: formatNameAddress({ name: from.name.replace(CONTROLS, ' '), uri: from.uri, params: none }),
    to: toOf({ name: to.name, uri: to.uri, params: none }),
    body,
    variables: variablesOf(request, object),
  };
  return bodyEncoding === undefined ? text : { encoding: bodyEncoding, ...text };
}

/** It is the same message again that has the same (RFC 3261 8.2.2.2): a retransmission, or the same once more. */
export const keyOf = ({ headers }: SipRequest): string =>
  `${headers.get('Call-ID')} ${Number.parseInt(headers.get('CSeq') ?? '', 10)}`;

/** The user of the Request-URI; empty when it has none. */
export const recipientOf = ({ uri }: SipRequest): string => parseUri(uri)?.user ?? '';

/** Milliseconds since 1970, if it says it: Expires counts from its Date, or from now (RFC 3428 4, 7). */
export function expiryOf(headers: SipHeaders, now: number): number | undefined {
  const expires = headers.get('Expires');
  const [, seconds] = (expires !== undefined && /^\s*(\d{1,10})\s*$/.exec(expires)) || [];
  return seconds === undefined ? undefined : (sentAt(headers) ?? now) + Number(seconds) * 1000;
}

/** Its Date (RFC 3261 20.17), in milliseconds since 1970; undefined when there is none that can be read. */
export function sentAt(headers: SipHeaders): number | undefined {
  const date = headers.get('Date') ?? '';
  // Without its zone it would be read as one of ours.
  const time = /\bGMT\s*$/i.test(date) ? Date.parse(date) : Number.NaN;
  return Number.isNaN(time) ? undefined : time;
}

/** "user@host": who sent it, for other technologies; nothing where that is no address of SIP's, or has no user. */
export function senderOf({ from }: TextMessage): string | undefined {
  const uri = parseUri(parseNameAddress(from)?.uri ?? '');
  return uri?.user === undefined ? undefined : `${uri.user}@${uri.host}`;
}

const none: ReadonlyMap<string, string> = new Map();
const CONTROLS = /[\u0000-\u001f\u007f]/g;

/** The scheme becomes "pjsip", so that it can be answered. Of another scheme the closing bracket stays, as in Asterisk. */
function toOf(to: NameAddress): string {
  const text = formatNameAddress(to);
  if (to.name !== '') return `pjsip:${text}`;
  return parseUri(to.uri) === undefined ? `pjsip:${text.slice(1)}` : to.uri.replace(/^sip:|^(?=sips:)/, 'pjsip:');
}

/** What may stand in a From or To of a URI (RFC 3261 19.1.1, table 1): no port, and none of these parameters. */
const NOT_IN_FROM_TO: ReadonlySet<string> = new Set(['transport', 'ttl', 'maddr', 'lr', 'method']);

/** As From and To may have it. */
const inHeader = (address: SipNameAddress | undefined): NameAddress | undefined =>
  address && {
    name: address.name,
    uri: address.sip ? formatInFromTo(address.sip) : address.uri,
    params: address.params,
  };

/** A URI as From and To may have it. Other schemes are left as they are. */
export function inFromTo(text: string): string {
  const uri = parseUri(text);
  return uri === undefined ? text : formatInFromTo(uri);
}

export function formatInFromTo(uri: SipUri): string {
  const { scheme, user, password, host } = uri;
  const isPlain = uri.params.size === 0;
  const params = isPlain ? none : new Map([...uri.params].filter(([name]) => !NOT_IN_FROM_TO.has(name)));
  return formatUri({ scheme, user, password, host, port: undefined, params, headers: none });
}

/** All headers, a later one instead of an earlier of its name, and before them what no header says. */
function variablesOf({ headers, source }: SipRequest, { callerid }: EndpointObject): Record<string, string> {
  const variables: Record<string, string> = {};
  /** By the name in lower case: as the first was written that is not always written so. */
  const spelled = new Map<string, string>();
  const set = (key: string, name: string, value: string): void => {
    const always = CANONICAL.get(key);
    const called = always ?? spelled.get(key) ?? name;
    if (value === '') {
      delete variables[called];
      spelled.delete(key);
    } else {
      put(variables, called, value);
      if (always === undefined) spelled.set(key, called);
    }
  };
  put(variables, 'PJSIP_RECVADDR', hostPort(source));
  put(variables, 'PJSIP_TRANSPORT', source.protocol);
  if (callerid !== undefined && callerid.name !== '') put(variables, 'PJSIP_ENDPOINT', callerid.name);
  let isTopmost = true;
  for (const [name, value] of headers) {
    const key = name.toLowerCase();
    // No header may pass for what we know ourselves.
    if (key.startsWith('pjsip_')) continue;
    if (key !== 'via') set(key, name, (WRITTEN.get(key) ?? asItIs)(value, headers));
    else
      for (const each of divide(value, ',')) {
        set(key, name, via(each, isTopmost ? source : undefined));
        isTopmost = false;
      }
  }
  return variables;
}

/** A name that means something in every object is a name like any other here. */
function put(variables: Record<string, string>, name: string, value: string): void {
  if (name !== '__proto__') variables[name] = value;
  else Object.defineProperty(variables, name, { value, enumerable: true, configurable: true, writable: true });
}

/** Names that are always written so; any other is written as it came. */
const CANONICAL: ReadonlyMap<string, string> = new Map(
  [
    ...['Accept', 'Allow', 'Authorization', 'Call-ID', 'Contact', 'Content-Length', 'Content-Type', 'CSeq', 'Expires'],
    ...['From', 'Max-Forwards', 'Min-Expires', 'Proxy-Authorization', 'Record-Route', 'Require', 'Retry-After'],
    ...['Route', 'Supported', 'To', 'Unsupported', 'Via'],
  ].map((name) => [name.toLowerCase(), name]),
);

type Write = (value: string, headers: SipHeaders) => string;

const asItIs: Write = (value) => value;

/** What the first line of the name says is known already. */
const fromOrTo =
  (name: 'From' | 'To'): Write =>
  (value, headers) => {
    const isKnown = value === headers.get(name);
    const address = inHeader(isKnown ? headers.read(name, parseSipAddress) : parseSipAddress(value));
    return address === undefined ? value : formatNameAddress(address);
  };

const VIA = /^(\S+)\s+([^\s;]+)\s*(.*)$/s;
const VIA_ORDER = ['ttl', 'rport', 'maddr', 'received', 'branch'];

/** The topmost says where the request really came from (RFC 3261 18.2.1, RFC 3581 4). */
function via(value: string, receivedFrom: SipAddress | undefined): string {
  const [, protocol, sentBy, rest] = VIA.exec(value) ?? [];
  const params = parseParams(rest ?? '');
  if (protocol === undefined || sentBy === undefined || params === undefined) return value;
  let written = `${protocol} ${sentBy}`;
  const write = (name: string, text: string): void => void (written += text === '' ? `;${name}` : `;${name}=${text}`);
  for (const name of VIA_ORDER) {
    const text = params.get(name);
    if (name === 'received' && receivedFrom !== undefined) write(name, receivedFrom.address);
    else if (name === 'rport' && receivedFrom !== undefined && text !== undefined)
      write(name, String(receivedFrom.port));
    else if (text !== undefined) write(name, text);
  }
  for (const [name, text] of params) if (!VIA_ORDER.includes(name)) write(name, text);
  return written;
}

const DIGEST_ORDER = [
  ...['username', 'realm', 'nonce', 'uri', 'response', 'algorithm', 'cnonce', 'opaque', 'qop', 'nc'],
];

const digest: Write = (value) => {
  const [, scheme, rest] = /^\s*(Digest)\s+(.*)$/is.exec(value) ?? [];
  if (scheme === undefined || rest === undefined) return value;
  const fields = inOrder(divide(rest, ','), DIGEST_ORDER, (field) => field.split('=')[0]!.trim().toLowerCase());
  return `${scheme} ${fields.join(', ')}`;
};

/** How a header is written anew; all others stay as they came. */
const WRITTEN: ReadonlyMap<string, Write> = new Map([
  ['from', fromOrTo('From')],
  ['to', fromOrTo('To')],
  ['authorization', digest],
  ['proxy-authorization', digest],
]);

/** The named ones first, in the order of the names; the others as they came. */
function inOrder<T>(all: readonly T[], names: readonly string[], nameOf: (each: T) => string): T[] {
  const place = (each: T): number => {
    const index = names.indexOf(nameOf(each));
    return index === -1 ? names.length : index;
  };
  return [...all].sort((one, other) => place(one) - place(other));
}

const hostPort = ({ address, port }: SipAddress): string =>
  address.includes(':') ? `[${address}]:${port}` : `${address}:${port}`;

/** Of the variables of a message those that hold for whoever it is given on to, too: not what its sender says of itself to us. */
export const onwardOf = (variables: Readonly<Record<string, string>>): Record<string, string> =>
  Object.fromEntries(Object.entries(variables).filter(([name]) => !OF_ONE_HOP.has(name.toLowerCase())));

const OF_ONE_HOP: ReadonlySet<string> = new Set([
  ...['supported', 'require', 'proxy-require', 'user-agent', 'server', 'allow-events', 'accept', 'path'],
  // Whom we trust with them need not be whom the recipient trusts (RFC 3325).
  ...['p-asserted-identity', 'p-preferred-identity', 'remote-party-id'],
]);
