// A server behind a NAT says where it is seen.
import { expect, test } from 'vitest';
import { externalAddress } from '../../../src/sip-server/transport/external.ts';
import { stage, valueOf } from '../stage.ts';
import { tokensOf } from '../calls.ts';

test.each(['udp', 'tcp'] as const)(
  'towards the outside Via and Contact name the external address, over %s',
  async (transport) => {
    const { client, peer, port } = await stage({ externalAddress: '192.0.2.1', localNetworks: ['10.0.0.0/8'] });
    const [app, bob] = [await client(), await peer(transport)];
    if (transport === 'tcp') bob.send('\r\n\r\n');
    const uri = `sip:bob@127.0.0.1:${bob.port};transport=${transport}`;
    app.send(`id|sip|||\r\nINVITE ${uri} SIP/2.0\r\nFrom: <sip:app@localhost>\r\n\r\n`);
    const invite = await bob.inbox.next();
    expect(valueOf(invite, 'Via')).toContain(` 192.0.2.1:${port(transport)};`);
    expect(valueOf(invite, 'From')).toContain(`<sip:app@192.0.2.1:${port(transport)}>`);
    expect(valueOf(invite, 'Contact')).toBe(
      `<sip:192.0.2.1:${port(transport)}${transport === 'tcp' ? ';transport=tcp' : ''}>`,
    );
  },
);

test('within the local networks they name our own', async () => {
  const { client, peer, port } = await stage({ externalAddress: '192.0.2.1', localNetworks: ['127.0.0.0/8'] });
  const [app, bob] = [await client(), await peer()];
  app.send(`id|sip|||\r\nOPTIONS sip:bob@127.0.0.1:${bob.port} SIP/2.0\r\n\r\n`);
  expect(valueOf(await bob.inbox.next(), 'Via')).toContain(` 127.0.0.1:${port()};`);
});

test('applications are told both, and the external one is ours', async () => {
  const options = { listen: ['udp://127.0.0.1:0', 'udp://[::1]:0'], externalAddress: '192.0.2.1' };
  const { rawClient, server } = await stage(options);
  const app = await rawClient();
  app.send('id|authenticate|secret|');
  const [four, six] = server.addresses.map(({ port }) => port);
  const tokens = tokensOf(await app.inbox.next());
  expect([tokens[4], tokens[6]]).toEqual([
    `udp/192.0.2.1:${four},udp/[::1]:${six}`,
    `udp/127.0.0.1:${four},udp/[::1]:${six}`,
  ]);
  app.send(`id|sip|||\r\nOPTIONS sip:x@192.0.2.1:${four} SIP/2.0\r\n\r\n`);
  expect(await app.inbox.next()).toContain('|NOK|can not send request to myself');
});

test('networks may be of both kinds, and single addresses', () => {
  const seenBy = externalAddress('192.0.2.1', ['10.0.0.0/255.0.0.0', '198.51.100.7', '2001:db8::/32']);
  expect(['10.1.2.3', '198.51.100.7', '198.51.100.8', '2001:db8::1', '2001:db9::1'].map(seenBy)).toEqual([
    undefined,
    undefined,
    '192.0.2.1',
    undefined,
    undefined,
  ]);
  expect(externalAddress('2001:db8::1', [])('2001:db9::1')).toBe('2001:db8::1');
});

test.each([['nowhere'], ['10.0.0.0/33'], ['10.0.0.0/8/8'], ['10.0.0.0/255.0.255.0'], ['::/129']])(
  '%s is no network',
  (network) => {
    expect(() => externalAddress('192.0.2.1', [network])).toThrow(TypeError);
  },
);
