// A SIP message in memory, and how it is written. Texts hold one character per octet, so that nothing is lost on the way.
import type { Via } from './grammar/via.ts';

/** One header line. */
export interface Header {
  /** The full name in lower case, whatever was written: "call-id" for "i". */
  readonly key: string;
  readonly name: string;
  /** Unfolded and trimmed. */
  readonly value: string;
  /** The line as it was received, folds included; left out when it is ours. */
  readonly raw?: string;
}

/** What the parser has read of a message from the network, so that nobody reads it again: what nothing changes on its way through here. */
export interface Reading {
  /** As the topmost Via came. */
  readonly via: Via;
  readonly cseq: CSeq;
  readonly fromTag: string | undefined;
  readonly toTag: string | undefined;
}

export interface CSeq {
  readonly number: number;
  readonly method: string;
}

export interface SipRequest {
  readonly kind: 'request';
  readonly method: string;
  readonly uri: string;
  readonly headers: readonly Header[];
  readonly body: Buffer;
  readonly reading?: Reading | undefined;
}

export interface SipResponse {
  readonly kind: 'response';
  readonly status: number;
  readonly reason: string;
  readonly headers: readonly Header[];
  readonly body: Buffer;
  readonly reading?: Reading | undefined;
}

export type SipMessage = SipRequest | SipResponse;

/** RFC 3261 7.3.3 and its extensions. */
const compactForms: Readonly<Record<string, string>> = {
  a: 'accept-contact',
  b: 'referred-by',
  c: 'content-type',
  d: 'request-disposition',
  e: 'content-encoding',
  f: 'from',
  i: 'call-id',
  j: 'reject-contact',
  k: 'supported',
  l: 'content-length',
  m: 'contact',
  n: 'identity-info',
  o: 'event',
  r: 'refer-to',
  s: 'subject',
  t: 'to',
  u: 'allow-events',
  v: 'via',
  x: 'session-expires',
  y: 'identity',
};

/** Names that are not simply capitalised after each hyphen. */
const irregularNames: Readonly<Record<string, string>> = {
  'call-id': 'Call-ID',
  cseq: 'CSeq',
  'content-id': 'Content-ID',
  'mime-version': 'MIME-Version',
  'min-se': 'Min-SE',
  'p-access-network-info': 'P-Access-Network-Info',
  rack: 'RAck',
  rseq: 'RSeq',
  'sip-etag': 'SIP-ETag',
  'sip-if-match': 'SIP-If-Match',
  'www-authenticate': 'WWW-Authenticate',
};

/** Most of the names that come and go: what a table knows need not be worked out. */
const usualKeys =
  'accept allow authorization call-id contact content-length content-type cseq date event expires from max-forwards min-expires min-se p-asserted-identity path privacy proxy-authenticate proxy-authorization rack reason record-route refer-to referred-by require retry-after route rseq server session-expires subject subscription-state supported timestamp to unsupported user-agent via warning www-authenticate'.split(
    ' ',
  );

const properName = (key: string): string =>
  irregularNames[key] ??
  key.replace(/(^|-)([a-z])/g, (_, hyphen: string, letter: string) => hyphen + letter.toUpperCase());

const usualNames: ReadonlyMap<string, string> = new Map(
  usualKeys.flatMap((key) => [key, properName(key)].map((each) => [each, properName(key)] as const)),
);

const keysOfNames: ReadonlyMap<string, string> = new Map(
  usualKeys.flatMap((key) => [key, properName(key)].map((each) => [each, key] as const)),
);

/** The key of a name that is spelled as usual, and so is a token; undefined for any other, which may have one nevertheless. */
export const usualKey = (name: string): string | undefined => keysOfNames.get(name);

export function headerKey(name: string): string {
  const usual = keysOfNames.get(name);
  if (usual !== undefined) return usual;
  const lower = name.toLowerCase();
  return lower.length === 1 ? (compactForms[lower] ?? lower) : lower;
}

/** How we write a name: "call-id" is "Call-ID"; names that begin with "x-" stay as they are. */
export function headerName(name: string): string {
  const usual = usualNames.get(name);
  if (usual !== undefined) return usual;
  const key = headerKey(name);
  return key.startsWith('x-') ? name : properName(key);
}

export const ourHeader = (name: string, value: string): Header => ({ key: headerKey(name), name, value });

/** The first value of that header; `key` is in lower case. */
export function headerOf({ headers }: { readonly headers: readonly Header[] }, key: string): string | undefined {
  for (const header of headers) if (header.key === key) return header.value;
  return undefined;
}

/** Every line of that header, in order. */
export const headersOf = ({ headers }: { readonly headers: readonly Header[] }, key: string): Header[] =>
  headers.filter((header) => header.key === key);

/** No white space, and no "|": the drachtio protocol divides its tokens by it, and a dialog's id holds the Call-ID. */
export const isCallId = (text: string): boolean => /^[^\s|]+$/.test(text);

/** "CSeq: 4711 INVITE"; undefined when malformed or beyond 32 bits. */
export function cseqOf(message: { readonly headers: readonly Header[] }): CSeq | undefined {
  const match = /^(\d{1,10})[ \t]+([!-~]+)$/.exec(headerOf(message, 'cseq') ?? '');
  if (match === null || Number(match[1]) > 0xffffffff) return undefined;
  return { number: Number(match[1]), method: match[2]! };
}

export const startLine = (message: SipMessage): string =>
  message.kind === 'request'
    ? `${message.method} ${message.uri} SIP/2.0`
    : `SIP/2.0 ${message.status} ${message.reason}`;

/** The octets for the wire. */
export function serialise(message: SipMessage): Buffer {
  let text = `${startLine(message)}\r\n`;
  for (const { raw, name, value } of message.headers)
    text += raw === undefined ? `${name}: ${value}\r\n` : `${raw}\r\n`;
  text += '\r\n';
  const { body } = message;
  if (body.length === 0) return Buffer.from(text, 'latin1');
  const octets = Buffer.allocUnsafe(text.length + body.length);
  octets.write(text, 'latin1');
  octets.set(body, text.length);
  return octets;
}
