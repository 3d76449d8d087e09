// The load tools against the floors and a service: whatever is put on them is counted, once.
import { spawnSync } from 'node:child_process';
import { expect, test, describe, onTestFinished } from 'vitest';
import { Bench, runId, type Settings } from '../../../scripts/bench/bench.ts';
import { messages } from '../../../scripts/bench/groups/messages.ts';
import { get } from '../../../scripts/bench/groups/rest.ts';
import { Load, compiler } from '../../../scripts/bench/load.ts';
import { attach, freePort, startFloor, type Peer } from '../../../scripts/bench/service.ts';
import { startService } from '../../support/service.ts';

const lacksCompiler =
  spawnSync(compiler(), ['--version']).error !== undefined && process.env['REQUIRE_ENGINES'] !== '1';
if (lacksCompiler) console.log('the load tools are not tested: there is no C compiler');

const settings: Settings = { secs: 0.3, onPoint: () => undefined };

async function floor(name: string, told: Readonly<Record<string, unknown>> = {}): Promise<Peer> {
  const peer = await startFloor(name, told);
  onTestFinished(() => peer.end());
  return peer;
}

describe.skipIf(lacksCompiler)('load', { timeout: 60_000 }, () => {
  test('of MESSAGEs is answered, each once', async () => {
    const peer = await floor('echo');
    const { answered } = messages(new Bench(settings), peer, await freePort());
    const { lost, latency, details } = await answered({ name: 'messages', rate: 1_000, secs: 0.3 });
    expect([lost, latency.count, details['statuses']]).toEqual([0, 300, { '202': 300 }]);
    expect(latency.p50).toBeGreaterThan(0);
  });

  test('of MESSAGEs is heard by each of many WebSockets, whatever their size', async () => {
    const peer = await floor('broadcast', {
      event: `{"type":"TextMessageReceived","body":"BODY","${'x'.repeat(70_000)}":1}`,
    });
    const { heard } = messages(new Bench(settings), peer, await freePort());
    const audience = { application: 'app', applications: 7, eventSource: 'endpoint:PJSIP' };
    const { lost, details } = await heard({ name: 'fan-out', rate: 200, secs: 0.3 }, audience);
    expect([lost, details['unique'], details['fewest'], details['duplicates']]).toEqual([0, 420, 60, 0]);
  });

  test('of requests arrives at a telephone, each once', async () => {
    const peer = await floor('send');
    const load = new Load();
    const run = runId();
    const sink = await load.sink({ port: peer.sinkPort, run });
    const path = '/ari/endpoints/PJSIP/bench/sendMessage?from=sip:app@127.0.0.1&body=';
    const options = { port: peer.httpPort, method: 'PUT', path, connections: 4, secs: 0.3, run };
    const { sent, failed, statuses } = await load.requests(options);
    const { unique, duplicates } = await sink.collect(sent);
    expect([failed, statuses, unique, duplicates]).toEqual([0, { '202': sent }, sent, 0]);
    expect(sent).toBeGreaterThan(100);
  });

  test('that is not answered is lost', async () => {
    const peer: Peer = { ...(await floor('get', { body: {} })), sipPort: await freePort() };
    const { answered } = messages(new Bench(settings), peer, await freePort());
    expect(await answered({ name: 'nobody', rate: 100, secs: 0.1 })).toMatchObject({ lost: 10, latency: { count: 0 } });
  });

  test('of requests is measured at a service that runs already, beside its floor', async () => {
    const { base } = await startService({ pjsip: 'endpoint: { bench: { context: default } }' });
    const attached = { url: new URL(base), sipPort: 0, sinkPort: 0, pids: [process.pid], user: 'ari:ari' };
    expect(attach(attached)).toMatchObject({ path: '/ari', httpPort: Number(attached.url.port) });
    const bench = new Bench({ ...settings, attached });
    const [figure] = await get(bench);
    expect(figure).toMatchObject({ id: 'get-16' });
    expect(figure!.failed).toBeUndefined();
    expect([figure!.value! > 0, figure!.floor! > 0, bench.points.length]).toEqual([true, true, 4]);
  });
});
