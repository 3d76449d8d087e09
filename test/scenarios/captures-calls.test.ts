// Recordings of calls of a real Asterisk, played again by real SIP peers: the same events, in the same order, but for the listed exceptions.
import { expect, test } from 'vitest';
import type { AriApp } from '../../scripts/demo/application.ts';
import { readCapture } from '../support/captures.ts';
import { stages } from './captures-room.ts';
import { everywhere, inCalls, inHangups } from './exceptions.ts';

const setStage = stages([...everywhere, ...inCalls, ...inHangups]);

const hold = (sdp: string, direction: string) => sdp.replace('a=sendrecv', `a=${direction}`);
const sdp = [
  'v=0',
  'o=- 1 1 IN IP4 127.0.0.1',
  's=-',
  'c=IN IP4 127.0.0.1',
  't=0 0',
  'm=audio 40000 RTP/AVP 0 101',
  'a=rtpmap:0 PCMU/8000',
  'a=rtpmap:101 telephone-event/8000',
  'a=fmtp:101 0-16',
  'a=sendrecv',
  '',
].join('\r\n');

const idOf = async (app: AriApp): Promise<string> => {
  const { channel } = (await app.next('StasisStart')) as unknown as { channel: { id: string } };
  return channel.id;
};

test('a call: rung and answered by the application, a variable, a digit by INFO, hold, and BYE by the caller', async () => {
  const { service, apps, foo, sameAs } = await setStage();
  const telephone = await foo();
  const call = telephone.call({
    to: '1001',
    sdp,
    headers: [['From', `"Foo Display" <sip:foo@127.0.0.1>;tag=a2b31585`]],
  });
  const id = await idOf(apps['app']!);
  expect((await service.rest('POST', `/channels/${id}/ring`)).status).toBe(204);
  await call.progress(180);
  expect((await service.rest('POST', `/channels/${id}/answer`)).status).toBe(204);
  expect((await call.answered).status).toBe(200);
  expect((await service.rest('POST', `/channels/${id}/variable`, { variable: 'MYVAR', value: 'v1' })).status).toBe(204);
  const info = await call.request('INFO', [['Content-Type', 'application/dtmf-relay']], 'Signal=7\r\nDuration=160\r\n');
  expect(info.status).toBe(200);
  for (const direction of ['sendonly', 'sendrecv']) {
    const answer = await call.request(
      'INVITE',
      [
        ['Contact', `<${telephone.contact}>`],
        ['Content-Type', 'application/sdp'],
      ],
      hold(sdp, direction),
    );
    expect(answer.status).toBe(200);
  }
  expect((await call.hangup()).status).toBe(200);
  await isFree(apps['subTech']!);
  await sameAs(readCapture('call-inbound-stasis'));
  expect((await service.rest('GET', `/channels/${id}`)).body).toMatchObject({ message: 'Channel not found' });
});

test('a call that the caller cancels', async () => {
  const { service, apps, foo, sameAs } = await setStage();
  const call = (await foo()).call({ to: '1001', sdp });
  const id = await idOf(apps['app']!);
  expect((await service.rest('POST', `/channels/${id}/ring`)).status).toBe(204);
  expect((await call.cancel()).status).toBe(200);
  expect((await call.answered).status).toBe(487);
  await apps['app']!.next('StasisEnd');
  await sameAs(readCapture('call-inbound-cancel'));
});

test('a call that the application hangs up, before and after the answer', async () => {
  const { service, apps, foo, sameAs } = await setStage();
  const capture = readCapture('call-inbound-hangup-by-ari');
  const telephone = await foo();

  const refused = telephone.call({ to: '4001', sdp });
  const first = await idOf(apps['app']!);
  expect((await service.rest('DELETE', `/channels/${first}`, { reason: 'busy' })).status).toBe(204);
  expect((await refused.answered).status).toBe(486);
  await sameAs(capture, 'scenario B:', 'scenario B2:');

  const call = telephone.call({ to: '1001', sdp });
  const second = await idOf(apps['app']!);
  expect((await service.rest('POST', `/channels/${second}/answer`)).status).toBe(204);
  await call.answered;
  expect((await service.rest('DELETE', `/channels/${second}`)).status).toBe(204);
  expect((await call.ended).header('CSeq')).toContain('BYE');
  await sameAs(capture, 'scenario B2:');
});

test('a call to an application that nobody listens for', async () => {
  const { apps, foo, sameAs } = await setStage();
  const call = (await foo()).call({ to: '2001', sdp });
  expect((await call.answered).status).toBe(603);
  await isFree(apps['subTech']!);
  await sameAs(readCapture('app-away'), 'scenario H', 'scenario L');
});

test('the application goes away during a call, and comes back', async () => {
  const { service, apps, foo, sameAs, replace } = await setStage();
  const capture = readCapture('app-away');
  const call = (await foo()).call({ to: '1001', sdp });
  const id = await idOf(apps['app']!);
  expect((await service.rest('POST', `/channels/${id}/answer`)).status).toBe(204);
  await call.answered;
  await sameAs(capture, 'scenario L', 'DTMF while away');
  await apps['app']!.close();
  expect((await service.rest('GET', '/applications/app')).body).toMatchObject({ channel_ids: [id], bridge_ids: [] });
  expect((await service.rest('GET', `/channels/${id}`)).body).toMatchObject({ state: 'Up' });
  await replace('app');
  await call.hangup();
  await isFree(apps['subTech']!);
  await sameAs(capture, 'app reconnected');
});

test('an extension that is not there: nothing is told', async () => {
  const { foo, sameAs } = await setStage();
  const call = (await foo()).call({ to: '7777', sdp });
  expect((await call.answered).status).toBe(404);
  await sameAs(readCapture('call-dialplan-only'), 'foo INVITE to non-existent extension');
});

const isFree = (app: AriApp): Promise<unknown> =>
  app.next('EndpointStateChange', (event) => (event['endpoint'] as { channel_ids: string[] }).channel_ids.length === 0);
