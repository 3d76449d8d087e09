// Telephones that come by TLS and by WebSocket, each with a queue of what it received.
import { isUtf8 } from 'node:buffer';
import { connect as connectBare, type Socket } from 'node:net';
import { connect } from 'node:tls';
import { onTestFinished } from 'vitest';
import { WebSocket } from 'ws';
import { StreamFramer } from '../../../src/sip-server/transport/stream-framer.ts';
import { Inbox, type Party } from '../replay/parties.ts';
import { request, stage, type RequestParts, type Stage } from '../stage.ts';
import { certificate, type Identity } from '../../support/certificate.ts';

export interface Telephone extends Party {
  readonly protocol: NonNullable<RequestParts['protocol']>;
  readonly closed: Promise<unknown>;
  /** Resets the connection, without a goodbye of TLS or WebSocket. */
  reset(): void;
  /** Sends a request with a Via of this telephone. */
  ask(method: string, parts?: RequestParts): void;
}

function telephone(
  protocol: Telephone['protocol'],
  bare: Socket,
  socket: Socket,
  parts: { inbox: Inbox; send: (text: string) => void },
): Telephone {
  const closed = new Promise((resolve) => bare.once('close', resolve));
  const port = bare.localPort ?? 0;
  onTestFinished(() => void bare.destroy());
  return {
    ...parts,
    protocol,
    closed,
    port,
    ask: (method, given = {}) => parts.send(request(method, port, { protocol, ...given })),
    reset: () => void bare.resetAndDestroy(),
    pause: () => socket.pause(),
    close: async () => {
      bare.destroy();
      await closed;
    },
  };
}

async function bareSocket(port: number, host = '127.0.0.1'): Promise<Socket> {
  const bare = connectBare({ host, port });
  bare.on('error', () => undefined);
  await new Promise<void>((resolve, reject) => bare.once('connect', resolve).once('close', reject));
  return bare;
}

export async function tlsTelephone(port: number, host?: string): Promise<Telephone> {
  const inbox = new Inbox();
  const framer = new StreamFramer(100_000);
  const bare = await bareSocket(port, host);
  const socket = connect({ socket: bare, rejectUnauthorized: false });
  socket.on('error', () => undefined);
  await new Promise<void>((resolve, reject) => socket.once('secureConnect', resolve).once('close', reject));
  socket.on('data', (chunk) => {
    for (const part of framer.push(chunk)) if (part.kind === 'message') inbox.push(part.octets.toString('latin1'));
  });
  return telephone('TLS', bare, socket, { inbox, send: (text) => socket.write(Buffer.from(text, 'latin1')) });
}

export async function webTelephone(
  protocol: 'ws' | 'wss',
  port: number,
  host?: string,
): Promise<Telephone & { readonly web: WebSocket }> {
  const inbox = new Inbox();
  const bare = await bareSocket(port, host);
  const socket = protocol === 'ws' ? bare : connect({ socket: bare, rejectUnauthorized: false });
  const web = new WebSocket(`${protocol}://127.0.0.1:${port}`, 'sip', { createConnection: () => socket });
  web.on('error', () => undefined);
  web.on('message', (data: Buffer) => inbox.push(data.toString('latin1')));
  await new Promise<void>((resolve, reject) => web.once('open', resolve).once('close', reject));
  const send = (text: string): void => {
    const octets = Buffer.from(text, 'latin1');
    web.send(octets, { binary: !isUtf8(octets) });
  };
  return { ...telephone(protocol === 'wss' ? 'WSS' : 'WS', bare, socket, { inbox, send }), web };
}

export type Secure = 'tls' | 'ws' | 'wss';

/** A server that listens for that protocol (and UDP) with a certificate of its own, and a telephone that has come by it. */
export async function secureStage(protocol: Secure, options: Parameters<typeof stage>[0] = {}) {
  const tls = await certificate(['localhost', '127.0.0.1']);
  const listen = ['udp://127.0.0.1:0', 'tcp://127.0.0.1:0', `${protocol}://127.0.0.1:0`];
  const opened = await stage({ listen, tls, ...options });
  const port = portOf(opened, protocol);
  return { ...opened, tls, securePort: port, telephone: () => telephoneOf(protocol, port) };
}

export const portOf = ({ server }: Pick<Stage, 'server'>, protocol: string): number =>
  server.addresses.find((each) => each.protocol === protocol)!.port;

export const telephoneOf = (protocol: Secure, port: number, host?: string): Promise<Telephone> =>
  protocol === 'tls' ? tlsTelephone(port, host) : webTelephone(protocol, port, host);

export type { Identity };
