// What is configured at run time, from REST to telephones that see it at once, and to the next start.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { restClient, type Answer } from '../../scripts/demo/application.ts';
import { startService, type Service } from '../support/service.ts';

type Options = Readonly<Record<string, string>>;
interface Tuple {
  readonly attribute: string;
  readonly value: string;
}

const PATH = '/asterisk/config/dynamic/res_pjsip';

const put = (service: Service, type: string, id: string, options: Options): Promise<Answer> =>
  service.rest(
    'PUT',
    `${PATH}/${type}/${id}`,
    {},
    { fields: Object.entries(options).map(([attribute, value]) => ({ attribute, value })) },
  );

const read = async (service: Service, type: string, id: string): Promise<Options> => {
  const { status, body } = await service.rest('GET', `${PATH}/${type}/${id}`);
  expect(status).toBe(200);
  return Object.fromEntries((body as Tuple[]).map(({ attribute, value }) => [attribute, value]));
};

/** A telephone's three objects, all of the same name. */
async function make(service: Service, id: string, endpoint: Options = {}): Promise<void> {
  expect((await put(service, 'auth', id, { username: id, password: `${id}-secret` })).status).toBe(200);
  expect((await put(service, 'aor', id, { max_contacts: '2' })).status).toBe(200);
  expect((await put(service, 'endpoint', id, { auth: id, aors: id, ...endpoint })).status).toBe(200);
}

async function directory(): Promise<string> {
  const data = await mkdtemp(join(tmpdir(), 'arion-'));
  onTestFinished(() => rm(data, { recursive: true, force: true }));
  return data;
}

test('a telephone that was configured a moment ago registers and is written to, also after a restart', async () => {
  const data = await directory();
  const before = await startService({ data });
  await make(before, 'alice');
  expect((await before.rest('GET', '/endpoints/PJSIP/alice')).body).toMatchObject({ state: 'offline' });
  const first = await before.telephone('alice');
  expect((await first.register()).status).toBe(200);
  expect((await before.rest('GET', '/endpoints/PJSIP/alice')).body).toMatchObject({ state: 'online' });
  await before.rest('PUT', '/endpoints/PJSIP/alice/sendMessage', { from: 'pjsip:foo', body: 'hi' });
  expect((await first.nextMessage()).body).toBe('hi');
  expect(before.logged).toContain('info: The endpoint "alice" was made by ari: auth, aors');
  expect(before.logged.join('\n')).not.toContain('alice-secret');
  await before.stop();

  const after = await startService({ data });
  expect(await read(after, 'auth', 'alice')).toMatchObject({ username: 'alice', password: 'alice-secret' });
  const second = await after.telephone('alice');
  expect((await second.register()).status).toBe(200);
});

test('every option is read as text, with its default; a change leaves the others, and an empty value is the default', async () => {
  const service = await startService();
  await put(service, 'aor', 'desk', { max_contacts: '3', remove_existing: 'true', contact: 'sip:a@192.0.2.1' });
  expect(await read(service, 'aor', 'desk')).toEqual({
    contact: 'sip:a@192.0.2.1',
    max_contacts: '3',
    remove_existing: 'yes',
    remove_unavailable: 'no',
    minimum_expiration: '60',
    maximum_expiration: '7200',
    default_expiration: '3600',
    support_path: 'no',
    qualify_frequency: '0',
    qualify_timeout: '3',
    qualify_2xx_only: 'no',
    authenticate_qualify: 'no',
  });
  await put(service, 'aor', 'desk', { max_contacts: '', default_expiration: '600' });
  expect(await read(service, 'aor', 'desk')).toMatchObject({
    max_contacts: '0',
    default_expiration: '600',
    remove_existing: 'yes',
  });
  expect(await read(service, 'endpoint', 'foo')).toMatchObject({
    ...{ context: 'default', auth: 'foo', aors: 'foo', outbound_auth: '', callerid: '' },
    ...{ identify_by: 'username,ip', allow: 'ulaw,alaw,g722,opus', allow_overlap: 'yes', device_state_busy_at: '0' },
  });
});

