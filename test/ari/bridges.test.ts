// Bridges by REST: what is done, what is answered, and what applications are told.
import { describe, expect, test } from 'vitest';
import type { Channel } from '../../src/core/channel.ts';
import type { ChannelState } from '../../src/core/facts.ts';
import type { MediaLeg } from '../../src/core/media.ts';
import { fakeDriver } from '../support/core.ts';
import { FakeLeg } from '../support/fake-leg.ts';
import { api, BASIC, connect, type Api } from './api.ts';

const path = '/ari/bridges/b';

interface NewCall {
  readonly leg?: FakeLeg;
  readonly state?: ChannelState;
  readonly isInApplication?: boolean;
}

function call(
  { core }: Api,
  { leg = new FakeLeg('leg'), state = 'Up', isInApplication = true }: NewCall = {},
): Channel {
  const driver = { ...fakeDriver(), media: leg as MediaLeg };
  const endpoint = core.endpoints.get({ tech: 'PJSIP', resource: 'foo' });
  const channel = core.channels.create({ endpoint, name: 'PJSIP/foo', state, context: 'default', exten: '1', driver });
  if (isInApplication) channel.enter(core.applications.register('app', () => undefined).application, []);
  return channel;
}

async function status({ ask }: Api, method: string, path: string): Promise<number> {
  return (await ask(method, path)).status;
}

const json = (document: unknown) => ({
  headers: { authorization: BASIC, 'content-type': 'application/json' },
  payload: JSON.stringify(document),
});

const shown = {
  id: 'b',
  technology: 'simple_bridge',
  bridge_type: 'mixing',
  bridge_class: 'stasis',
  creator: 'Stasis',
  name: '',
  channels: [],
  creationtime: '2026-11-20T19:13:43.844+0000',
  video_mode: 'talker',
};

describe('a bridge', () => {
  test('is made, shown as ARI shows it, and destroyed', async () => {
    const { ask } = api();
    expect(await ask('POST', '/ari/bridges?type=mixing&bridgeId=b&name=n')).toMatchObject({
      status: 200,
      body: { ...shown, name: 'n' },
    });
    expect((await ask('GET', '/ari/bridges')).body).toEqual([{ ...shown, name: 'n' }]);
    expect((await ask('GET', path)).body).toEqual({ ...shown, name: 'n' });
    expect((await ask('DELETE', path)).status).toBe(204);
    expect(await ask('DELETE', path)).toMatchObject({ status: 404, body: { code: 'bridge-not-found' } });
    expect((await ask('GET', path)).status).toBe(404);
  });

  test.each([
    ['POST', '/ari/bridges'],
    ['POST', '/ari/bridges?bridgeId='],
    ['POST', '/ari/bridges?type='],
    ['POST', '/ari/bridges?type=mixing,dtmf_events,proxy_media,bogus'],
    ['POST', '/ari/bridges/x?type=mixing'],
  ])('%s %s makes one that mixes', async (method, path) => {
    const { body } = await api().ask(method, path);
    expect(body).toMatchObject({
      bridge_type: 'mixing',
      technology: 'simple_bridge',
      id: expect.stringMatching(/./) as string,
    });
  });

  test.each([
    ['/ari/bridges?type=holding', 200],
    ['/ari/bridges?type=mixing,holding', 400],
    ['/ari/bridges?type=bogus', 400],
    ['/ari/bridges/x?type=holding,mixing', 400],
    ['/ari/bridges?bridgeId=b', 409],
    ['/ari/bridges/b', 409],
  ])('POST %s is answered with %d', async (path, expected) => {
    const given = api();
    given.core.bridges.create({ id: 'b' });
    expect(await status(given, 'POST', path)).toBe(expected);
  });

  test('in a document its id is looked at, too, and its variables are those under "variables"', async () => {
    const { ask, core } = api();
    const document = { bridgeId: 'b', type: 'holding', variables: { A: '1', B: { value: '2', report_events: true } } };
    expect(await ask('POST', '/ari/bridges', json(document))).toMatchObject({
      status: 200,
      body: { id: 'b', bridge_type: 'holding', technology: 'holding_bridge', bridgevars: { B: '2' } },
    });
    const bridge = core.bridges.get('b');
    expect([bridge.variable('A'), bridge.variable('B'), bridge.variable('type')]).toEqual(['1', '2', undefined]);
    expect((await ask('POST', '/ari/bridges', json(document))).status).toBe(409);
  });

  test.each(['/ari/bridges', '/ari/bridges/x'])('POST %s with a malformed variable makes none', async (path) => {
    const { ask, core } = api();
    expect((await ask('POST', path, json({ variables: { A: 1 } }))).status).toBe(400);
    expect(core.bridges.list()).toEqual([]);
  });
});

