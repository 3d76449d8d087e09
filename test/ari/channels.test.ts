// Calls and messages by REST: what is done, to whom, and what is refused.
import { expect, test } from 'vitest';
import type { Channel } from '../../src/core/channel.ts';
import type { ChannelState } from '../../src/core/facts.ts';
import { Fault } from '../../src/errors.ts';
import { fakeDriver } from '../support/core.ts';
import { api, until, type Api } from './api.ts';

interface Call {
  readonly channel: Channel;
  readonly done: readonly string[];
  /** The path of an operation on it. */
  readonly path: string;
}

function call({ core }: Api, state: ChannelState = 'Ring', inApplication = true): Call {
  const driver = fakeDriver(487);
  const endpoint = core.endpoints.get({ tech: 'PJSIP', resource: 'foo' });
  const channel = core.channels.create({ endpoint, name: 'PJSIP/foo', state, context: 'default', exten: '1', driver });
  if (inApplication) channel.enter(core.applications.register('app', () => undefined).application, []);
  return { channel, done: driver.done, path: `/ari/channels/${channel.id}` };
}

test('a channel is shown as ARI shows it, by its id alone', async () => {
  const given = api();
  const { channel, path } = call(given);
  const shown = {
    id: channel.id,
    name: 'PJSIP/foo-00000000',
    state: 'Ring',
    protocol_id: '',
    caller: { name: '', number: '' },
    connected: { name: '', number: '' },
    accountcode: '',
    dialplan: { context: 'default', exten: '1', priority: 1, app_name: '', app_data: '' },
    creationtime: '2026-11-20T19:13:43.844+0000',
    language: 'en',
  };
  expect((await given.ask('GET', path)).body).toEqual(shown);
  expect((await given.ask('GET', '/ari/channels')).body).toEqual([shown]);
  expect((await given.ask('GET', '/ari/channels/PJSIP%2Ffoo-00000000')).status).toBe(404);
});

test('answering, ringing and its end are carried out, and answering twice is once', async () => {
  const given = api();
  const { done, path } = call(given);
  for (const [method, operation] of [
    ['POST', 'ring'],
    ['DELETE', 'ring'],
    ['POST', 'answer'],
    ['POST', 'answer'],
  ] as const) {
    expect((await given.ask(method, `${path}/${operation}`)).status).toBe(204);
  }
  expect(done).toEqual(['ring', 'stop ringing', 'answer']);
});

test.each([
  ['POST', 'answer'],
  ['POST', 'ring'],
  ['DELETE', 'ring'],
])('%s %s wants a channel, in an application, that is no unanswered outbound leg', async (method, operation) => {
  const given = api();
  const status = async (path: string): Promise<number> => (await given.ask(method, `${path}/${operation}`)).status;
  expect(await status('/ari/channels/nobody')).toBe(404);
  expect(await status(call(given, 'Ring', false).path)).toBe(409);
  expect(await status('/ari/channels/PJSIP%2Ffoo-00000000')).toBe(409);
  for (const state of ['Down', 'Rsrvd', 'Ringing'] as const) expect(await status(call(given, state).path)).toBe(412);
  expect(await status(call(given, 'Up').path)).toBe(204);
});

test.each([
  ['', 'hangup 16'],
  ['?reason=busy', 'hangup 17'],
  ['?reason=answered_elsewhere', 'hangup 26'],
  ['?reason_code=34', 'hangup 34'],
  ['?reason_code=34abc', 'hangup 34'],
])('DELETE with "%s" hangs up by %s', async (query, done) => {
  const given = api();
  const ended = call(given, 'Up', false);
  expect((await given.ask('DELETE', `${ended.path}${query}`)).status).toBe(204);
  expect(ended.done).toEqual([done]);
  expect((await given.ask('DELETE', ended.path)).status).toBe(404);
});

test('a channel may be hung up by its name', async () => {
  const given = api();
  const { done } = call(given);
  expect((await given.ask('DELETE', '/ari/channels/PJSIP%2Ffoo-00000000')).status).toBe(204);
  expect(done).toEqual(['hangup 16']);
});

test.each([
  'reason=bogus',
  'reason=toString',
  'reason=busy&reason_code=17',
  'reason_code=abc',
  'reason_code=99999999999',
])('DELETE with "%s" is refused, and the call goes on', async (query) => {
  const given = api();
  const { done, path } = call(given);
  const { status, body } = await given.ask('DELETE', `${path}?${query}`);
  expect([status, body]).toEqual([
    400,
    { code: 'invalid-parameter', message: expect.stringContaining('reason') as string },
  ]);
  expect(done).toEqual([]);
});

test('a variable is set, read and unset', async () => {
  const given = api();
  const { path } = call(given);
  const value = async (): Promise<unknown> => (await given.ask('GET', `${path}/variable?variable=A`)).body;
  expect((await given.ask('POST', `${path}/variable?variable=A&value=1`)).status).toBe(204);
  expect(await value()).toEqual({ value: '1' });
  expect((await given.ask('GET', path)).body).not.toHaveProperty('channelvars');
  expect((await given.ask('POST', `${path}/variable?variable=A&value=2&report_events=true`)).status).toBe(204);
  expect((await given.ask('GET', path)).body).toMatchObject({ channelvars: { A: '2' } });
  expect((await given.ask('POST', `${path}/variable?variable=A`)).status).toBe(204);
  expect(await value()).toEqual({ message: 'Variable not found', code: 'variable-not-found' });
});

