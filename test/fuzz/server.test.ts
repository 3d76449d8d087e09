// Mutated messages over real sockets at full speed, to a server with an application: no error, and the next good request is served.
import { connect } from 'node:net';
import { once } from 'node:events';
import { setImmediate } from 'node:timers/promises';
import { expect, test } from 'vitest';
import type { Party } from '../sip-server/replay/parties.ts';
import { final, request, stage, type Stage } from '../sip-server/stage.ts';
import { frames, messages } from './corpus.ts';
import { below, inChunks, mutate, pick, randomOf, type Random } from './mutate.ts';

const seconds = Number(process.env['FUZZ_SECONDS']) / 6;
const seed = Number(process.env['SEED']);
const plenty = 1_000_000_000;
/** The shield would keep most of it away. */
const open = {
  requestsPerSource: plenty,
  requestBurst: plenty,
  requestsOfStrangers: plenty,
  requestsPerKnownSource: plenty,
  pendingPerSource: plenty,
};

/** Answers what has come, now and then with nonsense. */
async function answerAll(app: Party, random: Random): Promise<void> {
  while (app.inbox.waiting.length > 0) {
    const tokens = (await app.inbox.next()).split('\r\n', 1)[0]!.split('|');
    const status = pick(random, [
      '180 Ringing',
      '200 OK',
      '202 Accepted',
      '401 No',
      '486 Busy',
      '603 Never',
      '999 What',
    ]);
    if (tokens[1] === 'sip' && tokens[2] === 'network' && random() < 0.9)
      app.send(`id|sip|${tokens[8]}|\r\nSIP/2.0 ${status}\r\n\r\n`);
  }
}

/** Runs `batch` again and again until the time is over, then shows that the server is as good as new. */
async function storm(
  scene: Stage,
  name: string,
  batch: (app: Party, random: Random) => Promise<number>,
): Promise<void> {
  const random = randomOf(seed);
  const app = await scene.client('*');
  const end = performance.now() + seconds * 1_000;
  let sent = 0;
  while (performance.now() < end) {
    sent += await batch(app, random);
    await setImmediate();
    await answerAll(app, random);
  }
  const { requestsIn, responsesOut, parseErrors } = scene.server.metrics;
  console.log(
    `${name}: ${sent} sent in ${seconds.toFixed(1)} s; ${sum(requestsIn)} requests, ${parseErrors} malformed, ${sum(responsesOut)} responses`,
  );
  expect(sum(requestsIn) + parseErrors).toBeGreaterThan(0);
  const bob = await scene.peer();
  bob.send(request('OPTIONS', bob.port, { callId: 'the-good-one' }));
  const deadline = performance.now() + 10_000;
  while (bob.inbox.waiting.length === 0 && performance.now() < deadline) {
    await answerAll(app, () => 0.5);
    await setImmediate();
  }
  expect(await final(bob)).toContain('Call-ID: the-good-one\r\n');
}

const sum = (counts: Record<string, number>): number => Object.values(counts).reduce((total, each) => total + each, 0);

/** How many messages the server has read, whatever it made of them. */
function messagesRead({ metrics }: Stage['server']): number {
  return sum(metrics.requestsIn) + sum(metrics.responsesIn) + metrics.parseErrors + metrics.drops.keepalive;
}

test('datagrams', async () => {
  const scene = await stage({ limits: open });
  const mallory = await scene.peer();
  await storm(scene, 'datagrams', async (_app, random) => {
    const before = messagesRead(scene.server);
    for (let sent = 0; sent < 50; sent++) mallory.send(mutate(random, messages).toString('latin1'));
    // As fast as they are read, or the kernel would throw most of them away.
    for (let turn = 0; turn < 50 && messagesRead(scene.server) < before + 50; turn++) await setImmediate();
    while (mallory.inbox.waiting.length > 0) await mallory.inbox.next();
    return 50;
  });
});

test('connections', async () => {
  const scene = await stage({ limits: open });
  await storm(scene, 'connections', async (app, random) => {
    const socket = connect(scene.port('tcp'), '127.0.0.1');
    socket.on('error', () => undefined).resume();
    await once(socket, 'connect');
    const count = 1 + below(random, 20);
    for (let sent = 0; sent < count && socket.writable; sent++) {
      for (const chunk of inChunks(random, mutate(random, messages))) socket.write(chunk);
      if (random() < 0.3) await setImmediate();
      await answerAll(app, random);
    }
    if (random() < 0.5) socket.resetAndDestroy();
    else socket.destroy();
    return count;
  });
});

test('control connections', async () => {
  const scene = await stage({ limits: { ...open, clients: 1_000 } });
  const mallory = await scene.peer();
  await storm(scene, 'control connections', async (_app, random) => {
    const socket = connect(scene.server.controlPort, '127.0.0.1');
    socket.on('error', () => undefined).resume();
    await once(socket, 'connect');
    if (random() < 0.7) socket.write('23#id|authenticate|secret|');
    const count = 1 + below(random, 20);
    for (let sent = 0; sent < count && socket.writable; sent++) {
      const payload = mutate(random, frames).toString('latin1').replace(/^\d*#/, '');
      socket.write(Buffer.from(random() < 0.8 ? `${payload.length}#${payload}` : payload, 'latin1'));
      mallory.send(mutate(random, messages).toString('latin1'));
      if (random() < 0.3) await setImmediate();
    }
    socket.destroy();
    return count;
  });
});
