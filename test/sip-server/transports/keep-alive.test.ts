// What we send over a silent connection, so that a NAT on its way does not forget it (RFC 5626 4.4.1).
import { connect } from 'node:net';
import { once } from 'node:events';
import { expect, onTestFinished, test } from 'vitest';
import { stage } from '../stage.ts';
import { portOf, webTelephone } from './peers.ts';

const limits = { tcpKeepAliveTime: 30 };

test('a silent connection over TCP gets CRLFCRLF, again and again', async () => {
  const opened = await stage({ listen: ['tcp://127.0.0.1:0'], limits });
  const socket = connect(portOf(opened, 'tcp'), '127.0.0.1');
  onTestFinished(() => void socket.destroy());
  let received = '';
  socket.on('data', (chunk: Buffer) => (received += chunk.toString('latin1')));
  await expect.poll(() => received).toMatch(/^(\r\n\r\n){2,}$/);
});

test('a silent connection over WebSocket gets a ping', async () => {
  const opened = await stage({ listen: ['ws://127.0.0.1:0'], limits });
  const alice = await webTelephone('ws', portOf(opened, 'ws'));
  await once(alice.web, 'ping');
  expect(alice.inbox.waiting).toEqual([]);
});

test('what only we keep alive is idle', async () => {
  const opened = await stage({ listen: ['tcp://127.0.0.1:0'], limits: { ...limits, tcpIdleTime: 100 } });
  const socket = connect(portOf(opened, 'tcp'), '127.0.0.1');
  socket.resume();
  await once(socket, 'close');
  expect(opened.server.metrics.drops['tcp-idle']).toBe(1);
});
