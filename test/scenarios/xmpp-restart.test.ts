// The XMPP server dies in the middle and comes back: no message is lost, and who can be reached is known again.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { childOf, element, stanza } from '../../src/technologies/xmpp/xml.ts';
import { eventually, Person } from '../support/person.ts';
import { COMPONENT, needsProsody, startProsody } from '../support/prosody.ts';
import { startService } from '../support/service.ts';
import { ALICE, client, component, online, reaches, send, stateOf } from '../support/xmpp.ts';

const RECEIPTS = 'urn:xmpp:receipts';
const receiptsOf = (person: Person): string[] =>
  person.received.flatMap((each) => childOf(each, 'received', RECEIPTS)?.attrs['id'] ?? []);

// Skipped only where prosody is absent, which is said; the project's own run demands it.
describe.skipIf(!needsProsody).each([
  ['a component', component, COMPONENT],
  ['an account', client, 'bot@xmpp.example'],
] as const)('a server that is killed, by %s', (_, account, self) => {
  test('loses no message in either direction', { timeout: 60_000 }, async () => {
    const prosody = await startProsody(['alice', 'bot']);
    const service = await startService({ xmpp: `account: { ${account(prosody)} }, ${ALICE}` });
    const app = await service.application('crm', ['endpoint:XMPP']);
    const alice = await new Person(prosody, 'alice').login();
    await app.next('ContactStatusChange');
    await online(service);

    const sent = (
      await Promise.all(Array.from({ length: 30 }, (_, n) => send(service, 'xmpp:alice', `out ${n}`)))
    ).slice();
    for (let n = 0; n < 10; n++)
      await alice.write(self, `in ${n}`, { id: `in${n}`, origin: `in${n}`, children: [element(RECEIPTS, 'request')] });
    await prosody.stop('SIGKILL');
    for (let n = 30; n < 40; n++) sent.push(await send(service, 'xmpp:alice', `out ${n}`));
    await eventually(async () => (await stateOf(service, 'alice')) === 'offline');
    await prosody.start();

    await alice.login();
    await online(service);
    // Whoever has no receipt sends again, as the same message.
    for (let n = 0; n < 10; n++)
      if (!receiptsOf(alice).includes(`in${n}`))
        await alice.write(self, `in ${n}`, {
          id: `in${n}`,
          origin: `in${n}`,
          children: [element(RECEIPTS, 'request')],
        });
    for (const id of sent) await eventually(() => reaches(service, id, 'delivered').catch(() => undefined));
    await eventually(() => new Set(receiptsOf(alice)).size === 10);
    expect(new Set(alice.bodies)).toEqual(new Set(Array.from({ length: 40 }, (_, n) => `out ${n}`)));
    const told = (await app.take()).filter(({ type }) => type === 'TextMessageReceived');
    const bodies = told.map(({ message }) => (message as { body: string }).body);
    expect(bodies.toSorted()).toEqual(Array.from({ length: 10 }, (_, n) => `in ${n}`).toSorted());
  });
});

// Skipped only where prosody is absent, which is said; the project's own run demands it.
test.skipIf(!needsProsody)('accounts and peers follow the end and the return of the server', async () => {
  const prosody = await startProsody(['alice', 'bot']);
  const service = await startService({ xmpp: `account: { ${component(prosody)}, ${client(prosody)} }, ${ALICE}` });
  await online(service, 'gateway');
  await online(service, 'bot');
  const alice = await new Person(prosody, 'alice').login();
  await online(service);
  await prosody.stop();
  for (const each of ['gateway', 'bot', 'alice'])
    await eventually(async () => (await stateOf(service, each)) === 'offline');
  await prosody.start();
  await alice.login();
  for (const each of ['gateway', 'bot', 'alice']) await online(service, each);
  const { body } = await service.rest('GET', '/endpoints/XMPP');
  expect(body).toMatchObject(
    ['gateway', 'bot', 'alice'].map((resource) => ({ technology: 'XMPP', resource, channel_ids: [] })),
  );
});

// Skipped only where prosody is absent, which is said; the project's own run demands it.
test.skipIf(!needsProsody)(
  'a restart of the service forgets nothing, sends nothing twice and tells nothing twice',
  async () => {
    const prosody = await startProsody(['alice']);
    const data = await mkdtemp(join(tmpdir(), 'arion-xmpp-'));
    onTestFinished(() => rm(data, { recursive: true, force: true }));
    const options = { xmpp: `account: { ${component(prosody)} }, ${ALICE}`, data };
    const alice = await new Person(prosody, 'alice', { givesReceipts: false }).login();
    const first = await startService(options);
    await online(first);
    const id = await send(first, 'xmpp:alice', 'one');
    await eventually(() => alice.bodies.length === 1);
    await reaches(first, id, 'sent');
    const write = (body: string) =>
      alice.write(COMPONENT, body, { id: body, origin: body, children: [element(RECEIPTS, 'request')] });
    await write('hello');
    await eventually(() => receiptsOf(alice).length === 1);
    await first.stop();

    const second = await startService(options);
    const app = await second.application('crm', ['endpoint:XMPP']);
    await online(second, 'gateway');
    await write('hello');
    await write('again');
    for (const body of ['hello', 'again'])
      expect((await app.next('TextMessageReceived'))['message']).toMatchObject({ body });
    await alice.send(stanza('message', { to: COMPONENT }, [element(RECEIPTS, 'received', { id })]));
    expect(await reaches(second, id, 'delivered')).toMatchObject({ attempts: 1 });
    expect(alice.bodies).toEqual(['one']);
  },
);