test.each<[string, string, string, Options, number, string]>([
  ['res_pjsip', 'endpoint', 'x', { contxt: 'a' }, 400, 'has no attribute "contxt"; did you mean "context"?'],
  ['res_pjsip', 'endpoint', 'x', { auth: 'fooo' }, 400, 'no auth is named "fooo"; did you mean "foo"?'],
  ['res_pjsip', 'endpoint', 'x', { context: 'defalt' }, 400, 'no context "defalt"; did you mean "default"?'],
  ['res_pjsip', 'endpoint', 'x', { allow_overlap: 'perhaps' }, 400, 'allow_overlap: "perhaps" must be one of yes, no'],
  ['res_pjsip', 'aor', 'x', { max_contacts: '-1' }, 400, 'max_contacts: "-1" must be >= 0'],
  ['res_pjsip', 'aor', 'x', { max_contacts: 'many' }, 400, 'max_contacts: "many" must be integer'],
  ['res_pjsip', 'aor', 'x', { contact: 'nowhere' }, 400, '"nowhere" is not a SIP URI'],
  ['res_pjsip', 'auth', 'x', { password: 'x' }, 400, 'needs the attribute "username"'],
  ['res_pjsip', 'auth', 'x', { username: 'x' }, 400, 'needs a password'],
  ['res_pjsip', 'auth', 'a,b', { username: 'x', password: 'x' }, 400, 'no comma'],
  ['res_pjsip', 'auth', 'foo', { password: 'x' }, 403, 'comes from the configuration file'],
  ['res_pjsip', 'contact', 'x', {}, 404, 'no objects of type res_pjsip/contact'],
  ['res_sip', 'endpoint', 'x', {}, 404, 'no objects of type res_sip/endpoint'],
  ['res_pjsip_outbound_registration', 'endpoint', 'x', {}, 404, 'no objects of type'],
])('PUT %s/%s/%s of %j is answered %i: %s', async (configClass, type, id, options, status, message) => {
  const service = await startService();
  const path = `/asterisk/config/dynamic/${configClass}/${type}/${id}`;
  const fields = Object.entries(options).map(([attribute, value]) => ({ attribute, value }));
  const answer = await service.rest('PUT', path, {}, { fields });
  expect(answer).toMatchObject({ status, body: { message: expect.stringContaining(message) } });
  if (id !== 'foo') expect((await service.rest('GET', path)).status).toBe(404);
});

test('what another object refers to, or the file has, cannot be removed; what is not there is not found', async () => {
  const service = await startService();
  await make(service, 'alice');
  const remove = (type: string, id: string): Promise<Answer> => service.rest('DELETE', `${PATH}/${type}/${id}`);
  for (const type of ['auth', 'aor'])
    expect(await remove(type, 'alice')).toMatchObject({
      status: 403,
      body: { code: 'config-object-in-use', message: expect.stringContaining('endpoint "alice"') },
    });
  expect(await remove('endpoint', 'foo')).toMatchObject({ status: 403, body: { code: 'config-object-read-only' } });
  expect((await remove('endpoint', 'nobody')).status).toBe(404);
  for (const type of ['endpoint', 'auth', 'aor']) {
    expect((await remove(type, 'alice')).status).toBe(204);
    expect((await remove(type, 'alice')).status).toBe(404);
  }
});

test('a user who may only read sees no secret, and changes nothing', async () => {
  const service = await startService();
  const reader = restClient(service.base, 'reader:reader');
  const { body } = await reader('GET', `${PATH}/auth/foo`);
  expect((body as Tuple[]).map(({ attribute }) => attribute)).not.toContain('password');
  expect(JSON.stringify(body)).not.toContain('secret');
  expect((await reader('PUT', `${PATH}/aor/x`)).status).toBe(403);
  expect((await reader('DELETE', `${PATH}/aor/foo`)).status).toBe(403);
});

test('a new password holds at once', async () => {
  const service = await startService();
  await make(service, 'alice');
  const telephone = await service.telephone('alice');
  expect((await telephone.register()).status).toBe(200);
  await put(service, 'auth', 'alice', { password: 'another' });
  expect((await telephone.register()).status).toBe(401);
  const next = await service.telephone('alice', { password: 'another' });
  expect((await next.register()).status).toBe(200);
});

