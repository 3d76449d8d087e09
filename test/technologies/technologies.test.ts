// Both technologies keep the same contract: PJSIP to a telephone, XMPP to someone at a real server.
import { describe, expect } from 'vitest';
import { childOf, element, textOf } from '../../src/technologies/xmpp/xml.ts';
import { technologyContract, type FarEnd } from '../contracts/technology.contract.ts';
import { eventually, Person } from '../support/person.ts';
import { COMPONENT, needsProsody, sayWithoutProsody, startProsody } from '../support/prosody.ts';
import { startService } from '../support/service.ts';
import { ALICE, component } from '../support/xmpp.ts';

const RECEIPTS = 'urn:xmpp:receipts';

async function telephone(): Promise<FarEnd> {
  // Without a challenge, which would make the same message another one.
  const service = await startService({
    pjsip: 'endpoint: { foo: { aors: [ foo ] } }\naor: { foo: { max_contacts: 1 } }',
  });
  const phone = await service.telephone('foo');
  const status = { gladly: 200, never: 603, later: 486 } as const;
  return {
    service,
    async arrive() {
      await phone.register();
    },
    async leave() {
      await phone.unregister();
    },
    async write(body, id) {
      const before = phone.log.find(({ text }) => text.includes(`Call-ID: ${id}\r\n`));
      const parts = { to: 'sip:app@127.0.0.1', body, headers: [['Call-ID', id]] as const };
      if (before === undefined) expect((await phone.message(parts)).status).toBe(202);
      else {
        // The same, on a way of its own.
        phone.send(before.text.replace(/branch=z9hG4bK[^;\r\n]*/, 'branch=z9hG4bKagain'));
        await eventually(() => phone.log.some(({ text }) => /^SIP\/2.0 202 [\s\S]*z9hG4bKagain/.test(text)));
      }
    },
    take: (how) => phone.answer('MESSAGE', () => ({ status: status[how] })),
    get bodies() {
      const got = phone.log.filter(({ direction, text }) => direction === 'received' && text.startsWith('MESSAGE '));
      return got.map(({ text }) => text.slice(text.indexOf('\r\n\r\n') + 4));
    },
  };
}

async function person(): Promise<FarEnd> {
  const prosody = await startProsody(['alice']);
  const service = await startService({ xmpp: `account: { ${component(prosody)} }, ${ALICE}` });
  const alice = new Person(prosody, 'alice');
  const is = (state: string): Promise<boolean> =>
    eventually(() => service.app.core.endpoints.get({ tech: 'XMPP', resource: 'alice' }).snapshot.state === state);
  const arrive = async (): Promise<void> => {
    await alice.login();
    await is('online');
  };
  const leave = async (): Promise<void> => {
    await alice.logout();
    await is('offline');
  };
  // She has agreed once that we know where she is.
  await arrive();
  await alice.until((each) => each.attrs['type'] === 'subscribe');
  await leave();
  const refusals = {
    gladly: undefined,
    never: ['cancel', 'not-allowed'],
    later: ['wait', 'recipient-unavailable'],
  } as const;
  let confirmed = 0;
  return {
    service,
    arrive,
    leave,
    async write(body, id) {
      await alice.write(COMPONENT, body, { id, origin: id, children: [element(RECEIPTS, 'request')] });
      confirmed += 1;
      await eventually(() => alice.received.filter((each) => childOf(each, 'received', RECEIPTS)).length === confirmed);
    },
    take: (how) => void (alice.refusal = refusals[how]),
    get bodies() {
      return alice.received.flatMap((each) => {
        const body = each.attrs['type'] === 'error' ? undefined : childOf(each, 'body');
        return body === undefined ? [] : [textOf(body)];
      });
    },
  };
}

const unsayable = { body: 'x', variables: { Subject: 'two\r\nlines' } };
technologyContract({ name: 'PJSIP', resource: 'foo', unsayable }, telephone);

sayWithoutProsody('The contract of the technology XMPP');
describe.skipIf(!needsProsody)('with prosody', () =>
  technologyContract({ name: 'XMPP', resource: 'alice', unsayable: { body: 'bell \u0007' } }, person),
);
