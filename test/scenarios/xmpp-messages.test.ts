// XMPP over a real server: messages both ways, by a component and by an account, with receipts, errors and waiting.
import { describe, expect, test } from 'vitest';
import { childOf, element, stanza } from '../../src/technologies/xmpp/xml.ts';
import { eventually, Person } from '../support/person.ts';
import { COMPONENT, needsProsody, sayWithoutProsody, startProsody, type Prosody } from '../support/prosody.ts';
import { startService } from '../support/service.ts';
import { ALICE, client, component, messageOf, online, reaches, send } from '../support/xmpp.ts';

sayWithoutProsody('The XMPP scenarios');

const kinds = [
  ['a component', component, COMPONENT],
  ['an account', client, 'bot@xmpp.example'],
] as const;

// Skipped only where prosody is absent, which is said; the project's own run demands it.
describe.skipIf(!needsProsody).each(kinds)('by %s', (_, account, self) => {
  const start = (prosody: Prosody) => startService({ xmpp: `account: { ${account(prosody)} }, ${ALICE}` });

  test('a message is delivered when its receipt has come', async () => {
    const prosody = await startProsody(['alice', 'bot']);
    const service = await start(prosody);
    const alice = await new Person(prosody, 'alice').login();
    await online(service);
    const id = await send(service, 'xmpp:alice', 'hello <&> "€"');
    const came = await alice.until((each) => childOf(each, 'body') !== undefined);
    expect(came.attrs).toMatchObject({ id, type: 'chat' });
    expect(childOf(came, 'origin-id', 'urn:xmpp:sid:0')?.attrs['id']).toBe(id);
    expect(alice.bodies).toEqual(['hello <&> "€"']);
    expect(await reaches(service, id, 'delivered')).toMatchObject({
      reason: 'Receipt',
      contact: 'xmpp:alice@xmpp.example/phone',
    });
  });

  test('a message that comes is told, and answered', async () => {
    const prosody = await startProsody(['alice', 'bot']);
    const service = await start(prosody);
    const app = await service.application('crm', ['endpoint:XMPP/alice']);
    const alice = await new Person(prosody, 'alice').login();
    await online(service);
    const request = element('urn:xmpp:receipts', 'request');
    await alice.write(self, 'hi', { id: 'm1', origin: 'o1', children: [request, stanza('thread', {}, ['t1'])] });
    const { message, endpoint } = await app.next('TextMessageReceived');
    expect(endpoint).toMatchObject({ technology: 'XMPP', resource: 'alice', state: 'online' });
    expect(message).toMatchObject({ body: 'hi', from: 'xmpp:alice@xmpp.example/phone', to: `xmpp:${self}` });
    expect((message as { variables: unknown }).variables).toMatchObject({ XMPP_TYPE: 'chat', XMPP_THREAD: 't1' });
    const receipt = await alice.until((each) => childOf(each, 'received', 'urn:xmpp:receipts') !== undefined);
    expect(childOf(receipt, 'received', 'urn:xmpp:receipts')?.attrs['id']).toBe('m1');
    await alice.write(self, 'hi', { id: 'm1b', origin: 'o1' });
    await alice.write(self, 'again', { id: 'm2', origin: 'o2' });
    expect((await app.next('TextMessageReceived'))['message']).toMatchObject({ body: 'again' });
    const { from, to } = message as { from: string; to: string };
    await service.rest('PUT', '/endpoints/sendMessage', { to: from, from: to, body: 'answer' });
    await eventually(() => alice.bodies.includes('answer'));
  });

  test('a message waits for its peer, and goes when he logs in', async () => {
    const prosody = await startProsody(['alice', 'bot']);
    const service = await start(prosody);
    const app = await service.application('crm', ['endpoint:XMPP']);
    const alice = await new Person(prosody, 'alice').login();
    const { contact_info: contact } = await app.next('ContactStatusChange');
    expect(contact).toMatchObject({ uri: 'xmpp:alice@xmpp.example/phone', contact_status: 'Reachable', aor: 'alice' });
    await app.take();
    await alice.logout();
    expect(await app.next('PeerStatusChange')).toMatchObject({ peer: { peer_status: 'Unreachable' } });
    const { body } = await service.rest('PUT', '/endpoints/XMPP/alice/sendMessage', { body: 'later', from: '' });
    const { id } = body as { id: string };
    expect(await messageOf(service, id)).toMatchObject({ state: 'queued', attempts: 0 });
    const again = await new Person(prosody, 'alice', { resource: 'desk' }).login();
    expect(await app.next('PeerStatusChange')).toMatchObject({ peer: { peer_status: 'Reachable' } });
    await eventually(() => again.bodies.includes('later'));
    await reaches(service, id, 'delivered');
  });
});

// Skipped only where prosody is absent, which is said; the project's own run demands it.
test.skipIf(!needsProsody)('without receipts a message stays sent, until its time is over', async () => {
  const prosody = await startProsody(['alice', 'bot']);
  const service = await startService({ xmpp: `account: { ${component(prosody)} }, ${ALICE}` });
  const alice = await new Person(prosody, 'alice', { givesReceipts: false }).login();
  await online(service);
  const first = await send(service, 'xmpp:alice', 'one', { expires: '3' });
  await send(service, 'xmpp:alice', 'two');
  await eventually(() => alice.bodies.length === 2);
  expect(await reaches(service, first, 'sent')).toMatchObject({ contact: 'xmpp:alice@xmpp.example', attempts: 1 });
  expect(await reaches(service, first, 'expired')).toMatchObject({ reason: 'Nobody said that it arrived' });
  expect(alice.bodies).toEqual(['one', 'two']);
});

// Skipped only where prosody is absent, which is said; the project's own run demands it.
test.skipIf(!needsProsody)(
  'what is refused for good has failed, with the condition; what may go later waits',
  async () => {
    const prosody = await startProsody(['bot']);
    const service = await startService({
      xmpp: `account: { ${client(prosody)} }, peer: { nobody: { jid: nobody@xmpp.example, subscribe: no } }`,
    });
    await online(service, 'nobody');
    const id = await send(service, 'xmpp:nobody', 'hello');
    expect(await reaches(service, id, 'failed')).toMatchObject({ reason: 'service-unavailable', attempts: 1 });
    const far = await send(service, 'xmpp:someone@far.example', 'hello');
    expect((await reaches(service, far, 'failed')).reason).toMatch(/^not-allowed: /);
  },
);

// Skipped only where prosody is absent, which is said; the project's own run demands it.
test.skipIf(!needsProsody)('what XMPP cannot say is refused at once', async () => {
  const prosody = await startProsody(['bot']);
  const service = await startService({ xmpp: `account: { ${client(prosody)} }, ${ALICE}` });
  const ask = async (to: string, body: string, variables: Record<string, string> = {}, more = {}) =>
    (await service.rest('PUT', '/endpoints/sendMessage', { to, body, from: '', ...more }, { variables })).status;
  expect(await ask('xmpp:alice', 'bell \u0007')).toBe(400);
  expect(await ask('xmpp:alice', 'x', { Subject: '\ufffe' })).toBe(400);
  expect(await ask('xmpp:alice', '<b>x</b>', { 'Content-Type': 'text/html' })).toBe(415);
  expect(await ask('xmpp:alice', Buffer.from([0xff, 0xfe, 0]).toString('base64'), {}, { encoding: 'base64' })).toBe(
    415,
  );
  expect(await ask('xmpp:bob', 'x')).toBe(404);
  expect(await ask('xmpp:@@', 'x')).toBe(404);
  expect(await ask('XMPP:alice', 'x')).toBe(404);
});