test('an endpoint that is removed is gone: from lists, from subscriptions, and for its telephone; its call goes on', async () => {
  const service = await startService();
  await make(service, 'alice');
  const app = await service.application('hello', ['endpoint:PJSIP/alice']);
  const telephone = await service.telephone('alice');
  await telephone.register();
  const call = telephone.call({ to: '100' });
  const { channel } = (await app.next('StasisStart')) as unknown as { channel: { id: string } };
  await service.rest('POST', `/channels/${channel.id}/answer`);
  expect((await call.answered).status).toBe(200);

  await app.take();
  await service.rest('DELETE', `${PATH}/endpoint/alice`);
  expect(await app.take()).toEqual([]);
  expect((await service.rest('GET', '/endpoints/PJSIP/alice')).status).toBe(404);
  expect((await service.rest('GET', '/applications/hello')).body).toMatchObject({ endpoint_ids: [] });
  expect((await telephone.register()).status).toBe(401);
  expect((await service.rest('GET', `/channels/${channel.id}`)).body).toMatchObject({ state: 'Up' });
  await service.rest('DELETE', `/channels/${channel.id}`);
  await app.next('StasisEnd');
  expect((await service.rest('GET', '/channels')).body).toEqual([]);
  expect((await service.rest('GET', '/endpoints')).body).toHaveLength(2);

  await service.rest('DELETE', `${PATH}/aor/alice`);
  expect(service.logged.filter((line) => line.startsWith('error'))).toEqual([]);
  await make(service, 'alice');
  expect((await service.rest('GET', '/endpoints/PJSIP/alice')).body).toMatchObject({
    state: 'offline',
    channel_ids: [],
  });
});

test('a sender is recognised by an identify object as long as there is one', async () => {
  const service = await startService({ contexts: 'default: {}' });
  expect((await put(service, 'endpoint', 'trunk', { identify_by: 'ip' })).status).toBe(200);
  const stranger = await service.telephone('someone');
  const ask = async (): Promise<number> =>
    (await stranger.request({ method: 'OPTIONS', to: 'sip:127.0.0.1', authenticates: false })).status;
  expect(await ask()).toBe(401);
  await service.rest(
    'PUT',
    '/asterisk/config/dynamic/res_pjsip_endpoint_identifier_ip/identify/trunk',
    {},
    {
      fields: [
        { attribute: 'endpoint', value: 'trunk' },
        { attribute: 'match', value: '192.0.2.1' },
        { attribute: 'match', value: '127.0.0.0/8' },
      ],
    },
  );
  expect(await read(service, 'identify', 'trunk')).toMatchObject({ match: '192.0.2.1,127.0.0.0/8' });
  expect(await ask()).toBe(200);
  await service.rest('DELETE', `${PATH}/identify/trunk`);
  expect(await ask()).toBe(401);
});

test('static contacts and the addresses of record of an endpoint count as soon as they are changed', async () => {
  const service = await startService();
  await make(service, 'alice');
  const state = async (): Promise<unknown> =>
    ((await service.rest('GET', '/endpoints/PJSIP/alice')).body as { state: string }).state;
  expect(await state()).toBe('offline');
  await put(service, 'aor', 'alice', { contact: 'sip:alice@192.0.2.1' });
  expect(await state()).toBe('online');
  await put(service, 'endpoint', 'alice', { aors: '' });
  expect(await state()).toBe('offline');
});

test('a body is a list of attributes; without one an object of defaults is made, also over a WebSocket', async () => {
  const service = await startService();
  const answerTo = async (body: unknown): Promise<number> =>
    (await service.rest('PUT', `${PATH}/aor/x`, {}, body)).status;
  expect(await answerTo({ fields: 'max_contacts=1' })).toBe(400);
  expect(await answerTo({ fields: [{ attribute: 'max_contacts' }] })).toBe(400);
  expect(await answerTo({ fields: [{ attribute: 'max_contacts', value: 1 }] })).toBe(400);
  expect(await answerTo(undefined)).toBe(200);
  const app = await service.application('hello');
  const fields = [{ attribute: 'max_contacts', value: '4' }];
  app.socket.send(
    JSON.stringify({
      ...{ type: 'RESTRequest', method: 'PUT', uri: `${PATH.slice(1)}/aor/x` },
      ...{ content_type: 'application/json', message_body: JSON.stringify({ fields }) },
    }),
  );
  expect(await app.next('RESTResponse')).toMatchObject({ status_code: 200 });
  expect(await read(service, 'aor', 'x')).toMatchObject({ max_contacts: '4' });
});
