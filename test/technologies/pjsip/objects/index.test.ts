// From the configuration to objects: what is left out, what is written short, and what is refused.
import Schema from 'typebox/schema';
import { describe, expect, test } from 'vitest';
import { Fault } from '../../../../src/errors.ts';
import { PjsipConfig } from '../../../../src/technologies/pjsip/objects/index.ts';
import { resolvePjsip } from '../../../../src/technologies/pjsip/objects/index.ts';

test("defaults are Asterisk's, and the global ones come before them", () => {
  const { endpoints, aors, auths, global } = resolvePjsip({
    global: { language: 'de' },
    endpoint: { foo: {}, bar: { context: 'inside', language: 'fr' } },
    auth: { foo: { username: 'foo', password: 'x' } },
    aor: { foo: {} },
  });
  expect(endpoints.get('foo')).toMatchObject({
    context: 'default',
    language: 'de',
    identify_by: ['username', 'ip'],
    allow_overlap: true,
    webrtc: false,
    media_encryption: 'no',
  });
  expect(endpoints.get('bar')).toMatchObject({ context: 'inside', language: 'fr' });
  expect(aors.get('foo')).toMatchObject({ max_contacts: 0, minimum_expiration: 60, maximum_expiration: 7200 });
  expect(auths.get('foo')).toMatchObject({ nonce_lifetime: 32, supported_algorithms_uas: ['MD5'] });
  expect(global).toMatchObject({
    endpoint_identifier_order: ['ip', 'username', 'anonymous'],
    default_realm: 'asterisk',
  });
});

test('a list may be one text with commas, and yes is true', () => {
  const { endpoints, aors } = resolvePjsip({
    endpoint: { foo: { aors: 'a, b', allow: 'alaw,ulaw', allow_overlap: 'no', callerid: '"Foo Bar" <100>' } },
    aor: { a: { support_path: 'yes', contact: 'sip:x@192.0.2.1,sip:y@192.0.2.1' }, b: {} },
  });
  expect(endpoints.get('foo')).toMatchObject({
    aors: ['a', 'b'],
    allow: ['alaw', 'ulaw'],
    allow_overlap: false,
    callerid: { name: 'Foo Bar', number: '100' },
  });
  expect(aors.get('a')).toMatchObject({ support_path: true, contact: ['sip:x@192.0.2.1', 'sip:y@192.0.2.1'] });
});

test.each([
  [{}, { webrtc: false, media_encryption: 'no' }],
  [{ media_encryption: 'sdes' }, { webrtc: false, media_encryption: 'sdes' }],
  [{ webrtc: 'yes' as const }, { webrtc: true, media_encryption: 'dtls' }],
])('a browser encrypts by DTLS, others as they say: %j', (written, expected) => {
  expect(resolvePjsip({ endpoint: { foo: written } }).endpoints.get('foo')).toMatchObject(expected);
});

test('who an endpoint is told of, and by what, is as in Asterisk unless it says otherwise', () => {
  const { endpoints } = resolvePjsip({
    endpoint: { foo: {}, bar: { callerid: '200', callerid_privacy: 'prohib', connected_line_method: 'update' } },
  });
  expect(endpoints.get('foo')).toMatchObject({
    ...{ trust_id_inbound: false, trust_id_outbound: false, send_pai: false, send_rpid: false, send_diversion: true },
    ...{ send_connected_line: true, trust_connected_line: true, connected_line_method: 'invite' },
    ...{ callerid_privacy: 'allowed_not_screened', allow_transfer: true },
  });
  expect(endpoints.get('bar')).toMatchObject({
    callerid: { name: '', number: '200', isPrivate: true },
    connected_line_method: 'update',
  });
});

const beginning = (text: string): RegExp => new RegExp(`^${text.replace(/[\\^$.*+?()[\]{}|/]/g, '\\$&')}`);

