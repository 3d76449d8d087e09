// From a URI to places by RFC 3263, with a real name server on loopback.
import { expect, test } from 'vitest';
import { parseSipUri } from '../../../src/sip-server/grammar/uri.ts';
import { Locator, type Located, type LocatorParts } from '../../../src/sip-server/locate/locator.ts';
import type { Target } from '../../../src/sip-server/locate/target.ts';
import { Timers } from '../../../src/sip-server/timers.ts';
import { a, aaaa, dnsServer, naptr, srv, type DnsServer } from './dns-server.ts';

const all = ['udp', 'tcp', 'tls', 'ws', 'wss'];

interface Given {
  readonly dns?: DnsServer;
  readonly protocols?: readonly string[];
  readonly has6?: boolean;
  readonly parts?: Partial<LocatorParts>;
}

async function locator({ dns, protocols = all, has6 = false, parts }: Given = {}): Promise<Locator> {
  const { resolver } = dns ?? (await dnsServer([]));
  return new Locator({
    reach: {
      canReach: (protocol, address) => protocols.includes(protocol) && (has6 || address?.includes(':') !== true),
    },
    resolver,
    lookup: (host) => Promise.reject(new Error(`no address of ${host}`)),
    timers: new Timers(),
    random: () => 0,
    limit: 10,
    time: 5_000,
    onRefused: () => undefined,
    ...parts,
  });
}

const where = ({ protocol, address, port, serverName }: Target): string =>
  `${protocol} ${address} ${port}${serverName === undefined ? '' : ` ${serverName}`}`;

async function locate(uri: string, given: Given = {}): Promise<string | string[]> {
  const located = await new Promise<Located>(
    (resolve) => void locator(given).then((each) => each.locate(parseSipUri(uri)!, resolve)),
  );
  return located === 'unavailable' ? located : located.map(where);
}

test.each([
  ['sip:192.0.2.1', ['udp 192.0.2.1 5060']],
  ['sip:192.0.2.1:5070', ['udp 192.0.2.1 5070']],
  ['sip:192.0.2.1;transport=tcp', ['tcp 192.0.2.1 5060']],
  ['sip:192.0.2.1;transport=tls', ['tls 192.0.2.1 5061']],
  ['sips:192.0.2.1', ['tls 192.0.2.1 5061']],
  ['sips:192.0.2.1;transport=tcp', ['tls 192.0.2.1 5061']],
  ['sips:192.0.2.1;transport=udp', 'unavailable'],
  ['sip:192.0.2.1:80;transport=ws', ['ws 192.0.2.1 80', 'wss 192.0.2.1 80']],
  ['sips:192.0.2.1:443;transport=ws', ['wss 192.0.2.1 443']],
  ['sip:192.0.2.1;transport=sctp', 'unavailable'],
  ['sip:192.0.2.1;transport=constructor', 'unavailable'],
  ['sip:example.com;maddr=192.0.2.7', ['udp 192.0.2.7 5060 example.com']],
  ['sip:[2001:db8::1]', 'unavailable'],
])('%s needs no name server', async (uri, expected) => {
  const dns = await dnsServer([]);
  expect(await locate(uri, { dns })).toEqual(expected);
  expect(dns.asked).toEqual([]);
});

test('an IPv6 address is reached when we listen for IPv6, also as maddr', async () => {
  expect(await locate('sip:[2001:db8::1]', { has6: true })).toEqual(['udp 2001:db8::1 5060']);
  expect(await locate('sip:a.example;maddr=[2001:db8::2]', { has6: true })).toEqual(['udp 2001:db8::2 5060 a.example']);
});

test('without a UDP transport an address is reached by TCP', async () => {
  expect(await locate('sip:192.0.2.1', { protocols: ['tcp'] })).toEqual(['tcp 192.0.2.1 5060']);
});

test('the NAPTR records decide on the protocol, of those that we have, then SRV and A on the place', async () => {
  const dns = await dnsServer([
    naptr('example.com', 30, 'SIP+D2U', '_sip._udp.example.com'),
    naptr('example.com', 20, 'SIP+D2T', '_sip._tcp.example.com'),
    naptr('example.com', 10, 'SIPS+D2T', '_sips._tcp.example.com'),
    naptr('example.com', 5, 'SIP+D2S', '_sip._sctp.example.com'),
    srv('_sip._udp.example.com', 'u.example.com', 5062),
    srv('_sip._tcp.example.com', 't.example.com', 5063),
    srv('_sips._tcp.example.com', 's.example.com', 5064),
    a('u.example.com', '192.0.2.1'),
    a('t.example.com', '192.0.2.2'),
    a('s.example.com', '192.0.2.3'),
  ]);
  const [tls, tcp, udp] = ['tls 192.0.2.3 5064', 'tcp 192.0.2.2 5063', 'udp 192.0.2.1 5062'];
  const named = (places: string[]): string[] => places.map((place) => `${place} example.com`);
  expect(await locate('sip:example.com', { dns })).toEqual(named([tls, tcp, udp]));
  expect(await locate('sip:example.com', { dns, protocols: ['udp', 'tcp'] })).toEqual(named([tcp, udp]));
  expect(await locate('sips:example.com', { dns })).toEqual(named([tls]));
});

test('without NAPTR records the SRV names of our protocols are asked, ours first', async () => {
  const dns = await dnsServer([
    srv('_sip._tcp.example.com', 't.example.com', 5063),
    srv('_sip._udp.example.com', 'u.example.com', 5062),
    a('t.example.com', '192.0.2.2'),
    a('u.example.com', '192.0.2.1'),
  ]);
  expect(await locate('sip:example.com', { dns })).toEqual([
    'udp 192.0.2.1 5062 example.com',
    'tcp 192.0.2.2 5063 example.com',
  ]);
});

