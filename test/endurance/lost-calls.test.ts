// A call that is open when the process is killed is told as ended by the next one, once, and is gone.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { expect, onTestFinished, test } from 'vitest';
import { connectApp, restClient } from '../../scripts/demo/application.ts';
import { Telephone } from '../../scripts/demo/telephone.ts';
import { startProcess, type ServiceProcess } from '../support/process.ts';

const CALLS = 5;

async function metric({ url }: ServiceProcess, name: string): Promise<number> {
  const text = await (await fetch(`${url}/metrics`)).text();
  const line = text.split('\n').find((each) => each.startsWith(`${name} `));
  return Number(line?.slice(name.length) ?? 0);
}

const told = (service: ServiceProcess): Promise<number> => metric(service, 'arion_facts_total{type="ChannelChanged"}');

test('calls that kill -9 has ended are told as ended by the next process, and by no later one', async () => {
  const data = await mkdtemp(join(tmpdir(), 'arion-lost-'));
  onTestFinished(() => rm(data, { recursive: true, force: true }));
  const service = await startProcess(data);
  const rest = restClient(`${service.url}/ari`);
  const hello = await connectApp(`${service.url}/ari`, 'hello');
  expect((await rest('PUT', '/applications/hello')).status).toBe(200);
  const telephone = await Telephone.open({ user: 'foo', password: 'foo-secret', server: service.sip });
  onTestFinished(() => telephone.close());

  for (let number = 0; number < CALLS; number++) {
    const call = telephone.call({ to: '1001' });
    const { channel } = (await hello.next('StasisStart')) as unknown as { channel: { id: string } };
    await rest('POST', `/channels/${channel.id}/answer`);
    expect((await call.answered).status).toBe(200);
  }
  expect((await rest('GET', '/channels')).body).toHaveLength(CALLS);
  while ((await metric(service, 'arion_queue_length{queue="core:living channels"}')) > 0) await pause(10);
  const since = (await hello.take()).at(-1)!['cursor'] as string;
  await service.end('SIGKILL');

  const after = await startProcess(data);
  expect((await restClient(`${after.url}/ari`)('GET', '/channels')).body).toEqual([]);
  expect(await told(after)).toBe(CALLS);
  const resumed = await connectApp(`${after.url}/ari`, 'hello', { since });
  const ended = (await resumed.take()).filter(({ type }) => type === 'StasisEnd');
  expect(ended.map(({ reason }) => reason)).toEqual(Array(CALLS).fill('service-restarted'));
  await after.end('SIGKILL');

  const later = await startProcess(data);
  expect(await told(later)).toBe(0);
  console.log(`${CALLS} calls were open when the service was killed; ${CALLS} were told as ended, once each`);
});
