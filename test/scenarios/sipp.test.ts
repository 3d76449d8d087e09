// SIPp as the telephone: registration, messages and calls over UDP and TCP.
import { describe, expect, test } from 'vitest';
import { startService, type Service } from '../support/service.ts';
import { skipsSipp, startSipp } from './sipp-room.ts';

async function sipp({ sip }: Service, scenario: string, transport: 'udp' | 'tcp', calls: number): Promise<void> {
  const port = transport === 'udp' ? sip.port : sip.tcpPort;
  const options = ['-r', '20', '-l', '20', '-t', transport === 'udp' ? 'u1' : 't1'];
  const identity = ['-s', 'foo', '-au', 'foo', '-ap', 'foo-secret'];
  await (
    await startSipp(scenario, calls, [...options, ...identity, `127.0.0.1:${port}`])
  ).finished;
}

// Skipped only where SIPp is absent, which is said; the project's own run demands it.
describe.skipIf(skipsSipp).each(['udp', 'tcp'] as const)('SIPp over %s', (transport) => {
  test('registers and ends its registration', async () => {
    const service = await startService();
    const watcher = await service.application('watcher', ['endpoint:PJSIP/foo']);
    await sipp(service, 'register', transport, 1);
    expect(await watcher.next('PeerStatusChange')).toMatchObject({ peer: { peer_status: 'Reachable' } });
    expect(await watcher.next('PeerStatusChange')).toMatchObject({ peer: { peer_status: 'Unreachable' } });
  });

  test('sends messages, each of which arrives once', async () => {
    const service = await startService();
    const watcher = await service.application('watcher', ['endpoint:PJSIP']);
    await sipp(service, 'message', transport, 20);
    const events = await watcher.take();
    expect(events.map(({ type, message }) => [type, (message as { body: string }).body])).toEqual(
      Array.from({ length: 20 }, () => ['TextMessageReceived', 'hello from sipp']),
    );
  });

  test('places calls, which the application rings and answers', async () => {
    const service = await startService();
    const hello = await service.application('hello', [], {
      onEvent: (event) => {
        if (event.type !== 'StasisStart') return;
        const { id } = event['channel'] as { id: string };
        void service.rest('POST', `/channels/${id}/ring`).then(() => service.rest('POST', `/channels/${id}/answer`));
      },
    });
    await sipp(service, 'call', transport, 10);
    const types = (await hello.take()).map(({ type }) => type);
    for (const type of ['StasisStart', 'StasisEnd']) expect(types.filter((each) => each === type)).toHaveLength(10);
  });
});
