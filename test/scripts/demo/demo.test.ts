// The demo, run as a newcomer runs it.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';

test('the demo sees all of it, without colours where there is no terminal', async () => {
  const child = spawn(process.execPath, ['--import', 'tsx', 'scripts/demo/index.ts'], {
    cwd: join(import.meta.dirname, '../../..'),
  });
  onTestFinished(() => void child.kill('SIGKILL'));
  let output = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (data: Buffer) => (output += data.toString()));
  const [code] = (await once(child, 'close')) as [number];
  expect(code, output).toBe(0);
  for (const seen of [
    'REGISTER',
    '401 Unauthorized',
    'TextMessageReceived hello',
    'StasisStart',
    '180 Ringing',
    'BYE',
    'All of it was seen.',
  ]) {
    expect(output).toContain(seen);
  }
  expect(output).not.toContain('\u001b[');
});
