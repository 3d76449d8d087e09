// Where a text message goes: a row for each shape of destination.
import { describe, expect, test } from 'vitest';
import { destinationOf, targetsOf, type Directory } from '../../../src/technologies/pjsip/destination.ts';
import type { Contact } from '../../../src/technologies/pjsip/contact.ts';
import { resolvePjsip } from '../../../src/technologies/pjsip/objects/index.ts';

const { endpoints } = resolvePjsip({
  endpoint: {
    foo: { aors: 'empty,home,away' },
    lonely: { aors: 'empty' },
    nowhere: {},
    'a@b': { aors: 'away' },
    out: {},
  },
  aor: { home: {}, away: {}, empty: {} },
});
const home: Contact = { uri: 'sip:phone@192.0.2.1:5062;transport=tcp', path: '<sip:proxy;lr>' };
const away: Contact = { uri: 'sip:mobile@192.0.2.2', path: '' };
const contacts: Readonly<Record<string, readonly Contact[]>> = { home: [home, away], away: [away] };

const directory = (defaultEndpoint: string): Directory => ({
  endpoints,
  defaultEndpoint,
  isAor: (name) => ['home', 'away', 'empty'].includes(name),
  contacts: (aor) => contacts[aor] ?? [],
});
const at = (uri: string): Contact => ({ uri, path: '' });

describe('a destination', () => {
  test.each<[shape: string, text: string, endpoint: string, contact: Contact]>([
    ['an endpoint: the first contact of its AORs', 'foo', 'foo', home],
    ['an endpoint whose name looks like another shape', 'a@b', 'a@b', away],
    ['a token that is no endpoint: a host', 'example.com', 'out', at('sip:example.com')],
    ['an endpoint and an AOR', 'lonely/away', 'lonely', away],
    ['an endpoint and a URI', 'nowhere/sip:u@h:5070;x=y', 'nowhere', at('sip:u@h:5070;x=y')],
    ['an endpoint and a secure URI', 'nowhere/sips:u@h', 'nowhere', at('sips:u@h')],
    ['an endpoint and what is no AOR', 'nowhere/u@h', 'nowhere', at('sip:u@h')],
    ['another user of an endpoint', 'PJSIP/1001@foo', 'foo', { ...home, uri: 'sip:1001@192.0.2.1:5062;transport=tcp' }],
    ['an endpoint at anything', 'foo@anywhere', 'foo', home],
    ['a user at a host', 'u@h', 'out', at('sip:u@h')],
    ['a URI', 'sip:u@h', 'out', at('sip:u@h')],
    ['a secure URI', 'sips:u@h', 'out', at('sips:u@h')],
    ['a URI in brackets, with a name', '"Name, / @ <x>" <sip:u@h>;p=1', 'out', at('sip:u@h')],
  ])('may be %s: %s', (_, text, endpoint, contact) => {
    const found = destinationOf(text, directory('out'));
    expect([found.endpoint.id, found.contact]).toEqual([endpoint, contact]);
  });

  test.each([
    ['an endpoint without contacts', 'lonely'],
    ['an endpoint without AORs', 'nowhere'],
    ['an AOR without contacts', 'foo/empty'],
    ['an unknown endpoint and an AOR', 'nobody/home'],
    ['an unknown endpoint and a URI', 'nobody/sip:u@h'],
    ['an endpoint and a token that is no AOR', 'foo/nothing'],
    ['another user of an unknown endpoint', 'PJSIP/1001@nobody'],
    ['an endpoint after the technology', 'PJSIP/foo'],
    ['an endpoint without contacts, at anything', 'lonely@h'],
    ['a malformed URI', 'sip:@'],
    ['a URI of other letters', 'sip:jürgen@h'],
    ['a URI with a bar', 'foo/sip:a|b@h'],
    ['a URI of another scheme', 'tel:+15551234567'],
    ['a bracket too few', '<sip:u@h'],
    ['what is no host', 'no host'],
    ['nothing', ''],
    ['a slash', '/'],
  ])('is not %s: %s', (_, text) => {
    expect(() => destinationOf(text, directory('out'))).toThrow(
      expect.objectContaining({ kind: 'not-found', code: 'destination-not-found' }),
    );
  });

  test.each<[shape: string, text: string, endpoint: string, contacts: readonly Contact[]]>([
    ['every contact of all its AORs, once', 'foo', 'foo', [home, away]],
    ['every contact of one AOR', 'lonely/home', 'lonely', [home, away]],
    [
      'another user at each of them',
      'PJSIP/1@foo',
      'foo',
      [{ ...home, uri: 'sip:1@192.0.2.1:5062;transport=tcp' }, at('sip:1@192.0.2.2')],
    ],
    ['none, of an endpoint without contacts', 'lonely', 'lonely', []],
    ['none, of an endpoint without AORs', 'nowhere@h', 'nowhere', []],
    ['none, of an AOR without contacts', 'foo/empty', 'foo', []],
    ['one URI', 'sip:u@h', 'out', [at('sip:u@h')]],
  ])('has as targets %s: %s', (_, text, endpoint, contacts) => {
    const found = targetsOf(text, directory('out'));
    expect([found.endpoint.id, found.contacts]).toEqual([endpoint, contacts]);
  });

  test.each(['example.com', 'u@h', 'sip:u@h', '<sip:u@h>'])(
    'that names no endpoint needs a default one: %s',
    (text) => {
      expect(() => destinationOf(text, directory('default_outbound_endpoint'))).toThrow(/leads to no endpoint/);
    },
  );
});
