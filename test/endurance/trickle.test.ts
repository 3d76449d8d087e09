// Clients that send an octet per second: they are waited for only as long as the limits say, and nobody waits with them.
import { connect, type Socket } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { endure, strangerAddress, type Scene } from './endure.ts';

const SECONDS = 15;
/** Of the SIP server, in milliseconds. */
const HALF_OPEN = 5_000;

const request = 'REGISTER sip:127.0.0.1 SIP/2.0\r\nVia: SIP/2.0/TCP 127.0.0.1:9;branch=z9hG4bKtrickle\r\n';

test(`clients that send an octet per second for ${SECONDS} s`, async () => {
  await endure('trickle', {
    sip: [`limits: { tcp_half_open_time: ${HALF_OPEN} }`],
    async load({ at, url }: Scene) {
      const sip = connect({ ...at('tcp'), localAddress: strangerAddress(0) });
      const api = connect({ host: '127.0.0.1', port: Number(new URL(url).port), localAddress: strangerAddress(0) });
      const [ofSip, ofApi] = await Promise.all([
        trickle(sip, request),
        trickle(api, 'GET /ari/asterisk/ping HTTP/1.1\r\n'),
      ]);
      expect(ofSip.cutAfter).toBeLessThan(HALF_OPEN + 3_000);
      return `SIP was cut after ${ofSip.sent} octets, ${(ofSip.cutAfter / 1_000).toFixed(1)} s; the API took ${ofApi.sent}`;
    },
  });
});

async function trickle(socket: Socket, text: string): Promise<{ readonly sent: number; readonly cutAfter: number }> {
  socket.on('error', () => undefined);
  socket.resume();
  let sent = 0;
  const begun = performance.now();
  let cutAfter = Infinity;
  socket.once('close', () => (cutAfter = Math.min(cutAfter, performance.now() - begun)));
  for (; sent < SECONDS && !socket.closed; sent++) {
    socket.write(text[sent]!);
    await pause(1_000);
  }
  socket.destroy();
  return { sent, cutAfter };
}
