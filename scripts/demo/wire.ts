// The telephone's socket: UDP or TCP to one server, with a log of everything that went over it.
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { connect } from 'node:net';
import { cut } from './sip-text.ts';

export interface HostPort {
  readonly host: string;
  readonly port: number;
}

/** One message as it was on the wire. `at` is in milliseconds since the epoch. */
export interface LogEntry {
  readonly direction: 'sent' | 'received';
  readonly text: string;
  readonly at: number;
}

export interface Wire {
  readonly transport: 'udp' | 'tcp';
  readonly local: HostPort;
  readonly log: readonly LogEntry[];
  send(bytes: string | Uint8Array): void;
  /** Who is told of each message from now on. The server speaks only when spoken to, so nothing comes before. */
  receive(handler: (text: string) => void): void;
  /** Resolves when the socket is closed, by either side. */
  readonly closed: Promise<void>;
  close(): Promise<void>;
}

export interface WireOptions {
  readonly transport: 'udp' | 'tcp';
  readonly server: HostPort;
  readonly onLog?: ((entry: LogEntry) => void) | undefined;
}

/** Opens the socket; on TCP it is then connected. */
export function openWire(options: WireOptions): Promise<Wire> {
  return options.transport === 'udp' ? openUdp(options) : openTcp(options);
}

/** The log, and the one who is told of what comes in. */
function reception(onLog: WireOptions['onLog']) {
  const log: LogEntry[] = [];
  let handler: ((text: string) => void) | undefined;
  const add = (direction: LogEntry['direction'], bytes: string | Uint8Array): string => {
    const entry = { direction, text: Buffer.from(bytes).toString('utf8'), at: Date.now() };
    log.push(entry);
    onLog?.(entry);
    return entry.text;
  };
  return {
    log,
    sent: (bytes: string | Uint8Array): void => void add('sent', bytes),
    received: (bytes: string | Uint8Array): void => handler?.(add('received', bytes)),
    receive: (each: (text: string) => void): void => void (handler = each),
  };
}

async function openUdp({ server, onLog }: WireOptions): Promise<Wire> {
  const socket = createSocket('udp4');
  const { log, sent, received, receive } = reception(onLog);
  socket.on('message', received);
  // Connected, so that an ICMP error shows itself and strangers are not heard.
  socket.connect(server.port, server.host);
  await once(socket, 'connect');
  // A server that is not there is met as the missing answer to a request, which says more.
  socket.on('error', () => undefined);
  const closed = once(socket, 'close').then(() => undefined);
  const { address, port } = socket.address();
  return {
    transport: 'udp',
    local: { host: address, port },
    log,
    receive,
    closed,
    send: (bytes) => {
      sent(bytes);
      socket.send(Buffer.from(bytes));
    },
    close: () => {
      socket.close();
      return closed;
    },
  };
}

async function openTcp({ server, onLog }: WireOptions): Promise<Wire> {
  const socket = connect({ port: server.port, host: server.host, noDelay: true });
  const { log, sent, received, receive } = reception(onLog);
  let stream: Buffer = Buffer.alloc(0);
  socket.on('data', (bytes: Buffer) => {
    const { messages, rest } = cut(Buffer.concat([stream, bytes]));
    stream = rest;
    for (const text of messages) received(text);
  });
  await once(socket, 'connect');
  socket.on('error', () => undefined); // 'close' follows
  const closed = once(socket, 'close').then(() => undefined);
  return {
    transport: 'tcp',
    local: { host: socket.localAddress ?? '', port: socket.localPort ?? 0 },
    log,
    receive,
    closed,
    send: (bytes) => {
      sent(bytes);
      socket.write(bytes);
    },
    close: () => {
      socket.destroy();
      return closed;
    },
  };
}
