// A telephone of which every octet counts: its messages are texts of one character per octet.
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { connect } from 'node:net';
import { onTestFinished } from 'vitest';
import { Mailbox } from '../../../scripts/demo/waiting.ts';
import type { SipAddress, SipStack } from '../../../src/technologies/pjsip/stack.ts';

export interface OctetPhone {
  readonly contact: string;
  send(message: string): void;
  next(): Promise<string>;
  /** Sends a request outside of dialogs, or another one that tells its To, Call-ID and CSeq itself. */
  ask(method: string, parts: AskParts): void;
}

export interface AskParts {
  readonly lines?: readonly string[];
  readonly body: Buffer;
  readonly to?: string;
  readonly callId?: string;
  readonly number?: number;
}

export async function octetPhone(stack: SipStack, transport: 'udp' | 'tcp'): Promise<OctetPhone> {
  const server = stack.addresses.find(({ protocol }) => protocol === transport);
  if (server === undefined) throw new Error(`the stack does not listen on ${transport}`);
  const arrived = new Mailbox<string>();
  const { port, write } = await (transport === 'udp' ? byDatagram : byStream)(server, (text) => arrived.put(text));
  const contact = `sip:foo@127.0.0.1:${port};transport=${transport}`;
  const send = (message: string): void => write(Buffer.from(message, 'latin1'));
  let count = 0;
  return {
    contact,
    send,
    next: () => arrived.next(10_000, 'message for the telephone'),
    ask(method, { lines = [], body, to = '<sip:bar@127.0.0.1>', callId = `octets-${port}-${count}`, number = 1 }) {
      count += 1;
      const head = [
        `${method} sip:bar@127.0.0.1 SIP/2.0`,
        `Via: SIP/2.0/${transport.toUpperCase()} 127.0.0.1:${port};branch=z9hG4bKoctets${count};rport`,
        'Max-Forwards: 70',
        'From: <sip:foo@127.0.0.1>;tag=octets',
        `To: ${to}`,
        `Call-ID: ${callId}`,
        `CSeq: ${number} ${method}`,
        `Contact: <${contact}>`,
      ];
      send(written([...head, ...lines], body));
    },
  };
}

const written = (lines: readonly string[], body: Buffer): string =>
  [...lines, `Content-Length: ${body.length}`, '', body.toString('latin1')].join('\r\n');

/** The response of a telephone to a request that it got. */
export function answerTo(request: string, status: string, lines: readonly string[], body: Buffer): string {
  const copied = request.split('\r\n').filter((line) => /^(?:Via|From|To|Call-ID|CSeq):/.test(line));
  const tagged = copied.map((line) =>
    line.startsWith('To:') && !line.includes(';tag=') ? `${line};tag=octets` : line,
  );
  return written([`SIP/2.0 ${status}`, ...tagged, ...lines], body);
}

export const bodyOf = (message: string): Buffer =>
  Buffer.from(message.slice(message.indexOf('\r\n\r\n') + 4), 'latin1');

export const headerOf = (message: string, name: string): string | undefined =>
  new RegExp(`\r\n${name}: ([^\r]*)`, 'i').exec(message)?.[1];

type Open = (
  server: SipAddress,
  take: (text: string) => void,
) => Promise<{ port: number; write(octets: Buffer): void }>;

const byDatagram: Open = async (server, take) => {
  const socket = createSocket('udp4').bind(0, '127.0.0.1');
  await once(socket, 'listening');
  onTestFinished(() => void socket.close());
  socket.on('message', (octets) => take(octets.toString('latin1')));
  return { port: socket.address().port, write: (octets) => socket.send(octets, server.port, server.address) };
};

const byStream: Open = async (server, take) => {
  const socket = connect({ port: server.port, host: server.address });
  await once(socket, 'connect');
  onTestFinished(() => void socket.destroy());
  socket.on('error', () => undefined);
  let waiting = '';
  socket.on('data', (chunk) => {
    waiting += chunk.toString('latin1');
    for (;;) {
      const end = waiting.indexOf('\r\n\r\n');
      const size = end + 4 + Number(headerOf(waiting.slice(0, end + 2), 'Content-Length') ?? 0);
      if (end < 0 || waiting.length < size) return;
      take(waiting.slice(0, size));
      waiting = waiting.slice(size);
    }
  });
  return { port: socket.localPort ?? 0, write: (octets) => socket.write(octets) };
};
