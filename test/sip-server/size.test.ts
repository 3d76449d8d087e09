// A request that may not fit into a datagram goes by TCP (RFC 3261 18.1.1), and a MESSAGE not otherwise (RFC 3428 8).
import { createServer } from 'node:net';
import { describe, expect, onTestFinished, test } from 'vitest';
import { StreamFramer } from '../../src/sip-server/transport/stream-framer.ts';
import { tokensOf } from './calls.ts';
import { Inbox, type Party } from './replay/parties.ts';
import { response, stage, valueOf } from './stage.ts';

const send = (app: Party, uri: string, size: number, method = 'PUBLISH'): void =>
  app.send(`id|sip||\r\n${method} ${uri} SIP/2.0\r\nContent-Type: text/plain\r\n\r\n${'x'.repeat(size)}`);

interface Telephone {
  readonly bob: Party;
  readonly inbox: Inbox;
  answer(text: string): void;
  hangUp(): void;
}

/** A telephone that takes datagrams and connections at one port. */
async function telephone(peer: () => Promise<Party>): Promise<Telephone> {
  const bob = await peer();
  // The port may be taken for TCP.
  return (await listener(bob)) ?? telephone(peer);
}

async function listener(bob: Party): Promise<Telephone | undefined> {
  const inbox = new Inbox();
  let write: (text: string) => void = () => undefined;
  let hangUp = (): void => undefined;
  const server = createServer((socket) => {
    const framer = new StreamFramer(100_000);
    hangUp = () => void socket.destroy();
    write = (text) => socket.write(text, 'latin1');
    socket.on('data', (chunk) => {
      for (const part of framer.push(chunk)) if (part.kind === 'message') inbox.push(part.octets.toString('latin1'));
    });
    socket.on('error', () => undefined);
    onTestFinished(() => void socket.destroy());
  });
  const isOpen = await new Promise<boolean>((resolve) => {
    server.once('error', () => resolve(false));
    server.listen(bob.port, '127.0.0.1', () => resolve(true));
  });
  if (!isOpen) return undefined;
  onTestFinished(() => new Promise<void>((resolve) => server.close(() => resolve())));
  return { bob, inbox, answer: (text) => write(text), hangUp: () => hangUp() };
}

test('beyond 1300 octets it goes by TCP, and its Via says so', async () => {
  const { client, peer } = await stage();
  const app = await client();
  const { bob, inbox, answer } = await telephone(peer);
  send(app, `sip:bob@127.0.0.1:${bob.port}`, 1_300);
  const told = await app.inbox.next();
  expect([tokensOf(told)[6], valueOf(told, 'Via')]).toEqual(['tcp', expect.stringMatching(/^SIP\/2\.0\/TCP /)]);
  const sent = await inbox.next();
  expect(sent).toBe(told.slice(told.indexOf('\r\n') + 2));
  answer(response(sent, '200 OK'));
  expect(await app.inbox.next()).toContain('\r\nSIP/2.0 200 OK\r\n');
  expect(bob.inbox.waiting).toEqual([]);
});

test.each([
  ['a small request', 100, ''],
  ['one whose URI asks for UDP', 1_300, ';transport=udp'],
])('%s goes by UDP', async (_, size, params) => {
  const { client, peer } = await stage();
  const app = await client();
  const { bob } = await telephone(peer);
  send(app, `sip:bob@127.0.0.1:${bob.port}${params}`, size);
  expect(valueOf(await bob.inbox.next(), 'Via')).toMatch(/^SIP\/2\.0\/UDP /);
});

test('without a TCP transport of ours everything goes by UDP', async () => {
  const { client, peer } = await stage({ listen: ['udp://127.0.0.1:0'] });
  const [app, bob] = [await client(), await peer()];
  send(app, `sip:bob@127.0.0.1:${bob.port}`, 1_300);
  expect(valueOf(await bob.inbox.next(), 'Via')).toMatch(/^SIP\/2\.0\/UDP /);
});

