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
  /** Resolves when the socket is closed, by either side. */
  readonly closed: Promise<void>;
  close(): Promise<void>;
}

export interface WireOptions {
  readonly transport: 'udp' | 'tcp';
  readonly server: HostPort;
  readonly onMessage: (raw: string) => void;
  readonly onLog?: ((entry: LogEntry) => void) | undefined;
}

/** Opens the socket; on TCP it is then connected. */
export function openWire(options: WireOptions): Promise<Wire> {
  return options.transport === 'udp' ? openUdp(options) : openTcp(options);
}

function logger(onLog: WireOptions['onLog']): { log: LogEntry[]; add: (entry: Omit<LogEntry, 'at'>) => void } {
  const log: LogEntry[] = [];
  return {
    log,
    add: (entry) => {
      const dated = { ...entry, at: Date.now() };
      log.push(dated);
      onLog?.(dated);
    },
  };
}

async function openUdp({ server, onMessage, onLog }: WireOptions): Promise<Wire> {
  const socket = createSocket('udp4');
  const { log, add } = logger(onLog);
  socket.on('message', (bytes) => {
    const text = bytes.toString('utf8');
    add({ direction: 'received', text });
    onMessage(text);
  });
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
    closed,
    send: (bytes) => {
      add({ direction: 'sent', text: Buffer.from(bytes).toString('utf8') });
      socket.send(Buffer.from(bytes));
    },
    close: () => {
      socket.close();
      return closed;
    },
  };
}

async function openTcp({ server, onMessage, onLog }: WireOptions): Promise<Wire> {
  const socket = connect({ port: server.port, host: server.host, noDelay: true });
  const { log, add } = logger(onLog);
  let stream: Buffer = Buffer.alloc(0);
  socket.on('data', (bytes: Buffer) => {
    const { messages, rest } = cut(Buffer.concat([stream, bytes]));
    stream = rest;
    for (const text of messages) {
      add({ direction: 'received', text });
      onMessage(text);
    }
  });
  await once(socket, 'connect');
  socket.on('error', () => undefined); // 'close' follows
  const closed = once(socket, 'close').then(() => undefined);
  return {
    transport: 'tcp',
    local: { host: socket.localAddress ?? '', port: socket.localPort ?? 0 },
    log,
    closed,
    send: (bytes) => {
      add({ direction: 'sent', text: Buffer.from(bytes).toString('utf8') });
      socket.write(bytes);
    },
    close: () => {
      socket.destroy();
      return closed;
    },
  };
}
