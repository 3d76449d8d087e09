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
  type Header,
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

/** One message that fills the datagram, or that a stream was divided into. Octets beyond its Content-Length are ignored. */
export function parseMessage(octets: Buffer, limits: ParserLimits): Parsed {
  let start = 0;
  while (octets[start] === 13 && octets[start + 1] === 10) start += 2;
  const end = octets.indexOf('\r\n\r\n', start);
  const head = octets.toString('latin1', start, end < 0 ? octets.length : end);
  const body = end < 0 ? Buffer.alloc(0) : octets.subarray(end + 4);
  const lineEnd = head.indexOf('\r\n');
  const first = lineEnd < 0 ? head : head.slice(0, lineEnd);
  const { headers, problem: headerProblem } = parseHeaders(
    lineEnd < 0 ? [] : head.slice(lineEnd + 2).split('\r\n'),
    limits,
  );

  const started = parseStartLine(first);
  const endProblem = end < 0 ? bad('No end of the headers') : undefined;
  if (started.kind === 'response') {
    const message: SipMessage = { ...started, headers, body };
    const problem = endProblem ?? headerProblem ?? commonProblem(message) ?? bodyProblem(message, end + 4, limits);
    return problem ? { kind: 'problem', ...problem } : { kind: 'message', message: cutBody(message) };
  }
  const request: SipRequest = { kind: 'request', method: started.method, uri: started.uri, headers, body };
  const problem =
    started.problem ?? endProblem ?? headerProblem ?? requestProblem(request) ?? bodyProblem(request, end + 4, limits);
  if (problem === undefined) return { kind: 'message', message: cutBody(request) };
  const answerable = started.method !== '' && started.method !== 'ACK' && headerOf(request, 'via') !== undefined;
  return { kind: 'problem', ...problem, ...(answerable && { request }) };
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
  if (parts.length === 3 && /^SIP\/\d+\.\d+$/i.test(version) && version.slice(4) !== '2.0') {
    return { kind: 'request', method, uri, problem: { status: 505, reason: 'Version Not Supported' } };
  }
  if (parts.length !== 3 || !/^SIP\/2\.0$/i.test(version))
    return { kind: 'request', method, uri, problem: bad('Malformed request line') };
  if (!isRequestUri(uri)) return { kind: 'request', method, uri, problem: bad('Malformed Request-URI') };
  return { kind: 'request', method, uri };
}

function parseHeaders(
  lines: readonly string[],
  { maxHeaders }: ParserLimits,
): { headers: Header[]; problem?: Problem } {
  const folded: string[] = [];
  for (const line of lines) {
    if (folded.length > 0 && /^[ \t]/.test(line)) folded[folded.length - 1] += `\r\n${line}`;
    else folded.push(line);
  }
  const headers: Header[] = [];
  let problem = /^[ \t]/.test(folded[0] ?? '') ? bad('Whitespace before the first header') : undefined;
  for (const raw of folded) {
    const header = parseHeader(raw);
    if (header === undefined) problem ??= bad('Malformed header line');
    else if (headers.length >= maxHeaders) problem ??= bad('Too many headers');
    else headers.push(header);
  }
  return problem ? { headers, problem } : { headers };
}

function parseHeader(raw: string): Header | undefined {
  const colon = raw.indexOf(':');
  const name = raw.slice(0, Math.max(colon, 0)).trim();
  const value = raw
    .slice(colon + 1)
    .replace(/\r\n(?=[ \t])/g, '')
    .trim();
  if (!token.test(name) || hasControls(value)) return undefined;
  return { key: headerKey(name), name, value, raw };
}

/** Without these a message has no identity, so that even an equal second one is refused. */
const onlyOnce = ['from', 'to', 'call-id', 'cseq', 'max-forwards', 'content-length'];
/** Headers of one value: of two that differ, the next element might believe the other one (RFC 3261 7.3.1). */
export const singleHeaders = [
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
];

function repetitionProblem({ headers }: SipMessage): Problem | undefined {
  const seen = new Map<string, string>();
  for (const { key, value } of headers) {
    const former = seen.get(key);
    if (former === undefined) seen.set(key, value);
    else if (onlyOnce.includes(key)) return bad(`More than one ${headerName(key)}`);
    else if (singleHeaders.includes(key) && former !== value) return bad(`Two that differ: ${headerName(key)}`);
  }
  return undefined;
}

function commonProblem(message: SipMessage): Problem | undefined {
  const repetition = repetitionProblem(message);
  if (repetition !== undefined) return repetition;
  for (const key of ['via', 'from', 'to', 'call-id', 'cseq']) {
    if (!headerOf(message, key)) return bad(`Missing ${headerName(key)}`);
  }
  if (topVia(message) === undefined) return bad('Malformed Via');
  for (const key of ['from', 'to']) {
    const address = parseNameAddress(headerOf(message, key)!);
    const tag = address && paramOf(address.params, 'tag');
    if (address === undefined || (tag !== undefined && !token.test(tag))) return bad(`Malformed ${headerName(key)}`);
  }
  if (!isCallId(headerOf(message, 'call-id')!)) return bad('Malformed Call-ID');
  if (cseqOf(message) === undefined) return bad('Malformed CSeq');
  return undefined;
}

function requestProblem(request: SipRequest): Problem | undefined {
  const problem = commonProblem(request);
  if (problem !== undefined) return problem;
  if (cseqOf(request)?.method !== request.method) return bad('CSeq does not match the method');
  const forwards = headerOf(request, 'max-forwards');
  if (forwards !== undefined && (!/^\d{1,4}$/.test(forwards) || Number(forwards) > 255))
    return bad('Malformed Max-Forwards');
  for (const key of ['route', 'record-route']) {
    if (headersOf(request, key).some(({ value }) => parseNameAddresses(value) === undefined))
      return bad(`Malformed ${headerName(key)}`);
  }
  return contactProblem(request);
}

function contactProblem(request: SipRequest): Problem | undefined {
  const contacts = headersOf(request, 'contact');
  if (!contacts.some(({ value }) => value === '*')) {
    return contacts.every(({ value }) => parseNameAddresses(value)) ? undefined : bad('Malformed Contact');
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

function cutBody(message: SipMessage): SipMessage {
  const length = headerOf(message, 'content-length');
  return length === undefined ? message : { ...message, body: message.body.subarray(0, Number(length)) };
}
