// The service as a process: what it prints, how it stops, and how it refuses to start.
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { once } from 'node:events';
import { expect, onTestFinished, test } from 'vitest';
import { connectApp } from '../../scripts/demo/application.ts';
import { Telephone } from '../../scripts/demo/telephone.ts';
import { spawnMain, startProcess } from '../support/process.ts';

async function folder(): Promise<string> {
  const path = await mkdtemp(join(tmpdir(), 'arion-process-'));
  onTestFinished(() => rm(path, { recursive: true, force: true }));
  return path;
}

test('prints where things are and what to try; on SIGTERM hangs up, closes sockets with 1001, and ends within 5 s', async () => {
  const service = await startProcess(await folder());
  expect(service.output()).toMatch(/documents +http:\/\/127\.0\.0\.1:\d+\/docs/);
  expect(service.output()).toMatch(/npm run events -- --url/);

  const hello = await connectApp(`${service.url}/ari`, 'hello');
  const telephone = await Telephone.open({ user: 'foo', password: 'foo-secret', server: service.sip });
  onTestFinished(() => telephone.close());
  const call = telephone.call({ to: '1001' });
  await hello.next('StasisStart');

  const closed = once(hello.socket, 'close') as Promise<[number]>;
  const begun = performance.now();
  const ending = service.end('SIGTERM');
  expect((await call.answered).status).toBeGreaterThanOrEqual(480);
  expect((await closed)[0]).toBe(1001);
  expect(await ending).toBe(0);
  expect(performance.now() - begun).toBeLessThan(5_000);
});

test('refuses to start with a wrong configuration, and says where it is wrong', async () => {
  const file = join(await folder(), 'wrong.yaml');
  await writeFile(file, 'http: { prot: 8088 }\nari: { users: { ari: { password: ari } } }');
  const { closed, output } = spawnMain(['--config', file]);
  expect((await closed)[0]).toBe(1);
  expect(output()).toContain('http.prot: no such option; did you mean "port"?');
});

test('refuses to start when its port is taken, and says so', async () => {
  const first = await startProcess(await folder());
  const port = new URL(first.url).port;
  const { closed, output } = spawnMain(['--http-port', port, '--sip-port', '0'], { ARION_DATA: await folder() });
  expect((await closed)[0]).toBe(1);
  expect(output()).toMatch(/Arion cannot start: .*EADDRINUSE/);
});
