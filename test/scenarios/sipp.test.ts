// SIPp as the telephone: registration, messages and calls over UDP and TCP.
import { spawn, spawnSync } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { startService, type Service } from '../support/service.ts';

const isInstalled = spawnSync('sipp', ['-v']).error === undefined;
const isRequired = process.env['REQUIRE_ENGINES'] === '1';
if (!isInstalled && !isRequired)
  console.log('The SIPp scenarios are skipped: sipp (Debian package sip-tester) is not installed.');

const file = (name: string): string => join(import.meta.dirname, `../sipp/${name}.xml`);

/** Runs a scenario so many times; fails with what SIPp says if any of them fails. */
async function sipp({ sip }: Service, scenario: string, transport: 'udp' | 'tcp', calls: number): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'arion-sipp-'));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  const port = transport === 'udp' ? sip.port : sip.tcpPort;
  const options = [
    '-sf',
    file(scenario),
    '-m',
    `${calls}`,
    '-r',
    '20',
    '-l',
    '20',
    '-t',
    transport === 'udp' ? 'u1' : 't1',
  ];
  const identity = ['-i', '127.0.0.1', '-s', 'foo', '-au', 'foo', '-ap', 'foo-secret'];
  const limits = ['-timeout', '30s', '-timeout_error', '-nostdin', '-trace_err', '-error_file', join(folder, 'errors')];
  const process = spawn('sipp', [...options, ...identity, ...limits, `127.0.0.1:${port}`], { cwd: folder });
  let output = '';
  for (const stream of [process.stdout, process.stderr])
    stream.on('data', (data: Buffer) => (output += data.toString()));
  const code = await new Promise((resolve, reject) => process.on('close', resolve).on('error', reject));
  expect(code, output.slice(-3_000)).toBe(0);
}

// Skipped only where SIPp is absent, which was said above; the project's own run demands it.
describe.skipIf(!isInstalled && !isRequired).each(['udp', 'tcp'] as const)('SIPp over %s', (transport) => {
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
