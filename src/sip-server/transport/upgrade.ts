// From HTTP to WebSocket: nothing else is served (RFC 7118 4).
import type { IncomingMessage, Server } from 'node:http';
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { WebSocketServer, type WebSocket } from 'ws';

/** Options of the HTTP server: the head of a request is small, and there is only one. */
export const httpOptions = { maxHeaderSize: 8_192, keepAlive: false } as const;

export interface UpgradeParts {
  /** The only path; undefined for any. */
  readonly path: string | undefined;
  /** Octets of one message. */
  readonly messageSize: number;
  readonly established: (webSocket: WebSocket, socket: Socket) => void;
}

export function acceptUpgrades(server: Server, { path, messageSize, established }: UpgradeParts): void {
  const webSockets = new WebSocketServer({
    noServer: true,
    clientTracking: false,
    maxPayload: messageSize,
    // Each piece of a message costs memory of its own, however small it is.
    maxFragments: 128,
    maxBufferedChunks: 1_024,
    handleProtocols: () => 'sip',
  });
  server.maxHeadersCount = 64;
  server.on('request', (_request, response) => {
    response.writeHead(426, { Upgrade: 'websocket', Connection: 'close, upgrade', 'Content-Length': 0 }).end();
  });
  server.on('upgrade', (request: IncomingMessage, socket: Socket, head: Buffer) => {
    socket.on('error', ignore);
    if (!isForUs(request, path)) return refuse(socket);
    webSockets.handleUpgrade(request, socket, head, (webSocket) => established(webSocket, socket));
  });
}

/** The connection's own listener notes the reason; until it is there, a reset is nothing to report. */
const ignore = (): void => undefined;

function isForUs({ method, url = '', headers }: IncomingMessage, path: string | undefined): boolean {
  const protocols = (headers['sec-websocket-protocol'] ?? '').split(',').map((each) => each.trim());
  return method === 'GET' && protocols.includes('sip') && (path === undefined || url.split('?')[0] === path);
}

function refuse(socket: Duplex): void {
  const head = ['HTTP/1.1 400 Bad Request', 'Connection: close', 'Content-Length: 0', '', ''];
  socket.end(head.join('\r\n'), () => socket.destroy());
}
