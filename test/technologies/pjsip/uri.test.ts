// SIP URIs: what is read, what is written, and which lead to the same place.
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { formatUri, parseUri, sameUri, schemeOf, sipUri } from '../../../src/technologies/pjsip/uri.ts';

describe('a SIP URI is read', () => {
  test.each([
    ['sip:alice@example.org', { scheme: 'sip', user: 'alice', host: 'example.org', port: undefined }],
    ['SIPS:alice:secret@example.org:5061', { scheme: 'sips', user: 'alice', password: 'secret', port: 5061 }],
    ['sip:example.org', { user: undefined, host: 'example.org' }],
    ['sip:alice@[2001:db8::1]:5080', { host: '[2001:db8::1]', port: 5080 }],
    ['sip:j%40s0n@example.org', { user: 'j@s0n' }],
    ['sip:+1234;phone-context=x@example.org;user=phone', { user: '+1234;phone-context=x' }],
  ])('%s', (text, expected) => {
    expect(parseUri(text)).toMatchObject(expected);
  });

  test('parameters and headers are told apart', () => {
    const uri = parseUri('sip:a@b.example;Transport=TCP;lr?Subject=x%20y&priority=urgent');
    expect([...(uri?.params ?? [])]).toEqual([
      ['transport', 'TCP'],
      ['lr', ''],
    ]);
    expect([...(uri?.headers ?? [])]).toEqual([
      ['subject', 'x y'],
      ['priority', 'urgent'],
    ]);
  });

  test.each([
    'alice',
    'tel:123',
    'sip:',
    'sip:@host',
    'sip:a@b@c',
    'sip:a b@c',
    'sip:a@b:0',
    'sip:a@b:65536',
    'sip:a%zz@b',
    'sip:a@b;x=1;x=2',
    'sip:a@b\r\nVia: x',
    'sip:a@[::1',
    'sip:a@b;',
    'sip:a@b>',
  ])('unless it is none: %j', (text) => {
    expect(parseUri(text)).toBeUndefined();
  });

  test('a scheme is known without understanding the rest', () => {
    expect(schemeOf('TEL:+1-201')).toBe('tel');
    expect(schemeOf('alice@example.org')).toBeUndefined();
  });
});

test('what is written is read as the same again, whatever the user is called', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme', minLength: 1 }), fc.string({ unit: 'grapheme' }), (user, value) => {
      const uri = { ...sipUri(user, 'example.org', 5060), params: new Map([['x', value]]) };
      expect(parseUri(formatUri(uri))).toEqual(uri);
    }),
  );
});

describe('two URIs lead to the same place (RFC 3261 19.1.4)', () => {
  test.each([
    ['sip:%61lice@atlanta.com;transport=TCP', 'sip:alice@AtLanTa.CoM;Transport=tcp'],
    ['sip:carol@chicago.com', 'sip:carol@chicago.com;newparam=5'],
    ['sip:carol@chicago.com;newparam=5', 'sip:carol@chicago.com;security=on'],
    [
      'sip:alice@atlanta.com?subject=project%20x&priority=urgent',
      'sip:alice@atlanta.com?priority=urgent&subject=project%20x',
    ],
  ])('%s and %s', (one, other) => {
    expect(sameUri(parseUri(one)!, parseUri(other)!)).toBe(true);
    expect(sameUri(parseUri(other)!, parseUri(one)!)).toBe(true);
  });

  test.each([
    ['SIP:ALICE@AtLanTa.CoM;Transport=udp', 'sip:alice@AtLanTa.CoM;Transport=UDP'],
    ['sip:bob@biloxi.com', 'sip:bob@biloxi.com:5060'],
    ['sip:bob@biloxi.com', 'sip:bob@biloxi.com;transport=udp'],
    ['sip:bob@biloxi.com', 'sip:bob@biloxi.com:6000;transport=tcp'],
    ['sip:carol@chicago.com', 'sip:carol@chicago.com?Subject=next%20meeting'],
    ['sip:carol@chicago.com;newparam=5', 'sip:carol@chicago.com;newparam=6'],
    ['sip:bob@biloxi.com', 'sips:bob@biloxi.com'],
    ['sip:bob@phone21.boxesbybob.com', 'sip:bob@192.0.2.4'],
  ])('but not %s and %s', (one, other) => {
    expect(sameUri(parseUri(one)!, parseUri(other)!)).toBe(false);
    expect(sameUri(parseUri(other)!, parseUri(one)!)).toBe(false);
  });
});
