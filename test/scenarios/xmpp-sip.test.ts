// Between technologies: a text from a telephone to someone with a JID, and back, through the same store.
import { describe, expect, test } from 'vitest';
import { childOf, stanza, textOf } from '../../src/technologies/xmpp/xml.ts';
import { Person } from '../support/person.ts';
import { COMPONENT, needsProsody, startProsody } from '../support/prosody.ts';
import { startService } from '../support/service.ts';
import { ALICE, component, online, reaches } from '../support/xmpp.ts';

const routes = `routes: [ { to: alice, deliver: both, endpoint: 'xmpp:' }, { to: foo, deliver: endpoint, endpoint: 'pjsip:' } ]`;

async function bothSides() {
  const prosody = await startProsody(['alice']);
  const service = await startService({ xmpp: `account: { ${component(prosody)} }, ${ALICE}`, messages: routes });
  const alice = await new Person(prosody, 'alice').login();
  await online(service);
  const phone = await service.telephone('foo');
  await phone.register();
  return { prosody, service, alice, phone };
}

describe.skipIf(!needsProsody)('between SIP and XMPP', () => {
  test('a MESSAGE becomes a message, from the same user at our component', async () => {
    const { service, alice, phone } = await bothSides();
    const headers = [
      ['Subject', 'lunch'],
      ['Content-Language', 'en'],
    ] as const;
    const answer = await phone.message({ to: 'sip:alice@127.0.0.1', body: 'hungry?', headers: [...headers] });
    expect(answer.status).toBe(200);
    const came = await alice.until((each) => childOf(each, 'body') !== undefined);
    expect(came.attrs).toMatchObject({ from: `foo@${COMPONENT}`, type: 'chat', 'xml:lang': 'en' });
    expect([childOf(came, 'body'), childOf(came, 'subject')].map((each) => textOf(each!))).toEqual([
      'hungry?',
      'lunch',
    ]);
    expect(textOf(childOf(came, 'thread')!)).not.toBe('');
    const { body } = await service.rest('GET', '/messages', { endpoint: 'XMPP/alice' });
    const [kept] = body as { id: string }[];
    expect(await reaches(service, kept!.id, 'delivered')).toMatchObject({ reason: 'Receipt' });
  });

  test('a message becomes a MESSAGE, from the JID as a SIP address', async () => {
    const { alice, phone } = await bothSides();
    const more = [stanza('subject', {}, ['two\nlines']), stanza('thread', {}, ['t'])];
    await alice.write(`foo@${COMPONENT}`, 'yes €', { id: '1', origin: '1', children: more });
    const message = await phone.nextMessage();
    expect(message.body).toBe('yes €');
    expect(message.header('From')).toMatch(/^<sip:alice@xmpp.example>/);
    expect(message.header('Subject')).toBe('two lines');
    expect(message.header('Content-Type')).toMatch(/^text\/plain/);
    expect(message.raw).not.toMatch(/^xmpp_/im);
  });

  test('what is no plain text is refused', async () => {
    const { phone, alice } = await bothSides();
    const { status } = await phone.message({ to: 'sip:alice@127.0.0.1', body: '{}', contentType: 'application/json' });
    expect(status).toBe(415);
    await phone.message({ to: 'sip:alice@127.0.0.1', body: 'text' });
    await alice.until((each) => childOf(each, 'body') !== undefined);
    expect(alice.bodies).toEqual(['text']);
  });
});
