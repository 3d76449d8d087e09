// Who sent a request: each way to recognise an endpoint, and their order.
import { describe, expect, test } from 'vitest';
import { Identifiers, identifiers } from '../../../src/technologies/pjsip/identify.ts';
import { parseNetwork } from '../../../src/technologies/pjsip/networks.ts';
import type { PjsipConfig, PjsipObjects } from '../../../src/technologies/pjsip/objects/index.ts';
import { resolvePjsip } from '../../../src/technologies/pjsip/objects/index.ts';
import type { SipHeader, SipRequest } from '../../../src/technologies/pjsip/stack.ts';
import { fakeStack } from '../../support/fake-stack.ts';
import { requestOf } from './request.ts';

interface Sent {
  readonly from?: string;
  readonly address?: string;
  readonly uri?: string;
  readonly headers?: readonly SipHeader[];
}

async function identify(config: PjsipConfig, { from, address, uri, headers = [] }: Sent): Promise<string | undefined> {
  const stack = fakeStack();
  const seen = new Promise<SipRequest>((resolve) => void stack.start(resolve));
  stack.receive({
    method: 'MESSAGE',
    ...(uri !== undefined && { uri }),
    headers: [...headers, ...(from === undefined ? [] : [['From', from] as const])],
    source: { address: address ?? '127.0.0.1' },
  });
  return all(resolvePjsip(config)).identify(await seen)?.id;
}

/** Asterisk's ways; `trunk.example.org` is at 198.51.100.1. */
function all(objects: PjsipObjects): Identifiers {
  const order = new Identifiers(objects);
  const hosts = { has: (host: string, address: string) => host === 'trunk.example.org' && address === '198.51.100.1' };
  for (const [name, identifier] of Object.entries(identifiers(objects, hosts))) order.register(name, identifier);
  return order;
}

const digest = (username: string, realm = 'asterisk'): readonly SipHeader[] => [
  ['Authorization', `Digest username="${username}", realm="${realm}", nonce="x", uri="sip:x", response="y"`],
];

const config: PjsipConfig = {
  endpoint: {
    foo: {},
    'foo@example.org': {},
    byauth: { identify_by: 'auth_username' },
    'byauth@other': { identify_by: 'auth_username' },
    trunk: { identify_by: 'ip' },
    gateway: { identify_by: 'header' },
    service: { identify_by: 'request_uri' },
  },
  identify: {
    trunk: { endpoint: 'trunk', match: '192.0.2.0/24, 2001:db8::/32' },
    gateway: { endpoint: 'gateway', match_header: 'X-Gateway: /^gw\\d+$/' },
    exact: { endpoint: 'gateway', match_header: 'X-Exact: a.b' },
    service: { endpoint: 'service', match_request_uri: 'sip:service@127.0.0.1' },
    host: { endpoint: 'trunk', match: 'trunk.example.org' },
  },
  domain_alias: { 'example.net': { domain: 'example.org' } },
};

