// A flood of requests from nobody we know does not keep those we know from being served.
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { expect, onTestFinished, test } from 'vitest';
import { startService } from '../support/service.ts';

const SECONDS = 10;
/** So many each 10 ms, from the process that answers them: enough to keep it busy. */
const BATCH = 20;
const LIMIT_MS = 500;

test(`a registered telephone's message is answered within ${LIMIT_MS} ms during a flood of unauthenticated requests`, async () => {
  const service = await startService();
  const watcher = await service.application('watcher', ['endpoint:PJSIP/foo']);
  const foo = await service.telephone('foo');
  expect((await foo.register()).status).toBe(200);

  const socket = createSocket('udp4');
  onTestFinished(() => new Promise<void>((resolve) => socket.close(() => resolve())));
  socket.bind(0, '127.0.0.1');
  await once(socket, 'listening');
  const { port } = socket.address();
  let sent = 0;
  let answered = 0;
  socket.on('message', () => (answered += 1));
  const request = (number: number): string => {
    const method = ['REGISTER', 'MESSAGE', 'INVITE'][number % 3]!;
    return [
      `${method} sip:1001@127.0.0.1 SIP/2.0`,
      `Via: SIP/2.0/UDP 127.0.0.1:${port};branch=z9hG4bKflood${number};rport`,
      'Max-Forwards: 70',
      `From: <sip:stranger@127.0.0.1>;tag=${number}`,
      'To: <sip:1001@127.0.0.1>',
      `Call-ID: flood-${number}`,
      `CSeq: 1 ${method}`,
      `Contact: <sip:stranger@127.0.0.1:${port}>`,
      'Content-Type: text/plain',
      'Content-Length: 0',
      '\r\n',
    ].join('\r\n');
  };
  const end = performance.now() + SECONDS * 1_000;
  let isFlooding = true;
  const flood = (): void => {
    for (let each = 0; each < BATCH; each++) socket.send(request(sent++), service.sip.port, '127.0.0.1');
    isFlooding = performance.now() < end;
    if (isFlooding) setTimeout(flood, 10);
  };
  flood();

  const times: number[] = [];
  while (isFlooding) {
    const begun = performance.now();
    expect((await foo.message({ to: '1001', body: `${times.length}` })).status).toBe(202);
    times.push(performance.now() - begun);
  }
  const worst = Math.max(...times);
  console.log(
    `${sent} flooding requests, ${answered} answers to them; ${times.length} messages, the slowest ${worst.toFixed(0)} ms`,
  );
  expect(worst).toBeLessThan(LIMIT_MS);
  const texts = (await watcher.take()).filter(({ type }) => type === 'TextMessageReceived');
  expect(texts).toHaveLength(times.length);
  expect(service.logged.filter((line) => line.startsWith('error'))).toEqual([]);
});
