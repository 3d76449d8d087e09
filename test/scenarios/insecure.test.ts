// A service that anybody could use does not start where anybody could reach it.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { createApp } from '../../src/app.ts';
import { readConfig } from '../../src/config.ts';

test('an endpoint without credentials keeps the service from listening beyond this machine', async () => {
  const data = await mkdtemp(join(tmpdir(), 'arion-'));
  onTestFinished(() => rm(data, { recursive: true, force: true }));
  const text = `
http: { port: 0 }
ari: { users: { ari: { password: ari } } }
sip: { listen: ['udp://127.0.0.1:0', 'udp://0.0.0.0:0'] }
pjsip: { endpoint: { foo: {} } }
data: ${data}`;
  const app = createApp(readConfig({ text }));
  onTestFinished(() => app.stop());
  await expect(app.start()).rejects.toMatchObject({
    code: 'insecure',
    message: expect.stringMatching(/^Anybody can pass for foo.*listens on 0\.0\.0\.0.*sip\.insecure: true$/),
  });
});
