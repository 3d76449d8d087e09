// Addresses of XMPP: which are such, when two are the same, and names that they cannot say.
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { escapeLocal, formatJid, parseJid, unescapeLocal } from '../../../src/technologies/xmpp/jid.ts';
import { isLegalText } from '../../../src/technologies/xmpp/xml.ts';

describe('a JID', () => {
  test.each([
    ['Alice@Example.org/Phone', 'alice@example.org/Phone'],
    ['example.org', 'example.org'],
    ['example.org./r', 'example.org/r'],
    ['a@b/c@d/e', 'a@b/c@d/e'],
    ['ä@bücher.example', 'ä@bücher.example'],
    ['a@[::1]', 'a@[::1]'],
  ])('%s is %s', (text, written) => expect(formatJid(parseJid(text)!)).toBe(written));

  test.each([
    '',
    '@',
    'a@',
    '@b',
    'a@b/',
    '/r',
    'a b@c',
    'a@b c',
    'a@b@c',
    '<a>@b',
    'a"@b',
    'a@b\n',
    'a\u0000@b',
    'a@b/\u0007',
    `${'x'.repeat(1024)}@b`,
    'a@.b',
    'a@b..c',
  ])('%j is none', (text) => expect(parseJid(text)).toBeUndefined());

  test('every name becomes a local part and comes back', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (name) => {
        expect(unescapeLocal(escapeLocal(name))).toBe(name);
        expect(escapeLocal(name)).not.toMatch(/[ "&'/:<>@]/);
      }),
    );
  });
});

test.each([
  ['plain \t\r\n ä 😀', true],
  ['\u0000', false],
  ['\u001b', false],
  ['\ud800', false],
  ['\udc00\ud800', false],
  ['\ufffe', false],
  ['\u007f', true],
])('XML can say %j: %s', (text, isLegal) => expect(isLegalText(text)).toBe(isLegal));
