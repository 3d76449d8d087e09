// Who may send, and what may be registered, by address.
import { expect, test } from 'vitest';
import { contactAllowed, endpointAllows, sourceAllowed } from '../../../src/technologies/pjsip/acl.ts';
import { resolvePjsip } from '../../../src/technologies/pjsip/objects/index.ts';
import { parseUri } from '../../../src/technologies/pjsip/uri.ts';

const objects = resolvePjsip({
  acl: {
    wide: { deny: '203.0.113.0/24', permit: '203.0.113.7', contact_deny: '198.51.100.0/24' },
    six: { deny: '2001:db8::/32' },
  },
  endpoint: {
    foo: {},
    local: {
      deny: ['0.0.0.0/0', '::/0'],
      permit: '192.0.2.0/24',
      contact_deny: '0.0.0.0/0',
      contact_permit: '192.0.2.0/24',
    },
  },
});
const [foo, local] = [objects.endpoints.get('foo')!, objects.endpoints.get('local')!];

test.each([
  ['192.0.2.1', true],
  ['203.0.113.1', false],
  ['203.0.113.7', true],
  ['::ffff:203.0.113.1', false],
  ['2001:db8::1', false],
  ['2001:db9::1', true],
])('requests from %s pass all rules for all: %s', (address, expected) => {
  expect(sourceAllowed(objects, address)).toBe(expected);
});

test.each([
  ['192.0.2.1', true],
  ['203.0.113.7', false],
  ['2001:db9::1', false],
])('requests from %s pass the rules of an endpoint: %s', (address, expected) => {
  expect(endpointAllows(local, address)).toBe(expected);
  expect(endpointAllows(foo, address)).toBe(true);
});

test.each([
  ['sip:foo@192.0.2.1', true, true],
  ['sip:foo@198.51.100.1:5080', false, false],
  ['sip:foo@203.0.113.1', true, false],
  // Where a name leads is not known here.
  ['sip:foo@example.org', false, false],
  ['sip:foo@[2001:db8::1]', true, true],
])('%s may be a contact of any endpoint: %s, and of one with rules: %s', (uri, any, ruled) => {
  expect(contactAllowed(objects, foo, parseUri(uri)!)).toBe(any);
  expect(contactAllowed(objects, local, parseUri(uri)!)).toBe(ruled);
});

test('a host name may be a contact where nothing is denied', () => {
  expect(contactAllowed({ acls: [] }, foo, parseUri('sip:foo@example.org')!)).toBe(true);
});
