// SIP messages as text (RFC 3261 7): reading, writing, and cutting a TCP stream into messages.

export type SipLine = readonly [name: string, value: string];

const compactNames: Readonly<Record<string, string>> = {
  a: 'Accept-Contact',
  b: 'Referred-By',
  c: 'Content-Type',
  d: 'Request-Disposition',
  e: 'Content-Encoding',
  f: 'From',
  i: 'Call-ID',
  j: 'Reject-Contact',
  k: 'Supported',
  l: 'Content-Length',
  m: 'Contact',
  o: 'Event',
  r: 'Refer-To',
  s: 'Subject',
  t: 'To',
  u: 'Allow-Events',
  v: 'Via',
  x: 'Session-Expires',
};

/** A request or a response. `raw` is the text as it was on the wire. */
export class SipText {
  readonly startLine: string;
  readonly lines: readonly SipLine[];
  readonly body: string;
  readonly raw: string;

  constructor(startLine: string, lines: readonly SipLine[], body = '', raw?: string) {
    this.startLine = startLine;
    this.lines = lines;
    this.body = body;
    this.raw = raw ?? write(startLine, lines, body);
  }

  get isResponse(): boolean {
    return this.startLine.startsWith('SIP/2.0 ');
  }

  /** 0 in a request. */
  get status(): number {
    return this.isResponse ? Number(this.startLine.slice(8, 11)) : 0;
  }

  get reason(): string {
    return this.isResponse ? this.startLine.slice(12) : '';
  }

  /** The method of a request, or of the request that a response answers (from CSeq). */
  get method(): string {
    return (this.isResponse ? this.header('CSeq').split(/\s+/)[1] : this.startLine.split(' ')[0]) ?? '';
  }

  /** The Request-URI; empty in a response. */
  get uri(): string {
    return this.isResponse ? '' : (this.startLine.split(' ')[1] ?? '');
  }

  /** The first line of that name, or the empty string. */
  header(name: string): string {
    return this.headers(name)[0] ?? '';
  }

  headers(name: string): string[] {
    const wanted = name.toLowerCase();
    return this.lines.filter(([each]) => each.toLowerCase() === wanted).map(([, value]) => value);
  }

  /** A parameter of a header's value outside its angle brackets: `parameter('To', 'tag')`. */
  parameter(header: string, name: string): string | undefined {
    const outside = this.header(header).replace(/"(?:[^"\\]|\\.)*"|<[^>]*>/g, '');
    return new RegExp(`;\\s*${name}\\s*=\\s*([^;,\\s]+)`, 'i').exec(outside)?.[1];
  }

  /** The sequence number in CSeq. */
  get sequence(): number {
    return Number.parseInt(this.header('CSeq'), 10);
  }
}

function write(startLine: string, lines: readonly SipLine[], body: string): string {
  const headers = lines.map(([name, value]) => `${name}: ${value}\r\n`).join('');
  return `${startLine}\r\n${headers}Content-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`;
}

/** Reads one message; throws when it has no header section, or a line without a colon. */
export function read(raw: string): SipText {
  const end = raw.indexOf('\r\n\r\n');
  if (end < 0) throw new Error(`not a SIP message: ${JSON.stringify(raw.slice(0, 80))}`);
  const [startLine = '', ...rest] = raw
    .slice(0, end)
    .replace(/\r\n[ \t]+/g, ' ')
    .split('\r\n');
  const lines = rest.map((line): SipLine => {
    const colon = line.indexOf(':');
    if (colon < 1) throw new Error(`not a header line: ${JSON.stringify(line)}`);
    const name = line.slice(0, colon).trim();
    return [compactNames[name.toLowerCase()] ?? name, line.slice(colon + 1).trim()];
  });
  return new SipText(startLine, lines, raw.slice(end + 4), raw);
}

/** The URI of a From, To or Contact value, without brackets and without parameters outside of them. */
export const uriOf = (value: string): string => /<([^>]*)>/.exec(value)?.[1] ?? value.split(';')[0]?.trim() ?? '';

/** Cuts whole messages off the front of what a TCP stream brought so far (RFC 3261 18.3). */
export function cut(stream: Buffer): { readonly messages: readonly string[]; readonly rest: Buffer } {
  const messages: string[] = [];
  let rest = stream;
  for (;;) {
    while (rest.length >= 2 && rest[0] === 0x0d && rest[1] === 0x0a) rest = rest.subarray(2);
    const end = rest.indexOf('\r\n\r\n');
    if (end < 0) return { messages, rest };
    const length = /^(?:content-length|l)\s*:\s*(\d+)/im.exec(rest.toString('latin1', 0, end))?.[1] ?? '0';
    const total = end + 4 + Number(length);
    if (rest.length < total) return { messages, rest };
    messages.push(rest.toString('utf8', 0, total));
    rest = rest.subarray(total);
  }
}
