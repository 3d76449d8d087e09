// Whether contacts answer: who is asked when, what counts as an answer, and what is told of it.
import { describe, expect, test } from 'vitest';
import type { PjsipConfig } from '../../../src/technologies/pjsip/objects/index.ts';
import { Qualify } from '../../../src/technologies/pjsip/qualify.ts';
import { resolvePjsip } from '../../../src/technologies/pjsip/objects/index.ts';
import { listen } from '../../support/core.ts';
import { fakeStack, type Sent } from '../../support/fake-stack.ts';
import { startPjsip, type TestPjsip } from '../../support/pjsip.ts';
import { listed, register } from '../../support/register.ts';
import { testClock } from '../../support/test-clock.ts';

type Aor = NonNullable<PjsipConfig['aor']>[string];

const A = 'sip:foo@192.0.2.1';
const B = 'sip:foo@192.0.2.2';
const open: Aor = { max_contacts: 5, qualify_frequency: 60 };
const configOf = (aor: Aor = open, more: PjsipConfig = {}): PjsipConfig => ({
  endpoint: { foo: { aors: 'foo', outbound_auth: 'foo' } },
  auth: { foo: { username: 'foo', password: 'secret' } },
  aor: { foo: aor },
  ...more,
});

/** What subscribers of the endpoint are told, each in a line. */
function hearing({ core }: TestPjsip): () => Promise<string[]> {
  const { heard } = listen(core.endpoints.get({ tech: 'PJSIP', resource: 'foo' }).topic);
  return async () =>
    (await heard()).flatMap((fact) => {
      switch (fact.type) {
        case 'EndpointChanged':
          return [`state ${fact.change.now?.state}`];
        case 'PeerStatusChanged':
          return [`peer ${fact.status}`];
        case 'ContactStatusChanged':
          return [
            `contact ${fact.contact.uri} ${fact.contact.status} ${fact.contact.roundtrip > 0 ? 'measured' : '0'}`,
          ];
        default:
          return [];
      }
    });
}

/** Lets promises go on. */
const settle = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/** The contact registers, and is asked at once. */
async function registered(
  config: PjsipConfig,
): Promise<{ started: TestPjsip; asked: Sent; heard: () => Promise<string[]> }> {
  const started = await startPjsip(config);
  const heard = hearing(started);
  await started.ask(register(A));
  started.clock.advance(0);
  return { started, asked: await started.stack.sentCount(1), heard };
}

describe('a contact that comes', () => {
  test('is told as not qualified, asked at once, and makes its endpoint reachable when it answers', async () => {
    const { asked, heard } = await registered(configOf());
    expect(asked).toMatchObject({ method: 'OPTIONS', uri: A });
    expect(await heard()).toEqual([`contact ${A} NonQualified 0`]);
    asked.respond(200);
    await settle();
    expect(await heard()).toEqual(['state online', 'peer Reachable', `contact ${A} Reachable measured`]);
  });

  test('is told to be out of reach when it does not answer in time', async () => {
    const { started, asked, heard } = await registered(configOf({ ...open, qualify_timeout: 2.5 }));
    await heard();
    started.clock.advance(2_499);
    await settle();
    expect(await heard()).toEqual([]);
    started.clock.advance(1);
    await settle();
    expect(await heard()).toEqual([`contact ${A} Unreachable 0`]);
    asked.respond(200);
    await settle();
    expect(await heard()).toEqual([]);
  });

  test('is asked at once when it comes again and had not answered, and a late answer to the time before counts no more', async () => {
    const { started, asked, heard } = await registered(configOf({ ...open, qualify_timeout: 32 }));
    await started.ask(register(A));
    started.clock.advance(0);
    (await started.stack.sentCount(2)).respond(200);
    await settle();
    asked.fail(408);
    await settle();
    expect((await heard()).at(-1)).toBe(`contact ${A} Reachable measured`);
    await started.ask(register(A));
    started.clock.advance(0);
    expect(started.stack.sent).toHaveLength(2);
    await started.ask(register(A, { source: { protocol: 'tcp', port: 7000 } }));
    started.clock.advance(0);
    expect(await started.stack.sentCount(3)).toMatchObject({ nextHop: 'sip:127.0.0.1:7000;transport=tcp' });
  });

  test('is asked no more when it is gone', async () => {
    const { started, asked, heard } = await registered(configOf());
    asked.respond(200);
    await settle();
    await heard();
    await started.ask(register(`<${A}>;expires=0`));
    expect(await heard()).toEqual(['state offline', 'peer Unreachable', `contact ${A} Removed 0`]);
    started.clock.advance(600_000);
    expect(started.stack.sent).toHaveLength(1);
    expect(started.technology.metrics.qualify).toMatchObject({ contacts: 0, underWay: 0 });
  });
});

test('afterwards it is asked at its frequency, and only what is another than before is told', async () => {
  const { started, asked, heard } = await registered(configOf({ ...open, default_expiration: 7200 }));
  asked.respond(200);
  await settle();
  await heard();
  const next = async (count: number): Promise<Sent> => {
    started.clock.advance(59_999);
    expect(started.stack.sent).toHaveLength(count - 1);
    started.clock.advance(1);
    return started.stack.sentCount(count);
  };
  (await next(2)).respond(200);
  await settle();
  expect(await heard()).toEqual([]);
  (await next(3)).fail(408);
  await settle();
  expect(await heard()).toEqual(['state offline', 'peer Unreachable', `contact ${A} Unreachable 0`]);
  (await next(4)).fail(503);
  await settle();
  expect(await heard()).toEqual([]);
  (await next(5)).respond(200);
  await settle();
  expect(await heard()).toEqual(['state online', 'peer Reachable', `contact ${A} Reachable measured`]);
});

