// Peers that mean no good, over a real server: they are refused with a clear error, it is counted, and all others go on.
import { describe, expect, test } from 'vitest';
import { childOf, element, stanza, type XmlElement } from '../../src/technologies/xmpp/xml.ts';
import { eventually, Person } from '../support/person.ts';
import { COMPONENT, needsProsody, startProsody } from '../support/prosody.ts';
import { startService, type Service } from '../support/service.ts';
import { ALICE, component, online } from '../support/xmpp.ts';

const refused = async ({ base }: Service, reason: string): Promise<number> => {
  const text = await (await fetch(base.replace(/ari$/, 'metrics'))).text();
  return Number(new RegExp(`arion_xmpp_refused_total\\{reason="${reason}"\\} (\\d+)`).exec(text)?.[1]);
};
const conditionOf = (each: XmlElement): string | undefined => {
  const error = childOf(each, 'error');
  const [condition] = error?.children ?? [];
  return typeof condition === 'object' ? condition.name : undefined;
};

// Skipped only where prosody is absent, which is said; the project's own run demands it.
describe.skipIf(!needsProsody)('somebody who means no good', () => {
  async function started() {
    const prosody = await startProsody(['alice', 'mallory']);
    const xmpp = `global: { max_stanza_size: 20000 }, account: { ${component(prosody)} }, ${ALICE}`;
    const service = await startService({ xmpp });
    const app = await service.application('crm', ['endpoint:XMPP']);
    await online(service, 'gateway');
    const [alice, mallory] = [new Person(prosody, 'alice'), new Person(prosody, 'mallory')];
    await Promise.all([alice.login(), mallory.login()]);
    return { service, app, alice, mallory };
  }
  const error = (person: Person) => person.until((each) => each.name === 'message' && each.attrs['type'] === 'error');

  test('and is no peer is refused', async () => {
    const { service, mallory, alice, app } = await started();
    await mallory.write(COMPONENT, 'buy this', { id: '1' });
    expect(conditionOf(await error(mallory))).toBe('forbidden');
    await mallory.send(stanza('presence', { to: COMPONENT, type: 'subscribe' }));
    await eventually(async () => (await refused(service, 'stranger')) === 2);
    // A server lets nobody speak for somebody else; what gets through all the same is not believed.
    await mallory
      .send(stanza('message', { to: COMPONENT, from: alice.user }, [stanza('body', {}, ['I am alice'])]))
      .catch(() => undefined);
    await alice.write(COMPONENT, 'hello', { id: '2' });
    expect((await app.next('TextMessageReceived'))['message']).toMatchObject({ body: 'hello' });
  });

  test('and sends what is too large or too deep is told so, and the next message goes', async () => {
    const { service, alice, app } = await started();
    await alice.write(COMPONENT, 'x'.repeat(100_000), { id: 'large' });
    expect((await error(alice)).attrs['id']).toBe('large');
    expect(alice.received.map(conditionOf)).toContain('policy-violation');
    let deep = element('urn:deep', 'deep');
    for (let n = 0; n < 200; n++) deep = element('urn:deep', 'deep', {}, [deep]);
    await alice.write(COMPONENT, 'deep', { id: 'deep', children: [deep] });
    await eventually(() => alice.received.find(({ attrs }) => attrs['id'] === 'deep' && attrs['type'] === 'error'));
    await alice.write(COMPONENT, 'fine', { id: 'fine' });
    expect((await app.next('TextMessageReceived'))['message']).toMatchObject({ body: 'fine' });
    expect([await refused(service, 'too-large'), await refused(service, 'too-deep')]).toEqual([1, 1]);
    expect(service.logged.filter((line) => line.startsWith('error'))).toEqual([]);
  });

  test('and gives receipts and errors for what others were sent changes nothing', async () => {
    const { service, alice, mallory } = await started();
    await online(service);
    const { body } = await service.rest('PUT', '/endpoints/XMPP/alice/sendMessage', { body: 'hi', from: '' });
    const { id } = body as { id: string };
    await mallory.send(
      stanza('message', { to: COMPONENT, type: 'error', id }, [
        stanza('error', { type: 'cancel' }, [element('urn:ietf:params:xml:ns:xmpp-stanzas', 'gone')]),
      ]),
    );
    await mallory.send(stanza('message', { to: COMPONENT }, [element('urn:xmpp:receipts', 'received', { id })]));
    await eventually(() => alice.bodies.includes('hi'));
    const kept = await eventually(async () => {
      const { body: now } = await service.rest('GET', `/messages/${id}`);
      return (now as { state: string }).state === 'delivered' && (now as { contact: string });
    });
    expect(kept.contact).toMatch(/^xmpp:alice@/);
  });
});
