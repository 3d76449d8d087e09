// A server that Arion connects to: it takes WebSockets on a free port of this machine, and remembers what came.
import { once } from 'node:events';
import type { IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { onTestFinished } from 'vitest';
import { WebSocketServer, type ServerOptions, type WebSocket } from 'ws';

export type Event = Readonly<Record<string, unknown>> & { readonly type: string };

/** One connection of Arion's. */
export interface Peer {
  readonly socket: WebSocket;
  readonly request: IncomingMessage;
  readonly received: readonly Event[];
  /** The first event that fits, once it is there. */
  event(fits: string | ((event: Event) => boolean)): Promise<Event>;
  /** Asks by REST, and gives the answer. */
  ask(method: string, uri: string): Promise<Event>;
  /** Resolves when Arion knows that all that was sent so far has come. */
  confirmed(): Promise<void>;
  /** The code with which it was closed, once it is. */
  readonly closed: Promise<number>;
}

export interface AriServer {
  readonly uri: string;
  /** All that were opened, in order. */
  readonly peers: readonly Peer[];
  /** The next one that nobody has taken yet. */
  peer(): Promise<Peer>;
  /** Takes none any more, and cuts those that are open. */
  down(): Promise<void>;
  /** Takes some again, on the same port. */
  up(): Promise<void>;
}

export async function ariServer(options: ServerOptions = {}): Promise<AriServer> {
  const peers: Peer[] = [];
  const waiting = new Set<() => void>();
  let taken = 0;
  let port = 0;
  let server: WebSocketServer | undefined;
  const up = async (): Promise<void> => {
    server = new WebSocketServer({ host: '127.0.0.1', port, ...options });
    server.on('connection', (socket, request) => {
      peers.push(peerOf(socket, request));
      for (const look of waiting) look();
    });
    await once(server, 'listening');
    ({ port } = server.address() as AddressInfo);
  };
  const down = async (): Promise<void> => {
    for (const client of server?.clients ?? []) client.terminate();
    await new Promise((resolve) => (server === undefined ? resolve(undefined) : server.close(resolve)));
    server = undefined;
  };
  await up();
  onTestFinished(down);
  return {
    uri: `ws://127.0.0.1:${port}/ari`,
    peers,
    async peer() {
      await until(() => peers.length > taken, waiting);
      return peers[taken++]!;
    },
    down,
    up,
  };
}

function peerOf(socket: WebSocket, request: IncomingMessage): Peer {
  const received: Event[] = [];
  const waiting = new Set<() => void>();
  const look = (): void => waiting.forEach((each) => each());
  socket.on('message', (data: Buffer) => {
    received.push(JSON.parse(data.toString()) as Event);
    hasPinged = false;
    look();
  });
  let hasPinged = false;
  socket.on('ping', () => {
    hasPinged = true;
    look();
  });
  let requests = 0;
  const event: Peer['event'] = async (fits) => {
    const find = (): Event | undefined =>
      received.find((each) => (typeof fits === 'string' ? each.type === fits : fits(each)));
    await until(() => find() !== undefined, waiting);
    return find()!;
  };
  const ask: Peer['ask'] = (method, uri) => {
    const id = String(++requests);
    socket.send(JSON.stringify({ type: 'RESTRequest', request_id: id, method, uri }));
    return event(({ type, request_id: of }) => type === 'RESTResponse' && of === id);
  };
  return {
    ...{ socket, request, received, event },
    ask,
    async confirmed() {
      await until(() => hasPinged, waiting);
      // What was sent before this request, the answer to the ping, has come before it.
      await ask('GET', 'asterisk/ping');
    },
    closed: once(socket, 'close').then(([code]) => Number(code)),
  };
}

function until(isSo: () => boolean, waiting: Set<() => void>): Promise<void> {
  return new Promise((resolve) => {
    const look = (): void => {
      if (!isSo()) return;
      waiting.delete(look);
      resolve();
    };
    waiting.add(look);
    look();
  });
}