describe('the sender is', () => {
  test.each<[string | undefined, string, Sent]>([
    ['foo', 'the user of From', { from: '<sip:foo@127.0.0.1>;tag=1' }],
    ['foo@example.org', 'the user and the host of From, before the user alone', { from: 'sip:foo@example.org' }],
    ['foo@example.org', 'the user at what the domain is another name of', { from: 'sip:foo@example.net' }],
    ['foo', 'the user alone, when the name is of no such domain', { from: 'sip:foo@example.com' }],
    [undefined, 'nobody, when that name is not known', { from: 'sip:bar@127.0.0.1' }],
    [undefined, 'nobody, when From cannot be read', { from: 'foo' }],
    [
      undefined,
      'nobody, when the endpoint does not let itself be recognised by From',
      { from: 'sip:byauth@127.0.0.1' },
    ],
    [undefined, 'nobody, when it is to be recognised by its address and comes from another', { from: 'sip:trunk@x' }],
    ['byauth', 'the user of Authorization', { from: 'sip:x@127.0.0.1', headers: digest('byauth') }],
    ['byauth@other', 'that user in that realm first', { from: 'sip:x@127.0.0.1', headers: digest('byauth', 'other') }],
    [undefined, 'not the user of Authorization, where From is asked for', { headers: digest('foo') }],
    ['trunk', 'at an address of a network', { from: 'sip:x@x', address: '192.0.2.77' }],
    ['trunk', 'at an IPv4 address in IPv6', { from: 'sip:x@x', address: '::ffff:192.0.2.77' }],
    ['trunk', 'at an IPv6 address of a network', { from: 'sip:x@x', address: '2001:db8:1::5' }],
    ['trunk', 'at an address of a host name', { from: 'sip:x@x', address: '198.51.100.1' }],
    [undefined, 'nobody at another address than that of the host name', { from: 'sip:x@x', address: '198.51.100.2' }],
    ['trunk', 'at an address, before From is looked at', { from: 'sip:foo@127.0.0.1', address: '192.0.2.77' }],
    ['gateway', 'known by a header that fits an expression', { from: 'sip:x@x', headers: [['x-gateway', 'gw12']] }],
    [undefined, 'not known by a header that does not fit', { from: 'sip:x@x', headers: [['X-Gateway', 'gw']] }],
    ['gateway', 'known by a header that is the same', { from: 'sip:x@x', headers: [['X-Exact', 'a.b']] }],
    [undefined, 'not known by a header that only resembles', { from: 'sip:x@x', headers: [['X-Exact', 'aXb']] }],
    ['service', 'known by what it asks for', { from: 'sip:x@x', uri: 'sip:service@127.0.0.1' }],
  ])('%s: %s', async (expected, _, sent) => {
    expect(await identify(config, sent)).toBe(expected);
  });

  test('anonymous, at its domain first, when there is such an endpoint', async () => {
    const anonymous = { endpoint: { anonymous: {}, 'anonymous@example.org': {}, foo: {} } };
    expect(await identify(anonymous, { from: 'sip:x@example.org' })).toBe('anonymous@example.org');
    expect(await identify(anonymous, { from: 'sip:x@example.com' })).toBe('anonymous');
    expect(await identify(anonymous, { from: 'sip:foo@example.com' })).toBe('foo');
    const aliased = { ...anonymous, domain_alias: { 'example.net': { domain: 'example.org' } } };
    expect(await identify(aliased, { from: 'sip:x@example.net' })).toBe('anonymous@example.org');
  });

  test('whoever a way says that another registered, after those that the order names, until it is taken away', async () => {
    const objects = resolvePjsip(config);
    const order = all(objects);
    const request = (from: string) => requestOf({ method: 'MESSAGE', headers: [['From', from]] });
    const remove = order.register('always', () => 'trunk');
    expect(order.identify(request('sip:foo@x'))?.id).toBe('foo');
    expect(order.identify(request('sip:x@x'))?.id).toBe('trunk');
    remove();
    expect(order.identify(request('sip:x@x'))).toBeUndefined();
  });

  test('whoever the order of the identifiers says first', async () => {
    const sent = { from: 'sip:foo@127.0.0.1', address: '192.0.2.77' };
    const first = { ...config, global: { endpoint_identifier_order: 'username,ip' } };
    expect(await identify(first, sent)).toBe('foo');
    // Those that are not named come after those that are.
    expect(await identify({ ...config, global: { endpoint_identifier_order: 'anonymous' } }, sent)).toBe('trunk');
  });
});

describe('a network', () => {
  test.each([
    ['192.0.2.1', '192.0.2.1', true],
    ['192.0.2.1', '192.0.2.2', false],
    ['192.0.2.0/255.255.255.0', '192.0.2.200', true],
    ['192.0.2.0/255.255.255.128', '192.0.2.200', false],
    ['2001:db8::/ffff:ffff::', '2001:db8:ffff::1', true],
    ['2001:db8::/32', '2001:db9::1', false],
    ['0.0.0.0/0', '203.0.113.9', true],
    ['0.0.0.0/0', '::1', false],
    ['192.0.2.1', 'not an address', false],
  ])('%s and %s: %s', (network, address, expected) => {
    expect(parseNetwork(network)?.contains(address)).toBe(expected);
  });

  test.each(['', 'example.org', '192.0.2.1/33', '192.0.2.0/255.0.255.0', '::/129', '::1/255.0.0.0', '192.0.2.0/24/1'])(
    'is not %j',
    (text) => {
      expect(parseNetwork(text)).toBeUndefined();
    },
  );
});
