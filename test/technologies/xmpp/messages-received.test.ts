// Messages that come from XMPP: kept before they are confirmed, one for each origin-id, and nobody passes for another.
import { describe, expect, test } from 'vitest';
import { element, stanza, childOf, type XmlElement } from '../../../src/technologies/xmpp/xml.ts';
import { memoryStore } from '../../support/memory-store.ts';
import {
  CLIENT_CONFIG,
  COMPONENT_CONFIG,
  presence,
  settled,
  text,
  xmppRoom,
  type XmppRoom,
} from '../../support/fake-xmpp.ts';

const ALICE = 'alice@example.org/phone';
const origin = (id: string): XmlElement => element('urn:xmpp:sid:0', 'origin-id', { id });
const request = element('urn:xmpp:receipts', 'request');
const bodies = async ({ core }: XmppRoom): Promise<string[]> =>
  (await core.messages.list({ direction: 'inbound', limit: 100 })).map(({ text: { body } }) => body);
const errorOf = (each: XmlElement | undefined): string | undefined => {
  const error = each && childOf(each, 'error');
  return (error?.children[0] as XmlElement | undefined)?.name;
};

describe('a text that comes', () => {
  test('is kept before its receipt leaves, and has what its elements say as variables', async () => {
    const room = await xmppRoom();
    const more = [stanza('subject', {}, ['s']), stanza('thread', {}, ['t']), request];
    await room.stream().receive(text(ALICE, 'hi', { id: '1', 'xml:lang': 'de' }, more));
    const [message] = await room.core.messages.list({ direction: 'inbound', limit: 1 });
    expect(message).toMatchObject({ endpoint: 'XMPP/alice', state: 'queued' });
    expect(message!.text).toMatchObject({
      ...{ from: `xmpp:${ALICE}`, to: 'xmpp:101@gw.example.org', body: 'hi' },
      variables: {
        ...{ 'Content-Type': 'text/plain', Subject: 's', 'Content-Language': 'de', XMPP_TYPE: 'chat' },
        ...{ XMPP_THREAD: 't', XMPP_ID: '1', XMPP_RESOURCE: 'phone' },
      },
    });
    const [receipt] = room.stream().take('message');
    expect(receipt!.attrs).toMatchObject({ to: ALICE, from: '101@gw.example.org' });
    expect(childOf(receipt!, 'received', 'urn:xmpp:receipts')?.attrs).toEqual({ id: '1' });
  });

  test('gets no receipt, but an error, when it could not be kept', async () => {
    const store = memoryStore();
    const room = await xmppRoom({ store, settings: { maxSize: 10, refuseTypes: [] } });
    await room.stream().receive(text(ALICE, 'much too long for that', { id: '1' }, [request]));
    expect(room.stream().take('message').map(errorOf)).toEqual(['policy-violation']);
    expect(await bodies(room)).toEqual([]);
  });

  test('is one message for each origin-id of its sender, after a restart, too', async () => {
    const first = await xmppRoom();
    await first.stream().receive(text(ALICE, 'one', { id: '1' }, [origin('o')]));
    await first.stream().receive(text('alice@example.org/desk', 'one', { id: '2' }, [origin('o'), request]));
    await first.stream().receive(text('bob@example.org/x', 'of bob', {}, [origin('o')]));
    expect(first.stream().take('message')).toHaveLength(1);
    const second = await first.restarted();
    await second.stream().receive(text(ALICE, 'one', {}, [origin('o')]));
    expect(await bodies(second)).toEqual(['one', 'of bob']);
  });

  test('without one it is always another, whatever its id', async () => {
    const room = await xmppRoom();
    for (let n = 0; n < 2; n++) await room.stream().receive(text(ALICE, 'ok', { id: '1' }));
    expect(await bodies(room)).toEqual(['ok', 'ok']);
  });

  test('of no text says nothing: what is typed, what was read, what others were told', async () => {
    const room = await xmppRoom();
    const states = element('http://jabber.org/protocol/chatstates', 'composing');
    await room.stream().receive(stanza('message', { from: ALICE, to: 'gw.example.org' }, [states]));
    await room.stream().receive(text(ALICE, 'room', { type: 'groupchat' }));
    expect(await bodies(room)).toEqual([]);
    expect(room.technology.metrics.refusals.groupchat).toBe(1);
  });
});

