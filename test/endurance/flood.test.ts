// A flood of requests from nobody we know, all from one address, does not keep those we know from being served.
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { setTimeout as pause } from 'node:timers/promises';
import { test } from 'vitest';
import { endure, strangerAddress } from './endure.ts';

const SECONDS = 20;
/** A hundred times what one address may send. */
const PER_SECOND = 10_000;

test(`${SECONDS} s of unauthenticated INVITE, REGISTER and MESSAGE from one address`, async () => {
  await endure('flood', {
    async load({ at }) {
      const { host, port } = at('udp');
      const socket = createSocket('udp4').bind(0, strangerAddress(0));
      await once(socket, 'listening');
      const from = socket.address();
      let answers = 0;
      socket.on('message', () => (answers += 1));
      let sent = 0;
      const end = performance.now() + SECONDS * 1_000;
      while (performance.now() < end) {
        const due = Math.floor((SECONDS * 1_000 - (end - performance.now())) * (PER_SECOND / 1_000));
        while (sent < due) socket.send(request(sent++, from.address, from.port), port, host);
        await pause(5);
      }
      await new Promise<void>((resolve) => socket.close(() => resolve()));
      return `${sent} requests in ${SECONDS} s, ${answers} answers to them`;
    },
  });
});

const request = (number: number, address: string, port: number): string => {
  const method = ['REGISTER', 'MESSAGE', 'INVITE'][number % 3]!;
  return [
    `${method} sip:1001@127.0.0.1 SIP/2.0`,
    `Via: SIP/2.0/UDP ${address}:${port};branch=z9hG4bKflood${number};rport`,
    'Max-Forwards: 70',
    `From: <sip:stranger@127.0.0.1>;tag=${number}`,
    'To: <sip:1001@127.0.0.1>',
    `Call-ID: flood-${number}`,
    `CSeq: 1 ${method}`,
    `Contact: <sip:stranger@${address}:${port}>`,
    'Content-Type: text/plain',
    'Content-Length: 0',
    '\r\n',
  ].join('\r\n');
};