describe('adding channels', () => {
  test('brings them together, and is answered when they are', async () => {
    const given = api();
    given.core.bridges.create({ id: 'b' });
    const legs = [new FakeLeg('one'), new FakeLeg('other')];
    const [one, other] = legs.map((leg) => call(given, { leg }));
    expect(await status(given, 'POST', `${path}/addChannel?channel=${one!.id},${other!.id},${one!.id}`)).toBe(204);
    expect(legs.map(({ remote }) => remote)).toEqual(['other 1', 'one 1']);
    expect((await given.ask('GET', path)).body).toMatchObject({
      technology: 'native_rtp',
      channels: [one!.id, other!.id],
    });
    expect(await status(given, 'POST', `${path}/removeChannel?channel=${one!.id}`)).toBe(204);
    expect((await given.ask('GET', path)).body).toMatchObject({ technology: 'simple_bridge', channels: [other!.id] });
  });

  test.each(['addChannel', 'removeChannel'])('%s checks the bridge first, then each channel', async (operation) => {
    const given = api();
    given.core.bridges.create({ id: 'b' });
    const { id } = await given.core.bridges.connect(...([call(given), call(given)] as const));
    const outside = call(given, { isInApplication: false });
    const answers = [
      [`/ari/bridges/nope/${operation}`, 404, 'bridge-not-found'],
      [`/ari/bridges/${id}/${operation}?channel=nope`, 409, 'bridge-not-in-application'],
      [`${path}/${operation}`, 400, 'missing-parameter'],
      [`${path}/${operation}?channel=nope`, 400, 'channel-not-found'],
      [`${path}/${operation}?channel=${encodeURIComponent(outside.snapshot.name)}`, 400, 'channel-not-found'],
      [`${path}/${operation}?channel=${outside.id}`, 422, 'channel-not-in-application'],
    ] as const;
    for (const [path, status, code] of answers)
      expect([path, await given.ask('POST', path)]).toMatchObject([path, { status, body: { code } }]);
  });

  test('a third party is refused, and so is one that cannot be muted, with a reason', async () => {
    const given = api();
    given.core.bridges.create({ id: 'b' });
    const [one, other, third] = [call(given), call(given), call(given)];
    const refusal = {
      status: 409,
      body: { code: 'bridge-needs-media-engine', message: expect.stringContaining('media engine') as string },
    };
    expect(await given.ask('POST', `${path}/addChannel?channel=${one.id}&mute=true`)).toMatchObject(refusal);
    expect(await status(given, 'POST', `${path}/addChannel?channel=${one.id},${other.id}&absorbDTMF=true`)).toBe(204);
    expect(await given.ask('POST', `${path}/addChannel?channel=${third.id}`)).toMatchObject(refusal);
  });

  test.each([
    ['refuse', 422, 'refused'],
    ['end', 409, 'conflict'],
  ] as const)('one whose far end does "%s" is answered with %d, and has not joined', async (turn, status, code) => {
    const given = api();
    given.core.bridges.create({ id: 'b' });
    await given.core.bridges.get('b').add([call(given)]);
    const { id } = call(given, { leg: new FakeLeg('other', { next: () => turn }) });
    expect(await given.ask('POST', `${path}/addChannel?channel=${id}`)).toMatchObject({ status, body: { code } });
    expect(given.core.bridges.get('b').channels).toHaveLength(1);
  });

  test('role and the rest are kept, and who is not to be known is not told to the others', async () => {
    const given = api();
    const bridge = given.core.bridges.create({ id: 'b', type: 'holding' });
    const channel = call(given);
    const query = 'role=announcer&absorbDTMF=true&mute=true&inhibitConnectedLineUpdates=true';
    expect(await status(given, 'POST', `${path}/addChannel?channel=${channel.id}&${query}`)).toBe(204);
    expect(bridge.placeOf(channel)).toEqual({ role: 'announcer', absorbsDtmf: true, isMuted: true, isAnonymous: true });
  });

  test('one that is not in this bridge cannot be removed from it', async () => {
    const given = api();
    given.core.bridges.create({ id: 'b' });
    const removal = `${path}/removeChannel?channel=${call(given).id}`;
    expect(await given.ask('POST', removal)).toMatchObject({
      status: 422,
      body: { message: 'Channel not in this bridge', code: 'channel-not-in-bridge' },
    });
  });
});

