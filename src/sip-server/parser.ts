// From octets to a message, or to what is wrong with it. Total: whatever comes in, nothing is thrown.
import { parseNameAddress, parseNameAddresses } from './grammar/name-address.ts';
import { paramOf, token } from './grammar/lists.ts';
import { isRequestUri } from './grammar/uri.ts';
import { hasControls } from './grammar/text.ts';
import { topVia } from './grammar/via.ts';
import {
  cseqOf,
  headerKey,
  headerName,
  headerOf,
  headersOf,
  isCallId,
  usualKey,
  type Header,
  type Reading,
  type SipMessage,
  type SipRequest,
} from './message.ts';

export type Parsed =
  | { readonly kind: 'message'; readonly message: SipMessage }
  /** `request`: what could be read of it, when enough to answer. */
  | { readonly kind: 'problem'; readonly status: number; readonly reason: string; readonly request?: SipRequest };

export interface ParserLimits {
  /** Header lines in one message. */
  readonly maxHeaders: number;
  /** Octets of one message, headers included. */
  readonly maxSize: number;
}

interface Problem {
  readonly status: number;
  readonly reason: string;
}

const bad = (reason: string): Problem => ({ status: 400, reason });

const noEnd = bad('No end of the headers');

const noBody = Buffer.alloc(0);

/** One message that fills the datagram, or that a stream was divided into. Octets beyond its Content-Length are ignored. */
export function parseMessage(octets: Buffer, limits: ParserLimits): Parsed {
  let start = 0;
  while (octets[start] === 13 && octets[start + 1] === 10) start += 2;
  const end = octets.indexOf('\r\n\r\n', start);
  const head = octets.toString('latin1', start, end < 0 ? octets.length : end);
  const body = end < 0 ? noBody : octets.subarray(end + 4);
  const firstEnd = lineEnd(head, 0);
  const { headers, problem: headerProblem } = parseHeaders(head, firstEnd + 2, limits);
  const started = parseStartLine(head.slice(0, firstEnd));
  const message: SipMessage =
    started.kind === 'response'
      ? { kind: 'response', status: started.status, reason: started.reason, headers, body }
      : { kind: 'request', method: started.method, uri: started.uri, headers, body };
  const early = (started.kind === 'request' ? started.problem : undefined) ?? (end < 0 ? noEnd : headerProblem);
  const read = early ?? readCommon(message);
  const problem =
    'status' in read
      ? read
      : ((message.kind === 'request' ? requestProblem(message, read) : undefined) ??
        bodyProblem(message, end + 4, limits));
  if (problem === undefined && !('status' in read)) return { kind: 'message', message: completed(message, read) };
  const { status, reason } = problem!;
  const isAnswerable =
    message.kind === 'request' &&
    message.method !== '' &&
    message.method !== 'ACK' &&
    headerOf(message, 'via') !== undefined;
  return isAnswerable ? { kind: 'problem', status, reason, request: message } : { kind: 'problem', status, reason };
}

type StartLine =
  | { readonly kind: 'response'; readonly status: number; readonly reason: string }
  | { readonly kind: 'request'; readonly method: string; readonly uri: string; readonly problem?: Problem };

function parseStartLine(line: string): StartLine {
  const status = /^SIP\/2\.0 ([1-6]\d\d)(?: ([^\0-\x08\n-\x1f\x7f]*))?$/i.exec(line);
  if (status !== null) return { kind: 'response', status: Number(status[1]), reason: status[2] ?? '' };
  const parts = line.split(' ');
  const [method = '', uri = '', version = ''] = parts;
  if (!token.test(method)) return { kind: 'request', method: '', uri: '', problem: bad('Malformed start line') };
  if (parts.length === 3 && version !== 'SIP/2.0' && /^SIP\/\d+\.\d+$/i.test(version) && version.slice(4) !== '2.0') {
    return { kind: 'request', method, uri, problem: { status: 505, reason: 'Version Not Supported' } };
  }
  if (parts.length !== 3 || (version !== 'SIP/2.0' && !/^SIP\/2\.0$/i.test(version)))
    return { kind: 'request', method, uri, problem: bad('Malformed request line') };
  if (!isRequestUri(uri)) return { kind: 'request', method, uri, problem: bad('Malformed Request-URI') };
  return { kind: 'request', method, uri };
}

/** Where the line ends that `at` is in. */
function lineEnd(head: string, at: number): number {
  const end = head.indexOf('\r\n', at);
  return end < 0 ? head.length : end;
}

function isWhiteSpace(head: string, at: number): boolean {
  const character = head.charCodeAt(at);
  return character === 32 || character === 9;
}

/** `head` from `start` on, which is behind its end when it has no headers. */
function parseHeaders(
  head: string,
  start: number,
  { maxHeaders }: ParserLimits,
): { headers: Header[]; problem: Problem | undefined } {
  const headers: Header[] = [];
  let problem = isWhiteSpace(head, start) ? bad('Whitespace before the first header') : undefined;
  for (let at = start; at <= head.length;) {
    let end = lineEnd(head, at);
    let isFolded = false;
    while (isWhiteSpace(head, end + 2)) {
      isFolded = true;
      end = lineEnd(head, end + 2);
    }
    const header = parseHeader(head.slice(at, end), isFolded);
    if (header === undefined) problem ??= bad('Malformed header line');
    else if (headers.length >= maxHeaders) problem ??= bad('Too many headers');
    else headers.push(header);
    at = end + 2;
  }
  return { headers, problem };
}

