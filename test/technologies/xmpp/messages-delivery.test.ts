// Messages that go out by XMPP: sent when the server has them, delivered by a receipt, failed or tried again by an error.
import { describe, expect, test } from 'vitest';
import { childOf, element, stanza, textOf } from '../../../src/technologies/xmpp/xml.ts';
import { COMPONENT_CONFIG, presence, settled, text, xmppRoom, type XmppRoom } from '../../support/fake-xmpp.ts';

const ALICE = 'alice@example.org/phone';

/** Alice lets us know where she is, and is there. */
async function withAlice(giving = true): Promise<XmppRoom> {
  const room = await xmppRoom();
  await room.stream().receive(presence('alice@example.org', 'subscribed'));
  await arrives(room, giving);
  room.stream().take('presence');
  return room;
}

async function arrives(room: XmppRoom, giving = true): Promise<void> {
  room.stream().answers = false;
  await room.stream().receive(presence(ALICE));
  room.stream().answers = true;
  const [question] = room
    .stream()
    .take('iq')
    .filter(({ attrs }) => attrs['to'] === ALICE);
  const DISCO = 'http://jabber.org/protocol/disco#info';
  const features = giving ? [element(DISCO, 'feature', { var: 'urn:xmpp:receipts' })] : [];
  const answer = { type: 'result', id: question?.attrs['id'], from: ALICE };
  await room.stream().receive(stanza('iq', answer, [element(DISCO, 'query', {}, features)]));
  await settled();
}

const send = async ({ core }: XmppRoom, body: string, to = 'xmpp:alice', more = {}) => {
  const { id } = await core.messages.send({ text: { from: '', to, body, variables: {}, ...more } });
  await settled();
  return id;
};
const stateOf = async ({ core }: XmppRoom, id: string) => core.messages.get(id);
const receipt = (id: string, from = ALICE) =>
  stanza('message', { from, to: 'gw.example.org' }, [element('urn:xmpp:receipts', 'received', { id })]);
const bounce = (id: string, type: string, condition: string, from = 'alice@example.org') =>
  stanza('message', { from, to: 'gw.example.org', type: 'error', id }, [
    stanza('error', { type }, [element('urn:ietf:params:xml:ns:xmpp-stanzas', condition)]),
  ]);

describe('a message', () => {
  test('is sent when the server has it, and delivered by the receipt of its recipient alone', async () => {
    const room = await withAlice();
    const id = await send(room, 'hi');
    expect(await stateOf(room, id)).toMatchObject({ state: 'sent', contact: 'xmpp:alice@example.org' });
    await room.stream().receive(receipt(id, 'bob@example.org/x'));
    await room.stream().receive(receipt('another'));
    expect((await stateOf(room, id)).state).toBe('sent');
    await room.stream().receive(receipt(id));
    expect(await stateOf(room, id)).toMatchObject({ state: 'delivered', contact: `xmpp:${ALICE}`, attempts: 1 });
  });

  test('carries its id, asks for a receipt, and says since when it waits', async () => {
    const room = await withAlice();
    await room.stream().receive(presence(ALICE, 'unavailable'));
    const id = await send(room, 'hi', 'xmpp:alice', {
      variables: { Subject: 's', XMPP_THREAD: 't', XMPP_TYPE: 'normal', 'X-Else': 'x' },
    });
    expect(await stateOf(room, id)).toMatchObject({ state: 'queued', attempts: 0 });
    room.clock.advance(20_000);
    await arrives(room);
    const [message] = room.stream().take('message');
    expect(message!.attrs).toEqual({ id, from: 'gw.example.org', to: 'alice@example.org', type: 'normal' });
    expect(['subject', 'thread', 'body'].map((name) => textOf(childOf(message!, name)!))).toEqual(['s', 't', 'hi']);
    expect(childOf(message!, 'delay', 'urn:xmpp:delay')?.attrs['stamp']).toBe('2023-11-14T22:13:20.000Z');
    expect(childOf(message!, 'request', 'urn:xmpp:receipts')).toBeDefined();
  });

  test.each([
    ['wait', 'resource-constraint', 'queued'],
    ['cancel', 'remote-server-timeout', 'queued'],
    ['cancel', 'recipient-unavailable', 'queued'],
    ['cancel', 'item-not-found', 'failed'],
    ['auth', 'forbidden', 'failed'],
    ['cancel', 'service-unavailable', 'queued'],
  ])('that comes back with %s %s is %s', async (type, condition, state) => {
    const room = await withAlice();
    const id = await send(room, 'hi');
    await room.stream().receive(bounce(id, type, condition, 'mallory@evil.example'));
    expect((await stateOf(room, id)).state).toBe('sent');
    await room.stream().receive(bounce(id, type, condition));
    expect(await stateOf(room, id)).toMatchObject({ state, reason: condition });
  });

  test('to one who does not share where he is fails when the server knows no way', async () => {
    const room = await xmppRoom();
    const id = await send(room, 'hi', 'xmpp:bob');
    await room.stream().receive(bounce(id, 'cancel', 'service-unavailable', 'bob@example.org'));
    expect((await stateOf(room, id)).state).toBe('failed');
  });

  test('that comes back before the server has answered is settled at once', async () => {
    const room = await withAlice();
    room.stream().answers = false;
    const id = await send(room, 'hi');
    await room.stream().receive(bounce(id, 'cancel', 'item-not-found'));
    await settled();
    expect((await stateOf(room, id)).state).toBe('failed');
  });

  test('of which nobody knows whether the server has it is sent again with the next session, as the same', async () => {
    const room = await withAlice();
    room.stream().answers = false;
    const id = await send(room, 'hi');
    room.stream().drop();
    await settled();
    expect(await stateOf(room, id)).toMatchObject({ state: 'queued', attempts: 1 });
    room.stream().answers = true;
    room.clock.advance(2_000);
    await settled();
    await room.stream().receive(presence('alice@example.org', 'subscribed'));
    await arrives(room);
    expect(
      room
        .stream()
        .take('message')
        .map(({ attrs }) => attrs['id']),
    ).toEqual([id, id]);
    expect((await stateOf(room, id)).state).toBe('sent');
  });
});

