// What clients see of device states, global variables and referrals: codes, bodies, events.
import { expect, test } from 'vitest';
import { translate } from '../../src/ari/translate.ts';
import { api, BASIC } from './api.ts';

const json = (payload: object) => ({
  headers: { authorization: BASIC, 'content-type': 'application/json' },
  payload: JSON.stringify(payload),
});

test('a custom device state is set, listed, read and deleted; one that is not set is deleted without an error', async () => {
  const { ask } = api();
  expect((await ask('PUT', '/ari/deviceStates/Stasis:door?deviceState=ONHOLD')).status).toBe(204);
  const door = { name: 'Stasis:door', state: 'ONHOLD' };
  expect((await ask('GET', '/ari/deviceStates')).body).toEqual([door]);
  expect((await ask('GET', '/ari/deviceStates/Stasis:door')).body).toEqual(door);
  expect((await ask('DELETE', '/ari/deviceStates/Stasis:door')).status).toBe(204);
  expect((await ask('DELETE', '/ari/deviceStates/Stasis:door')).status).toBe(204);
  expect((await ask('GET', '/ari/deviceStates/Stasis:door')).body).toMatchObject({ state: 'UNKNOWN' });
});

test.each([
  ['PUT', 'Stasis:door?deviceState=BOGUS', 400, 'invalid-parameter'],
  ['PUT', 'Stasis:door?deviceState=UNKNOWN', 400, 'invalid-parameter'],
  ['PUT', 'Stasis:door?deviceState=busy', 400, 'invalid-parameter'],
  ['PUT', 'Stasis:door', 400, 'missing-parameter'],
  ['PUT', 'Stasis:?deviceState=BUSY', 409, 'device-not-controlled'],
  ['PUT', 'PJSIP%2Ffoo?deviceState=BUSY', 409, 'device-not-controlled'],
  ['DELETE', 'PJSIP%2Ffoo', 409, 'device-not-controlled'],
])('%s /deviceStates/%s is answered %i', async (method, rest, status, code) => {
  const { ask } = api();
  const answer = await ask(method, `/ari/deviceStates/${rest}`);
  expect([answer.status, (answer.body as { code: string }).code]).toEqual([status, code]);
});

test('a user who may only read cannot set one', async () => {
  const { ask } = api();
  const authorization = `Basic ${Buffer.from('ro:ro').toString('base64')}`;
  const answer = await ask('PUT', '/ari/deviceStates/Stasis:door?deviceState=BUSY', { headers: { authorization } });
  expect(answer.status).toBe(403);
});

test('an application shows its devices, and a change is an event', async () => {
  const { ask, core } = api();
  const events: unknown[] = [];
  const { subscription } = core.applications.register('hello', (fact) => void events.push(...translate(fact)));
  const eventSource = 'deviceState:Stasis:door,deviceState:PJSIP%2Ffoo';
  const answer = await ask('POST', `/ari/applications/hello/subscription?eventSource=${eventSource}`);
  expect(answer.body).toMatchObject({ device_names: ['Stasis:door', 'PJSIP/foo'] });
  await ask('PUT', '/ari/deviceStates/Stasis:door?deviceState=BUSY');
  await subscription.drained();
  expect(events).toEqual([
    {
      type: 'DeviceStateChanged',
      timestamp: '2026-11-20T19:13:43.844+0000',
      device_state: { name: 'Stasis:door', state: 'BUSY' },
    },
  ]);
});

test('a global variable that is not set reads as empty, and setting one is a ChannelVarset without a channel', async () => {
  const { ask, core } = api();
  const events: unknown[] = [];
  const { subscription } = core.applications.register('hello', (fact) => void events.push(...translate(fact)));
  core.applications.subscribe('hello', ['channel:']);
  expect((await ask('GET', '/ari/asterisk/variable?variable=X')).body).toEqual({ value: '' });
  expect((await ask('POST', '/ari/asterisk/variable?variable=X&value=1')).status).toBe(204);
  expect((await ask('GET', '/ari/asterisk/variable?variable=X')).body).toEqual({ value: '1' });
  expect((await ask('POST', '/ari/asterisk/variable?variable=X')).status).toBe(204);
  expect((await ask('GET', '/ari/asterisk/variable?variable=X')).body).toEqual({ value: '' });
  await subscription.drained();
  const varset = { type: 'ChannelVarset', timestamp: '2026-11-20T19:13:43.844+0000', variable: 'X' };
  expect(events).toEqual([
    { ...varset, value: '1' },
    { ...varset, value: '' },
  ]);
});

test.each([
  ['GET', ''],
  ['GET', '?variable=DEVICE_STATE(PJSIP/foo)'],
  ['POST', '?value=1'],
  ['POST', '?variable=SHELL(ls)&value=1'],
])('%s /asterisk/variable%s is answered 400', async (method, query) => {
  const { ask } = api();
  expect((await ask(method, `/ari/asterisk/variable${query}`)).status).toBe(400);
});

test.each([
  ['GET', '/ari/asterisk/modules'],
  ['GET', '/ari/asterisk/modules/x'],
  ['PUT', '/ari/asterisk/modules/x'],
  ['GET', '/ari/asterisk/logging'],
  ['POST', '/ari/asterisk/logging/x'],
])('%s %s is answered 404', async (method, path) => {
  const { ask } = api();
  expect(await ask(method, path)).toMatchObject({ status: 404, body: { code: 'resource-not-found' } });
});

test('a referral is handed to the technology with all that was said', async () => {
  const { ask, referred } = api();
  const query = 'to=pjsip:foo&from=sip:a@b&refer_to=pjsip:bar&to_self=true';
  const document = { variables: { 'X-One': '1' }, display_name: 'Bar' };
  expect((await ask('POST', `/ari/endpoints/refer?${query}`, json(document))).status).toBe(202);
  expect((await ask('POST', '/ari/endpoints/pjsip/foo/refer?refer_to=sip:c@d')).status).toBe(202);
  expect(referred).toEqual([
    {
      address: 'foo',
      referral: {
        from: 'sip:a@b',
        referTo: 'pjsip:bar',
        toSelf: true,
        displayName: 'Bar',
        variables: { 'X-One': '1' },
      },
    },
    { address: 'foo', referral: { from: '', referTo: 'sip:c@d', toSelf: false, displayName: '', variables: {} } },
  ]);
});

test.each([
  ['/endpoints/refer?from=sip:a@b&refer_to=sip:c@d', {}, 400],
  ['/endpoints/refer?to=pjsip:foo&from=sip:a@b', {}, 400],
  ['/endpoints/PJSIP/foo/refer?from=sip:a@b', {}, 400],
  ['/endpoints/refer?to=pjsip:foo&refer_to=sip:c@d', { variables: { X: 1 } }, 400],
  ['/endpoints/refer?to=pjsip:foo&refer_to=sip:c@d', { display_name: 1 }, 400],
  ['/endpoints/refer?to=sip:foo&refer_to=sip:c@d', {}, 404],
  ['/endpoints/refer?to=foo&refer_to=sip:c@d', {}, 404],
  ['/endpoints/PJSIP/nobody/refer?refer_to=sip:c@d', {}, 404],
])('POST %s with %j is answered %i', async (path, document, status) => {
  const { ask, referred } = api();
  expect((await ask('POST', `/ari${path}`, json(document))).status).toBe(status);
  expect(referred).toEqual([]);
});
