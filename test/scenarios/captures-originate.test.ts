// Recordings of calls that a real Asterisk placed and bridged, played again by real SIP peers: the same events, in the same
// order, but for the listed exceptions.
import { expect, test } from 'vitest';
import type { AriApp } from '../../scripts/demo/application.ts';
import { readCapture } from '../support/captures.ts';
import { registering, stages, type Stage } from './captures-room.ts';
import { everywhere, inCalls, inHangups, inOutboundCalls } from './exceptions.ts';

const setStage = stages([...everywhere, ...inCalls, ...inHangups, ...inOutboundCalls], registering);

/** The endpoint's last channel is gone. */
const isFree = async (stage: Stage, socket = 'subTech'): Promise<void> => {
  await stage.apps[socket]!.next(
    'EndpointStateChange',
    (event) => (event['endpoint'] as { channel_ids: string[] }).channel_ids.length === 0,
  );
};

const stateOf = (state: string) => (event: { readonly [name: string]: unknown }) =>
  (event['channel'] as { state: string }).state === state;

const originate = async (stage: Stage, query: Readonly<Record<string, string>>, body?: unknown, path = '/channels') => {
  const answer = await stage.service.rest('POST', path, query, body);
  expect(answer.status, JSON.stringify(answer.body)).toBe(200);
  return answer.body as { readonly id: string };
};

test('a call to an application: rung, answered, hung up by the far end', async () => {
  const stage = await setStage();
  const foo = await stage.called('foo');
  await originate(
    stage,
    {
      ...{ endpoint: 'PJSIP/foo', app: 'app', appArgs: 'dialed,x', timeout: '10' },
      callerId: '"Caller Name" <5551234>',
    },
    { variables: { MYVAR: 'val', 'PJSIP_HEADER(add,X-Orig)': 'yes', 'CALLERID(name)': 'Other' } },
  );
  const call = await foo.called();
  expect(call.invite.header('X-Orig')).toBe('yes');
  expect(call.invite.header('From')).toMatch(/^"Caller Name" <sip:5551234@/);
  call.progress(180);
  await stage.apps['app']!.next('ChannelStateChange', stateOf('Ringing'));
  await call.answer();
  await stage.apps['app']!.next('StasisStart');
  expect((await call.hangup()).status).toBe(200);
  await isFree(stage);
  await stage.sameAs(readCapture('originate-app-answered'));
});

test('a call with an id of its own, hung up by the application', async () => {
  const stage = await setStage();
  const foo = await stage.called('foo');
  await originate(stage, { endpoint: 'PJSIP/foo', app: 'app' }, undefined, '/channels/my-id-1');
  const call = await foo.called();
  call.progress(180);
  await stage.apps['app']!.next('ChannelStateChange', stateOf('Ringing'));
  await call.answer();
  await stage.apps['app']!.next('StasisStart');
  const again = await stage.service.rest('POST', '/channels/my-id-1', { endpoint: 'PJSIP/foo', app: 'app' });
  expect(again).toMatchObject({ status: 409, body: { message: 'Channel with given unique ID already exists' } });
  expect((await stage.service.rest('DELETE', '/channels/my-id-1')).status).toBe(204);
  await call.ended;
  await isFree(stage);
  await stage.sameAs(readCapture('originate-with-id'));
});

test('a call that leads to an extension with an application', async () => {
  const stage = await setStage();
  const foo = await stage.called('foo');
  await originate(stage, { endpoint: 'PJSIP/foo', extension: '1001' });
  const call = await foo.called();
  call.progress(180);
  await stage.apps['subTech']!.next('ChannelStateChange', stateOf('Ringing'));
  await call.answer();
  await stage.apps['app']!.next('StasisStart');
  await call.hangup();
  await isFree(stage);
  await stage.sameAs(readCapture('originate-extension'), 'scenario E2');
});

test('calls that fail: busy, not answered in time, to where nobody listens, and bad requests', async () => {
  const stage = await setStage();
  const capture = readCapture('originate-failures');
  const foo = await stage.called('foo');

  await originate(stage, { endpoint: 'PJSIP/foo', app: 'app' });
  (await foo.called()).reject(486);
  await isFree(stage);
  await stage.sameAs(capture, 'scenario F1', 'scenario F2');

  await originate(stage, { endpoint: 'PJSIP/foo', app: 'app', timeout: '1' });
  (await foo.called()).progress(180);
  await isFree(stage);
  await stage.sameAs(capture, 'scenario F2', 'scenario F3');

  const refusal = async (query: Readonly<Record<string, string>>) =>
    (await stage.service.rest('POST', '/channels', query)) as { status: number; body: { message: string } };
  expect((await refusal({ endpoint: 'PJSIP/bar', app: 'app' })).status).toBeGreaterThanOrEqual(400);
  expect(await refusal({ endpoint: 'PJSIP', app: 'app' })).toMatchObject({
    ...{ status: 400, body: { message: 'Invalid endpoint specified' } },
  });
  expect(await refusal({ app: 'app' })).toMatchObject({ status: 400, body: { message: 'Endpoint must be specified' } });
  expect(await refusal({ endpoint: 'PJSIP/foo' })).toMatchObject({
    ...{ status: 400, body: { message: 'Application or extension must be specified' } },
  });

  for (const query of [{ app: 'unknownapp' }, { extension: '1001', context: 'nocontext' }, { app: 'app' }]) {
    const { id } = await originate(stage, { endpoint: 'PJSIP/foo', ...query });
    const call = await foo.called();
    call.progress(180);
    await stage.apps['subTech']!.next('ChannelStateChange', stateOf('Ringing'));
    await call.answer();
    if (query.app === 'app') {
      await stage.apps['app']!.next('StasisStart');
      expect((await stage.service.rest('DELETE', `/channels/${id}`)).status).toBe(204);
    }
    await call.ended;
    await isFree(stage);
  }
  await stage.sameAs(capture, 'scenario F4');
});

