// What an application hears of a MESSAGE, compared with the recordings of a real Asterisk.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import type { TextMessage } from '../../../src/core/facts.ts';
import { textOf } from '../../../src/technologies/pjsip/messages-received.ts';
import { resolvePjsip } from '../../../src/technologies/pjsip/objects/index.ts';
import type { SipHeader } from '../../../src/technologies/pjsip/stack.ts';
import { requestOf } from './request.ts';

interface Line {
  readonly mark?: string;
  readonly name?: string;
  readonly request?: string;
  readonly ws?: string;
  readonly event?: { readonly type: string; readonly message: TextMessage };
}

const lines = readFileSync(join(import.meta.dirname, '../../data/captures/messages-in.jsonl'), 'utf8')
  .trim()
  .split('\n')
  .map((line) => JSON.parse(line) as Line);
const heard = lines.flatMap(({ event }) => (event?.type === 'TextMessageReceived' ? [event.message] : []));
const callIdOf = (request: string): string => /^Call-ID: (.*)\r$/m.exec(request)![1]!;
const cseqOf = (request: string): string => /^CSeq: (.*)\r$/m.exec(request)![1]!;

/** Each recorded request that was heard, with what was heard of it. */
const recorded = lines.flatMap(({ name = '', request }) => {
  const message =
    request === undefined
      ? undefined
      : heard.find(
          ({ variables }) => variables['Call-ID'] === callIdOf(request) && variables['CSeq'] === cseqOf(request),
        );
  return request === undefined || message === undefined ? [] : [{ name, request, message }];
});

/** A message from the wire, as the stack hands it on. */
function parse(text: string): { readonly uri: string; readonly headers: readonly SipHeader[]; readonly body: string } {
  const [head = '', body = ''] = text.split(/\r\n\r\n(.*)/s);
  const [start = '', ...rest] = head.split('\r\n');
  const headers = rest.map((line): SipHeader => [
    line.slice(0, line.indexOf(':')),
    line.slice(line.indexOf(':') + 1).trim(),
  ]);
  return { uri: start.split(' ')[1]!, headers, body };
}

const plain = resolvePjsip({ endpoint: { foo: {} } }).endpoints.get('foo')!;
const basic: readonly SipHeader[] = [
  ['From', '<sip:foo@h>;tag=1'],
  ['To', '<sip:1001@h>'],
];
const variables = (headers: readonly SipHeader[]): Readonly<Record<string, string>> =>
  textOf(requestOf({ method: 'MESSAGE', headers: [...basic, ...headers] }), plain)!.variables;

describe('as recorded', () => {
  test('all kinds of messages were', () => {
    expect(recorded.map(({ name }) => name)).toContain('bar with credentials');
    expect(recorded.length).toBeGreaterThan(12);
  });

  test.each(recorded)('$name', ({ request, message }) => {
    const port = Number(message.variables['PJSIP_RECVADDR']!.split(':')[1]);
    const text = textOf(requestOf({ method: 'MESSAGE', ...parse(request), source: { port } }), plain);
    expect(text).toEqual(message);
    expect(Object.keys(text!.variables)).toEqual(Object.keys(message.variables));
  });
});

describe('addresses', () => {
  test.each([
    ['sip:foo@h:5060;user=phone', '<sip:foo@h>'],
    ['Foo User <sip:foo@h:5060;transport=tcp;x=y>;tag=1', '"Foo User" <sip:foo@h;x=y>'],
    ['"a\tb \\"c\\"" <sip:foo@h>', '"a b \\"c\\"" <sip:foo@h>'],
  ])('From: %s', (value, from) => {
    expect(
      textOf(
        requestOf({
          method: 'MESSAGE',
          headers: [
            ['From', value],
            ['To', '<sip:x@h>'],
          ],
        }),
        plain,
      )!.from,
    ).toBe(from);
  });

  test.each([
    ['sip:1001@h:5060', 'pjsip:1001@h'],
    ['"A B" <sip:1001@h>;tag=1', 'pjsip:"A B" <sip:1001@h>'],
    ['<sips:1001@h>', 'pjsip:sips:1001@h'],
  ])('To: %s', (value, to) => {
    expect(
      textOf(
        requestOf({
          method: 'MESSAGE',
          headers: [
            ['From', '<sip:x@h>'],
            ['To', value],
          ],
        }),
        plain,
      )!.to,
    ).toBe(to);
  });

  test.each([[['From', 'x y z']], [['To', '<>']]] as const)('without %j there is no message', (broken) => {
    const headers = [broken, ...basic.filter(([name]) => name !== broken[0])];
    expect(textOf(requestOf({ method: 'MESSAGE', headers }), plain)).toBeUndefined();
  });
});

