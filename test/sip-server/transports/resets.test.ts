// Connections that are reset at every stage: nothing is left of them, nothing is uncaught, and others are served.
import { connect } from 'node:net';
import { expect, test } from 'vitest';
import { final, request } from '../stage.ts';
import { secureStage, type Secure } from './peers.ts';

const hello = Buffer.from('16030100c8010000c40303', 'hex');
const upgrade =
  'GET / HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Protocol: sip\r\n\r\n';

test.each<Secure>(['tls', 'ws', 'wss'])(
  'connections over %s that are reset at every stage leave nothing behind',
  async (protocol) => {
    const closed: { readonly protocol: string; readonly port: number }[] = [];
    const ports: number[] = [];
    const { server, securePort, telephone, client, port, peer } = await secureStage(protocol, {
      onFlowClosed: (flow) => closed.push(flow),
      limits: { answerTime: 200 },
    });
    const app = await client('message');
    // What a client sends before it resets, on the bare socket.
    const beginnings = [
      '',
      hello,
      hello.subarray(0, 3),
      'nonsense',
      upgrade.slice(0, 40),
      upgrade,
      `${upgrade}\x81\xff`,
    ];
    const bare = (to: number, beginning: string | Buffer, isLater: boolean): Promise<void> =>
      new Promise((resolve) => {
        const socket = connect(to, '127.0.0.1', () => {
          if (beginning.length > 0) socket.write(beginning);
          if (isLater) setImmediate(() => socket.resetAndDestroy());
          else socket.resetAndDestroy();
        });
        socket.on('error', () => undefined).on('close', () => resolve());
      });
    for (let round = 0; round < 12; round++) {
      const isLater = round % 2 === 0;
      await Promise.all(
        beginnings.flatMap((each) => [bare(securePort, each, isLater), bare(port('tcp'), each, isLater)]),
      );
    }
    // After the handshake: before, within, and after a message.
    const whole = request('MESSAGE', 1, { protocol: 'TCP', body: 'x'.repeat(100) });
    for (const sent of ['', whole.slice(0, 50), whole, whole + whole.slice(0, 300)]) {
      const telephones = await Promise.all(Array.from({ length: 8 }, telephone));
      ports.push(...telephones.map((each) => each.port));
      // With TLS 1.3 a client is done before the server is.
      const isOpen = (each: number) => server.isFlowOpen({ protocol, address: '127.0.0.1', port: each });
      await expect.poll(() => ports.slice(-8).every(isOpen)).toBe(true);
      for (const each of telephones) {
        if (sent !== '') each.send(sent);
        each.reset();
      }
    }
    await expect.poll(() => server.metrics.gauges.tcpConnections, { timeout: 5_000 }).toBe(0);
    await expect.poll(() => server.metrics.gauges.pendingRequests).toBe(0);
    const told = closed.filter((each) => each.protocol === protocol).map((each) => each.port);
    expect(ports.map((each) => told.filter((other) => other === each).length)).toEqual(ports.map(() => 1));
    const alice = await peer();
    alice.send(request('MESSAGE', alice.port, { callId: 'good' }));
    for (;;) {
      const told = await app.inbox.next();
      if (!told.includes('Call-ID: good')) continue;
      app.send(`id|sip|${told.split('|')[8]}|\r\nSIP/2.0 200 OK\r\n\r\n`);
      break;
    }
    expect(await final(alice)).toMatch(/^SIP\/2\.0 200 OK/);
  },
);