test('a channel that is created, and then dialled', async () => {
  const stage = await setStage();
  const foo = await stage.called('foo');
  const { service } = stage;
  await originate(stage, { endpoint: 'PJSIP/foo', app: 'app', channelId: 'created-1' }, undefined, '/channels/create');
  await stage.apps['app']!.next('StasisStart');
  expect((await service.rest('POST', '/channels/created-1/dial', { timeout: '5' })).status).toBe(204);
  const call = await foo.called();
  call.progress(180);
  await stage.apps['app']!.next('ChannelStateChange', stateOf('Ringing'));
  await call.answer();
  await stage.apps['app']!.next('ChannelStateChange', stateOf('Up'));
  expect((await service.rest('GET', '/channels/created-1')).body).toMatchObject({ state: 'Up' });
  expect((await service.rest('DELETE', '/channels/created-1')).status).toBe(204);
  await call.ended;
  await isFree(stage);
  await stage.sameAs(readCapture('create-dial'));
});

test('a bridge: two channels in, one out, and its end', async () => {
  const stage = await setStage();
  const { service, apps } = stage;
  const [foo, sipp] = [await stage.called('foo'), await stage.called('sipp')];
  const rest = async (method: string, path: string, query?: Readonly<Record<string, string>>) => {
    const { status, body } = await service.rest(method, path, query);
    return { status, message: (body as { message?: string } | undefined)?.message };
  };
  const inbound = foo.call({ to: '1001' });
  const id = await idOf(apps['app']!);
  expect((await rest('POST', `/channels/${id}/answer`)).status).toBe(204);
  await inbound.answered;
  const query = { type: 'mixing', name: 'cap', bridgeId: 'bridge-1' };
  const made = await service.rest('POST', '/bridges', query);
  expect(made).toMatchObject({ status: 200, body: { id: 'bridge-1', channels: [] } });
  expect((await rest('POST', '/applications/subFoo/subscription', { eventSource: 'bridge:bridge-1' })).status).toBe(
    200,
  );
  expect((await rest('POST', '/bridges/bridge-1/addChannel', { channel: id })).status).toBe(204);
  await originate(stage, { endpoint: 'PJSIP/sipp', app: 'app' }, undefined, '/channels/leg2');
  const outbound = await sipp.called();
  outbound.progress(180);
  await apps['app']!.next('ChannelStateChange', stateOf('Ringing'));
  await outbound.answer();
  await apps['app']!.next('StasisStart');
  expect((await rest('POST', '/bridges/bridge-1/addChannel', { channel: 'leg2' })).status).toBe(204);
  expect((await service.rest('GET', '/bridges/bridge-1')).body).toMatchObject({
    ...{ technology: 'native_rtp', channels: [id, 'leg2'] },
  });
  expect(await rest('POST', '/bridges/bridge-1/addChannel', { channel: 'nope' })).toEqual({
    ...{ status: 400, message: 'Channel not found' },
  });
  expect((await rest('POST', '/bridges/nope/addChannel', { channel: id })).status).toBe(404);
  expect((await rest('POST', '/bridges/bridge-1/addChannel')).status).toBe(400);
  expect((await rest('POST', '/bridges/bridge-1/removeChannel', { channel: 'leg2' })).status).toBe(204);
  expect((await rest('POST', '/bridges/bridge-1/removeChannel', { channel: 'leg2' })).status).toBe(422);
  expect((await rest('DELETE', '/bridges/bridge-1')).status).toBe(204);
  expect((await rest('DELETE', '/bridges/bridge-1')).status).toBe(404);
  await outbound.request('BYE', [['Reason', 'Q.850;cause=16']]);
  await isFree(stage);
  await inbound.request('BYE', [['Reason', 'Q.850;cause=16']]);
  await isFree(stage);
  await stage.sameAs(readCapture('bridge'));
});

async function idOf(app: AriApp): Promise<string> {
  const { channel } = (await app.next('StasisStart')) as unknown as { channel: { id: string } };
  return channel.id;
}
