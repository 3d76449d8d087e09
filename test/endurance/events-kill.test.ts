// A client that resumes has seen every event exactly once, in order, whoever was killed meanwhile.
import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { restClient } from '../../scripts/demo/application.ts';
import { barePeer } from './bare-peer.ts';
import { randomMoments, seeded, startKillable } from './killable.ts';

const ENDPOINTS = 50;
const EACH = 2_000;
const ALL = ENDPOINTS * EACH;
const KILLS = 3;

const users = Array.from({ length: ENDPOINTS }, (_, index) => `e${index}`);
const yaml = `pjsip:
  endpoint: { ${users.map((user) => `${user}: { context: default }`).join(', ')} }
contexts: { default: {} }
`;

test(`${ALL} events, with ${KILLS} kills of the client and ${KILLS} of the service`, { timeout: 600_000 }, async () => {
  const { seed, random } = seeded();
  const service = await startKillable(yaml);
  const client = await reader();
  await client.connect((await service.current()).url);
  const rest = restClient(`${(await service.current()).url}/ari`);
  const subscribed = await rest('POST', '/applications/reader/subscription', { eventSource: 'endpoint:PJSIP' });
  expect(subscribed.status).toBe(200);

  const peer = await barePeer(() => undefined);
  peer.server = (await service.current()).sip;
  const kills = [
    ...randomMoments(KILLS, ALL, random).map((at) => ({ at, whom: 'client' as const })),
    ...randomMoments(KILLS, ALL, random).map((at) => ({ at, whom: 'service' as const })),
  ].sort((one, other) => one.at - other.at);
  let killing = Promise.resolve();
  let accepted = 0;
  const onAccepted = (): void => {
    accepted += 1;
    if (accepted < (kills[0]?.at ?? Infinity)) return;
    const { whom } = kills.shift()!;
    killing = killing.then(async () => {
      if (whom === 'client') await client.kill();
      else {
        await service.killAndRestart();
        peer.server = (await service.current()).sip;
      }
      await client.connect((await service.current()).url);
    });
  };

  const begun = performance.now();
  await Promise.all(
    users.map(async (user) => {
      for (let number = 0; number < EACH; number++) {
        const headers = ['Content-Type: text/plain'];
        const callId = `${user}-${number}`;
        expect(await peer.request('MESSAGE', user, { callId, headers, body: `${number}` })).toBe(202);
        onAccepted();
      }
    }),
  );
  await killing;
  const seconds = (performance.now() - begun) / 1_000;
  await expect.poll(async () => (await client.lines()).length, { timeout: 60_000, interval: 200 }).toBe(ALL);

  const wanted = Array.from({ length: EACH }, (_, number) => `${number}`);
  const lines = await client.lines();
  for (const user of users) {
    const seen = lines.filter(([, endpoint]) => endpoint === user).map(([, , body]) => body);
    expect(seen, `what was seen of ${user}`).toEqual(wanted);
  }
  const cursors = lines.map(([cursor]) => cursor!);
  expect([...cursors].sort()).toEqual(cursors);
  expect(client.lost).toEqual([]);
  console.log(
    `events, seed ${seed}: ${ALL} in ${seconds.toFixed(1)} s (${(ALL / seconds).toFixed(0)}/s), the client killed ${client.kills} times and the service ${service.kills} times; each seen once, in order`,
  );
  expect([client.kills, service.kills]).toEqual([KILLS, KILLS]);
});

interface Reader {
  connect(url: string): Promise<void>;
  kill(): Promise<void>;
  readonly kills: number;
  /** What it was told that it will never see. */
  readonly lost: readonly unknown[];
  /** Cursor, endpoint and body of each event that it has seen. */
  lines(): Promise<string[][]>;
}

async function reader(): Promise<Reader> {
  const directory = await mkdtemp(join(tmpdir(), 'arion-reader-'));
  const file = join(directory, 'seen');
  const lost: unknown[] = [];
  let kills = 0;
  let child = start();
  onTestFinished(async () => {
    await end(child);
    await rm(directory, { recursive: true, force: true });
  });

  function start(): ChildProcess {
    const made = fork(join(import.meta.dirname, 'reader.ts'), [file, 'reader'], { execArgv: ['--import', 'tsx'] });
    made.on('message', (message: { lost?: unknown }) => {
      if (message.lost !== undefined) lost.push(message.lost);
    });
    return made;
  }

  return {
    async connect(url) {
      child.send({ url });
      for (;;) {
        const [{ connected }] = (await once(child, 'message')) as [{ connected?: string }];
        if (connected === url) return;
      }
    },
    async kill() {
      kills += 1;
      await end(child);
      child = start();
    },
    get kills() {
      return kills;
    },
    lost,
    async lines() {
      const text = await readFile(file, 'utf8').catch(() => '');
      return text
        .split('\n')
        .slice(0, -1)
        .map((line) => line.split(' '));
    },
  };
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exited = once(child, 'exit');
  child.kill('SIGKILL');
  await exited;
}
