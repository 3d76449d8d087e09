// A telephone over every transport: registration, messages and a call, in both directions over the one connection.
import { describe, expect, test } from 'vitest';
import { certificateFiles } from '../support/certificate.ts';
import { startService, type Service } from '../support/service.ts';

const transports = ['udp', 'tcp', 'tls', 'ws', 'wss'] as const;

async function everywhere(): Promise<{ service: Service; ca: string }> {
  const { cert, certFile, keyFile } = await certificateFiles();
  const service = await startService({
    messages: 'store: false',
    listen: ['tls://127.0.0.1:0', 'ws://127.0.0.1:0', 'wss://127.0.0.1:0'],
    sip: `tls: { cert_file: "${certFile}", priv_key_file: "${keyFile}" }`,
  });
  return { service, ca: cert };
}

describe.each(transports)('over %s', (transport) => {
  test('a telephone registers, sends and receives a message, and calls', async () => {
    const { service, ca } = await everywhere();
    const watcher = await service.application('watcher', ['endpoint:PJSIP/foo']);
    const telephone = await service.telephone('foo', { transport, ca });

    expect((await telephone.register()).status).toBe(200);
    expect(await watcher.next('PeerStatusChange')).toMatchObject({ peer: { peer_status: 'Reachable' } });

    expect((await telephone.message({ to: 'hello', body: 'up ☎' })).status).toBe(202);
    const received = await watcher.next('TextMessageReceived');
    expect(received).toMatchObject({ message: { body: 'up ☎', variables: { PJSIP_TRANSPORT: transport } } });

    const { status } = await service.rest('PUT', '/endpoints/PJSIP/foo/sendMessage', {
      from: 'sip:a@b.c',
      body: 'down ☎',
    });
    expect(status).toBe(202);
    expect((await telephone.nextMessage()).body).toBe('down ☎');

    await service.application('hello', [], {
      onEvent: ({ type, channel }) => {
        if (type === 'StasisStart') void service.rest('POST', `/channels/${(channel as { id: string }).id}/answer`);
      },
    });
    const call = telephone.call({ to: '1000' });
    expect((await call.answered).status).toBe(200);
    await call.hangup();
    expect(await watcher.next('ChannelDestroyed')).toMatchObject({ cause: 0 });
  });
});

test.each(['tcp', 'tls', 'ws', 'wss'] as const)(
  'a contact over %s leaves with its connection, and the endpoint can be reached no longer',
  async (transport) => {
    const { service, ca } = await everywhere();
    const watcher = await service.application('watcher', ['endpoint:PJSIP/foo']);
    const telephone = await service.telephone('foo', { transport, ca });
    await telephone.register();
    expect(await watcher.next('PeerStatusChange')).toMatchObject({ peer: { peer_status: 'Reachable' } });
    await telephone.close();
    expect(await watcher.next('PeerStatusChange')).toMatchObject({ peer: { peer_status: 'Unreachable' } });
    const { status } = await service.rest('PUT', '/endpoints/PJSIP/foo/sendMessage', { from: '', body: 'x' });
    expect(status).toBe(404);
  },
);