test('a transport in the URI is asked for by its SRV name alone', async () => {
  const dns = await dnsServer([srv('_sip._tcp.example.com', 't.example.com', 5063), a('t.example.com', '192.0.2.2')]);
  expect(await locate('sip:example.com;transport=tcp', { dns })).toEqual(['tcp 192.0.2.2 5063 example.com']);
  expect(dns.asked).toEqual(['SRV _sip._tcp.example.com', 'A t.example.com']);
});

test('a port in the URI leaves only the address to be asked for, of both families', async () => {
  const dns = await dnsServer([a('example.com', '192.0.2.1'), aaaa('example.com', '2001:db8::1')]);
  expect(await locate('sip:example.com:5070', { dns, has6: true })).toEqual([
    'udp 192.0.2.1 5070 example.com',
    'udp 2001:db8::1 5070 example.com',
  ]);
  expect(dns.asked.toSorted()).toEqual(['A example.com', 'AAAA example.com']);
});

test('with neither NAPTR nor SRV records the address of the name counts', async () => {
  const dns = await dnsServer([a('example.com', '192.0.2.1')]);
  expect(await locate('sip:example.com', { dns })).toEqual(['udp 192.0.2.1 5060 example.com']);
  expect(await locate('sips:example.com', { dns })).toEqual(['tls 192.0.2.1 5061 example.com']);
});

test('servers come by priority, and each of their addresses', async () => {
  const dns = await dnsServer([
    srv('_sip._udp.example.com', 'later.example.com', 5060, 20),
    srv('_sip._udp.example.com', 'first.example.com', 5060, 10),
    a('later.example.com', '192.0.2.9'),
    a('first.example.com', '192.0.2.1'),
    a('first.example.com', '192.0.2.2'),
  ]);
  const places = await locate('sip:example.com;transport=udp', { dns });
  expect([...places.slice(0, 2)].sort()).toEqual(['udp 192.0.2.1 5060 example.com', 'udp 192.0.2.2 5060 example.com']);
  expect(places.slice(2)).toEqual(['udp 192.0.2.9 5060 example.com']);
});

test('a service that is not offered leads nowhere but to the address', async () => {
  const dns = await dnsServer([srv('_sip._udp.example.com', '.', 0), a('example.com', '192.0.2.1')]);
  expect(await locate('sip:example.com;transport=udp', { dns })).toEqual(['udp 192.0.2.1 5060 example.com']);
});

test('a name of one label is the system’s, and so is one that DNS does not know', async () => {
  const dns = await dnsServer([]);
  const parts = { lookup: () => Promise.resolve([{ address: '127.0.0.1' }]) };
  expect(await locate('sip:localhost', { dns, parts })).toEqual(['udp 127.0.0.1 5060 localhost']);
  expect(dns.asked).toEqual([]);
  expect(await locate('sip:pbx.internal', { dns, parts })).toEqual(['udp 127.0.0.1 5060 pbx.internal']);
});

test('a name that nobody knows leads nowhere', async () => {
  expect(await locate('sip:example.com')).toEqual([]);
});

test('".invalid" is never asked for', async () => {
  const dns = await dnsServer([]);
  expect(await locate('sip:x.invalid', { dns })).toEqual([]);
  expect(dns.asked).toEqual([]);
});

test('a name server that does not answer is asked once, and then the system', async () => {
  const dns = await dnsServer([], true);
  const parts = { lookup: () => Promise.resolve([{ address: '192.0.2.5' }]) };
  expect(await locate('sip:example.com', { dns, parts })).toEqual(['udp 192.0.2.5 5060 example.com']);
  expect(dns.asked).toEqual(['NAPTR example.com']);
});

test('a search ends at its deadline', async () => {
  const lookup = (): Promise<never> => new Promise(() => undefined);
  expect(await locate('sip:localhost', { parts: { lookup, time: 10 } })).toEqual([]);
});

test('what was found by then is used', async () => {
  const records = [
    srv('_sip._udp.example.com', 'fast.example.com', 5060, 1),
    srv('_sip._udp.example.com', 'localhost', 5060, 2),
  ];
  const dns = await dnsServer([...records, a('fast.example.com', '192.0.2.1')]);
  const lookup = (): Promise<never> => new Promise(() => undefined);
  expect(await locate('sip:example.com;transport=udp', { dns, parts: { lookup, time: 200 } })).toEqual([
    'udp 192.0.2.1 5060 example.com',
  ]);
});

test('more searches than allowed are refused, and counted', async () => {
  const refused: string[] = [];
  const lookup = (): Promise<never> => new Promise(() => undefined);
  const one = await locator({ parts: { lookup, limit: 2, time: 50, onRefused: (host) => refused.push(host) } });
  const search = (name: string): Promise<Located> =>
    new Promise((found) => one.locate(parseSipUri(`sip:${name}`)!, found));
  const under = [search('one'), search('two')];
  expect(await search('three')).toEqual([]);
  expect(refused).toEqual(['three']);
  await Promise.all(under);
  void search('four');
  expect(refused).toEqual(['three']);
});

test('an answer with very many records is used in part', async () => {
  const addresses = Array.from({ length: 25 }, (_, index) => a('example.com', `192.0.2.${index + 1}`));
  const places = await locate('sip:example.com:5060', { dns: await dnsServer(addresses) });
  expect(places).toHaveLength(16);
});