test('several variables are set and read at once, all or none', async () => {
  const given = api();
  const { channel, path } = call(given);
  const set = (variables: object) =>
    given.ask('POST', `${path}/variables`, {
      headers: { authorization: 'Basic YXJpOmFyaQ==', 'content-type': 'application/json' },
      payload: JSON.stringify({ variables }),
    });
  expect((await set({ A: '1', B: { value: '2', report_events: true }, C: { value: '3' } })).status).toBe(204);
  expect(channel.snapshot.reported).toEqual({ B: '2' });
  expect((await given.ask('GET', `${path}/variables?variables=A,B`)).body).toEqual({ variables: { A: '1', B: '2' } });
  expect((await given.ask('GET', `${path}/variables?variables=A,X`)).status).toBe(404);
  for (const wrong of [1, null, {}, { value: 1 }, { value: 'x', report_events: 'yes' }, { value: 'x', other: 1 }]) {
    expect((await set({ A: 'changed', D: wrong })).status).toBe(400);
  }
  expect((await set({ A: 'changed', 'PJSIP_HEADER(add,X)': 'x' })).status).toBe(400);
  expect(channel.variable('A')).toBe('1');
  expect((await given.ask('POST', `${path}/variables`)).body).toMatchObject({ message: 'Missing parameter variables' });
});

test('variables are read anywhere, and set only in an application', async () => {
  const given = api();
  const { channel, path } = call(given, 'Ring', false);
  channel.setVariable('A', '1');
  expect((await given.ask('GET', `${path}/variable?variable=A`)).status).toBe(200);
  expect((await given.ask('GET', '/ari/channels/PJSIP%2Ffoo-00000000/variable?variable=A')).status).toBe(200);
  expect((await given.ask('POST', `${path}/variable?variable=A&value=2`)).status).toBe(409);
  expect((await given.ask('GET', `${path}/variable`)).body).toMatchObject({ message: 'Missing parameter variable' });
});

test('a message goes to the address, or to the endpoint whatever the case of its technology', async () => {
  const { ask, sent } = api();
  const query = 'from=sip:a@b&body=hi%20there';
  expect((await ask('PUT', `/ari/endpoints/sendMessage?to=pjsip:foo/sip:x@y&${query}`)).status).toBe(202);
  expect((await ask('PUT', `/ari/endpoints/pjsip/foo/sendMessage?${query}`)).status).toBe(202);
  expect((await ask('PUT', '/ari/endpoints/PJSIP/foo/sendMessage')).status).toBe(202);
  const message = { from: 'sip:a@b', body: 'hi there', variables: {} };
  await until(() => sent.length === 3);
  expect(sent).toMatchObject([
    { address: 'foo/sip:x@y', message: { to: 'pjsip:foo/sip:x@y', ...message } },
    { address: 'foo', message: { to: 'pjsip:foo', ...message } },
    { address: 'foo', message: { to: 'pjsip:foo', from: '', body: '', variables: {} } },
  ]);
});

test.each(['to=sip:foo', 'to=PJSIP:foo', 'to=foo', 'to=:foo'])('a message with "%s" leads nowhere', async (query) => {
  const { ask, sent } = api();
  expect((await ask('PUT', `/ari/endpoints/sendMessage?${query}`)).status).toBe(404);
  expect((await ask('PUT', '/ari/endpoints/PJSIP/nobody/sendMessage')).status).toBe(404);
  expect(sent).toEqual([]);
});

test('what the technology refuses is refused, and a bug is an answer 500 and an error that is heard of', async () => {
  const given = api();
  const failures: Error[] = [
    new Fault('invalid', 'from has a line break', { code: 'invalid-value' }),
    new Error('a bug'),
  ];
  given.core.messages.addSender({
    scheme: 'bad',
    recipient() {
      throw failures.shift()!;
    },
    deliver: () => Promise.reject(new Error('nothing is to be delivered')),
  });
  const ask = () => given.ask('PUT', '/ari/endpoints/sendMessage?to=bad:x');
  expect(await ask()).toMatchObject({ status: 400, body: { message: 'from has a line break', code: 'invalid-value' } });
  expect(await ask()).toMatchObject({ status: 500, body: { message: 'Internal server error', code: 'internal' } });
  expect(given.errors.splice(0)).toEqual([new Error('a bug')]);
});

test('a user event shows the last object of each kind, and wants ones that exist', async () => {
  const given = api();
  const { channel } = call(given);
  const ask = async (source: string): Promise<number> =>
    (await given.ask('POST', `/ari/events/user/e?application=app&source=${source}`)).status;
  const facts: unknown[] = [];
  given.core.applications.get('app').topic.subscribe((fact) => void facts.push(fact), { types: ['UserEventSent'] });
  expect(await ask(`endpoint:PJSIP/foo,channel:${channel.id},endpoint:PJSIP/bar`)).toBe(204);
  expect(facts).toMatchObject([{ name: 'e', channel: { id: channel.id }, endpoint: { id: 'PJSIP/bar' } }]);
  expect(await ask('channel:nobody')).toBe(422);
  expect(await ask('endpoint:PJSIP')).toBe(422);
  expect(await ask('deviceState:x')).toBe(400);
});
