// The telephone's socket to one server, with a log of everything that went over it.
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { connect } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { WebSocket } from 'ws';
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

export type Transport = 'udp' | 'tcp' | 'tls' | 'ws' | 'wss';

export interface Wire {
  readonly transport: Transport;
  /** What it calls itself in SIP. */
  readonly local: HostPort;
  /** The address that its offers name. */
  readonly media: string;
  readonly log: readonly LogEntry[];
  send(bytes: string | Uint8Array): void;
  /** Who is told of each message from now on. The server speaks only when spoken to, so nothing comes before. */
  receive(handler: (text: string) => void): void;
  /** Resolves when the socket is closed, by either side. */
  readonly closed: Promise<void>;
  close(): Promise<void>;
}

export interface WireOptions {
  readonly transport: Transport;
  readonly server: HostPort;
  /** Over TLS: the certificate (PEM) that the server's must come from; the system's authorities if left out. */
  readonly ca?: string | undefined;
  readonly onLog?: ((entry: LogEntry) => void) | undefined;
}

/** Opens the socket; a connection is then established. Fails with the system's error when it cannot be. */
export function openWire(options: WireOptions): Promise<Wire> {
  switch (options.transport) {
    case 'udp':
      return openUdp(options);
    case 'tcp':
    case 'tls':
      return openStream(options, options.transport);
    case 'ws':
    case 'wss':
      return openWebSocket(options, options.transport);
  }
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
    media: address,
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

async function openStream({ server, onLog, ca }: WireOptions, transport: 'tcp' | 'tls'): Promise<Wire> {
  const { host, port } = server;
  const socket = transport === 'tcp' ? connect({ port, host, noDelay: true }) : connectTls({ port, host, ca });
  const { log, sent, received, receive } = reception(onLog);
  let stream: Buffer = Buffer.alloc(0);
  socket.on('data', (bytes: Buffer) => {
    const { messages, rest } = cut(Buffer.concat([stream, bytes]));
    stream = rest;
    for (const text of messages) received(text);
  });
  await once(socket, transport === 'tcp' ? 'connect' : 'secureConnect');
  socket.on('error', () => undefined); // 'close' follows
  const closed = once(socket, 'close').then(() => undefined);
  return {
    transport,
    local: { host: socket.localAddress ?? '', port: socket.localPort ?? 0 },
    media: socket.localAddress ?? '',
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

/** RFC 7118: a message of SIP is a message of the WebSocket. */
async function openWebSocket({ server, onLog, ca }: WireOptions, transport: 'ws' | 'wss'): Promise<Wire> {
  const socket = new WebSocket(`${transport}://${server.host}:${server.port}`, 'sip', { ca });
  const { log, sent, received, receive } = reception(onLog);
  socket.on('message', (bytes: Buffer) => received(bytes));
  await once(socket, 'open');
  socket.on('error', () => undefined); // 'close' follows
  const closed = once(socket, 'close').then(() => undefined);
  return {
    transport,
    // A browser does not know its own address (RFC 7118 5.2).
    local: { host: 'telephone.invalid', port: 5060 },
    media: '127.0.0.1',
    log,
    receive,
    closed,
    send: (bytes) => {
      sent(bytes);
      socket.send(Buffer.from(bytes).toString('utf8'));
    },
    close: () => {
      socket.terminate();
      return closed;
    },
  };
}
