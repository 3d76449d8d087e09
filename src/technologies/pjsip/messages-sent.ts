// The headers of a MESSAGE for a text message, and what those of a REFER have in common with them. What cannot be written is refused, never sent.
import type { TextMessage } from '../../core/facts.ts';
import type { TextAttempt } from '../../core/technology.ts';
import { Fault } from '../../errors.ts';
import { isSip } from './destination.ts';
import { formatInFromTo, inFromTo, sentAt } from './messages-received.ts';
import { formatNameAddress, parseNameAddress } from './name-address.ts';
import { SipHeaders, type SipHeader } from './stack.ts';
import { formatUri, parseUri, schemeOf, type SipUri } from './uri.ts';

export interface Addresses {
  /** What the endpoint calls itself: the From of a message that names none. */
  readonly own: SipUri;
  /** The Request-URI. */
  readonly target: string;
}

/**
 * `address` is where it goes, without the technology, and without line breaks. Fails with a Fault 'invalid' when a value
 * would break a header, a variable's name is none of a header, Max-Forwards reaches 0, the From is no address, or what is
 * said to be base64 is not.
 */
export function headersOf(
  address: string,
  { from, body, encoding, variables }: TextMessage,
  addresses: Addresses,
): { readonly headers: readonly SipHeader[]; readonly type: string } {
  if (encoding === 'base64' && Buffer.from(body, 'base64').toString('base64') !== body)
    throw new Fault('invalid', 'The body is not base64');
  const [type, others] = divided(Object.entries(variables), ([name]) => name.toLowerCase() === 'content-type');
  return {
    headers: [...addressed(address, from, addresses), ...written(others)],
    type: type.map(([, value]) => mediaType(value)).at(-1) ?? (encoding === 'base64' ? BYTES : 'text/plain'),
  };
}

const BYTES = 'application/octet-stream';

/** The same in each attempt and at each contact, so that the far end knows the message again. */
export const identified = ({ id }: Pick<TextAttempt, 'id'>): SipHeader[] => [
  ['Call-ID', id],
  ['CSeq', '1 MESSAGE'],
];

/**
 * When the message was accepted, and for how many seconds from then on it is of use, unless the application says so itself
 * (RFC 3261 20.17, 20.19; RFC 3428 4).
 */
export function dated(
  variables: TextMessage['variables'],
  { createdAt, expiresAt }: Pick<TextAttempt, 'createdAt' | 'expiresAt'>,
): SipHeader[] {
  const lines = Object.entries(variables).filter(([, value]) => value !== '');
  const given = lines.length === 0 ? undefined : new SipHeaders(lines);
  const since = (given && sentAt(given)) ?? createdAt;
  const seconds = Math.min(Math.max(Math.ceil((expiresAt - since) / 1000), 1), LONGEST);
  const ours: SipHeader[] = [
    ['Date', new Date(createdAt).toUTCString()],
    ['Expires', String(seconds)],
  ];
  return given === undefined ? ours : ours.filter(([name]) => given.get(name) === undefined);
}

/** RFC 3261 20.19 */
const LONGEST = 2 ** 32 - 1;

/** From and To. Fails as `headersOf`. */
export function addressed(address: string, from: string, { own, target }: Addresses): SipHeader[] {
  refuseBreaking('from', from);
  return [
    ['From', fromOf(from, own)],
    ['To', `<${inFromTo(isSip(address) ? address : target)}>`],
  ];
}

/** Variables as headers, but for those that we or the stack write. Fails as `headersOf`. */
export function written(variables: Iterable<readonly [name: string, value: string]>): SipHeader[] {
  return [...variables].flatMap(([name, value]): SipHeader[] => {
    if (!TOKEN.test(name) || name.toLowerCase() in {})
      throw new Fault('invalid', `The variable name "${printable(name)}" is not a header name`);
    refuseBreaking(name, value);
    const key = name.toLowerCase();
    if (key === 'max-forwards') return [['Max-Forwards', lowered(value)]];
    return OURS.has(key) || key.startsWith('pjsip_') || value === '' ? [] : [[name, value]];
  });
}

/** Those of which it is so, and the others. */
export function divided<T>(all: readonly T[], isSo: (each: T) => boolean): [T[], T[]] {
  return [all.filter(isSo), all.filter((each) => !isSo(each))];
}

/** RFC 3261 25.1; but a stack carries no "%", and no name that means something in every JavaScript object. */
const TOKEN = /^[\w\-.!*+`'~]+$/;
/**
 * What we or the stack write, and what was between a sender and us alone, as are the variables of ours, PJSIP_. Such a
 * variable is passed over, so that those of a received message can be given back, or on.
 */
const OURS: ReadonlySet<string> = new Set([
  ...['to', 'from', 'via', 'route', 'contact', 'call-id', 'cseq', 'allow', 'content-length', 'request-uri'],
  ...['record-route', 'authorization', 'proxy-authorization', 'rseq'],
]);
const BREAKING = /[\r\n\0]/;

/** Fails with a Fault 'invalid' when the value would end a header's line. */
export function refuseBreaking(name: string, value: string): void {
  if (BREAKING.test(value)) throw new Fault('invalid', `The value of ${name} holds a line break or a NUL`);
}

const printable = (text: string): string => text.replace(/[\u0000-\u001f\u007f]/g, ' ');

function mediaType(value: string): string {
  refuseBreaking('Content-Type', value);
  if (/^[^\s/;]+\/[^\s/;]+\s*(;.*)?$/.test(value)) return value;
  throw new Fault('invalid', `The Content-Type "${value}" is not a media type`);
}

/** One hop less, as through a proxy (RFC 3261 16.6). */
function lowered(value: string): string {
  const hops = /^\d{1,3}$/.test(value) ? Number(value) - 1 : 0;
  if (hops < 1 || hops > 254) throw new Fault('invalid', `Max-Forwards of "${value}" allows no further hop`);
  return String(hops);
}

/**
 * A SIP address gives its user, its host and its name; of another scheme it gives nothing, and the endpoint's own stays.
 * What is no address is a user, or user@domain.
 */
function fromOf(from: string, own: SipUri): string {
  const written = parseNameAddress(from);
  const uri = written === undefined ? undefined : parseUri(written.uri);
  if (uri !== undefined) return sender(written?.name ?? '', { ...own, user: uri.user, host: uri.host });
  if (isSip(written?.uri ?? from)) throw new Fault('invalid', `The from "${from}" is not a SIP address`);
  if (from === '' || schemeOf(written?.uri ?? '') !== undefined) return sender('', own);
  const at = from.lastIndexOf('@');
  const named = at === -1 ? { ...own, user: from } : { ...own, user: from.slice(0, at), host: from.slice(at + 1) };
  if (parseUri(formatUri(named)) === undefined) throw new Fault('invalid', `The from "${from}" is not an address`);
  return sender('', named);
}

const sender = (name: string, uri: SipUri): string =>
  formatNameAddress({ name, uri: formatInFromTo(uri), params: none });

const none: ReadonlyMap<string, string> = new Map();