describe('what an earlier session carried', () => {
  async function reconnected(room: XmppRoom, giving: boolean): Promise<void> {
    room.clock.advance(60_000);
    room.stream().drop();
    await settled();
    room.clock.advance(2_000);
    await settled();
    await room.stream().receive(presence('alice@example.org', 'subscribed'));
    await arrives(room, giving);
    room.stream().take('message');
  }

  test('is sent again to who gives receipts and gave none', async () => {
    const room = await withAlice();
    const [first, second] = [await send(room, 'one'), await send(room, 'two')];
    await reconnected(room, true);
    await room.stream().receive(receipt(second));
    room.clock.advance(9_000);
    await settled();
    expect(room.stream().texts).toEqual([]);
    room.clock.advance(1_000);
    await settled();
    room.clock.advance(1);
    await settled();
    expect(
      room
        .stream()
        .take('message')
        .map(({ attrs }) => attrs['id']),
    ).toEqual([first]);
  });

  test('is left as it is with who gives none: he would read it twice', async () => {
    const room = await withAlice(false);
    const id = await send(room, 'one');
    await reconnected(room, false);
    room.clock.advance(20_000);
    await settled();
    expect([room.stream().texts, (await stateOf(room, id)).state]).toEqual([[], 'sent']);
  });
});

describe('as whom it is written', () => {
  test.each([
    ['', 'gw.example.org'],
    ['101', '101@gw.example.org'],
    ['"Foo" <sip:101@10.0.0.1:5060>', '101@gw.example.org'],
    ['xmpp:101@gw.example.org', '101@gw.example.org'],
    ['foo@elsewhere.example', 'foo@gw.example.org'],
    ['a b', 'a\\20b@gw.example.org'],
  ])('"%s" is %s', async (from, written) => {
    const room = await xmppRoom();
    await send(room, 'hi', 'xmpp:bob', { from });
    expect(room.stream().take('message')[0]!.attrs['from']).toBe(written);
  });
});

describe('to whom it goes', () => {
  const config = {
    ...COMPONENT_CONFIG,
    account: { ...COMPONENT_CONFIG.account, bot: { type: 'client', username: 'bot@example.org', secret: 's' } },
  } as const;
  test.each([
    ['bob', '', 'gateway', 'bob@example.org'],
    ['bob/desk', '', 'gateway', 'bob@example.org/desk'],
    ['Bob@Example.org/Desk', '', 'gateway', 'bob@example.org/Desk'],
    ['carol@far.example', '', 'gateway', 'carol@far.example'],
    ['carol@far.example', 'xmpp:bot', 'bot', 'carol@far.example'],
    ['bot/carol@far.example/x', '', 'bot', 'carol@far.example/x'],
    ['bot', '', 'bot', 'bot@example.org'],
  ])('%s from "%s" by %s', async (to, from, account, written) => {
    const room = await xmppRoom({ config });
    await send(room, 'hi', `xmpp:${to}`, { from });
    expect(
      room
        .stream(account)
        .take('message')
        .map(({ attrs }) => attrs['to']),
    ).toEqual([written]);
  });

  test.each(['nobody', 'gateway', '', '@', 'carol@', 'nobody/carol@far.example'])('"%s" leads nowhere', async (to) => {
    const room = await xmppRoom({ config });
    await expect(send(room, 'hi', `xmpp:${to}`)).rejects.toMatchObject({ kind: 'not-found' });
  });
});

test('a message from one peer to another goes through the store', async () => {
  const routes = [{ to: 'bob', deliver: 'endpoint' }] as const;
  const room = await xmppRoom({ settings: { routes } });
  const more = [stanza('thread', {}, ['t'])];
  const handled = room.stream().receive(text(ALICE, 'hi', { to: 'bob@gw.example.org', type: 'normal' }, more));
  await settled();
  const [message] = room.stream().take('message', 'normal');
  expect(message!.attrs).toMatchObject({ to: 'bob@example.org', from: 'alice@gw.example.org' });
  expect(textOf(childOf(message!, 'thread')!)).toBe('t');
  await room.stream().receive(receipt(message!.attrs['id']!, 'bob@example.org/x'));
  await handled;
});
