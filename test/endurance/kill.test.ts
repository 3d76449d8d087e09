// What was accepted survives the death of the process.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { restClient } from '../../scripts/demo/application.ts';
import { Telephone } from '../../scripts/demo/telephone.ts';
import { startProcess } from '../support/process.ts';

const ROUNDS = 5;

test('contacts survive kill -9, each time, and can be sent to afterwards', async () => {
  const data = await mkdtemp(join(tmpdir(), 'arion-kill-'));
  onTestFinished(() => rm(data, { recursive: true, force: true }));
  const telephones: Telephone[] = [];
  onTestFinished(async () => void (await Promise.all(telephones.map((each) => each.close()))));

  for (let round = 1; round <= ROUNDS; round++) {
    const service = await startProcess(data);
    // What was registered in earlier rounds is there before anything is registered now.
    const before = (await restClient(`${service.url}/ari`)('GET', '/endpoints/PJSIP/foo')).body;
    expect(before).toMatchObject({ state: round === 1 ? 'offline' : 'online' });
    const previous = telephones.at(-1);
    if (previous !== undefined) {
      await restClient(`${service.url}/ari`)('PUT', '/endpoints/PJSIP/foo/sendMessage', {
        from: 'sip:a@b',
        body: `${round}`,
      });
      expect((await previous.nextMessage()).body).toBe(`${round}`);
      // It came from a port that is gone by the next round, so it leaves by the service that runs now.
      const { status } = await restClient(`${service.url}/ari`)('GET', '/endpoints/PJSIP/foo');
      expect(status).toBe(200);
    }
    const telephone = await Telephone.open({
      user: 'foo',
      password: 'foo-secret',
      server: service.sip,
      domain: '127.0.0.1',
    });
    telephones.push(telephone);
    expect(
      (
        await telephone.register({
          headers: [
            ['Contact', '*'],
            ['Expires', '0'],
          ],
        })
      ).status,
    ).toBe(200);
    expect((await telephone.register()).status).toBe(200);
    await service.end('SIGKILL');
  }
  console.log(`${ROUNDS} times killed, ${ROUNDS - 1} times found again`);
});
