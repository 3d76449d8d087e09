// When the system has no file descriptor left, the server goes on, and serves again as soon as there is one.
import { spawn } from 'node:child_process';
import { connect, type Socket } from 'node:net';
import { createInterface } from 'node:readline';
import { expect, onTestFinished, test } from 'vitest';

test('without a file descriptor left connections end at once, and later ones are served', async () => {
  const script = new URL('few-descriptors.ts', import.meta.url).pathname;
  const command = 'ulimit -n 80; exec "$0" --import tsx "$1"';
  const child = spawn('sh', ['-c', command, process.execPath, script], { stdio: ['pipe', 'pipe', 'inherit'] });
  onTestFinished(() => void child.kill('SIGKILL'));
  const lines = createInterface(child.stdout)[Symbol.asyncIterator]();
  const heard = async (): Promise<{ port: number; open: number }> =>
    JSON.parse(String((await lines.next()).value)) as { port: number; open: number };
  const look = () => {
    child.stdin.write('\n');
    return heard();
  };
  const { port } = await heard();
  const sockets: Socket[] = [];
  onTestFinished(() => sockets.forEach((socket) => socket.destroy()));
  for (let count = 0; count < 100; count++) {
    const socket = connect(port, '127.0.0.1');
    sockets.push(socket.on('error', () => undefined).resume());
  }
  await expect.poll(() => sockets.filter(({ destroyed }) => destroyed).length).toBeGreaterThan(20);
  expect((await look()).open).toBeGreaterThan(20);
  for (const socket of sockets) socket.destroy();
  await expect.poll(async () => (await look()).open).toBe(0);
  const last = connect(port, '127.0.0.1');
  sockets.push(last);
  last.write('\r\n\r\n');
  expect(String(await new Promise((resolve) => last.once('data', resolve)))).toBe('\r\n');
});
