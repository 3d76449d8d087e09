// A stand-in for the control port of a SIP server, for what a real one does not do on demand: refuse, break, and stay silent.
import { once } from 'node:events';
import type { Socket } from 'node:net';
import { createServer } from 'node:net';
import { onTestFinished } from 'vitest';
import { Mailbox } from '../../../scripts/demo/waiting.ts';

export interface Command {
  readonly socket: Socket;
  readonly id: string;
  readonly word: string;
  readonly rest: readonly string[];
  /** The SIP message. */
  readonly text: string;
}

export interface ControlServer {
  readonly port: number;
  /** The oldest command of that word that was not yet asked for. */
  next(word: string, deadline?: number): Promise<Command>;
  reply(command: Command, tokens: readonly string[], text?: string): void;
  notify(socket: Socket, tokens: readonly string[], text: string): void;
  /** Cuts off everyone. */
  break(): void;
}

export interface ControlServerOptions {
  /** No secret is right. */
  readonly refuses?: boolean;
  /** Nothing is answered, not even the secret. */
  readonly isSilent?: boolean;
  /** Pings are left to the test. */
  readonly holdsPings?: boolean;
}

/** Answers "authenticate", "route" and "ping" by itself. */
export async function controlServer(options: ControlServerOptions = {}): Promise<ControlServer> {
  const { refuses = false, isSilent = false, holdsPings = false } = options;
  const sockets = new Set<Socket>();
  const commands = new Map<string, Mailbox<Command>>();
  const box = (word: string): Mailbox<Command> => {
    const known = commands.get(word) ?? new Mailbox<Command>();
    commands.set(word, known);
    return known;
  };
  const write = (socket: Socket, payload: string): void => {
    socket.write(`${Buffer.byteLength(payload)}#${payload}`);
  };
  const reply = ({ socket, id }: Command, tokens: readonly string[], text?: string): void =>
    write(socket, ['0', 'response', id, ...tokens].join('|') + (text === undefined ? '' : `\r\n${text}`));
  const accept = (command: Command): void => {
    box(command.word).put(command);
    if (isSilent) return;
    if (command.word === 'route' || (command.word === 'ping' && !holdsPings)) reply(command, ['OK']);
    if (command.word !== 'authenticate') return;
    if (refuses) reply(command, ['NO', 'incorrect secret']);
    else reply(command, ['OK', 'udp/192.0.2.1:5060', 'v0.9.10-test', 'udp/127.0.0.1:5060,tcp/[::1]:5062']);
  };

  const server = createServer({ noDelay: true }, (socket) => {
    sockets.add(socket);
    let bytes: Buffer = Buffer.alloc(0);
    socket.on('error', () => undefined);
    socket.on('close', () => sockets.delete(socket));
    socket.on('data', (more: Buffer) => {
      bytes = Buffer.concat([bytes, more]);
      for (let mark = bytes.indexOf('#'); mark > 0; mark = bytes.indexOf('#')) {
        const end = mark + 1 + Number(bytes.toString('latin1', 0, mark));
        if (bytes.length < end) return;
        const [leader = '', ...text] = bytes.toString('utf8', mark + 1, end).split('\r\n');
        bytes = bytes.subarray(end);
        const [id = '', word = '', ...rest] = leader.split('|');
        accept({ socket, id, word, rest, text: text.join('\r\n') });
      }
    });
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const cutOff = (): void => {
    for (const socket of sockets) socket.destroy();
  };
  onTestFinished(() => {
    server.close();
    cutOff();
  });
  const address = server.address();
  return {
    port: typeof address === 'object' && address !== null ? address.port : 0,
    next: (word, deadline = 5_000) => box(word).next(deadline, `command "${word}"`),
    reply,
    notify: (socket, tokens, text) => write(socket, `${['0', 'sip', ...tokens].join('|')}\r\n${text}`),
    break: cutOff,
  };
}
