// The parties of a replay: a SIP peer and a control client, each with a queue of what it received.
import { createSocket } from 'node:dgram';
import { connect } from 'node:net';
import { StreamFramer } from '../../../src/sip-server/transport/stream-framer.ts';
import { FrameReader } from '../../../src/sip-server/control/frames.ts';

/** What was received and not looked at yet. */
export class Inbox {
  readonly #texts: string[] = [];
  #arrived: (() => void) | undefined;

  push(text: string): void {
    this.#texts.push(text);
    this.#arrived?.();
  }

  get waiting(): readonly string[] {
    return this.#texts;
  }

  async next(ms = 5_000): Promise<string> {
    if (this.#texts.length === 0) {
      await new Promise<void>((resolve, reject) => {
        const timer = setTimeout(() => reject(new Error('nothing came')), ms);
        this.#arrived = () => {
          clearTimeout(timer);
          resolve();
        };
      });
    }
    return this.#texts.shift()!;
  }
}

export interface Party {
  readonly inbox: Inbox;
  readonly port: number;
  send(text: string): void;
  /** Stops reading; only a stream can. */
  pause(): void;
  close(): Promise<void>;
}

export async function udpPeer(serverPort: number): Promise<Party> {
  const inbox = new Inbox();
  const socket = createSocket('udp4');
  socket.on('message', (octets) => inbox.push(octets.toString('latin1')));
  await new Promise<void>((resolve) => socket.bind(0, '127.0.0.1', resolve));
  return {
    inbox,
    port: socket.address().port,
    send: (text) => socket.send(Buffer.from(text, 'latin1'), serverPort, '127.0.0.1'),
    pause: () => undefined,
    close: () => new Promise((resolve) => socket.close(() => resolve())),
  };
}

export async function tcpPeer(serverPort: number): Promise<Party> {
  const framer = new StreamFramer(100_000);
  return stream(serverPort, (chunk, inbox) => {
    for (const part of framer.push(chunk)) if (part.kind === 'message') inbox.push(part.octets.toString('latin1'));
  });
}

/** Sends and receives payloads; the lengths are put before them here. */
export async function controlClient(controlPort: number): Promise<Party> {
  const reader = new FrameReader(1_000_000);
  const party = await stream(controlPort, (chunk, inbox) => {
    for (const payload of reader.push(chunk).payloads) inbox.push(payload.toString('latin1'));
  });
  return { ...party, send: (payload) => party.send(`${payload.length}#${payload}`) };
}

async function stream(port: number, read: (chunk: Buffer, inbox: Inbox) => void): Promise<Party> {
  const inbox = new Inbox();
  const socket = connect({ port, host: '127.0.0.1' });
  socket.on('data', (chunk) => read(chunk, inbox));
  socket.on('error', () => undefined);
  await new Promise<void>((resolve) => socket.once('connect', resolve));
  const closed = new Promise<void>((resolve) => socket.once('close', () => resolve()));
  return {
    inbox,
    port: socket.localPort ?? 0,
    send: (text) => socket.write(Buffer.from(text, 'latin1')),
    pause: () => socket.pause(),
    close: () => {
      socket.destroy();
      return closed;
    },
  };
}