test('an endpoint is online as long as one of its contacts answers', async () => {
  const { started, asked, heard } = await registered(configOf());
  asked.respond(200);
  await started.ask(register(B));
  started.clock.advance(0);
  (await started.stack.sentCount(2)).fail(408);
  await settle();
  expect((await heard()).slice(-2)).toEqual([`contact ${B} NonQualified 0`, `contact ${B} Unreachable 0`]);
  expect(started.core.endpoints.list('PJSIP')[0]!.snapshot.state).toBe('online');
});

describe('an answer', () => {
  test.each<[string, Aor, number, string]>([
    ['of any status counts', open, 404, 'Reachable'],
    ['that asks who we are counts', open, 401, 'Reachable'],
    ['counts only with 2xx where that is wanted', { ...open, qualify_2xx_only: true }, 404, 'Unreachable'],
    ['with 2xx counts there', { ...open, qualify_2xx_only: true }, 200, 'Reachable'],
  ])('%s', async (_, aor, status, expected) => {
    const { asked, heard } = await registered(configOf(aor));
    asked.respond(status);
    await settle();
    expect((await heard()).at(-1)).toContain(`contact ${A} ${expected}`);
  });

  test('that asks who we are is answered where that is wanted', async () => {
    const { started, asked, heard } = await registered(
      configOf({ ...open, authenticate_qualify: true, qualify_2xx_only: true }),
    );
    asked.respond(401, { headers: [['WWW-Authenticate', 'Digest realm="x",nonce="y",algorithm=MD5,qop="auth"']] });
    const again = await started.stack.sentCount(2);
    expect(again.message.headers.get('Authorization')).toContain('username="foo"');
    again.respond(200);
    await settle();
    expect((await heard()).at(-1)).toContain('Reachable');
  });
});

describe('what is there at the start', () => {
  const three = ['sip:a@192.0.2.1', 'sip:b@192.0.2.2', 'sip:c@192.0.2.3'];
  test.each([
    [0, 60_000],
    [5, 5_000],
    [90, 60_000],
  ])('is asked at random moments; with max_initial_qualify_time=%i within %i ms', async (cap, within) => {
    const { clock, stack, core } = await startPjsip(
      configOf({ ...open, contact: three }, { global: { max_initial_qualify_time: cap } }),
    );
    expect(core.endpoints.list('PJSIP')[0]!.snapshot.state).toBe('offline');
    clock.advance(0);
    expect(stack.sent.length).toBeLessThan(3);
    clock.advance(within);
    expect(stack.sent.map(({ uri }) => uri).toSorted()).toEqual(three);
  });
});

test('contacts that are out of reach make room for others where that is wanted', async () => {
  const { started, asked } = await registered(configOf({ ...open, max_contacts: 2, remove_unavailable: true }));
  asked.fail(408);
  await started.ask(register(B));
  expect((await started.ask(register('sip:foo@192.0.2.3'))).status).toBe(200);
  expect(listed(await started.ask(register([]))).toSorted()).toEqual([`${B} 3600`, 'sip:foo@192.0.2.3 3600']);
  expect((await started.ask(register('sip:foo@192.0.2.4'))).status).toBe(403);
});

test('contacts that are out of reach go first where others may go, too', async () => {
  const { started, asked } = await registered(
    configOf({ ...open, max_contacts: 2, remove_existing: true, remove_unavailable: true }),
  );
  asked.fail(408);
  await started.ask(register(`<${B}>;expires=60`));
  await started.ask(register('sip:foo@192.0.2.3'));
  expect(listed(await started.ask(register([]))).toSorted()).toEqual([`${B} 60`, 'sip:foo@192.0.2.3 3600']);
});

test('a refresh tells the state again where that is wanted', async () => {
  const { started, asked, heard } = await registered(
    configOf(open, { global: { send_contact_status_on_update_registration: 'yes' } }),
  );
  asked.respond(200);
  await settle();
  await heard();
  await started.ask(register(A));
  expect(await heard()).toEqual([`contact ${A} Reachable measured`]);
});

test('as many as the limit are asked at once, the others when one of them is done', async () => {
  const clock = testClock();
  const stack = fakeStack();
  const objects = resolvePjsip(configOf());
  const contacts = [1, 2, 3, 4].map((each) => ({ id: String(each), uri: `sip:${each}@192.0.2.1`, path: '' }));
  const changed: string[] = [];
  const qualify = new Qualify({
    ...{ objects, clock, random: () => 0, micros: () => 0, limit: 2 },
    contacts: () => contacts,
    send: (_, request) => stack.send(request),
    onChange: (_, { id }, { status }) => void changed.push(`${id} ${status}`),
  });
  qualify.open();
  clock.advance(0);
  expect(stack.sent).toHaveLength(2);
  expect(qualify.metrics).toEqual({ contacts: 4, underWay: 2, limit: 2 });
  stack.sent[0]!.respond(200);
  await settle();
  clock.advance(0);
  expect(stack.sent).toHaveLength(3);
  for (const each of stack.sent) each.respond(200);
  await settle();
  clock.advance(0);
  stack.sent[3]!.respond(200);
  await settle();
  expect(changed.toSorted()).toEqual(['1 Reachable', '2 Reachable', '3 Reachable', '4 Reachable']);
  qualify.close();
  expect(clock.waiting).toBe(0);
});
