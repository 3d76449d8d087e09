// The frames of a turn, on a real connection.
import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Socket } from 'node:net';
import { expect, onTestFinished, test } from 'vitest';
import { FrameReader } from '../../src/sip-server/control/frames.ts';
import { Outbox } from '../../src/sip-server/control/outbox.ts';

test('frames of any size come in their order, whether somebody waits for them or not', async () => {
  const server = createServer().listen(0, '127.0.0.1');
  onTestFinished(() => void server.close());
  await once(server, 'listening');
  const reading = connect((server.address() as AddressInfo).port, '127.0.0.1');
  const [writing] = (await once(server, 'connection')) as [Socket];
  onTestFinished(() => void [reading, writing].map((each) => each.destroy()));
  const read: string[] = [];
  const reader = new FrameReader(10_000_000);
  reading.on('data', (chunk: Buffer) =>
    read.push(...reader.push(chunk).payloads.map((each) => each.toString('latin1'))),
  );

  const outbox = new Outbox(writing);
  const written: string[] = [];
  for (let index = 0; index < 400; index++) {
    const message = index % 3 === 0 ? undefined : Buffer.alloc(index % 50 === 1 ? 200_000 : (index * 91) % 9_000, 65);
    outbox.add(`leader-${index}`, message, index % 4 === 0);
    written.push(`leader-${index}${message === undefined ? '' : `\r\n${message.toString('latin1')}`}`);
    if (index % 40 === 0) await new Promise((resolve) => setImmediate(resolve));
  }
  await expect.poll(() => read.length, { timeout: 5_000 }).toBe(written.length);
  expect(read).toEqual(written);
  expect(outbox.waiting).toBe(0);
});
