// The headers of a MESSAGE that goes out, compared with the recordings of a real Asterisk, and what is refused.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { headersOf } from '../../../src/technologies/pjsip/messages-sent.ts';
import { SipHeaders } from '../../../src/technologies/pjsip/stack.ts';
import { sipUri } from '../../../src/technologies/pjsip/uri.ts';

const addresses = { own: sipUri('foo', '127.0.0.1'), target: 'sip:foo@127.0.0.1:5261' };
const headers = (
  { to = 'foo', from = '', variables = {} }: { to?: string; from?: string; variables?: Record<string, string> },
  given = addresses,
): SipHeaders => {
  const { headers, type } = headersOf(to, { to, from, body: '', variables }, given);
  return new SipHeaders([...headers, ['Content-Type', type]]);
};

interface Line {
  readonly name?: string;
  readonly request?: { readonly path: string; readonly body?: string };
  readonly sip_seen_by_foo?: readonly { readonly dir: string; readonly raw?: string }[];
}

/** Not as recorded: a From of "(null)", which is a defect, and a line break in a header, which is refused. */
const DIFFERENT = ['no from', 'technology sendMessage: no from', 'variable value with CRLF (header injection)'];

const recorded = readFileSync(join(import.meta.dirname, '../../data/captures/messages-out.jsonl'), 'utf8')
  .trim()
  .split('\n')
  .map((line) => JSON.parse(line) as Line)
  .flatMap(({ name = '', request, sip_seen_by_foo: seen = [] }) => {
    const sip = seen.find(({ dir }) => dir === 'in')?.raw;
    return request === undefined || sip === undefined || DIFFERENT.includes(name) ? [] : [{ name, request, sip }];
  });

/** The parameters of a recorded request, wherever they stood. */
function asked({ path, body = '' }: NonNullable<Line['request']>): {
  to: string;
  from: string;
  variables: Record<string, string>;
} {
  const { searchParams } = new URL(path, 'http://h');
  const isJson = body.startsWith('{');
  const json = isJson
    ? (JSON.parse(body) as { to?: string; from?: string; variables?: Record<string, string> | string })
    : {};
  const form = new URLSearchParams(isJson ? '' : body);
  return {
    to: (searchParams.get('to') ?? json.to ?? 'pjsip:foo').replace('pjsip:', ''),
    from: searchParams.get('from') ?? json.from ?? form.get('from') ?? '',
    variables: typeof json.variables === 'object' ? json.variables : {},
  };
}

describe('as recorded', () => {
  test('all kinds of messages were', () => {
    expect(recorded.length).toBeGreaterThan(12);
  });

  test.each(recorded)('$name', ({ request, sip }) => {
    const target = /^MESSAGE (\S+)/.exec(sip)![1]!;
    const given = asked(request);
    const sent = headers(given, { ...addresses, target });
    const names = [...sent].map(([name]) => name);
    const line = (name: string): string | undefined =>
      new RegExp(`^${name}: *(.*)\r$`, 'im').exec(sip)?.[1]?.replace(/;tag=.*/, '');
    expect(Object.fromEntries(sent)).toEqual(Object.fromEntries(names.map((name) => [name, line(name)])));
    expect(names).toEqual(expect.arrayContaining(['From', 'To', 'Content-Type', ...Object.keys(given.variables)]));
  });
});

describe('From', () => {
  test.each([
    ['is our own without one', '', '<sip:foo@127.0.0.1>'],
    ['is a user, when it is only that', 'alice', '<sip:alice@127.0.0.1>'],
    ['whatever is in it', 'alice & bob', '<sip:alice%20&%20bob@127.0.0.1>'],
    ['is a user at a domain', 'alice@example.com', '<sip:alice@example.com>'],
    [
      'is a URI, without its port and parameters',
      'sip:alice@example.com:5070;transport=tcp',
      '<sip:alice@example.com>',
    ],
    ['has a name', '"Alice \\"A\\"" <sip:alice@h>;tag=x', '"Alice \\"A\\"" <sip:alice@h>'],
    ['may have no user', 'sip:example.com', '<sip:example.com>'],
    ['is our own, when it is of another scheme', 'tel:+15551234567', '<sip:foo@127.0.0.1>'],
  ])('%s: %s', (_, from, expected) => {
    expect(headers({ from }).get('From')).toBe(expected);
  });
});

describe('To', () => {
  test.each([
    ['is the contact, without port and transport', 'foo', '<sip:foo@127.0.0.1>'],
    [
      'is the destination, when that is a URI',
      'sip:1001@example.com:5070;transport=tcp;x=y',
      '<sip:1001@example.com;x=y>',
    ],
    ['is the contact, when that is an address with a name', '"N" <sip:1001@example.com>', '<sip:foo@127.0.0.1>'],
  ])('%s: %s', (_, to, expected) => {
    expect(headers({ to }).get('To')).toBe(expected);
  });
});

describe('variables', () => {
  test('become headers, but not those that are ours', () => {
    const ours = [
      ...['To', 'FROM', 'via', 'Route', 'Contact', 'Call-ID', 'CSeq', 'Allow', 'Content-Length', 'Request-URI'],
      ...['Record-Route', 'Authorization', 'proxy-authorization', 'RSeq', 'PJSIP_RECVADDR', 'pjsip_endpoint'],
    ];
    const variables = {
      ...Object.fromEntries(ours.map((name) => [name, 'x'])),
      'X-A': '1',
      Subject: 's',
      'X-Empty': '',
    };
    expect([...headers({ variables })].map(([name]) => name)).toEqual(['From', 'To', 'X-A', 'Subject', 'Content-Type']);
  });

  test('Max-Forwards loses one hop', () => {
    expect(headers({ variables: { 'max-forwards': '70' } }).get('Max-Forwards')).toBe('69');
  });

  test.each<[string, Record<string, string>]>([
    ['CR', { 'X-A': 'a\rb' }],
    ['LF', { 'X-A': 'a\nX-Evil: 1' }],
    ['NUL', { Subject: 'a\0b' }],
    ['a line break, even where the value is passed over', { Contact: 'a\r\nb' }],
    ['a line break in the type', { 'Content-Type': 'text/plain\r\nX-Evil: 1' }],
    ['what is no type', { 'Content-Type': 'text' }],
    ['a name with a colon', { 'X:A': '1' }],
    ['a name with a line break', { 'X\r\nEvil': '1' }],
    ['a name with a space', { 'X A': '1' }],
    ['a name with a percent sign', { 'X%41': '1' }],
    ['a name that every object has', { Constructor: '1' }],
    ['no name', { '': '1' }],
    ['the last hop', { 'Max-Forwards': '1' }],
    ['no hop', { 'Max-Forwards': '0' }],
    ['a number of hops that is none', { 'Max-Forwards': 'many' }],
    ['too many hops', { 'Max-Forwards': '256' }],
  ])('with %s are refused', (_, variables) => {
    expect(() => headers({ variables })).toThrow(expect.objectContaining({ kind: 'invalid' }));
  });

  test.each(['sip:a@[b>\r\nX-Evil: 1', 'alice\0', 'sip:a@', '<sip:a b@c>', 'a@b c'])(
    'a From of %j is refused',
    (from) => {
      expect(() => headers({ from })).toThrow(expect.objectContaining({ kind: 'invalid' }));
    },
  );
});
