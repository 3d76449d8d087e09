// A SIP peer on a bare UDP socket, without a stack of its own: it registers, answers what it is told to, and sends messages.
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { onTestFinished } from 'vitest';
import { read, type SipText } from '../../scripts/demo/sip-text.ts';

export interface BarePeer {
  /** "sip:alice@127.0.0.1:40000" */
  contact(user: string): string;
  /** Whom it speaks to from now on. */
  server: { readonly host: string; readonly port: number };
  /** Sends the request until it is answered, and gives the status; it goes on for ever, whoever is killed meanwhile. */
  request(method: string, user: string, more: RequestParts): Promise<number>;
}

export interface RequestParts {
  /** The Request-URI; the server, if left out. */
  readonly to?: string;
  readonly callId: string;
  readonly headers?: readonly string[];
  readonly body?: string;
}

/** What a peer answers to a request: a status and a reason, bytes of any kind, or nothing. */
export type PeerAnswer = string | Buffer | undefined;

/** After so many milliseconds without an answer the request is sent again. */
const AGAIN = 250;

export async function barePeer(onRequest: (request: SipText) => PeerAnswer | Promise<PeerAnswer>): Promise<BarePeer> {
  const socket = createSocket({ type: 'udp4', recvBufferSize: 4 * 1024 * 1024 });
  onTestFinished(() => new Promise<void>((resolve) => socket.close(() => resolve())));
  socket.bind(0, '127.0.0.1');
  await once(socket, 'listening');
  const { port } = socket.address();
  const waiting = new Map<string, (status: number) => void>();
  const timers = new Set<NodeJS.Timeout>();
  let isClosed = false;
  socket.once('close', () => {
    isClosed = true;
    for (const timer of timers) clearInterval(timer);
  });

  socket.on('message', (bytes, from) => {
    const message = read(bytes.toString());
    if (message.isResponse) {
      if (message.status >= 200) waiting.get(message.header('Call-ID'))?.(message.status);
      return;
    }
    void Promise.resolve(onRequest(message)).then((answer) => {
      if (answer === undefined || isClosed) return;
      socket.send(typeof answer === 'string' ? response(message, answer) : answer, from.port, from.address);
    });
  });

  const peer: BarePeer = {
    contact: (user) => `sip:${user}@127.0.0.1:${port}`,
    server: { host: '127.0.0.1', port: 9 },
    request(method, user, { callId, ...parts }) {
      return new Promise((resolve) => {
        const send = (): void => {
          const { host, port: to } = peer.server;
          // To another server it is another transaction.
          const branch = `${callId}-${to}`;
          socket.send(requestText(method, user, { callId, branch, port, server: `${host}:${to}`, ...parts }), to, host);
        };
        const timer = setInterval(send, AGAIN);
        timers.add(timer);
        waiting.set(callId, (status) => {
          clearInterval(timer);
          timers.delete(timer);
          waiting.delete(callId);
          resolve(status);
        });
        send();
      });
    },
  };
  return peer;
}

interface Written extends RequestParts {
  readonly branch: string;
  readonly port: number;
  readonly server: string;
}

function requestText(method: string, user: string, given: Written): string {
  const { callId, branch, port, server, to = `sip:${server}`, headers = [], body = '' } = given;
  return [
    `${method} ${to} SIP/2.0`,
    `Via: SIP/2.0/UDP 127.0.0.1:${port};branch=z9hG4bK${branch};rport`,
    'Max-Forwards: 70',
    `From: <sip:${user}@127.0.0.1>;tag=${callId}`,
    `To: <${method === 'REGISTER' ? `sip:${user}@127.0.0.1` : to}>`,
    `Call-ID: ${callId}`,
    `CSeq: 1 ${method}`,
    ...headers,
    `Content-Length: ${Buffer.byteLength(body)}`,
    '',
    body,
  ].join('\r\n');
}

/** `answer` is "200 OK". */
function response(request: SipText, answer: string): string {
  const copied = ['Via', 'From', 'Call-ID', 'CSeq'].flatMap((name) =>
    request.headers(name).map((value) => `${name}: ${value}`),
  );
  const lines = [`SIP/2.0 ${answer}`, ...copied, `To: ${request.header('To')};tag=peer`, 'Content-Length: 0'];
  return `${lines.join('\r\n')}\r\n\r\n`;
}
