// Where the peers are: by a roster, by presence, by what nobody says.
import { expect, test } from 'vitest';
import { childOf, element, stanza } from '../../../src/technologies/xmpp/xml.ts';
import { inAWord, listen } from '../../support/core.ts';
import { CLIENT_CONFIG, presence, settled, xmppRoom, type XmppRoom } from '../../support/fake-xmpp.ts';

const stateOf = ({ core }: XmppRoom, resource = 'alice') =>
  core.endpoints.get({ tech: 'XMPP', resource }).snapshot.state;
const told = ({ attrs }: { attrs: Readonly<Record<string, string>> }): string =>
  `${attrs['type'] ?? 'available'} ${attrs['to']}`;
const priority = (value: number) => [stanza('priority', {}, [String(value)])];

test('a component asks its peers, tells them that it is there, and asks where they are when they agree', async () => {
  const room = await xmppRoom();
  expect(room.stream().take('presence').map(told)).toEqual([
    'subscribe alice@example.org',
    'available alice@example.org',
    'available bob@example.org',
  ]);
  expect([stateOf(room), stateOf(room, 'bob')]).toEqual(['offline', 'online']);
  await room.stream().receive(presence('alice@example.org', 'unavailable'));
  await room.stream().receive(presence('alice@example.org', 'subscribed'));
  expect(room.stream().take('presence').map(told)).toEqual(['probe alice@example.org']);
  expect(stateOf(room)).toBe('offline');
});

test('a peer of whom nothing is said may be there after a while; whoever says no, at once', async () => {
  const room = await xmppRoom();
  room.clock.advance(9_999);
  expect(stateOf(room)).toBe('offline');
  room.clock.advance(1);
  expect(stateOf(room)).toBe('online');
  const other = await xmppRoom();
  await other.stream().receive(presence('alice@example.org', 'unsubscribed'));
  expect(stateOf(other)).toBe('online');
});

test('a peer is there with its first resource and away with its last, and each resource is told', async () => {
  const room = await xmppRoom();
  const facts = listen(room.core.endpoints.get({ tech: 'XMPP', resource: 'alice' }).topicOfItself);
  for (const [from, type] of [
    ['alice@example.org/a', undefined],
    ['alice@example.org/b', undefined],
    ['alice@example.org/a', undefined],
    ['alice@example.org/a', 'unavailable'],
    ['alice@example.org/b', 'unavailable'],
  ] as const)
    await room.stream().receive(presence(from, type));
  const heard = (await facts.heard()).map((fact) =>
    fact.type === 'ContactStatusChanged' ? `${fact.contact.uri} ${fact.contact.status}` : inAWord(fact),
  );
  expect(heard).toEqual([
    ...['EndpointChanged', 'PeerStatusChanged', 'xmpp:alice@example.org/a Reachable'],
    ...['xmpp:alice@example.org/b Reachable', 'xmpp:alice@example.org/a Removed'],
    ...['EndpointChanged', 'PeerStatusChanged', 'xmpp:alice@example.org/b Removed'],
  ]);
});

test('a resource that takes no messages does not make its peer reachable', async () => {
  const room = await xmppRoom();
  await room.stream().receive(stanza('presence', { from: 'alice@example.org/a', to: 'gw.example.org' }, priority(-1)));
  expect([stateOf(room), room.technology.metrics.resources]).toEqual(['offline', 1]);
  await room.stream().receive(stanza('presence', { from: 'alice@example.org/a', to: 'gw.example.org' }, priority(5)));
  expect(stateOf(room)).toBe('online');
});

test('a client reads its roster before it says that it is there, and follows it', async () => {
  const room = await xmppRoom({ config: CLIENT_CONFIG });
  expect(room.stream().take('presence').map(told)).toEqual(['subscribe alice@example.org', 'available undefined']);
  expect(stateOf(room)).toBe('online');
  const push = (subscription: string) =>
    stanza('iq', { type: 'set', id: 'p', to: 'bot@example.org/arion' }, [
      element('jabber:iq:roster', 'query', {}, [
        element('jabber:iq:roster', 'item', { jid: 'alice@example.org', subscription }),
      ]),
    ]);
  await room.stream().receive(push('to'));
  expect(stateOf(room)).toBe('offline');
  await room.stream().receive(presence('alice@example.org/x', undefined, 'bot@example.org/arion'));
  expect(stateOf(room)).toBe('online');
  await room.stream().receive(push('none'));
  expect([stateOf(room), room.technology.metrics.resources]).toEqual(['online', 0]);
});

test('a peer that wants to see us may, at the address that it asked', async () => {
  const room = await xmppRoom();
  room.stream().take('presence');
  await room.stream().receive(presence('alice@example.org', 'subscribe', '101@gw.example.org'));
  const answers = room.stream().take('presence');
  expect(answers.map(told)).toEqual(['subscribed alice@example.org', 'available alice@example.org']);
  expect(answers.map(({ attrs }) => attrs['from'])).toEqual(['101@gw.example.org', '101@gw.example.org']);
});

test('each new resource is asked what it knows, once', async () => {
  const room = await xmppRoom();
  for (let n = 0; n < 2; n++) await room.stream().receive(presence('alice@example.org/a'));
  await settled();
  const asked = room
    .stream()
    .take('iq')
    .filter((each) => childOf(each, 'query', 'http://jabber.org/protocol/disco#info'));
  expect(asked.map(({ attrs }) => attrs['to'])).toEqual(['alice@example.org/a']);
});