describe('variables', () => {
  test('a later header replaces an earlier of its name, in the place and the spelling of the first', () => {
    const given = variables([
      ['X-Multi', 'one'],
      ['Subject', 's'],
      ['x-multi', 'two'],
    ]);
    expect(Object.entries(given).slice(4, 6)).toEqual([
      ['X-Multi', 'two'],
      ['Subject', 's'],
    ]);
  });

  test('only the topmost Via says where the message came from, and the last is the one that is heard', () => {
    expect(
      variables([['Via', 'SIP/2.0/TCP h:5060;rport;branch=z9hG4bK1 , SIP/2.0/UDP i;branch=z9hG4bK2;rport']])['Via'],
    ).toBe('SIP/2.0/UDP i;rport;branch=z9hG4bK2');
  });

  test('a Via without rport gets none, and one that cannot be read stays as it is', () => {
    expect(variables([['Via', 'SIP/2.0/TCP h:5060;branch=z9hG4bK1;x=y']])['Via']).toBe(
      'SIP/2.0/TCP h:5060;received=127.0.0.1;branch=z9hG4bK1;x=y',
    );
    expect(variables([['Via', 'rubbish']])['Via']).toBe('rubbish');
  });

  test('well-known names are written as in the standard, values are whole, empty ones are none', () => {
    const long = 'x'.repeat(600);
    const given = variables([
      ['call-id', 'a'],
      ['X-Long', long],
      ['X-Empty', ''],
      ['constructor', 'c'],
      ['__proto__', 'p'],
    ]);
    expect(given).toMatchObject({ 'Call-ID': 'a', 'X-Long': long, constructor: 'c' });
    expect(Object.keys(given)).toContain('__proto__');
    expect(Object.keys(given)).not.toContain('X-Empty');
  });

  test('the caller id of the endpoint is its name, if it has one', () => {
    const { endpoints } = resolvePjsip({ endpoint: { foo: { callerid: '"Front Door" <12>' } } });
    const text = textOf(requestOf({ method: 'MESSAGE', headers: basic }), endpoints.get('foo')!);
    expect(text!.variables).toMatchObject({ PJSIP_ENDPOINT: 'Front Door', PJSIP_TRANSPORT: 'udp' });
    expect(variables([])).not.toHaveProperty('PJSIP_ENDPOINT');
  });

  test('a header cannot pass for what we know ourselves', () => {
    const given = variables([
      ['pjsip_recvaddr', '192.0.2.1:1'],
      ['PJSIP_ENDPOINT', 'boss'],
    ]);
    expect(given).toMatchObject({ PJSIP_RECVADDR: '127.0.0.1:5999' });
    expect(given).not.toHaveProperty('PJSIP_ENDPOINT');
  });

  test('an IPv6 address is in brackets', () => {
    const source = { address: '::1', port: 5070, protocol: 'tcp' };
    const text = textOf(requestOf({ method: 'MESSAGE', headers: basic, source }), plain);
    expect(text!.variables).toMatchObject({ PJSIP_RECVADDR: '[::1]:5070', PJSIP_TRANSPORT: 'tcp' });
  });
});

describe('the body', () => {
  const message = { method: 'MESSAGE', headers: [...basic, ['Content-Type', 'text/plain']] } as const;

  test('is as it came, with the line breaks at its end', () => {
    const text = textOf(requestOf({ ...message, body: ' a\r\nb \r\n\r\n' }), plain)!;
    expect(text.body).toBe(' a\r\nb \r\n\r\n');
    expect(text).not.toHaveProperty('encoding');
  });

  test('is base64, and is said to be, when it is no text', () => {
    const text = textOf(requestOf({ ...message, body: 'AP8=', bodyEncoding: 'base64' }), plain);
    expect(text).toMatchObject({ body: 'AP8=', encoding: 'base64' });
  });
});
