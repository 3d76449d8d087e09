// The codes of the operations that make calls, in the order of their checks, and what they hand on.
import { describe, expect, test } from 'vitest';
import { api } from './api.ts';

const json = (payload: object) => ({
  headers: { authorization: 'Basic YXJpOmFyaQ==', 'content-type': 'application/json' },
  payload: JSON.stringify(payload),
});
const long = 'x'.repeat(150);

describe('originate refuses', () => {
  test.each([
    [`?channelId=${long}`, 400, 'Uniqueid length exceeds maximum of 149'],
    [`?otherChannelId=${long}&endpoint=PJSIP/foo`, 400, 'Uniqueid length exceeds maximum of 149'],
    ['?originator=x&formats=ulaw', 400, 'Endpoint must be specified'],
    ['?endpoint=PJSIP&originator=x&formats=ulaw', 400, "Originator and formats can't both be specified"],
    ['?endpoint=PJSIP', 400, 'Invalid endpoint specified'],
    ['?endpoint=PJSIP/foo', 400, 'Application or extension must be specified'],
    ['?endpoint=PJSIP/foo&extension=1&label=begin&originator=x', 404, 'Label not found'],
    ['?endpoint=PJSIP/foo&extension=1&label=0', 400, 'Parameter label: there is no priority 0'],
    ['?endpoint=PJSIP/foo&app=app&originator=x', 400, 'Provided originator channel was not found'],
    ['?endpoint=PJSIP/foo&app=app&formats=bogus', 400, 'Provided format (bogus) was not found'],
    ['?endpoint=PJSIP/nope&app=app&channelId=taken', 409, 'Channel with given unique ID already exists'],
    ['?endpoint=PJSIP/nope&app=app', 400, 'Endpoint not found'],
    ['?endpoint=PJSIP/bar&app=app', 400, 'PJSIP/bar has no contact'],
    ['?endpoint=Nope/foo&app=app', 400, 'Nothing can be called by Nope'],
  ])('%s with %i: %s', async (query, status, message) => {
    const { ask } = api();
    await ask('POST', '/ari/channels/taken?endpoint=PJSIP/foo&app=app');
    const answer = await ask('POST', `/ari/channels${query}`);
    expect([answer.status, answer.body]).toMatchObject([status, { message }]);
  });
});

describe('originate', () => {
  test('shows the channel as it is before anything is dialled', async () => {
    const { ask, caller } = api();
    const wish = {
      endpoint: 'PJSIP/foo',
      app: 'app',
      callerId: '"A B" <100>',
      variables: { A: { value: 'b', report_events: true } },
    };
    const answer = await ask('POST', '/ari/channels/mine', json({ ...wish, formats: 'ulaw, alaw' }));
    const party = { name: 'A B', number: '100' };
    expect([answer.status, answer.body]).toMatchObject([
      200,
      {
        id: 'mine',
        name: 'PJSIP/foo-00000000',
        state: 'Down',
        caller: party,
        connected: party,
        channelvars: { A: 'b' },
      },
    ]);
    expect(caller.legs[0]).toMatchObject({ wish: { caller: party, formats: ['ulaw', 'alaw'] }, done: ['dial'] });
  });

  test.each([
    ['"A B" <100>', 'A B', '100'],
    ['A B <100>', 'A B', '100'],
    ['<100>', '', '100'],
    ['100', '', '100'],
    ['Alice', 'Alice', ''],
  ])('reads the caller %s', async (callerId, name, number) => {
    const { ask } = api();
    const { body } = await ask('POST', '/ari/channels', json({ endpoint: 'PJSIP/foo', app: 'app', callerId }));
    expect(body).toMatchObject({ caller: { name, number } });
  });

  test('follows the channel for the application, which it need not know', async () => {
    const { ask, core } = api();
    const { application } = core.applications.register('app', () => undefined);
    await ask('POST', '/ari/channels/mine?endpoint=PJSIP/foo&app=app');
    expect((await ask('POST', '/ari/channels?endpoint=PJSIP/foo&app=unknown')).status).toBe(200);
    expect(application.ids('channel')).toEqual(['mine']);
  });

  test('has no operation hidden behind the name of one that is not there', async () => {
    expect((await api().ask('POST', '/ari/channels/externalMedia?endpoint=PJSIP/foo&app=app')).status).toBe(404);
  });
});

test.each([
  ['?app=app', 400, 'Endpoint must be specified'],
  ['?endpoint=PJSIP/foo', 400, 'Missing parameter app'],
  ['?endpoint=PJSIP/foo&app=app&originator=x&formats=ulaw', 400, "Originator and formats can't both be specified"],
  ['?endpoint=foo&app=app', 400, 'Invalid endpoint specified'],
  ['?endpoint=PJSIP/foo&app=app&formats=bogus', 400, 'Provided format (bogus) was not found'],
  ['?endpoint=PJSIP/foo&app=app&channelId=taken', 409, 'Channel with given unique ID already exists'],
  ['?endpoint=PJSIP/bar&app=app', 400, 'PJSIP/bar has no contact'],
])('create refuses %s with %i: %s', async (query, status, message) => {
  const { ask } = api();
  await ask('POST', '/ari/channels/taken?endpoint=PJSIP/foo&app=app');
  const answer = await ask('POST', `/ari/channels/create${query}`);
  expect([answer.status, answer.body]).toMatchObject([status, { message }]);
});

test('dial wants a channel, in an application, in state Down, that was created', async () => {
  const { ask, core, caller } = api();
  core.applications.register('app', () => undefined);
  const status = async (id: string): Promise<number> =>
    (await ask('POST', `/ari/channels/${id}/dial?timeout=5`)).status;
  await ask('POST', '/ari/channels/create?endpoint=PJSIP/foo&app=app&channelId=created&originator=nobody');
  await ask('POST', '/ari/channels/originated?endpoint=PJSIP/foo&app=app');
  expect([await status('nobody'), await status('originated')]).toEqual([404, 409]);
  expect([await status('created'), await status('created')]).toEqual([204, 409]);
  await caller.legs[1]!.ends({ kind: 'answered' });
  expect(await status('originated')).toBe(409);
});

test('claim wants both parameters, a call that is offered, and to be first', async () => {
  const { ask, core } = api();
  core.applications.register('app', () => undefined);
  const status = async (query: string): Promise<number> => (await ask('POST', `/ari/events/claim${query}`)).status;
  await ask('POST', '/ari/channels/mine?endpoint=PJSIP/foo&app=app');
  const offered = core.channels.get('mine');
  void core.broadcasts.broadcast(offered, { apps: /./, timeout: 500, args: [], notify: false });
  expect([await status('?channelId=mine'), await status('?application=app')]).toEqual([400, 400]);
  expect(await status('?channelId=other&application=app')).toBe(404);
  expect(await status('?channelId=mine&application=app')).toBe(204);
  expect(await status('?channelId=mine&application=app')).toBe(409);
});
