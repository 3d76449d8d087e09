// Telephones that the application does not know, and how one becomes known.
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { expect, onTestFinished } from 'vitest';
import { tokensOf } from './calls.ts';
import { Inbox, type Party } from './replay/parties.ts';
import { final, request } from './stage.ts';

/** A telephone at another address of the loopback. */
export async function peerAt(address: string, port: number): Promise<Party> {
  const inbox = new Inbox();
  const socket = createSocket('udp4');
  socket.on('message', (octets) => inbox.push(octets.toString('latin1')));
  socket.bind(0, address);
  await once(socket, 'listening');
  const close = () => new Promise<void>((resolve) => socket.close(() => resolve()));
  onTestFinished(close);
  return {
    inbox,
    port: socket.address().port,
    send: (text) => socket.send(Buffer.from(text, 'latin1'), port, '127.0.0.1'),
    pause: () => undefined,
    close,
  };
}

/** The application's response to the request of that frame. */
export const answer = (app: Party, frame: string, statusLine: string, headers: readonly string[] = []): void =>
  app.send(`id|sip|${tokensOf(frame)[8]}|\r\n${[`SIP/2.0 ${statusLine}`, ...headers].join('\r\n')}\r\n\r\n`);

/** The application says yes to a MESSAGE of that telephone. */
export async function becomeKnown(app: Party, phone: Party, headers: readonly string[] = []): Promise<void> {
  phone.send(request('MESSAGE', phone.port, { headers }));
  answer(app, await app.inbox.next(), '202 Accepted');
  await app.inbox.next();
  expect(await final(phone)).toMatch(/^SIP\/2\.0 202 /);
}

/** The application challenges that telephone, which answers the challenge. */
export async function becomeHeard(app: Party, phone: Party): Promise<void> {
  phone.send(request('MESSAGE', phone.port));
  answer(app, await app.inbox.next(), '401 Unauthorized', ['WWW-Authenticate: Digest realm="here", nonce="fresh"']);
  await app.inbox.next();
  expect(await final(phone)).toMatch(/^SIP\/2\.0 401 /);
  await becomeKnown(app, phone, ['Authorization: Digest username="alice", nonce="fresh"']);
}