describe('the message begins with the path of what is wrong', () => {
  const auth = { foo: { username: 'foo', password: 'x' } };
  test.each<[PjsipConfig, string]>([
    [
      { endpoint: { a: { auth: 'fooo' } }, auth },
      'pjsip.endpoint.a.auth: no auth is named "fooo"; did you mean "foo"?',
    ],
    [{ endpoint: { a: { outbound_auth: ['x'] } } }, 'pjsip.endpoint.a.outbound_auth: no auth is named "x"'],
    [{ endpoint: { a: { aors: 'a' } } }, 'pjsip.endpoint.a.aors: no aor is named "a"'],
    [{ endpoint: { a: { identify_by: 'usrname' } } }, 'pjsip.endpoint.a.identify_by: "usrname" is not one of'],
    [{ endpoint: { a: { allow: 'ulow' } } }, 'pjsip.endpoint.a.allow: "ulow" is not one of'],
    [{ endpoint: { a: { media_encryption: 'dlts' } } }, 'pjsip.endpoint.a.media_encryption: "dlts" is not one of'],
    [
      { endpoint: { a: { webrtc: 'yes', media_encryption: 'sdes' } } },
      'pjsip.endpoint.a.media_encryption: "sdes" does not go with webrtc',
    ],
    [{ identify: { a: { endpoint: 'x', match: '::1' } } }, 'pjsip.identify.a.endpoint: no endpoint is named "x"'],
    [{ endpoint: { x: {} }, identify: { a: { endpoint: 'x' } } }, 'pjsip.identify.a: needs a match'],
    [
      { identify: { a: { endpoint: 'x', match: '192.0.2.0/33' } } },
      'pjsip.identify.a.match: "192.0.2.0/33" is neither',
    ],
    [{ identify: { a: { endpoint: 'x', match_header: 'X-A' } } }, 'pjsip.identify.a.match_header: is written'],
    [
      { endpoint: { x: {} }, identify: { a: { endpoint: 'x', match_request_uri: '/(/' } } },
      'pjsip.identify.a.match_request_uri:',
    ],
    [{ auth: { a: { username: 'a' } } }, 'pjsip.auth.a: needs a password'],
    [{ auth: { a: { username: 'a', md5_cred: 'xyz' } } }, 'pjsip.auth.a.md5_cred: a hash of MD5 is 32'],
    [
      { auth: { a: { username: 'a', md5_cred: '0'.repeat(32), supported_algorithms_uas: 'SHA-256' } } },
      'pjsip.auth.a.supported_algorithms_uas: there is no password_digest of SHA-256',
    ],
    [{ aor: { a: { contact: 'example.org' } } }, 'pjsip.aor.a.contact: "example.org" is not a SIP URI'],
    [{ aor: { a: { minimum_expiration: 9000 } } }, 'pjsip.aor.a.minimum_expiration: is 9000'],
    [
      { global: { default_outbound_endpoint: 'x' } },
      'pjsip.global.default_outbound_endpoint: no endpoint is named "x"',
    ],
    [{ global: { endpoint_identifier_order: 'transport' } }, 'pjsip.global.endpoint_identifier_order: "transport"'],
  ])('%j', (config, message) => {
    expect(() => resolvePjsip(config)).toThrow(Fault);
    expect(() => resolvePjsip(config)).toThrow(beginning(message));
  });
});

describe('the schema', () => {
  test('takes what stands in the sample configuration', () => {
    const config = {
      endpoint: {
        foo: { context: 'default', auth: 'foo', aors: ['foo'] },
        trunk: { identify_by: ['ip'], aors: ['trunk'] },
      },
      auth: { foo: { username: 'foo', password: 'foo-secret' } },
      aor: { foo: { max_contacts: 5 }, trunk: { contact: ['sip:192.0.2.10'] } },
      identify: { trunk: { endpoint: 'trunk', match: ['192.0.2.10'] } },
    };
    expect(Schema.Check(PjsipConfig, config)).toBe(true);
  });

  test.each([
    { endpoint: { foo: { rtp_symmetric: true } } },
    { transport: {} },
    { aor: { foo: { max_contacts: -1 } } },
    { auth: { foo: { password: 'x' } } },
  ])('refuses an option that does nothing here, and a value that makes no sense: %j', (config) => {
    expect(Schema.Check(PjsipConfig, config)).toBe(false);
  });
});
