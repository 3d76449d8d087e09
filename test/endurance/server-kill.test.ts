// The SIP server is killed, or frozen: that is noticed and said, and afterwards everything is as before.
import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { Telephone } from '../../scripts/demo/telephone.ts';
import { startService, type Service } from '../support/service.ts';

/** In milliseconds, twice the heartbeat of the connection; and what a busy machine may add. */
const DEADLINE = 10_000;
const SLACK = 3_000;
const SIP_PORT = 5060;

/** An address of this machine for one test alone, so that its ports are free again after a kill. */
const ownAddress = (): string => `127.${[1, 2, 3].map(() => 2 + Math.floor(Math.random() * 250)).join('.')}`;

async function startServer(host: string, port: number): Promise<{ child: ChildProcess; port: number }> {
  const options = {
    listen: [`udp://${host}:${SIP_PORT}`, `tcp://${host}:${SIP_PORT}`],
    secret: 'kill',
    control: { host, port },
  };
  const child = fork(join(import.meta.dirname, '../support/sip-server-process.ts'), [JSON.stringify(options)], {
    execArgv: ['--import', 'tsx'],
  });
  const exited = once(child, 'exit');
  onTestFinished(async () => {
    child.kill('SIGKILL');
    await exited;
  });
  const [controlPort] = (await once(child, 'message')) as [number];
  return { child, port: controlPort };
}

const readiness = async ({ base }: Service): Promise<number> =>
  (await fetch(base.replace('/ari', '/health/ready'))).status;

/** Milliseconds until the service says so. */
async function untilReadiness(service: Service, status: 200 | 503, limit: number): Promise<number> {
  const begun = performance.now();
  await expect.poll(() => readiness(service), { timeout: limit, interval: 20 }).toBe(status);
  return performance.now() - begun;
}

async function scene() {
  const host = ownAddress();
  const server = await startServer(host, 0);
  const service = await startService({ sipServer: `drachtio://${host}:${server.port}`, sip: 'secret: kill' });
  const watcher = await service.application('watcher', ['endpoint:PJSIP/foo']);
  const foo = await Telephone.open({ user: 'foo', password: 'foo-secret', server: { host, port: SIP_PORT } });
  onTestFinished(() => foo.close());
  expect((await foo.register()).status).toBe(200);
  const contacts = async (): Promise<unknown> =>
    (await service.rest('GET', '/registrations', { endpoint: 'foo' })).body;
  const registered = await contacts();
  expect(registered).toHaveLength(1);
  /** Both ways, without having registered again. */
  const works = async (body: string): Promise<void> => {
    expect(await contacts()).toEqual(registered);
    const sent = await service.rest('PUT', '/endpoints/PJSIP/foo/sendMessage', { from: 'sip:a@b', body });
    expect(sent.status).toBe(202);
    expect((await foo.nextMessage()).body).toBe(body);
    expect((await foo.message({ to: '1001', body })).status).toBe(202);
    await watcher.next('TextMessageReceived', ({ message }) => (message as { body: string }).body === body);
  };
  await works('before');
  return { host, server, service, foo, works };
}

test('a SIP server that is killed is missed, and after its return calls and contacts are as before', async () => {
  const { host, server, service, foo, works } = await scene();
  for (let round = 1, running = server.child; round <= 3; round++) {
    running.kill('SIGKILL');
    const noticed = await untilReadiness(service, 503, DEADLINE + SLACK);
    const body = `kept ${round}`;
    const sent = await service.rest('PUT', '/endpoints/PJSIP/foo/sendMessage', { from: 'sip:a@b', body });
    expect(sent.status).toBe(202);
    running = (await startServer(host, server.port)).child;
    const back = await untilReadiness(service, 200, DEADLINE + SLACK);
    // What was accepted meanwhile is tried again, later and later.
    const { id } = sent.body as { id: string };
    const state = async (): Promise<unknown> => (await service.rest('GET', `/messages/${id}`)).body;
    await expect.poll(state, { timeout: 40_000 }).toMatchObject({ state: 'delivered' });
    expect((await foo.nextMessage()).body).toBe(body);
    await works(`after ${round}`);
    console.log(
      `killed: noticed after ${noticed.toFixed(0)} ms, connected again ${back.toFixed(0)} ms after its start`,
    );
  }
});

test('a SIP server that is frozen is missed within the deadline, and served again when it goes on', async () => {
  const { server, service, works } = await scene();
  server.child.kill('SIGSTOP');
  const noticed = await untilReadiness(service, 503, DEADLINE + SLACK);
  server.child.kill('SIGCONT');
  const back = await untilReadiness(service, 200, 2 * DEADLINE);
  await works('after');
  console.log(`frozen: noticed after ${noticed.toFixed(0)} ms, connected again ${back.toFixed(0)} ms after it went on`);
});
