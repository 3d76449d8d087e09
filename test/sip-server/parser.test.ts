// The parser: the torture messages of RFC 4475, malformed messages one by one, and any octets at all.
import { readdirSync, readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { headerOf, headersOf, serialise } from '../../src/sip-server/message.ts';
import { parseMessage } from '../../src/sip-server/parser.ts';

const limits = { maxHeaders: 256 };
const parse = (text: string | Buffer) =>
  parseMessage(Buffer.isBuffer(text) ? text : Buffer.from(text, 'latin1'), limits);
const torture = new URL('../data/rfc4475/', import.meta.url);

/** "ok"; or the status of the answer; or "dropped" where nothing can be answered. Why, where the RFC leaves a choice. */
const expected: Readonly<Record<string, string>> = {
  badaspec: '400', // white space within the brackets: the RFC allows to be strict
  badbranch: 'ok', // then matched as RFC 2543 would
  baddate: 'ok', // a Date is nothing that we read
  baddn: '400', // a comma in an unquoted display name: the RFC allows to be strict
  badinv01: '400',
  badvers: '505',
  bcast: 'ok', // a response with two Vias: dropped behind the parser
  bext01: 'ok', // what an application requires is for the application
  bigcode: 'dropped',
  clerr: '400',
  cparam01: 'ok',
  cparam02: 'ok',
  dblreq: 'ok', // the second message in one datagram is ignored
  esc01: 'ok',
  esc02: 'ok', // a method with per cent signs is an unknown method
  escnull: 'ok',
  escruri: 'ok', // headers in a Request-URI: for the application to judge
  insuf: '400',
  intmeth: 'ok',
  inv2543: 'ok',
  invut: 'ok',
  longreq: 'ok',
  ltgtruri: '400',
  lwsdisp: 'ok',
  lwsruri: '400',
  lwsstart: '400',
  mcl01: '400',
  mismatch01: '400',
  mismatch02: '400',
  mpart01: 'ok',
  multi01: '400',
  ncl: '400',
  noreason: 'ok',
  novelsc: 'ok',
  quotbal: '400',
  regaut01: 'ok',
  regbadct: '400',
  regescrt: 'ok',
  scalar02: '400',
  scalarlg: 'dropped',
  sdp01: 'ok',
  semiuri: 'ok',
  test: 'dropped', // no version, no Via: nobody to answer
  transports: 'ok',
  trws: '400',
  unkscm: 'ok',
  unksm2: 'ok',
  unreason: 'ok',
  wsinv: 'ok',
  zeromf: 'ok',
};

describe('RFC 4475', () => {
  const names = readdirSync(torture)
    .filter((file) => file.endsWith('.dat'))
    .map((file) => file.slice(0, -4));

  test('every message has an expectation', () => {
    expect(names.sort()).toEqual(Object.keys(expected).sort());
  });

  test.each(names)('%s', (name) => {
    const parsed = parse(readFileSync(new URL(`${name}.dat`, torture)));
    const outcome = parsed.kind === 'message' ? 'ok' : parsed.request === undefined ? 'dropped' : String(parsed.status);
    expect(outcome).toBe(expected[name]);
  });
});

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

describe('a malformed request gets 400, and says why', () => {
  test.each<readonly [what: string, text: string, reason: string]>([
    ['a bare line feed', options({ Subject: 'a\nb' }), 'Malformed header line'],
    ['a bare carriage return', options({ Subject: 'a\rb' }), 'Malformed header line'],
    ['a null octet', options({ Subject: 'a\0b' }), 'Malformed header line'],
    ['white space before the first header', options().replace('Via', ' Via'), 'Whitespace before the first header'],
    ['no colon', options().replace('\r\n\r\n', '\r\nSubject\r\n\r\n'), 'Malformed header line'],
    ['two Content-Lengths', options({ 'Content-Length': '0', l: '1' }), 'Malformed Content-Length'],
    ['a longer Content-Length', options({ 'Content-Length': '1' }), 'Content-Length exceeds the message'],
    ['another method in CSeq', options({ CSeq: '1 INVITE' }), 'CSeq does not match the method'],
    ['no empty line', options().slice(0, -2), 'No end of the headers'],
    ['Max-Forwards 256', options({ 'Max-Forwards': '256' }), 'Malformed Max-Forwards'],
    ['a tag that is no token', options({ From: '<sip:a@b>;tag="a|b"' }), 'Malformed from'],
    ['a bar in Call-ID', options({ 'Call-ID': 'a|b' }), 'Malformed Call-ID'],
    ['white space in Call-ID', options({ 'Call-ID': 'a b' }), 'Malformed Call-ID'],
    ['a Contact star outside REGISTER', options({ Contact: '*' }), 'Malformed Contact'],
    ...['From', 'To', 'Call-ID', 'CSeq'].map(
      (name) => [`no ${name}`, options({ [name]: '' }), `Missing ${name.toLowerCase()}`] as const,
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
  const seed = Date.now() % 2 ** 31;
  console.log(`seed of the parser's property tests: ${seed}`);

  test('make a message or a problem, and never an exception', () => {
    const noise = fc.uint8Array({ maxLength: 300 }).map((octets) => Buffer.from(octets));
    fc.assert(
      fc.property(noise, (octets) => ['message', 'problem'].includes(parse(octets).kind)),
      { seed, numRuns: 500 },
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
      { seed, numRuns: 3_000 },
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