test('where the connection is refused it goes by UDP after all, and the next at once', async () => {
  const { client, peer, server } = await stage();
  const [app, bob] = [await client(), await peer()];
  const uri = `sip:bob@127.0.0.1:${bob.port}`;
  send(app, uri, 1_300);
  const first = await app.inbox.next();
  expect(valueOf(first, 'Via')).toMatch(/^SIP\/2\.0\/TCP /);
  const sent = await bob.inbox.next();
  expect(valueOf(sent, 'Via')).toMatch(/^SIP\/2\.0\/UDP /);
  bob.send(response(sent, '200 OK'));
  const heard = await app.inbox.next();
  expect([tokensOf(heard)[8], heard.split('\r\n')[1]]).toEqual([tokensOf(first)[10], 'SIP/2.0 200 OK']);
  send(app, uri, 1_300);
  expect(valueOf(await app.inbox.next(), 'Via')).toMatch(/^SIP\/2\.0\/UDP /);
  expect(server.metrics.requestsOut['PUBLISH']).toBe(3);
});

test('the limit is an option', async () => {
  const { client, peer } = await stage({ limits: { udpRequestSize: 60_000 } });
  const [app, bob] = [await client(), await peer()];
  send(app, `sip:bob@127.0.0.1:${bob.port}`, 5_000);
  expect(valueOf(await bob.inbox.next(), 'Via')).toMatch(/^SIP\/2\.0\/UDP /);
});

/** The start line of the response that the server made itself, which comes next. */
async function told(app: Party): Promise<string> {
  expect(tokensOf(await app.inbox.next())[3]).toBe('OK');
  const notified = await app.inbox.next();
  expect(tokensOf(notified).slice(5, 7)).toEqual(['', '0']);
  return notified.split('\r\n')[1]!;
}

describe('a large MESSAGE', () => {
  test('goes by TCP where the URI leaves the choice', async () => {
    const { client, peer } = await stage();
    const app = await client();
    const { bob, inbox, answer } = await telephone(peer);
    send(app, `sip:bob@127.0.0.1:${bob.port}`, 1_300, 'MESSAGE');
    const sent = await inbox.next();
    expect(valueOf(sent, 'Via')).toMatch(/^SIP\/2\.0\/TCP /);
    expect((await app.inbox.next()).split('\r\n').slice(1).join('\r\n')).toBe(sent);
    answer(response(sent, '200 OK'));
    expect(await app.inbox.next()).toContain('\r\nSIP/2.0 200 OK\r\n');
  });

  test('is not sent to whoever wants it by UDP', async () => {
    const { client, peer, server } = await stage();
    const [app, bob] = [await client(), await peer()];
    const uri = `sip:bob@127.0.0.1:${bob.port};transport=udp`;
    send(app, uri, 1_300, 'MESSAGE');
    expect(await told(app)).toBe('SIP/2.0 513 Message Too Large');
    expect(server.metrics.requestsOut['MESSAGE'] ?? 0).toBe(0);
    send(app, uri, 500, 'MESSAGE');
    expect((await bob.inbox.next()).split('\r\n\r\n')[1]).toHaveLength(500);
  });

  test('is not sent without a TCP transport of ours', async () => {
    const { client, peer } = await stage({ listen: ['udp://127.0.0.1:0'] });
    const [app, bob] = [await client(), await peer()];
    send(app, `sip:bob@127.0.0.1:${bob.port}`, 1_300, 'MESSAGE');
    expect(await told(app)).toBe('SIP/2.0 513 Message Too Large');
  });

  test('fails where nobody takes the connection, and the next is tried by TCP again', async () => {
    const { client, peer, server } = await stage();
    const [app, bob] = [await client(), await peer()];
    for (const count of [1, 2]) {
      send(app, `sip:bob@127.0.0.1:${bob.port}`, 1_300, 'MESSAGE');
      expect(await told(app)).toBe('SIP/2.0 513 Message Too Large');
      expect(server.metrics.requestsOut['MESSAGE']).toBe(count);
    }
    expect(bob.inbox.waiting).toEqual([]);
  });

  test('has another failure when the connection was there', async () => {
    const { client, peer } = await stage();
    const app = await client();
    const { bob, inbox, hangUp } = await telephone(peer);
    send(app, `sip:bob@127.0.0.1:${bob.port}`, 1_300, 'MESSAGE');
    await inbox.next();
    hangUp();
    expect(await told(app)).toBe('SIP/2.0 503 Service Unavailable');
    expect(bob.inbox.waiting).toEqual([]);
  });
});
