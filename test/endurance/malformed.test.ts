// A minute of mutated torture messages, as fast as they can be sent, over UDP and TCP.
import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { connect } from 'node:net';
import { setImmediate } from 'node:timers/promises';
import { test } from 'vitest';
import { messages } from '../fuzz/corpus.ts';
import { inChunks, mutate, type Random } from '../fuzz/mutate.ts';
import { endure, strangerAddress, type Scene } from './endure.ts';

const SECONDS = 60;
const UNSHIELDED_SECONDS = 30;
const SENDERS = 50;

test(`${SECONDS} s of mutated messages at full speed`, async () => {
  await endure('malformed', {
    // What comes faster than it can be read the system throws away, whoever sent it: a telephone would repeat itself.
    servedBy: ['tcp'],
    load: (scene) => storm(scene, SECONDS),
  });
});

test(`${UNSHIELDED_SECONDS} s of mutated messages at full speed, all of which are read`, async () => {
  const plenty = 1_000_000_000;
  await endure('malformed, without a shield', {
    servedBy: [],
    sip: [
      `limits: { requests_per_source: ${plenty}, request_burst: ${plenty}, requests_of_strangers: ${plenty}, pending_per_source: ${plenty} }`,
    ],
    load: (scene) => storm(scene, UNSHIELDED_SECONDS),
  });
});

async function storm(scene: Scene, seconds: number): Promise<string> {
  const end = performance.now() + seconds * 1_000;
  const goesOn = (): boolean => performance.now() < end;
  const [datagrams, streamed] = await Promise.all([overUdp(scene, goesOn), overTcp(scene, goesOn)]);
  return `${datagrams} datagrams and ${streamed} messages over TCP in ${seconds} s`;
}

async function overUdp({ at, random }: Scene, goesOn: () => boolean): Promise<number> {
  const { host, port } = at('udp');
  const sockets = await Promise.all(
    Array.from({ length: SENDERS }, async (_, number): Promise<Socket> => {
      const socket = createSocket('udp4').bind(0, strangerAddress(number));
      await once(socket, 'listening');
      return socket;
    }),
  );
  let sent = 0;
  while (goesOn()) {
    await Promise.all(
      sockets.map(
        (socket) =>
          new Promise<void>((resolve) => {
            sent += 1;
            // An empty one is none, and one that is too large is refused by the system.
            socket.send(mutate(random, messages).subarray(0, 65_000), port, host, () => resolve());
          }),
      ),
    );
    await setImmediate();
  }
  await Promise.all(sockets.map((socket) => new Promise<void>((resolve) => socket.close(() => resolve()))));
  return sent;
}

async function overTcp({ at, random }: Scene, goesOn: () => boolean): Promise<number> {
  const { host, port } = at('tcp');
  let sent = 0;
  for (let number = 0; goesOn(); number++) {
    const socket = connect({ host, port, localAddress: strangerAddress(number) });
    socket.on('error', () => undefined);
    socket.resume();
    await new Promise((resolve) => socket.once('connect', resolve).once('close', resolve));
    sent += writeSome(random, (octets) => void (socket.writable && socket.write(octets)));
    socket.end();
    await new Promise<void>((resolve) => {
      const timer = setTimeout(() => socket.destroy(), 50);
      const over = (): void => (clearTimeout(timer), resolve());
      if (socket.closed) over();
      else socket.once('close', over);
    });
  }
  return sent;
}

function writeSome(random: Random, write: (octets: Buffer) => void): number {
  for (let count = 0; count < 20; count++) for (const piece of inChunks(random, mutate(random, messages))) write(piece);
  return 20;
}
