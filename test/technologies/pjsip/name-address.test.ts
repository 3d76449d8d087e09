// Addresses in headers: names, URIs, parameters, and lists of them.
import { describe, expect, test } from 'vitest';
import { divide, formatNameAddress, parseNameAddress } from '../../../src/technologies/pjsip/name-address.ts';

describe('an address is read', () => {
  test.each([
    ['sip:a@b;tag=1', '', 'sip:a@b', [['tag', '1']]],
    ['<sip:a@b;lr>;tag=1', '', 'sip:a@b;lr', [['tag', '1']]],
    ['Alice Smith <sip:a@b>', 'Alice Smith', 'sip:a@b', []],
    ['"A \\"<, \\\\B" <sip:a@b> ; Expires = 60', 'A "<, \\B', 'sip:a@b', [['expires', '60']]],
    ['<tel:+123>', '', 'tel:+123', []],
    ['<sip:a@b>;+sip.instance="<urn:uuid:1;2>"', '', 'sip:a@b', [['+sip.instance', '"<urn:uuid:1;2>"']]],
  ])('%s', (text, name, uri, params) => {
    expect(parseNameAddress(text)).toEqual({ name, uri, params: new Map(params as [string, string][]) });
  });

  test.each(['', '<>', '"Alice <sip:a@b>', 'Alice sip:a@b', '<sip:a@b> x', 'sip:a@b, sip:c@d', '<sip:a@b>;=1'])(
    'unless it is none: %j',
    (text) => {
      expect(parseNameAddress(text)).toBeUndefined();
    },
  );
});

test('what is written is read as the same again', () => {
  const address = { name: 'A "b" \\c', uri: 'sip:a@b;lr', params: new Map([['tag', 'x']]) };
  expect(parseNameAddress(formatNameAddress(address))).toEqual(address);
});

test('a list is divided where neither quotes nor brackets forbid it', () => {
  expect(divide('"a,b" <sip:c,d@e>, <sip:f@g>;x="1,2" ,, sip:h@i', ',')).toEqual([
    '"a,b" <sip:c,d@e>',
    '<sip:f@g>;x="1,2"',
    'sip:h@i',
  ]);
});

test('a header of nothing but blanks is no work', () => {
  const began = performance.now();
  expect(parseNameAddress(`a${' '.repeat(60_000)}b`)).toBeUndefined();
  expect(performance.now() - began).toBeLessThan(1_000);
});
