// What was accepted survives the death of the process.
import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { restClient } from '../../scripts/demo/application.ts';
import { Telephone, type SipText } from '../../scripts/demo/telephone.ts';
import { startProcess } from '../support/process.ts';

const ROUNDS = 5;

/** Where the contacts lead. It takes what comes from any port, since the service has another one after each start. */
async function listeningSocket(): Promise<Socket> {
  const socket = createSocket('udp4');
  onTestFinished(() => new Promise<void>((resolve) => socket.close(() => resolve())));
  socket.bind(0, '127.0.0.1');
  await once(socket, 'listening');
  return socket;
}

test('a contact survives kill -9 right after its 200, each time, and can be sent to afterwards', async () => {
  const data = await mkdtemp(join(tmpdir(), 'arion-kill-'));
  onTestFinished(() => rm(data, { recursive: true, force: true }));
  const socket = await listeningSocket();
  const contact = (round: number): string => `sip:round-${round}@127.0.0.1:${socket.address().port}`;

  for (let round = 1; round <= ROUNDS; round++) {
    const service = await startProcess(data);
    const rest = restClient(`${service.url}/ari`);
    // Before anything is registered now, what was registered in the round before is there, and can be reached.
    const state = round === 1 ? 'offline' : 'online';
    expect((await rest('GET', '/endpoints/PJSIP/foo')).body).toMatchObject({ state });
    if (round > 1) {
      const arrived = once(socket, 'message', { signal: AbortSignal.timeout(10_000) }) as Promise<[Buffer]>;
      const sent = await rest('PUT', '/endpoints/PJSIP/foo/sendMessage', { from: 'sip:a@b', body: 'still there?' });
      expect(sent.status).toBe(202);
      expect((await arrived)[0].toString()).toContain(`MESSAGE ${contact(round - 1)} SIP/2.0`);
    }
    const telephone = await Telephone.open({ user: 'foo', password: 'foo-secret', server: service.sip });
    onTestFinished(() => telephone.close());
    const register = (lines: string, expires: string): Promise<SipText> =>
      telephone.request({
        method: 'REGISTER',
        to: 'foo',
        headers: [
          ['Contact', lines],
          ['Expires', expires],
        ],
      });
    expect((await register('*', '0')).status).toBe(200);
    expect((await register(`<${contact(round)}>`, '60')).status).toBe(200);
    await service.end('SIGKILL');
  }
  console.log(`killed ${ROUNDS} times; the contact was found again ${ROUNDS - 1} times of ${ROUNDS - 1}`);
});
