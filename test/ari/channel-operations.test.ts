// The operations on a channel: their codes in the order of their checks, what they do, and how their outcome is told.
import { expect, test } from 'vitest';
import type { ChannelState } from '../../src/core/facts.ts';
import { Fault } from '../../src/errors.ts';
import { api, BASIC, connect, until } from './api.ts';
import { call, type Call } from './call.ts';

/** Those that an outbound leg that nobody has answered does not allow, with what makes them right. */
const needAnswered = [
  ['POST', 'answer', ''],
  ['POST', 'continue', ''],
  ['POST', 'redirect', 'endpoint=PJSIP/bar'],
  ['POST', 'ring', ''],
  ['DELETE', 'ring', ''],
  ['POST', 'progress', ''],
  ['POST', 'dtmf', 'dtmf=1'],
  ['POST', 'mute', 'direction=in'],
  ['DELETE', 'mute', 'direction=in'],
  ['POST', 'hold', ''],
  ['DELETE', 'hold', ''],
] as const;
const needApplication = [
  ...needAnswered,
  ['POST', 'move', 'app=app'],
  ['POST', 'transfer_progress', 'states=channel_answered'],
  ['POST', 'variable', 'variable=A&value=1'],
] as const;

test.each(needApplication)('%s %s wants a channel that is in an application', async (method, operation, query) => {
  const given = api();
  const ask = async (path: string) => (await given.ask(method, `${path}/${operation}?${query}`)).body;
  expect(await ask('/ari/channels/nobody')).toMatchObject({ code: 'channel-not-found' });
  const outside = { message: 'Channel not in Stasis application', code: 'channel-not-in-application' };
  expect(await ask(call(given, 'Ringing', false).path)).toEqual(outside);
  expect(await ask('/ari/channels/PJSIP%2Ffoo-00000000')).toEqual(outside);
});

test.each(needAnswered)('%s %s wants no unanswered outbound leg', async (method, operation, query) => {
  const given = api();
  const status = async (state: ChannelState): Promise<number> =>
    (await given.ask(method, `${call(given, state).path}/${operation}?${query}`)).status;
  for (const state of ['Down', 'Rsrvd', 'Ringing'] as const) expect([state, await status(state)]).toEqual([state, 412]);
  for (const state of ['Ring', 'Up'] as const) expect([state, await status(state)]).toEqual([state, 204]);
});

test.each([
  ['POST', 'continue', 'label=x', 404],
  ['POST', 'continue', 'label=0', 400],
  ['POST', 'redirect', '', 400],
  ['POST', 'redirect', 'endpoint=', 400],
  ['POST', 'redirect', 'endpoint=bar', 422],
  ['POST', 'redirect', 'endpoint=PJSIP/', 422],
  ['POST', 'redirect', 'endpoint=IAX2/bar', 422],
  ['POST', 'dtmf', '', 400],
  ['POST', 'mute', 'direction=up', 400],
  ['DELETE', 'mute', 'direction=up', 400],
] as const)('%s %s with "%s" is refused last of all', async (method, operation, query, refused) => {
  const given = api();
  const status = async ({ path }: Pick<Call, 'path'>): Promise<number> =>
    (await given.ask(method, `${path}/${operation}?${query}`)).status;
  const { channel, driver, path } = call(given, 'Up');
  expect(await status({ path })).toBe(refused);
  expect([driver.done, channel.application]).toEqual([[], 'app']);
  expect(await status(call(given, 'Down'))).toBe(412);
  expect(await status(call(given, 'Down', false))).toBe(409);
  expect(await status({ path: '/ari/channels/nobody' })).toBe(404);
});

test.each([
  ['POST', 'move', '', 400, 'invalid-parameter'],
  ['POST', 'transfer_progress', '', 400, 'invalid-parameter'],
  ['POST', 'transfer_progress', 'states=bogus', 400, 'invalid-parameter'],
  ['POST', 'transfer_progress', 'states=channel_answered', 409, 'no-transfer'],
] as const)('%s %s with "%s" is refused, whatever the state', async (method, operation, query, status, code) => {
  const given = api();
  for (const state of ['Down', 'Up'] as const)
    expect(await given.ask(method, `${call(given, state).path}/${operation}?${query}`)).toMatchObject({
      status,
      body: { code },
    });
  expect((await given.ask(method, `${call(given, 'Up', false).path}/${operation}?${query}`)).status).toBe(409);
});

test.each([
  ['POST', 'answer', '', ['answer']],
  ['POST', 'ring', '', ['ring']],
  ['DELETE', 'ring', '', ['stop ringing']],
  ['POST', 'progress', '', ['progress']],
  ['POST', 'dtmf', 'dtmf=12w-a%23&between=50&duration=0', ['progress', 'keys 12wA# {"between":50}']],
  [
    'POST',
    'dtmf',
    'dtmf=1&before=1&between=2&duration=3&after=4',
    ['progress', 'keys 1 {"before":1,"between":2,"duration":3,"after":4}'],
  ],
  ['POST', 'mute', '', ['muted {"in":true,"out":true}']],
  ['POST', 'mute', 'direction=out', ['muted {"in":false,"out":true}']],
  ['DELETE', 'mute', '', []],
  ['POST', 'hold', '', ['hold']],
  ['DELETE', 'hold', '', ['unhold']],
  ['POST', 'redirect', 'endpoint=pjsip/bar', ['redirect bar']],
  ['POST', 'redirect', 'endpoint=PJSIP/sip:x@y', ['redirect sip:x@y']],
] as const)('%s %s with "%s" is carried out', async (method, operation, query, done) => {
  const given = api();
  const { driver, path } = call(given);
  const answer = await given.ask(method, `${path}/${operation}?${query}`);
  expect([answer.status, answer.body]).toEqual([204, '']);
  await until(() => driver.done.length === done.length);
  expect(driver.done).toEqual(done);
});

