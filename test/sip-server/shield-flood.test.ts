// A flood of requests without credentials, from another thread, while a registered telephone at the same address sends messages.
import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import { expect, onTestFinished, test } from 'vitest';
import { final, request, stage } from './stage.ts';

const limitMs = 500;
const seconds = 3;

/** Sends as fast as the kernel takes it, and counts what comes back. */
const flooder = `
const { createSocket } = require('node:dgram');
const { parentPort, workerData: { port, until } } = require('node:worker_threads');
const socket = createSocket('udp4');
let sent = 0;
let octets = 0;
let answered = 0;
socket.on('message', (answer) => { answered += answer.length; });
const request = (method) => [
  method + ' sip:1001@127.0.0.1 SIP/2.0',
  'Via: SIP/2.0/UDP 127.0.0.1:' + socket.address().port + ';branch=z9hG4bKflood' + sent + ';rport',
  'Max-Forwards: 70',
  'From: <sip:stranger@127.0.0.1>;tag=' + sent,
  'To: <sip:1001@127.0.0.1>',
  'Call-ID: flood-' + sent,
  'CSeq: 1 ' + method,
  'Contact: <sip:stranger@127.0.0.1>',
  'Content-Length: 0', '', '',
].join('\\r\\n');
const burst = () => {
  for (let each = 0; each < 20; each++) {
    const text = request(['REGISTER', 'MESSAGE', 'INVITE'][sent++ % 3]);
    octets += text.length;
    socket.send(text, port, '127.0.0.1');
  }
  if (Date.now() < until) setTimeout(burst, 1);
  else setTimeout(() => { parentPort.postMessage({ sent, octets, answered }); socket.close(); }, 200);
};
socket.bind(0, '127.0.0.1', burst);
`;

test(`is dropped early: each message of the telephone is answered within ${limitMs} ms, and the flooder gets little back`, async () => {
  const scene = await stage();
  await scene.application((srf) => {
    const guarded: Parameters<typeof srf.message>[0] = (req, res) =>
      req.has('authorization')
        ? res.send(200)
        : res.send(401, { headers: { 'WWW-Authenticate': 'Digest realm="here", nonce="n", qop="auth"' } });
    srf.register(guarded);
    srf.message(guarded);
    srf.invite(guarded);
  });
  const foo = await scene.peer();
  const headers = ['Authorization: Digest username="foo"'];
  foo.send(request('REGISTER', foo.port, { headers }));
  expect(await final(foo)).toMatch(/^SIP\/2\.0 200 /);

  const until = Date.now() + seconds * 1_000;
  const worker = new Worker(flooder, { eval: true, workerData: { port: scene.port(), until } });
  onTestFinished(async () => void (await worker.terminate()));
  const done = once(worker, 'message') as Promise<[{ sent: number; octets: number; answered: number }]>;
  const times: number[] = [];
  while (Date.now() < until) {
    const began = performance.now();
    foo.send(request('MESSAGE', foo.port, { headers }));
    expect(await final(foo)).toMatch(/^SIP\/2\.0 200 /);
    times.push(performance.now() - began);
    // The pace of the telephone that is measured.
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  const [{ sent, octets, answered }] = await done;
  const slowest = Math.max(...times);
  const { flood, amplification } = scene.server.metrics.drops;
  console.log(
    `${sent} flooding requests (${octets} octets), ${answered} octets of answers; ${flood} dropped, ${amplification} not sent; ` +
      `${times.length} messages, the slowest ${slowest.toFixed(0)} ms`,
  );
  expect(slowest).toBeLessThan(limitMs);
  expect(flood).toBeGreaterThan(sent / 2);
  expect(answered).toBeLessThanOrEqual(2 * octets + 300);
});
