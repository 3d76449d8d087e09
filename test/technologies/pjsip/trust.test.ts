// What a request may say of who sent it, and what is believed.
import { describe, expect, test } from 'vitest';
import { resolvePjsip } from '../../../src/technologies/pjsip/objects/index.ts';
import type { SipHeader } from '../../../src/technologies/pjsip/stack.ts';
import { believed, callerOf } from '../../../src/technologies/pjsip/trust.ts';
import { requestOf } from './request.ts';

const { endpoints } = resolvePjsip({
  endpoint: {
    foo: { auth: 'foo', aors: 'desk, lobby@example.org', from_user: 'reception', callerid: '"Foo Ltd" <+123456>' },
    plain: {},
    'far@example.org': {},
    partner: { from_user: 'main', from_domain: 'example.com' },
    trunk: { trust_id_inbound: true },
  },
  auth: { foo: { username: 'foo-login', password: 'x' } },
  aor: { desk: {}, 'lobby@example.org': {} },
});

const shown = (endpoint: string, headers: readonly SipHeader[]) =>
  believed(requestOf({ method: 'MESSAGE', headers }), endpoints.get(endpoint)!);
const fromOf = (endpoint: string, from: string): string | undefined =>
  shown(endpoint, [['From', from]]).headers.get('From');

describe('a From that is the own of its endpoint is shown as it came:', () => {
  test.each([
    ['foo', 'its name', '"Any Name" <sip:foo@anywhere.example;x=y>;tag=1'],
    ['foo', 'the name of its credentials', 'sip:foo-login@x;tag=1'],
    ['foo', 'an address of record', '<sip:desk@x>;tag=1'],
    ['foo', 'an address of record with its domain', '<sip:lobby@example.org>;tag=1'],
    ['foo', 'from_user', '<sip:reception@x>;tag=1'],
    ['foo', 'the number of its callerid', '<sip:+123456@x>;tag=1'],
    ['far@example.org', 'its name with its domain', '<sip:far@example.org>;tag=1'],
    ['trunk', 'any, when it is trusted', '"Boss" <sip:boss@bank.example>;tag=1'],
    ['foo', 'of who wants to be nobody', 'Anonymous <sip:anonymous@anonymous.invalid>;tag=1'],
    // Whoever reads it refuses it.
    ['foo', 'what is no address', 'nonsense "'],
  ])('%s, %s', (endpoint, _, from) => {
    expect(fromOf(endpoint, from)).toBe(from);
  });
});

describe("a From that is somebody else's gives way to the endpoint's own:", () => {
  test.each([
    ['plain', '"Boss" <sip:boss@bank.example>;tag=1', '<sip:plain@127.0.0.1>;tag=1'],
    ['plain', 'sip:Plain@127.0.0.1;tag=1', '<sip:plain@127.0.0.1>;tag=1'],
    ['plain', 'sip:127.0.0.1;tag=1;x=y', '<sip:plain@127.0.0.1>;tag=1;x=y'],
    ['plain', '<tel:+123456>;tag=1', '<sip:plain@127.0.0.1>;tag=1'],
    ['foo', '<sip:lobby@elsewhere.example>;tag=1', '"Foo Ltd" <sip:reception@127.0.0.1>;tag=1'],
    ['far@example.org', '<sip:far@elsewhere.example>;tag=1', '<sip:far@example.org>;tag=1'],
    ['partner', '<sip:boss@example.com>;tag=1', '<sip:main@example.com>;tag=1'],
  ])('of %s, %s becomes %s', (endpoint, from, expected) => {
    expect(fromOf(endpoint, from)).toBe(expected);
  });

  test('but not when it wants to be nobody, who then has no other name', () => {
    expect(fromOf('plain', '"Boss" <sip:boss@anonymous.invalid>;tag=1')).toBe(
      '"Anonymous" <sip:anonymous@anonymous.invalid>;tag=1',
    );
  });
});

describe('an asserted identity', () => {
  const asserted: readonly SipHeader[] = [
    ['From', '"Display" <sip:trunk@x>;tag=1'],
    ['P-Asserted-Identity', '"Real" <sip:100@x>, <tel:+1100>'],
    ['Subject', 's'],
    ['Remote-Party-ID', '<sip:200@x>'],
  ];

  test('of somebody else is taken away, unless its endpoint is trusted', () => {
    const names = (endpoint: string): string[] =>
      [...shown(endpoint, asserted).headers]
        .map(([name]) => name)
        .filter((name) => /identity|party|subject/i.test(name));
    expect(names('plain')).toEqual(['Subject']);
    expect(names('trunk')).toEqual(['P-Asserted-Identity', 'Subject', 'Remote-Party-ID']);
  });

  test.each<[string, string, readonly SipHeader[]]>([
    ['Real 100', 'the first that is asserted', asserted],
    ['Real +1100', 'a telephone number', [['P-Asserted-Identity', '"Real" <tel:+1100;x=y>']]],
    ['Display 100', 'From, when none is asserted', [['From', '"Display" <sip:100@x>']]],
    [
      'Display 100',
      'From, when what is asserted is no address',
      [
        ['P-Asserted-Identity', '<>'],
        ['From', '"Display" <sip:100@x>'],
      ],
    ],
    [' ', 'a From without a user', [['From', 'sip:x']]],
  ])('makes the caller %s: %s', (expected, _, headers) => {
    const caller = callerOf(shown('trunk', headers), endpoints.get('trunk')!);
    expect(`${caller?.name} ${caller?.number}`).toBe(expected);
  });

  test('of the endpoint itself may stay, and is not asked for the caller', () => {
    const own = [
      ['From', '"Display" <sip:foo@x>;tag=1'],
      ['P-Asserted-Identity', '"Other" <sip:desk@x>'],
      ['P-Asserted-Identity', '<sip:foo@x>, <sip:boss@x>'],
    ] as const;
    const request = shown('foo', own);
    expect(request.headers.all('P-Asserted-Identity')).toEqual(['"Other" <sip:desk@x>']);
    expect(callerOf(request, endpoints.get('foo')!)).toEqual({ name: 'Display', number: 'foo' });
  });

  test('is nobody when there is no address', () => {
    expect(callerOf(shown('trunk', [['From', '<']]), endpoints.get('trunk')!)).toBeUndefined();
  });
});