test('a call that is up is told of keys alone', async () => {
  const given = api();
  const { driver, path } = call(given, 'Up');
  await given.ask('POST', `${path}/dtmf?dtmf=5`);
  expect(driver.done).toEqual(['keys 5 {}']);
});

test('transfer_progress tells the far end, and says that it was told', async () => {
  const given = api();
  const { channel, driver, path } = call(given, 'Down');
  channel.requestTransfer({ target: { destination: '100' } });
  expect((await given.ask('POST', `${path}/transfer_progress?states=channel_unavailable`)).status).toBe(204);
  expect(driver.done).toEqual(['transfer channel_unavailable']);
});

test('the outcome of what was only queued is told by an event with the id of its answer', async () => {
  const given = api();
  const client = await connect(`ws://${await given.listen()}/ari/events?app=app&extensions=true`, {
    headers: { authorization: BASIC },
  });
  const { channel, driver, path } = call(given, 'Ring', false);
  channel.enter(given.core.applications.get('app'), []);
  const resume = driver.pause();
  const { status, headers } = await given.ask('POST', `${path}/hold`);
  resume(new Fault('unprocessable', 'The far end refuses'));
  expect(status).toBe(204);
  expect(await client.event('ChannelOperationFinished')).toMatchObject({
    operation_id: headers['operation-id'],
    operation: 'hold',
    outcome: 'failed',
    reason: 'The far end refuses',
    channel: { id: channel.id },
  });
});

test('over the WebSocket the answer names the operation, and so do the events that it causes', async () => {
  const given = api();
  const client = await connect(`ws://${await given.listen()}/ari/events?app=app&extensions=true`, {
    headers: { authorization: BASIC },
  });
  const { channel } = call(given, 'Ring', false);
  channel.enter(given.core.applications.get('app'), []);
  client.socket.send(
    JSON.stringify({ type: 'RESTRequest', request_id: '1', method: 'POST', uri: `channels/${channel.id}/answer` }),
  );
  const { status_code, operation_id } = await client.event('RESTResponse');
  expect([status_code, operation_id]).toEqual([204, expect.stringMatching(/^[0-9a-f-]{36}$/)]);
  expect(await client.event('ChannelStateChange')).toMatchObject({ operation_id });
  expect(await client.event('ChannelOperationFinished')).toMatchObject({
    operation_id,
    operation: 'answer',
    outcome: 'succeeded',
  });
});

test('what is answered when it is done is refused when it fails', async () => {
  const given = api();
  const { driver, path } = call(given);
  const resume = driver.pause();
  const answer = given.ask('POST', `${path}/answer`);
  await until(() => driver.done.length === 1);
  resume(new Fault('unavailable', 'The wire is cut'));
  expect(await answer).toMatchObject({ status: 503, body: { message: 'The wire is cut' } });
});

test('beyond the limit an operation is refused at once', async () => {
  const given = api();
  const { driver, path } = call(given);
  driver.pause();
  const statuses = new Set<number>();
  for (let asked = 0; asked <= 100; asked++) statuses.add((await given.ask('POST', `${path}/ring`)).status);
  expect([...statuses]).toEqual([204]);
  expect(await given.ask('POST', `${path}/ring`)).toMatchObject({ status: 503, body: { code: 'too-many-operations' } });
});

test('a bug in what was only queued is heard of', async () => {
  const given = api();
  const { driver, path } = call(given);
  const resume = driver.pause();
  expect((await given.ask('POST', `${path}/ring`)).status).toBe(204);
  resume(new TypeError('a bug'));
  await until(() => given.errors.length > 0);
  expect(given.errors.splice(0)).toEqual([new TypeError('a bug')]);
});

test('a request with the key of another one is told the same operation', async () => {
  const given = api();
  const { driver, path } = call(given);
  const ask = () => given.ask('POST', `${path}/ring`, { headers: { authorization: BASIC, 'idempotency-key': 'k' } });
  const [first, again] = [await ask(), await ask()];
  expect([first.status, again.status, again.headers['idempotency-replayed']]).toEqual([204, 204, 'true']);
  expect(again.headers['operation-id']).toBe(first.headers['operation-id']);
  expect(driver.done).toEqual(['ring']);
});

test('hanging up names its operation, too, and waits for no other', async () => {
  const given = api();
  const { driver, path } = call(given, 'Up');
  driver.pause();
  await given.ask('POST', `${path}/hold`);
  const { status, headers } = await given.ask('DELETE', path);
  expect([status, headers['operation-id'], driver.done]).toEqual([
    204,
    expect.stringMatching(/^[0-9a-f-]{36}$/),
    ['hold', 'hangup 16'],
  ]);
});