describe('variables', () => {
  test('are set, read and unset, one or several', async () => {
    const given = api();
    given.core.bridges.create({ id: 'b' });
    const read = async (query: string) => (await given.ask('GET', `${path}/${query}`)).body;
    expect(await status(given, 'POST', `${path}/variable?variable=A&value=1&report_events=true`)).toBe(204);
    expect(await read('variable?variable=A')).toEqual({ value: '1' });
    expect((await given.ask('GET', path)).body).toMatchObject({ bridgevars: { A: '1' } });
    expect(await status(given, 'POST', `${path}/variable?variable=A`)).toBe(204);
    expect(await read('variable?variable=A')).toMatchObject({ code: 'variable-not-found' });
    const several = json({ variables: { B: '2', C: { value: '3' } } });
    expect((await given.ask('POST', `${path}/variables`, several)).status).toBe(204);
    expect(await read('variables?variables=B,C')).toEqual({ variables: { B: '2', C: '3' } });
    expect(await read('variables?variables=B,D')).toMatchObject({ code: 'variable-not-found' });
  });

  test.each([
    ['GET', 'variable?variable=A', 404],
    ['GET', 'variable', 400],
    ['POST', 'variable', 400],
    ['POST', 'variable?variable=F(x)&value=1', 400],
    ['GET', 'variables', 400],
    ['POST', 'variables', 400],
  ])(
    '%s %s is answered with %d; of a bridge that is not there, or is of the routing, otherwise',
    async (method, query, expected) => {
      const given = api();
      given.core.bridges.create({ id: 'b' });
      expect(await status(given, method, `${path}/${query}`)).toBe(expected);
      const [one, other] = [call(given), call(given)];
      const { id } = await given.core.bridges.connect(one, other);
      const whole = query.startsWith('variables') ? 'variables?variables=A' : 'variable?variable=A';
      const options = method === 'POST' ? json({ variables: { A: '1' } }) : {};
      expect((await given.ask(method, `/ari/bridges/nope/${whole}`, options)).status).toBe(404);
      expect((await given.ask(method, `/ari/bridges/${id}/${whole}`, options)).status).toBe(409);
    },
  );
});

describe('an application', () => {
  test('is told of its channels in bridges, with what the recording shows', async () => {
    const given = api();
    const host = await given.listen();
    const app = await connect(`ws://${host}/ari/events?app=app&api_key=ari:ari`);
    const channel = call(given, { isInApplication: false });
    channel.enter(given.core.applications.get('app'), []);
    await given.ask('POST', '/ari/bridges?bridgeId=b');
    await given.ask('POST', `${path}/addChannel?channel=${channel.id}`);
    const entered = await app.event('ChannelEnteredBridge');
    expect(entered).toMatchObject({ bridge: { ...shown, channels: [channel.id] }, channel: { id: channel.id } });
    await given.ask('POST', `${path}/removeChannel?channel=${channel.id}`);
    expect(await app.event('ChannelLeftBridge')).toMatchObject({ bridge: shown, channel: { id: channel.id } });
  });

  test('sees in its snapshot the bridges whose events it receives', async () => {
    const given = api();
    given.core.applications.register('app', () => undefined);
    for (const id of ['b', 'other']) given.core.bridges.create({ id });
    const bridges = async (): Promise<unknown> =>
      ((await given.ask('GET', '/ari/applications/app/snapshot')).body as { bridges: unknown }).bridges;
    expect(await bridges()).toEqual([]);
    expect(await status(given, 'POST', '/ari/applications/app/subscription?eventSource=bridge:b')).toBe(200);
    expect(await bridges()).toEqual([shown]);
    expect(await status(given, 'POST', '/ari/applications/app/subscription?eventSource=bridge:')).toBe(200);
    expect(await bridges()).toEqual([shown, { ...shown, id: 'other' }]);
  });

  test('may be sent an event that shows a bridge', async () => {
    const given = api();
    const host = await given.listen();
    const app = await connect(`ws://${host}/ari/events?app=app&api_key=ari:ari`);
    given.core.bridges.create({ id: 'b' });
    const user = '/ari/events/user/hello?application=app&source=bridge';
    expect(await status(given, 'POST', `${user}:b`)).toBe(204);
    expect(await app.event('ChannelUserevent')).toMatchObject({ bridge: shown });
    expect(await status(given, 'POST', `${user}:nope`)).toBe(422);
  });
});
