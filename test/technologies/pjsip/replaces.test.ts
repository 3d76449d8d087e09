// Replaces and Refer-To, as they are read.
import { expect, test } from 'vitest';
import { parseReplaces, referredTo, replacesOf } from '../../../src/technologies/pjsip/replaces.ts';
import { SipHeaders } from '../../../src/technologies/pjsip/stack.ts';

// RFC 3891 6.1
test.each([
  ['98732@sip.example.com;from-tag=r33th4x0r;to-tag=ff87ff', '98732@sip.example.com', 'ff87ff', 'r33th4x0r', false],
  ['12adf2f34456gs5;to-tag=12345;from-tag=54321', '12adf2f34456gs5', '12345', '54321', false],
  ['87134@171.161.34.23;to-tag=24796;from-tag=0;early-only', '87134@171.161.34.23', '24796', '0', true],
])('%s', (text, callId, toTag, fromTag, earlyOnly) => {
  expect(parseReplaces(text)).toEqual({ callId, toTag, fromTag, earlyOnly, text });
});

test.each(['', 'a@b', 'a@b;to-tag=1', 'a@b;from-tag=1;to-tag', ';to-tag=1;from-tag=2', 'a b;to-tag=1;from-tag=2'])(
  '"%s" is none',
  (text) => {
    expect(parseReplaces(text)).toBeUndefined();
  },
);

test('two of them, or one together with Join, are bad (RFC 3891 3)', () => {
  const one = ['Replaces', 'a@b;to-tag=1;from-tag=2'] as const;
  expect(replacesOf(new SipHeaders([]))).toBeUndefined();
  expect(replacesOf(new SipHeaders([one]))).toMatchObject({ callId: 'a@b' });
  expect(replacesOf(new SipHeaders([one, one]))).toBe('bad');
  expect(replacesOf(new SipHeaders([['Replaces', `${one[1]}, ${one[1]}`]]))).toBe('bad');
  expect(replacesOf(new SipHeaders([one, ['Join', one[1]]]))).toBe('bad');
});

const referTo = (...values: string[]) => referredTo(new SipHeaders(values.map((each) => ['Refer-To', each] as const)));

test('a Refer-To names an extension, and whom to replace, escaped (RFC 5589 7.1)', () => {
  const escaped =
    '<sip:dave@denver.example.org?Replaces=12345%40192.168.118.3%3Bto-tag%3D12345%3Bfrom-tag%3D5FFE-3994>';
  expect(referTo(escaped)).toMatchObject({
    ...{ exten: 'dave', uri: 'sip:dave@denver.example.org' },
    replaces: { callId: '12345@192.168.118.3', toTag: '12345', fromTag: '5FFE-3994' },
  });
  expect(referTo('"Dave" <sips:d%61ve@x;user=phone>;grid=1')).toEqual({ exten: 'dave', uri: 'sips:dave@x;user=phone' });
  expect(referTo('<sip:x>')).toMatchObject({ exten: '' });
});

test.each([
  ['nothing', []],
  ['two', ['<sip:a@x>', '<sip:b@x>']],
  ['another scheme', ['<tel:+1>']],
  ['what is no address', ['<sip:a@']],
  ['a Replaces that cannot be read', ['<sip:a@x?Replaces=a>']],
])('of %s there is none', (_, values) => {
  expect(referTo(...values)).toBeUndefined();
});
