// Our registrations at providers over real sockets: another service of ours as the registrar, and one that has its own ways.
import { expect, test } from 'vitest';
import { startService, type Service } from '../support/service.ts';

const customer = (server: string): string => `
endpoint: { trunk: { aors: [ trunk ], outbound_auth: [ p ], identify_by: [ ip ], trust_id_inbound: yes } }
auth: { p: { username: foo, password: foo-secret } }
aor: { trunk: { contact: [ "${server}" ] } }
identify: { trunk: { endpoint: trunk, match: [ 127.0.0.1 ] } }
registration:
  p: { server_uri: "${server}", client_uri: "sip:foo@127.0.0.1", outbound_auth: [ p ], endpoint: trunk }`;

interface Registration {
  readonly id: string;
  readonly direction: string;
  readonly state: string;
  readonly contact: string;
}

async function registration(service: Service, wanted: (all: Registration[]) => boolean): Promise<Registration[]> {
  let all: Registration[] = [];
  const isThere = async (): Promise<boolean> => {
    all = (await service.rest('GET', '/registrations')).body as Registration[];
    return wanted(all);
  };
  await expect.poll(isThere, { timeout: 10_000 }).toBe(true);
  return all;
}

test.each(['udp', 'tcp'])('it is registered over %s, reached, and taken back in the end', async (transport) => {
  const provider = await startService();
  const port = transport === 'udp' ? provider.sip.port : provider.sip.tcpPort;
  const server = `sip:127.0.0.1:${port}${transport === 'udp' ? '' : ';transport=tcp'}`;
  const us = await startService({ pjsip: customer(server) });
  const app = await us.application('hello', ['endpoint:PJSIP/trunk']);
  await registration(us, ([first]) => first?.state === 'Registered');
  const [theirs] = await registration(provider, (all) => all.length === 1);
  expect(theirs?.contact).toContain(`sip:foo@127.0.0.1:${transport === 'udp' ? us.sip.port : us.sip.tcpPort}`);

  await provider.rest('PUT', '/endpoints/PJSIP/foo/sendMessage', { from: 'pjsip:bar', body: 'to the customer' });
  expect(await app.next('TextMessageReceived')).toMatchObject({ message: { body: 'to the customer' } });

  await us.stop();
  await registration(provider, (all) => all.length === 0);
  expect(us.logged.filter((line) => /^(error|warn)/.test(line))).toEqual([]);
});

/** Makes or changes an object of the running service. */
const put = (service: Service, type: string, id: string, options: Readonly<Record<string, string>>) =>
  service.rest(
    'PUT',
    `/asterisk/config/dynamic/res_pjsip/${type}/${id}`,
    {},
    { fields: Object.entries(options).map(([attribute, value]) => ({ attribute, value })) },
  );

test('one that is configured at run time begins at once, and ends when it is removed', async () => {
  const provider = await startService();
  const us = await startService({ pjsip: '{}' });
  await put(us, 'auth', 'p', { username: 'foo', password: 'wrong' });
  await put(us, 'registration', 'p', {
    ...{ server_uri: `sip:127.0.0.1:${provider.sip.port}`, client_uri: 'sip:foo@127.0.0.1', outbound_auth: 'p' },
  });
  await registration(us, ([first]) => first?.state === 'Rejected');
  await put(us, 'auth', 'p', { password: 'foo-secret' });
  await registration(us, ([first]) => first?.state === 'Registered');
  expect(await registration(provider, (all) => all.length === 1)).toHaveLength(1);
  await us.rest('DELETE', '/asterisk/config/dynamic/res_pjsip_outbound_registration/registration/p');
  await registration(us, (all) => all.length === 0);
  await registration(provider, (all) => all.length === 0);
});

const challenge = { status: 401, headers: [['WWW-Authenticate', 'Digest realm="p",nonce="n",qop="auth"']] } as const;

test('its Service-Route is the way of our requests to it', async () => {
  const service = await startService({ pjsip: '{}' });
  const peer = await service.telephone('peer');
  const at = `127.0.0.1:${peer.address.port}`;
  peer.answer('REGISTER', (register) =>
    register.header('Authorization') === ''
      ? challenge
      : {
          status: 200,
          headers: [
            ['Contact', `${register.header('Contact')};expires=60`],
            ['Service-Route', `<sip:${at};lr>, <sip:core.example;lr>`],
          ],
        },
  );
  await put(service, 'auth', 'p', { username: 'foo', password: 'foo-secret' });
  await put(service, 'aor', 'trunk', { contact: 'sip:provider.example' });
  await put(service, 'endpoint', 'trunk', { aors: 'trunk', outbound_auth: 'p', identify_by: 'ip' });
  await put(service, 'registration', 'p', {
    ...{ server_uri: 'sip:provider.example', client_uri: 'sip:foo@provider.example', outbound_proxy: `sip:${at}` },
    ...{ outbound_auth: 'p', endpoint: 'trunk' },
  });
  await registration(service, ([first]) => first?.state === 'Registered');
  expect((await peer.next('REGISTER')).startLine).toBe('REGISTER sip:provider.example SIP/2.0');
  await service.rest('PUT', '/endpoints/PJSIP/trunk/sendMessage', { from: 'pjsip:x', body: 'hi' });
  const message = await peer.nextMessage();
  expect(message.startLine).toBe('MESSAGE sip:provider.example SIP/2.0');
  expect(message.header('Route')).toContain(`<sip:${at};lr>`);
});

test('a challenge to our BYE is answered within the dialog', async () => {
  const service = await startService({ pjsip: customer('sip:127.0.0.1:9') });
  const app = await service.application('hello');
  const peer = await service.telephone('peer');
  peer.answer('BYE', (bye) => (bye.header('Authorization') === '' ? challenge : { status: 200 }));
  const call = peer.call({ to: '100' });
  const { channel } = (await app.next('StasisStart')) as unknown as { readonly channel: { readonly id: string } };
  await service.rest('POST', `/channels/${channel.id}/answer`);
  await call.answered;
  await service.rest('DELETE', `/channels/${channel.id}`);
  const first = await peer.next('BYE');
  const second = await peer.next('BYE');
  expect(second.header('Authorization')).toContain('username="foo"');
  expect(second.header('Authorization')).toContain(`uri="${second.startLine.split(' ')[1]}"`);
  expect([second.header('Call-ID'), second.header('To')]).toEqual([first.header('Call-ID'), first.header('To')]);
  expect(Number.parseInt(second.header('CSeq'))).toBe(Number.parseInt(first.header('CSeq')) + 1);
});
