// Registrations over the API: how they are shown, paged and removed, and to whom their changes are sent.
import { expect, test } from 'vitest';
import type { RegistrationSnapshot } from '../../src/core/registrations.ts';
import { endpointId } from '../../src/ids.ts';
import { api, connect, type Api } from './api.ts';

const AT = Date.UTC(2026, 10, 20, 19, 0, 0);

const full: RegistrationSnapshot = {
  ...{ id: 'Zm9v.0a', direction: 'inbound', aor: 'foo', uri: 'sip:foo@192.0.2.1', state: 'Registered' },
  endpoint: endpointId({ tech: 'PJSIP', resource: 'foo' }),
  ...{ source: '192.0.2.1:5060', transport: 'udp', agent: 'Phone/1', path: ['sip:p@192.0.2.7;lr'] },
  ...{ expiresAt: AT + 60_000, registeredAt: AT, roundtrip: 812, status: 'Reachable' },
};
const json = {
  ...{ id: 'Zm9v.0a', direction: 'inbound', state: 'Registered', endpoint: 'PJSIP/foo', aor: 'foo' },
  ...{ contact: 'sip:foo@192.0.2.1', source: '192.0.2.1:5060', transport: 'udp', agent: 'Phone/1' },
  ...{ path: ['sip:p@192.0.2.7;lr'], registered: '2026-11-20T19:00:00.000+0000' },
  ...{ expires: '2026-11-20T19:01:00.000+0000', contact_status: 'Reachable', roundtrip_usec: '812' },
};
const bare: RegistrationSnapshot = {
  ...{ id: 'trunk', direction: 'outbound', aor: 'sip:me@example.org', uri: 'sip:me@192.0.2.9', state: 'Rejected' },
  path: [],
};

function stage(): Api {
  const given = api();
  const all = [full, bare];
  given.core.registrations.addProvider({
    list: () => all,
    find: (id) => all.find((each) => each.id === id),
    async remove(id) {
      all.splice(
        all.findIndex((each) => each.id === id),
        1,
      );
      return true;
    },
  });
  return given;
}

test('a registration is shown with all that is known of it', async () => {
  const { ask } = stage();
  expect(await ask('GET', '/ari/registrations/Zm9v.0a')).toMatchObject({ status: 200, body: json });
  expect((await ask('GET', '/ari/registrations/trunk')).body).toEqual({
    ...{ id: 'trunk', direction: 'outbound', state: 'Rejected', aor: 'sip:me@example.org' },
    ...{ contact: 'sip:me@192.0.2.9', path: [] },
  });
});

test('the list is paged and filtered', async () => {
  const { ask } = stage();
  const ids = async (query: string): Promise<unknown> =>
    ((await ask('GET', `/ari/registrations${query}`)).body as { id: string }[]).map(({ id }) => id);
  expect(await ids('')).toEqual(['Zm9v.0a', 'trunk']);
  expect(await ids('?limit=1')).toEqual(['Zm9v.0a']);
  expect(await ids('?limit=1&after=Zm9v.0a')).toEqual(['trunk']);
  expect(await ids('?endpoint=foo')).toEqual(['Zm9v.0a']);
  expect(await ids('?endpoint=pjsip/foo')).toEqual(['Zm9v.0a']);
  expect(await ids('?aor=foo&transport=udp&direction=inbound&contact=192.0.2.1')).toEqual(['Zm9v.0a']);
  expect(await ids('?transport=tls')).toEqual([]);
});

test.each(['0', '-1', '1001', 'many'])('a limit of %s is refused', async (limit) => {
  const { ask } = stage();
  expect(await ask('GET', `/ari/registrations?limit=${limit}`)).toMatchObject({
    status: 400,
    body: { code: 'invalid-parameter' },
  });
});

test('one that is removed is gone; one that is not there is not found', async () => {
  const { ask } = stage();
  expect((await ask('DELETE', '/ari/registrations/trunk')).status).toBe(204);
  const absent = { status: 404, body: { message: 'Registration not found', code: 'registration-not-found' } };
  expect(await ask('DELETE', '/ari/registrations/trunk')).toMatchObject(absent);
  expect(await ask('GET', '/ari/registrations/trunk')).toMatchObject(absent);
});

test('who may only read may not remove', async () => {
  const { ask } = stage();
  const headers = { authorization: `Basic ${Buffer.from('ro:ro').toString('base64')}` };
  expect((await ask('DELETE', '/ari/registrations/trunk', { headers })).status).toBe(403);
  expect((await ask('GET', '/ari/registrations/trunk', { headers })).status).toBe(200);
});

test('changes are sent to sockets that asked for extensions, and to no other', async () => {
  const given = stage();
  const host = await given.listen();
  const socket = (app: string, more: string) =>
    connect(`ws://${host}/ari/events?api_key=ari:ari&app=${app}&subscribeAll=true${more}`);
  const plain = await socket('plain', '');
  const extended = await socket('extended', '&extensions=true');
  const foo = given.core.endpoints.get({ tech: 'PJSIP', resource: 'foo' });
  given.core.registrations.changed(full, 'refreshed', foo);
  given.core.registrations.changed(bare, 'rejected');
  foo.setReachable(false);
  await plain.event('PeerStatusChange');
  await extended.event('PeerStatusChange');
  expect(plain.received.filter(({ type }) => type === 'RegistrationStateChange')).toEqual([]);
  expect(extended.received.filter(({ type }) => type === 'RegistrationStateChange')).toMatchObject([
    {
      change: 'refreshed',
      registration: json,
      endpoint: { technology: 'PJSIP', resource: 'foo' },
      application: 'extended',
    },
    { change: 'rejected', registration: { id: 'trunk', state: 'Rejected' } },
  ]);
});
