// SIP text between the port's form and srf's: every header line kept on the way in, nothing harmful let out.
import { Fault } from '../../errors.ts';
import type { SipAddress, SipHeader, SipMessage } from '../../technologies/pjsip/stack.ts';
import { SipHeaders } from '../../technologies/pjsip/stack.ts';

/** The compact forms of IANA's registry of SIP header fields. */
const compactNames: ReadonlyMap<string, string> = new Map([
  ['a', 'Accept-Contact'],
  ['b', 'Referred-By'],
  ['c', 'Content-Type'],
  ['d', 'Request-Disposition'],
  ['e', 'Content-Encoding'],
  ['f', 'From'],
  ['i', 'Call-ID'],
  ['j', 'Reject-Contact'],
  ['k', 'Supported'],
  ['l', 'Content-Length'],
  ['m', 'Contact'],
  ['n', 'Identity-Info'],
  ['o', 'Event'],
  ['r', 'Refer-To'],
  ['s', 'Subject'],
  ['t', 'To'],
  ['u', 'Allow-Events'],
  ['v', 'Via'],
  ['x', 'Session-Expires'],
  ['y', 'Identity'],
]);

export interface ReadMessage extends SipMessage {
  readonly startLine: string;
}

/** Reads a message as it was on the wire; the SIP server has already made sure that it is one. */
export function readMessage(raw: string): ReadMessage {
  const end = raw.indexOf('\r\n\r\n');
  const head = headOf(raw);
  const afterStart = head.indexOf('\r\n');
  const startLine = afterStart < 0 ? head : head.slice(0, afterStart);
  const headers = new SipHeaders(afterStart < 0 ? [] : readHeaders(head, afterStart + 2));
  return { startLine, headers, body: end < 0 ? '' : readBody(raw.slice(end + 4), headers.get('Content-Length')) };
}

/** The lines before the body, each in one piece (RFC 3261 7.3.1). Hardly anybody folds them, so it is first looked whether anybody does. */
export function headOf(raw: string): string {
  const end = raw.indexOf('\r\n\r\n');
  const head = end < 0 ? raw : raw.slice(0, end);
  return head.includes('\r\n ') || head.includes('\r\n\t') ? head.replace(/\r\n[ \t]+/g, ' ') : head;
}

function readHeaders(head: string, from: number): SipHeader[] {
  const headers: SipHeader[] = [];
  for (let start = from; start < head.length;) {
    const found = head.indexOf('\r\n', start);
    const end = found < 0 ? head.length : found;
    const colon = head.indexOf(':', start);
    if (colon >= 0 && colon < end) {
      const name = head.slice(start, colon).trim();
      headers.push([nameOf(name), head.slice(colon + 1, end).trim()]);
    }
    start = end + 2;
  }
  return headers;
}

const nameOf = (name: string): string => (name.length === 1 ? (compactNames.get(name.toLowerCase()) ?? name) : name);

/** What a datagram holds beyond the announced length is not part of the message (RFC 3261 18.3). */
function readBody(rest: string, announced: string | undefined): string {
  const length = announced === undefined ? NaN : Number.parseInt(announced, 10);
  return length < Buffer.byteLength(rest) ? Buffer.from(rest).toString('utf8', 0, length) : rest;
}

/** Says between the embedded server and us how a body is written. */
export const encodingHeader = 'X-Arion-Body-Encoding';

/** Header lines that the SIP server writes itself, whatever it is told, or that say something to it alone. */
const written = ['via', 'record-route', 'rseq', 'content-length', encodingHeader.toLowerCase()];
const writtenInResponses = [...written, 'route', 'from', 'to', 'call-id', 'cseq'];

export const requestHeaders = (lines: readonly SipHeader[]): Record<string, string> => joined(lines, written);
export const responseHeaders = (lines: readonly SipHeader[]): Record<string, string> =>
  joined(lines, writtenInResponses);

/** One line per name, as srf and its protocol need it; the SIP server divides challenges again. */
function joined(lines: readonly SipHeader[], notOurs: readonly string[]): Record<string, string> {
  const headers: Record<string, string> = {};
  /** The names as they are written first, by those in lower case. */
  const names = new Map<string, string>();
  for (const [name, value] of lines) {
    checkName(name);
    const key = name.toLowerCase();
    if (notOurs.includes(key)) throw new Fault('invalid', `the header ${name} is written by the SIP server alone`);
    if (/[\r\n\0]/.test(value)) throw new Fault('invalid', `the header ${name} may not contain a line break or NUL`);
    const known = names.get(key);
    if (known === undefined) names.set(key, name);
    headers[known ?? name] = known === undefined ? value : `${headers[known]}, ${value}`;
  }
  return headers;
}

const token = /^[\w.!*+`'~-]+$/;

/**
 * A token (RFC 3261 25.1) without "%", which srf would decode, even into a line break; and no name that means
 * something in every JavaScript object, since srf looks headers up in one.
 */
function checkName(name: string): void {
  if (!token.test(name) || name.toLowerCase() in {}) {
    throw new Fault('invalid', `not a header name: ${JSON.stringify(name)}`);
  }
}

export function checkMethod(method: string): void {
  if (!token.test(method)) throw new Fault('invalid', `not a SIP method: ${JSON.stringify(method)}`);
}

/** A URI as it may stand in a request line, or between "<" and ">". */
export function checkUri(uri: string): void {
  if (!/^[a-z][a-z0-9+.-]*:./i.test(uri) || !/^[!-~]+$/.test(uri) || /[<>"|]/.test(uri)) {
    throw new Fault('invalid', `not a URI: ${JSON.stringify(uri)}`);
  }
}

export function checkReason(reason: string): void {
  if (/[\r\n\0]/.test(reason)) throw new Fault('invalid', 'a reason phrase may not contain a line break or NUL');
}

/** As a call keeps it: srf has cut it from a whole frame, which it would keep in memory. Undefined when there is none. */
export const keptDialogId = (text: string | undefined): string | undefined =>
  text === undefined || text === '' ? undefined : Buffer.from(text).toString();

/** Dialog ids come from the stack; one that would break the frame cannot have. */
export function checkDialogId(dialogId: string): void {
  if (/[\r\n\0|]/.test(dialogId)) throw new Fault('invalid', `not a dialog id: ${JSON.stringify(dialogId)}`);
}

/** "udp/127.0.0.1:5060,tcp/[::1]:5060" */
export const readAddresses = (list: string): SipAddress[] =>
  list
    .split(',')
    .map((each) => /^([^/]+)\/(.+)$/.exec(each.trim()))
    .flatMap((match) => (match === null ? [] : [readAddress(match[1] ?? '', match[2] ?? '')]));

/** "127.0.0.1:5060" */
export function readAddress(protocol: string, hostport: string): SipAddress {
  const colon = hostport.lastIndexOf(':');
  const address = hostport.slice(0, colon).replace(/^\[(.*)\]$/, '$1');
  return { protocol, address, port: Number(hostport.slice(colon + 1)) };
}
