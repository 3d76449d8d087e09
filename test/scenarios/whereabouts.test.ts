// Where telephones are, over real sockets: whether they answer, how they are reached, what the API shows and what outlives a restart.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import type { SipText, Telephone } from '../../scripts/demo/telephone.ts';
import { Comparison, readCapture } from '../support/captures.ts';
import { startService, type Service } from '../support/service.ts';
import { everywhere, inMessages } from './exceptions.ts';

const pjsip = `
endpoint: { way: { auth: way, aors: way }, nat: { auth: nat, aors: nat, rewrite_contact: yes } }
auth: { way: { username: way, password: way-secret }, nat: { username: nat, password: nat-secret } }
aor: { way: { max_contacts: 5, support_path: yes }, nat: { max_contacts: 5 } }`;
const INSTANCE = '+sip.instance="<urn:uuid:00000000-0000-1000-8000-000a95a0e128>"';

test('a qualified contact, as it answers, stops and goes', async () => {
  const service = await startService({
    pjsip: `
endpoint: { baz: { auth: baz, aors: [ baz ] } }
auth: { baz: { username: baz, password: baz-secret } }
aor: { baz: { max_contacts: 5, qualify_frequency: 1, qualify_timeout: 0.3 } }`,
  });
  const comparison = new Comparison([...everywhere, ...inMessages]);
  const capture = readCapture('registration');
  const apps = {
    subBaz: await service.application('subBaz', ['endpoint:PJSIP/baz']),
    subTech: await service.application('subTech', ['endpoint:PJSIP']),
  };
  const baz = await service.telephone('baz');
  const step = async (mark: string, to: string | undefined, status: string): Promise<void> => {
    for (const [socket, app] of Object.entries(apps)) {
      await app.next(
        'ContactStatusChange',
        ({ contact_info: info }) => (info as { contact_status: string }).contact_status === status,
      );
      expect(comparison.prepare('ours', socket, await app.take()), mark).toEqual(
        comparison.prepare('captured', socket, capture.events(socket, mark, to)),
      );
    }
  };
  expect((await baz.register({ expires: 120 })).status).toBe(200);
  await step('baz REGISTER', 'baz stops answering', 'Reachable');
  baz.answer('OPTIONS', () => undefined);
  await step('baz stops answering', 'baz answers again', 'Unreachable');
  baz.answer('OPTIONS', () => ({ status: 200 }));
  await step('baz answers again', 'baz unREGISTER', 'Reachable');
  expect((await baz.unregister()).status).toBe(200);
  await step('baz unREGISTER', undefined, 'Removed');
});

const wait = (service: Service, status: number, id: string): Promise<void> =>
  expect.poll(async () => (await service.rest('GET', `/registrations/${id}`)).status).toBe(status);

interface Shown {
  readonly id: string;
  readonly contact: string;
  readonly transport: string;
  readonly roundtrip_usec?: string;
}

test('registrations are listed, told and removed over the API', async () => {
  const service = await startService({ messages: 'store: false' });
  const watcher = await service.application('watcher', ['endpoint:PJSIP/foo'], { extensions: true });
  const foo = await service.telephone('foo');
  await foo.register({ headers: [['User-Agent', 'Phone/1']] });
  const { body } = await service.rest('GET', '/registrations', { endpoint: 'foo' });
  const [shown] = body as Shown[];
  const { host, port } = foo.address;
  expect(body).toMatchObject([
    {
      ...{ direction: 'inbound', state: 'Registered', endpoint: 'PJSIP/foo', aor: 'foo', contact: foo.contact },
      ...{ source: `${host}:${port}`, transport: 'udp', agent: 'Phone/1', path: [], contact_status: 'NonQualified' },
    },
  ]);
  expect(await watcher.next('RegistrationStateChange')).toMatchObject({ change: 'registered', registration: shown });
  await foo.register();
  expect(await watcher.next('RegistrationStateChange')).toMatchObject({ change: 'refreshed' });
  expect((await service.rest('DELETE', `/registrations/${shown!.id}`)).status).toBe(204);
  expect(await watcher.next('ContactStatusChange')).toMatchObject({ contact_info: { contact_status: 'Removed' } });
  expect(await watcher.next('RegistrationStateChange')).toMatchObject({
    ...{ change: 'removed', registration: { id: shown!.id, state: 'Unregistered' } },
  });
  expect((await service.rest('DELETE', `/registrations/${shown!.id}`)).status).toBe(404);
  expect((await service.rest('PUT', '/endpoints/PJSIP/foo/sendMessage', { from: '', body: 'x' })).status).toBe(404);
});

test('after a restart who registered over UDP is still there, and who came over a connection is not', async () => {
  const data = await mkdtemp(join(tmpdir(), 'arion-'));
  onTestFinished(() => rm(data, { recursive: true, force: true }));
  const before = await startService({ data });
  await (await before.telephone('foo')).register();
  await (await before.telephone('bar', { transport: 'tcp' })).register();
  const all = (await before.rest('GET', '/registrations')).body as Shown[];
  expect(all.map(({ transport }) => transport).toSorted()).toEqual(['tcp', 'udp']);
  await before.stop();
  const after = await startService({ data });
  const left = (await after.rest('GET', '/registrations')).body as Shown[];
  expect(left).toEqual(all.filter(({ transport }) => transport === 'udp'));
});

test('a telephone behind a wall is reached where it really is', async () => {
  const service = await startService({ pjsip });
  const nat = await service.telephone('nat');
  await nat.request({
    ...{ method: 'REGISTER', to: 'nat', uri: 'sip:127.0.0.1' },
    headers: [['Contact', '<sip:x@10.0.0.9:4000;transport=udp>']],
  });
  const [shown] = (await service.rest('GET', '/registrations', { aor: 'nat' })).body as Shown[];
  expect(shown!.contact).toBe(`sip:x@127.0.0.1:${nat.address.port}`);
  expect((await service.rest('PUT', '/endpoints/PJSIP/nat/sendMessage', { from: '', body: 'hello' })).status).toBe(202);
  expect((await nat.nextMessage()).body).toBe('hello');
});

test('a telephone with two flows is sent to by the newer, and by the other when that has ended', async () => {
  const service = await startService({ pjsip });
  const [one, two] = [
    await service.telephone('way', { transport: 'tcp' }),
    await service.telephone('way', { transport: 'tcp' }),
  ];
  const register = (telephone: Telephone, regId: number): Promise<SipText> =>
    telephone.request({
      ...{ method: 'REGISTER', to: 'way', uri: 'sip:127.0.0.1' },
      headers: [
        ['Contact', `<sip:way@10.0.0.9:4000;transport=tcp;ob>;${INSTANCE};reg-id=${regId}`],
        ['Supported', 'path, outbound'],
      ],
    });
  expect((await register(one, 1)).header('Flow-Timer')).toBe('120');
  expect((await register(two, 2)).status).toBe(200);
  const send = (body: string) => service.rest('PUT', '/endpoints/PJSIP/way/sendMessage', { from: '', body });
  expect((await send('by two')).status).toBe(202);
  expect((await two.nextMessage()).body).toBe('by two');
  const [newest] = (
    (await service.rest('GET', '/registrations', { aor: 'way' })).body as (Shown & { source: string })[]
  ).filter(({ source }) => source.endsWith(`:${two.address.port}`));
  await two.close();
  await wait(service, 404, newest!.id);
  expect((await send('by one')).status).toBe(202);
  expect((await one.nextMessage()).body).toBe('by one');
});
