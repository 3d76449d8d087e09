// The parser: malformed messages one by one, what is kept of a good one, and any octets at all.
import { readdirSync, readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { headerOf, headersOf, serialise } from '../../src/sip-server/message.ts';
import { parseMessage } from '../../src/sip-server/parser.ts';

const limits = { maxHeaders: 256, maxSize: 65_535 };
const parse = (text: string | Buffer) =>
  parseMessage(Buffer.isBuffer(text) ? text : Buffer.from(text, 'latin1'), limits);
const torture = new URL('../data/rfc4475/', import.meta.url);

const options = (changes: Readonly<Record<string, string>> = {}, startLine = 'OPTIONS sip:a@b.example SIP/2.0') => {
  const headers = {
    Via: 'SIP/2.0/UDP 192.0.2.1;branch=z9hG4bKx',
    From: '<sip:c@d.example>;tag=1',
    To: '<sip:a@b.example>',
    'Call-ID': 'one',
    CSeq: '1 OPTIONS',
    ...changes,
  };
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
  return `${startLine}\r\n${lines.join('')}\r\n`;
};

const quotedPairs = Array.from({ length: 128 }, (_, octet) => String.fromCharCode(octet))
  .filter((octet) => octet !== '\r' && octet !== '\n')
  .map((octet) => `\\${octet}`)
  .join('');

describe('a malformed request gets 400, and says why', () => {
  test.each<readonly [what: string, text: string, reason: string]>([
    ['a bare line feed', options({ Subject: 'a\nb' }), 'Malformed header line'],
    ['a bare carriage return', options({ Subject: 'a\rb' }), 'Malformed header line'],
    ['a null octet', options({ Subject: 'a\0b' }), 'Malformed header line'],
    ['white space before the first header', options().replace('Via', ' Via'), 'Whitespace before the first header'],
    ['no colon', options().replace('\r\n\r\n', '\r\nSubject\r\n\r\n'), 'Malformed header line'],
    ['a port that there is none of', options({ Via: 'SIP/2.0/TCP 192.0.2.1:65536;branch=z9hG4bKx' }), 'Malformed Via'],
    ['the port 0', options({ Via: 'SIP/2.0/TCP 192.0.2.1:0;branch=z9hG4bKx' }), 'Malformed Via'],
    ['a null octet behind a backslash that quotes nothing', options({ Subject: 'a\\\0b' }), 'Malformed header line'],
    ['a quoted line feed', options({ From: '"a\\\nb" <sip:c@d.example>' }), 'Malformed header line'],
    ['a null octet in a quoted string that never closes', options({ Subject: '"a\\\0b' }), 'Malformed header line'],
    ['two Content-Lengths', options({ 'Content-Length': '0', l: '1' }), 'More than one Content-Length'],
    ['two equal Content-Lengths', options({ 'Content-Length': '0', l: '0' }), 'More than one Content-Length'],
    ['two Call-IDs', options({ i: 'one' }), 'More than one Call-ID'],
    ['two content types that differ', options({ 'Content-Type': 'a/b', c: 'a/c' }), 'Two that differ: Content-Type'],
    ['two expiries that differ', options({ Expires: '1', expires: '2' }), 'Two that differ: Expires'],
    ['a CSeq without a method', options({ CSeq: '1' }), 'Malformed CSeq'],
    ['a Route that is no address', options({ Route: '<sip:a' }), 'Malformed Route'],
    ['a Record-Route that is no address', options({ 'Record-Route': 'a b c' }), 'Malformed Record-Route'],
    ['headers in the Request-URI', options({}, 'OPTIONS sip:a@b?c=d SIP/2.0'), 'Malformed Request-URI'],
    ['a port beyond 65535', options({}, 'OPTIONS sip:a@b:65536 SIP/2.0'), 'Malformed Request-URI'],
    ['a longer Content-Length', options({ 'Content-Length': '1' }), 'Content-Length exceeds the message'],
    ['another method in CSeq', options({ CSeq: '1 INVITE' }), 'CSeq does not match the method'],
    ['no empty line', options().slice(0, -2), 'No end of the headers'],
    ['Max-Forwards 256', options({ 'Max-Forwards': '256' }), 'Malformed Max-Forwards'],
    ['a tag that is no token', options({ From: '<sip:a@b>;tag="a|b"' }), 'Malformed From'],
    ['a bar in Call-ID', options({ 'Call-ID': 'a|b' }), 'Malformed Call-ID'],
    ['white space in Call-ID', options({ 'Call-ID': 'a b' }), 'Malformed Call-ID'],
    ['a Contact star outside REGISTER', options({ Contact: '*' }), 'Malformed Contact'],
    ...['From', 'To', 'Call-ID', 'CSeq'].map(
      (name) => [`no ${name}`, options({ [name]: '' }), `Missing ${name}`] as const,
    ),
  ])('%s', (_, text, reason) => {
    expect(parse(text)).toMatchObject({ kind: 'problem', status: 400, reason, request: { method: 'OPTIONS' } });
  });

  test('but an ACK is never answered', () => {
    const parsed = parse(options({ CSeq: '1 ACK', From: '' }, 'ACK sip:a@b.example SIP/2.0'));
    expect(parsed).toMatchObject({ kind: 'problem' });
    expect(parsed).not.toHaveProperty('request');
  });

  test('and more headers than the limit', () => {
    const many = Object.fromEntries(Array.from({ length: 300 }, (_, index) => [`X-${index}`, 'a']));
    expect(parse(options(many))).toMatchObject({ status: 400, reason: 'Too many headers' });
  });
});

describe('a request is taken with', () => {
  test.each<readonly [what: string, text: string]>([
    ['white space before the colon', options({ 'Subject \t': 'a' })],
    ['every octet that a quoted pair may hold', options({ From: `"${quotedPairs}" <sip:c@d.example>;tag=1` })],
    ['quoted pairs in a comment', options({ 'User-Agent': 'a (b \\\x07 (c \\\0))' })],
    ['a tabulator as white space', options({ Subject: 'a\tb' })],
    ['two equal content types', options({ 'Content-Type': 'a/b', c: 'a/b' })],
    ['a question mark in the user of the Request-URI', options({}, 'OPTIONS sip:a?b@c.example SIP/2.0')],
    ['a Request-URI of another scheme', options({}, 'OPTIONS tel:+1?a=b SIP/2.0')],
    ['a null octet escaped in the Request-URI', options({}, 'OPTIONS sip:%00@b.example SIP/2.0')],
  ])('%s', (_, text) => {
    const parsed = parse(text);
    expect(parsed).toMatchObject({ kind: 'message' });
    expect(parsed.kind === 'message' && serialise(parsed.message).toString('latin1')).toBe(text);
  });
});

describe('what is kept', () => {
  test('order, unknown headers, folds and the spelling of names are written as they came', () => {
    const text = options({ 'X-Odd_Name': ' folded\r\n\t text', s: 'short', E: 'gzip' });
    const parsed = parse(text);
    expect(parsed.kind === 'message' && serialise(parsed.message).toString('latin1')).toBe(text);
  });

  test('a value is read unfolded, and a compact name as the full one', () => {
    const parsed = parse(options({ s: ' a\r\n b' }));
    expect(parsed.kind === 'message' && headerOf(parsed.message, 'subject')).toBe('a b');
  });

  test('every line of a repeated header', () => {
    const parsed = parse(options().replace('From:', 'v: SIP/2.0/TCP [2001:db8::1]:5060\r\nFrom:'));
    expect(parsed.kind === 'message' && headersOf(parsed.message, 'via')).toHaveLength(2);
  });

  test('octets that are not UTF-8, in headers and body', () => {
    const octets = Buffer.concat([
      Buffer.from(options({ Subject: '\xff\xfe', 'Content-Length': '2' }), 'latin1'),
      Buffer.from([0xff, 0]),
    ]);
    const parsed = parse(octets);
    expect(parsed.kind === 'message' && serialise(parsed.message).equals(octets)).toBe(true);
  });
});

describe('any octets', () => {
  test('make a message or a problem, and never an exception', () => {
    const noise = fc.uint8Array({ maxLength: 300 }).map((octets) => Buffer.from(octets));
    fc.assert(
      fc.property(noise, (octets) => ['message', 'problem'].includes(parse(octets).kind)),
      { numRuns: 500 },
    );
  });

  test('put into, or taken out of, a torture message change nothing about that', () => {
    const messages = readdirSync(torture)
      .filter((file) => file.endsWith('.dat'))
      .map((file) => readFileSync(new URL(file, torture)));
    const mutation = fc.record({
      message: fc.constantFrom(...messages),
      at: fc.nat(3000),
      removed: fc.nat(20),
      added: fc.oneof(
        fc.uint8Array({ maxLength: 8 }),
        fc.constantFrom(...['\r\n', '"', '<', ':', ';', ',', ' '].map((text) => Buffer.from(text))),
      ),
    });
    fc.assert(
      fc.property(mutation, ({ message, at, removed, added }) => {
        const changed = Buffer.concat([message.subarray(0, at), added, message.subarray(at + removed)]);
        const parsed = parse(changed);
        if (parsed.kind === 'message') expect(parse(serialise(parsed.message)).kind).toBe('message');
      }),
      { numRuns: 3_000 },
    );
  });

  test.each([
    ['spaces', (count: number) => options({ To: `a${' '.repeat(count)}b` })],
    ['backslashes', (count: number) => options({ From: `"${'\\'.repeat(count)}` })],
    ['semicolons', (count: number) => options({ Via: `SIP/2.0/UDP a${';'.repeat(count)}` })],
    ['spaces in Via', (count: number) => options({ Via: `SIP/2.0/UDP a${' '.repeat(count)}b` })],
    ['angle brackets', (count: number) => options({ Contact: '<'.repeat(count) })],
    ['folds', (count: number) => options({ Subject: '\r\n '.repeat(count / 3) })],
    ['digits', (count: number) => options({ CSeq: '1'.repeat(count) })],
  ])('take time in proportion to their number: %s', (_, text) => {
    const started = performance.now();
    parse(text(60_000));
    expect(performance.now() - started).toBeLessThan(500);
  });
});
