// Calls of SIPp, bridged two by two over real RTP: one leg plays, the other echoes.
import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { expect, onTestFinished, test } from 'vitest';
import { startService } from '../support/service.ts';
import { skipsSipp, startSipp } from './sipp-room.ts';

const PAIRS = 3;

async function openSocket(): Promise<Socket> {
  const socket = createSocket('udp4');
  onTestFinished(() => void socket.close());
  socket.bind(0, '127.0.0.1');
  await once(socket, 'listening');
  return socket;
}

/** Stands before the one who echoes, and counts what comes and what is echoed. SIPp plays for all its calls from one port. */
async function relayTo(port: number) {
  const [front, behind] = [await openSocket(), await openSocket()];
  const counts = { played: 0, echoed: 0 };
  let player = 0;
  front.on('message', (packet, from) => {
    player = from.port;
    counts.played += 1;
    behind.send(packet, port, '127.0.0.1');
  });
  behind.on('message', (packet) => {
    counts.echoed += 1;
    front.send(packet, player, '127.0.0.1');
  });
  return { port: front.address().port, counts };
}

/** One that nobody uses now. */
async function freePort(): Promise<number> {
  const socket = createSocket('udp4').bind(0, '127.0.0.1');
  await once(socket, 'listening');
  const { port } = socket.address();
  await new Promise<void>((resolve) => socket.close(resolve));
  return port;
}

// Skipped only where SIPp is absent, which is said; the project's own run demands it.
test.skipIf(skipsSipp)(
  `${PAIRS} calls, bridged to ${PAIRS} others: the packets arrive`,
  { timeout: 60_000 },
  async () => {
    const [callee, echo] = [await freePort(), await freePort()];
    const service = await startService({
      contexts: 'default: { "1001": { app: app } }',
      pjsip: `
endpoint: { foo: { allow: "alaw" }, bar: { allow: "alaw", aors: [ bar ] } }
aor: { bar: { contact: [ "sip:bar@127.0.0.1:${callee}" ] } }`,
    });
    const { rest } = service;
    const app = await service.application('app');
    const others = new Map<string, string>();
    const lead = async (id: string, args: readonly string[]): Promise<void> => {
      const [caller] = args;
      if (caller === undefined) {
        await rest('POST', `/channels/${id}/answer`);
        await rest('POST', '/channels', { endpoint: 'PJSIP/bar', app: 'app', appArgs: id });
      } else {
        others.set(caller, id);
        await rest('POST', `/bridges/of-${caller}`, { type: 'mixing' });
        const added = await rest('POST', `/bridges/of-${caller}/addChannel`, { channel: `${caller},${id}` });
        expect(added.status, JSON.stringify(added.body)).toBe(204);
      }
    };
    const led: Promise<unknown>[] = [];
    app.socket.on('message', (data: Buffer) => {
      const event = JSON.parse(data.toString()) as { type: string; channel: { id: string }; args: string[] };
      if (event.type === 'StasisStart') led.push(lead(event.channel.id, event.args));
      const other = event.type === 'StasisEnd' ? others.get(event.channel.id) : undefined;
      if (other !== undefined) led.push(rest('DELETE', `/channels/${other}`));
    });

    const relay = await relayTo(echo);
    const echoing = await startSipp('media-callee', PAIRS, [
      ...['-p', `${callee}`, '-rtp_echo', '-mp', `${echo}`, '-key', 'relay', `${relay.port}`],
    ]);
    const noise = Buffer.from(Array.from({ length: 8_000 }, (_, index) => (index * 7919) % 256));
    const playing = await startSipp('media-caller', PAIRS, ['-r', '5', `127.0.0.1:${service.sip.port}`], { noise });
    await playing.finished;
    await echoing.finished;
    await Promise.all(led);

    const { played, echoed } = relay.counts;
    console.log(`packets of ${PAIRS} calls: ${played} played, ${echoed} echoed`);
    // One each 20 ms, for 2.5 s.
    expect(played).toBeGreaterThan(100 * PAIRS);
    expect(echoed).toBe(played);
  },
);