function parseHeader(raw: string, isFolded: boolean): Header | undefined {
  const colon = raw.indexOf(':');
  const written = raw.slice(0, Math.max(colon, 0));
  const usual = usualKey(written);
  const name = usual === undefined ? written.trim() : written;
  const behind = raw.slice(colon + 1);
  const value = (isFolded ? behind.replace(/\r\n(?=[ \t])/g, '') : behind).trim();
  if ((usual === undefined && !token.test(name)) || hasControls(value)) return undefined;
  return { key: usual ?? headerKey(name), name, value, raw };
}

/** Without these a message has no identity, so that even an equal second one is refused. */
const onlyOnce: ReadonlySet<string> = new Set(['from', 'to', 'call-id', 'cseq', 'max-forwards', 'content-length']);
/** Headers of one value: of two that differ, the next element might believe the other one (RFC 3261 7.3.1). */
export const singleHeaders: ReadonlySet<string> = new Set([
  'content-disposition',
  'content-type',
  'date',
  'event',
  'expires',
  'mime-version',
  'min-expires',
  'min-se',
  'organization',
  'priority',
  'rack',
  'refer-to',
  'referred-by',
  'reply-to',
  'retry-after',
  'rseq',
  'server',
  'session-expires',
  'subject',
  'subscription-state',
  'timestamp',
  'user-agent',
]);

function repetitionProblem({ headers }: SipMessage): Problem | undefined {
  const seen = new Map<string, string>();
  for (const { key, value } of headers) {
    const isOnlyOnce = onlyOnce.has(key);
    if (!isOnlyOnce && !singleHeaders.has(key)) continue;
    const former = seen.get(key);
    if (former === undefined) seen.set(key, value);
    else if (isOnlyOnce) return bad(`More than one ${headerName(key)}`);
    else if (former !== value) return bad(`Two that differ: ${headerName(key)}`);
  }
  return undefined;
}

const needed = ['via', 'from', 'to', 'call-id', 'cseq'] as const;

function readCommon(message: SipMessage): Reading | Problem {
  const repetition = repetitionProblem(message);
  if (repetition !== undefined) return repetition;
  for (const key of needed) if (!headerOf(message, key)) return bad(`Missing ${headerName(key)}`);
  const via = topVia(message);
  if (via === undefined) return bad('Malformed Via');
  const fromTag = readTag(headerOf(message, 'from')!);
  if (fromTag === 'malformed') return bad('Malformed From');
  const toTag = readTag(headerOf(message, 'to')!);
  if (toTag === 'malformed') return bad('Malformed To');
  if (!isCallId(headerOf(message, 'call-id')!)) return bad('Malformed Call-ID');
  const cseq = cseqOf(message);
  if (cseq === undefined) return bad('Malformed CSeq');
  return { via, cseq, fromTag: fromTag.tag, toTag: toTag.tag };
}

function readTag(value: string): { readonly tag: string | undefined } | 'malformed' {
  const address = parseNameAddress(value);
  const tag = address && paramOf(address.params, 'tag');
  return address === undefined || (tag !== undefined && !token.test(tag)) ? 'malformed' : { tag };
}

function requestProblem(request: SipRequest, { cseq }: Reading): Problem | undefined {
  if (cseq.method !== request.method) return bad('CSeq does not match the method');
  const forwards = headerOf(request, 'max-forwards');
  if (forwards !== undefined && (!/^\d{1,4}$/.test(forwards) || Number(forwards) > 255))
    return bad('Malformed Max-Forwards');
  for (const key of ['route', 'record-route']) {
    if (!areAddresses(request, key)) return bad(`Malformed ${headerName(key)}`);
  }
  return contactProblem(request);
}

function areAddresses({ headers }: SipRequest, key: string): boolean {
  for (const header of headers) if (header.key === key && parseNameAddresses(header.value) === undefined) return false;
  return true;
}

function contactProblem(request: SipRequest): Problem | undefined {
  const contacts = headersOf(request, 'contact');
  if (!contacts.some(({ value }) => value === '*')) {
    return areAddresses(request, 'contact') ? undefined : bad('Malformed Contact');
  }
  const isRemoval =
    request.method === 'REGISTER' && contacts.length === 1 && /^0+$/.test(headerOf(request, 'expires') ?? '');
  return isRemoval ? undefined : bad('Malformed Contact');
}

function bodyProblem(message: SipMessage, before: number, { maxSize }: ParserLimits): Problem | undefined {
  const length = headerOf(message, 'content-length');
  if (length === undefined) return undefined;
  if (!/^\d{1,9}$/.test(length)) return bad('Malformed Content-Length');
  if (Number(length) <= message.body.length) return undefined;
  // A stream hands on no more of it than the headers.
  return before + Number(length) > maxSize
    ? { status: 513, reason: 'Message Too Large' }
    : bad('Content-Length exceeds the message');
}

/** With its body cut to its Content-Length, and with what was read. */
function completed(message: SipMessage, reading: Reading): SipMessage {
  const length = headerOf(message, 'content-length');
  const body = length === undefined ? message.body : message.body.subarray(0, Number(length));
  const { headers } = message;
  return message.kind === 'request'
    ? { kind: 'request', method: message.method, uri: message.uri, headers, body, reading }
    : { kind: 'response', status: message.status, reason: message.reason, headers, body, reading };
}