describe('who is not who he says', () => {
  test('a stranger is refused, and counted', async () => {
    const room = await xmppRoom();
    await room.stream().receive(text('mallory@evil.example/x', 'hi', { id: '1' }));
    expect(room.stream().take('message').map(errorOf)).toEqual(['forbidden']);
    expect(await bodies(room)).toEqual([]);
    expect(room.technology.metrics.refusals.stranger).toBe(1);
  });

  test('or is heard as the account, where it accepts anyone', async () => {
    const gateway = { ...COMPONENT_CONFIG.account!['gateway']!, accept: 'anyone' as const };
    const room = await xmppRoom({ config: { account: { gateway } } });
    await room.stream().receive(text('someone@far.example/x', 'hi'));
    const [message] = await room.core.messages.list({ direction: 'inbound', limit: 1 });
    expect(message).toMatchObject({ endpoint: 'XMPP/gateway', text: { from: 'xmpp:someone@far.example/x' } });
  });

  test.each([
    ['an address of ours as the sender', { from: 'x@gw.example.org/y' }, 'spoofed'],
    ['no address as the sender', { from: '@@' }, 'malformed'],
    ['an address of somebody else as the recipient', { to: 'x@example.org' }, 'not-ours'],
    ['no address as the recipient', { to: 'a b@' }, 'malformed'],
  ] as const)('%s', async (_, attrs, reason) => {
    const room = await xmppRoom();
    await room.stream().receive(text(ALICE, 'hi', attrs));
    expect(await bodies(room)).toEqual([]);
    expect(room.technology.metrics.refusals[reason]).toBe(1);
    expect(room.errors).toEqual([]);
  });

  test('a copy that pretends to be forwarded from us says nothing', async () => {
    const room = await xmppRoom({ config: CLIENT_CONFIG });
    const inner = text('boss@example.org', 'pay', { to: 'bot@example.org' });
    const carbon = element('urn:xmpp:carbons:2', 'received', {}, [
      element('urn:xmpp:forward:0', 'forwarded', {}, [inner]),
    ]);
    await room.stream().receive(stanza('message', { from: ALICE, to: 'bot@example.org/arion' }, [carbon]));
    await room.stream().receive(stanza('message', { from: 'bot@example.org', to: 'bot@example.org/arion' }, [carbon]));
    expect(await bodies(room)).toEqual([]);
  });

  test('a roster is pushed by nobody but our own account', async () => {
    const room = await xmppRoom({ config: CLIENT_CONFIG });
    const item = element('jabber:iq:roster', 'item', { jid: 'alice@example.org', subscription: 'both' });
    const push = (from?: string) =>
      stanza('iq', { type: 'set', id: 'p', from, to: 'bot@example.org/arion' }, [
        element('jabber:iq:roster', 'query', {}, [item]),
      ]);
    await room.stream().receive(push('mallory@evil.example'));
    expect(room.technology.metrics.refusals.spoofed).toBe(1);
    expect(room.stream().take('iq', 'error')).toHaveLength(1);
    await room.stream().receive(push());
    expect(room.stream().take('iq', 'result')).toHaveLength(1);
  });

  test('presence of others and of other servers changes nothing; who wants to see us is told no', async () => {
    const room = await xmppRoom();
    await room.stream().receive(presence('mallory@evil.example/x'));
    await room.stream().receive(presence('mallory@evil.example', 'subscribe'));
    await room.stream().receive(presence('@', undefined));
    expect(room.technology.metrics).toMatchObject({ resources: 0, refusals: { stranger: 2, malformed: 1 } });
    expect(
      room
        .stream()
        .take('presence', 'unsubscribed')
        .map(({ attrs }) => attrs['to']),
    ).toEqual(['mallory@evil.example']);
  });

  test('more resources than a peer can have are not remembered', async () => {
    const room = await xmppRoom();
    for (let n = 0; n < 60; n++) await room.stream().receive(presence(`alice@example.org/${n}`));
    expect(room.technology.metrics).toMatchObject({ resources: 50, refusals: { limit: 10 } });
    await settled();
    expect(room.errors).toEqual([]);
  });

  test('what was too large or too deep is answered with an error, unless it is one', async () => {
    const room = await xmppRoom();
    const { handler } = room.stream();
    handler!.refused(stanza('message', { from: ALICE, to: 'gw.example.org', id: '1' }), 'too-large');
    handler!.refused(stanza('message', { from: ALICE, to: 'gw.example.org', type: 'error' }), 'too-deep');
    expect(room.stream().take('message').map(errorOf)).toEqual(['policy-violation']);
  });

  test('what it asks is answered where it may know that we are there', async () => {
    const room = await xmppRoom({ config: CLIENT_CONFIG });
    const ping = (from: string) =>
      stanza('iq', { type: 'get', id: 'q', from, to: 'bot@example.org/arion' }, [element('urn:xmpp:ping', 'ping')]);
    await room.stream().receive(ping(ALICE));
    await room.stream().receive(ping('mallory@evil.example/x'));
    expect(
      room
        .stream()
        .take('iq')
        .filter(({ attrs }) => attrs['id'] === 'q')
        .map(({ attrs }) => attrs['type']),
    ).toEqual(['result', 'error']);
  });
});
