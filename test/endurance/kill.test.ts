// What was accepted survives the death of the process.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { restClient } from '../../scripts/demo/application.ts';
import { Telephone, type SipText } from '../../scripts/demo/telephone.ts';
import { startProcess } from '../support/process.ts';

const ROUNDS = 5;

test('contacts survive kill -9, each time, and can be sent to afterwards', async () => {
  const data = await mkdtemp(join(tmpdir(), 'arion-kill-'));
  onTestFinished(() => rm(data, { recursive: true, force: true }));
  let previous: Telephone | undefined;
  // Telephones speak to one port only, so the service comes back on the port that it got first.
  let sipPort = 0;

  for (let round = 1; round <= ROUNDS; round++) {
    const service = await startProcess(data, sipPort);
    sipPort = service.sip.port;
    const rest = restClient(`${service.url}/ari`);
    // Before anything is registered now, what was registered in the round before is there, and can be reached.
    const state = round === 1 ? 'offline' : 'online';
    expect((await rest('GET', '/endpoints/PJSIP/foo')).body).toMatchObject({ state });
    if (previous !== undefined) {
      await rest('PUT', '/endpoints/PJSIP/foo/sendMessage', { from: 'sip:a@b', body: `round ${round}` });
      expect((await previous.nextMessage()).body).toBe(`round ${round}`);
    }
    const telephone = await Telephone.open({ user: 'foo', password: 'foo-secret', server: service.sip });
    onTestFinished(() => telephone.close());
    const register = (contact: string, expires: string): Promise<SipText> =>
      telephone.request({
        method: 'REGISTER',
        to: 'foo',
        headers: [
          ['Contact', contact],
          ['Expires', expires],
        ],
      });
    expect((await register('*', '0')).status).toBe(200);
    expect((await register(`<${telephone.contact}>`, '60')).status).toBe(200);
    previous = telephone;
    await service.end('SIGKILL');
  }
  console.log(`killed ${ROUNDS} times; the contact was found again ${ROUNDS - 1} times of ${ROUNDS - 1}`);
});
