// Telephone to telephone, without an application: who is rung, who wins, and what subscribers of both endpoints are told.
import { expect, test } from 'vitest';
import type { AriApp, AriEvent } from '../../scripts/demo/application.ts';
import { startService } from '../support/service.ts';

const contexts =
  'default: { "100": { dial: [ PJSIP/bar, PJSIP/baz ], timeout: 20s }, "101": { dial: [ PJSIP/bar ], timeout: 1s } }';
const pjsip = `
endpoint: { foo: { aors: [ foo ] }, bar: { aors: [ bar ] }, baz: { aors: [ baz ] } }
aor: { foo: { max_contacts: 1 }, bar: { max_contacts: 1 }, baz: { max_contacts: 1 } }`;

async function setStage() {
  const service = await startService({ contexts, pjsip });
  const watcher = await service.application('watcher', ['endpoint:PJSIP/foo', 'endpoint:PJSIP/bar']);
  const called = async (user: string) => {
    const telephone = await service.telephone(user);
    telephone.expectCalls();
    expect((await telephone.register()).status).toBe(200);
    return telephone;
  };
  const channels = async (): Promise<number> =>
    ((await service.rest('GET', '/channels')).body as readonly unknown[]).length;
  return { service, watcher, called, channels, foo: await service.telephone('foo') };
}

const media = (sdp: string): string => /m=audio (\d+)/.exec(sdp)![1]!;
const withMedia = (port: number): string =>
  ['v=0', 'o=- 1 1 IN IP4 127.0.0.1', 's=-', 'c=IN IP4 127.0.0.1', 't=0 0', `m=audio ${port} RTP/AVP 0`, ''].join(
    '\r\n',
  );

const dialled = async (app: AriApp): Promise<string[]> =>
  (await app.take())
    .filter(({ type }) => type === 'Dial')
    .map((event) => `${endpointOf(event, 'caller')} > ${endpointOf(event, 'peer')} ${event['dialstatus'] as string}`);
const endpointOf = (event: AriEvent, party: string): string =>
  (event[party] as { readonly name: string } | undefined)?.name.replace(/-.*/, '') ?? 'nobody';

test('all ring, the first answer wins, and each hears the other without a further negotiation', async () => {
  const { service, watcher, called, channels, foo } = await setStage();
  const [bar, baz] = [await called('bar'), await called('baz')];
  const call = foo.call({ to: '100', sdp: withMedia(41_000) });
  const [toBar, toBaz] = [await bar.called(), await baz.called()];
  for (const each of [toBar, toBaz]) expect(media(each.invite.body)).toBe('41000');
  toBar.progress(180);
  await call.progress(180);
  toBaz.progress(180);
  await watcher.next('Dial', (event) => endpointOf(event, 'peer') === 'PJSIP/baz' && event['dialstatus'] === 'RINGING');
  const cancelled = baz.next('CANCEL');
  await toBar.answer(withMedia(42_000));
  const answer = await call.answered;
  expect([answer.status, media(answer.body)]).toEqual([200, '42000']);
  expect((await cancelled).header('Reason')).toMatch(/Q\.850|SIP/);
  await expect.poll(channels).toBe(2);
  expect((await service.rest('GET', '/bridges')).body).toMatchObject([
    { bridge_class: 'base', technology: 'native_rtp' },
  ]);
  expect(await dialled(watcher)).toEqual([
    ...['PJSIP/foo > PJSIP/bar ', 'PJSIP/foo > PJSIP/baz ', 'PJSIP/foo > PJSIP/bar RINGING'],
    ...['PJSIP/foo > PJSIP/baz RINGING', 'PJSIP/foo > PJSIP/bar ANSWER', 'PJSIP/foo > PJSIP/baz CANCEL'],
  ]);

  expect((await call.hangup()).status).toBe(200);
  expect((await toBar.ended).header('CSeq')).toContain('BYE');
  await expect.poll(channels).toBe(0);
  expect((await service.rest('GET', '/bridges')).body).toEqual([]);
});

test('the far end holds the call, which is handed on to the other one', async () => {
  const { called, foo } = await setStage();
  const bar = await called('bar');
  const call = foo.call({ to: '101', sdp: withMedia(41_000) });
  const toBar = await bar.called();
  await toBar.answer(withMedia(42_000));
  await call.answered;
  const handed = bar.received(({ method, isResponse }) => !isResponse && method === 'INVITE');
  const held = await call.request(
    'INVITE',
    [
      ['Contact', `<${foo.contact}>`],
      ['Content-Type', 'application/sdp'],
    ],
    `${withMedia(41_000)}a=sendonly\r\n`,
  );
  expect(held.status).toBe(200);
  expect((await handed).body).toContain('a=sendonly');
  expect((await toBar.hangup()).status).toBe(200);
  expect((await call.ended).header('CSeq')).toContain('BYE');
});

test('the caller gives up: whoever rings is called off', async () => {
  const { called, channels, foo } = await setStage();
  const bar = await called('bar');
  const call = foo.call({ to: '101' });
  const toBar = await bar.called();
  toBar.progress(180);
  await call.progress(180);
  expect((await call.cancel()).status).toBe(200);
  await bar.next('CANCEL');
  expect((await call.answered).status).toBe(487);
  await expect.poll(channels).toBe(0);
});

test.each([
  ['nobody can be reached', '100', undefined, 480],
  ['there is no such extension', '7777', undefined, 404],
  ['who is called is busy', '101', 486, 486],
  ['nobody answers in time', '101', 180, 480],
])('%s', async (_, exten, answered, status) => {
  const { called, channels, foo } = await setStage();
  const bar = answered === undefined ? undefined : await called('bar');
  const call = foo.call({ to: exten });
  const toBar = await bar?.called();
  if (answered === 180) toBar?.progress(180);
  else if (answered !== undefined) toBar?.reject(answered);
  expect((await call.answered).status).toBe(status);
  await expect.poll(channels).toBe(0);
});
