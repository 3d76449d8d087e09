// A SIP server that falls silent is noticed, and the connection is made again when it is back.
import { expect, test } from 'vitest';
import { drachtioStack } from '../../../src/engines/drachtio/index.ts';
import { onTestFinished } from 'vitest';
import { controlServer, type ControlServer } from './control-server.ts';

const HEARTBEAT = 50;

async function connected(server: ControlServer) {
  const logged: string[] = [];
  const stack = drachtioStack({
    host: '127.0.0.1',
    port: server.port,
    secret: 'cymru',
    heartbeat: HEARTBEAT,
    log: (_, text) => void logged.push(text),
  });
  onTestFinished(() => stack.stop());
  const start = stack.start(() => undefined);
  return { stack, start, logged };
}

test('a server that answers is asked again and again, and keeps its connection', async () => {
  const server = await controlServer();
  const { stack, start, logged } = await connected(server);
  await start;
  for (let count = 0; count < 5; count += 1) await server.next('ping');
  expect(stack.isConnected).toBe(true);
  expect(logged).toHaveLength(1);
});

test('one that answers no longer is cut off within two intervals, and is connected again when it answers', async () => {
  const server = await controlServer({ holdsPings: true });
  const { stack, start, logged } = await connected(server);
  server.reply(await server.next('ping'), ['OK', 'pong']);
  await start;
  const silent = await server.next('ping');
  const begun = performance.now();
  await expect.poll(() => stack.isConnected, { interval: 5 }).toBe(false);
  // The question was asked at one beat, and the next one found no answer.
  expect(performance.now() - begun).toBeLessThan(4 * HEARTBEAT);
  expect(silent.socket.destroyed || silent.socket.readyState !== 'open').toBe(true);
  expect(logged.slice(1, 3)).toEqual([
    `the SIP server at 127.0.0.1:${server.port} does not answer`,
    'the connection to the SIP server broke',
  ]);
  await expect.poll(() => stack.isConnected).toBe(true);
});

test('one that accepts the connection and says nothing is tried again', async () => {
  const server = await controlServer({ isSilent: true });
  const { start } = await connected(server);
  start.catch(() => undefined);
  const first = await server.next('authenticate');
  const second = await server.next('authenticate');
  expect(second.socket).not.toBe(first.socket);
});
