// Starting, stopping, and where the server says it is.
import { readdirSync, readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, onTestFinished, test } from 'vitest';
import { SipServer } from '../../src/sip-server/index.ts';
import { isOwnAddress, localAddressTowards, suits } from '../../src/sip-server/transport/local-address.ts';
import { tokensOf } from './calls.ts';
import { final, request, stage, valueOf } from './stage.ts';

describe('start', () => {
  test('fails when an address is taken, and leaves nothing open', async () => {
    const { port } = await stage();
    const second = new SipServer({ listen: ['udp://127.0.0.1:0', `tcp://127.0.0.1:${port('tcp')}`], secret: 'x' });
    await expect(second.start()).rejects.toMatchObject({ code: 'EADDRINUSE' });
    expect(second.controlPort).toBe(0);
  });

  test.each([
    'udp:127.0.0.1:5060',
    'tls://127.0.0.1:5061',
    'udp://localhost:5060',
    'udp://127.0.0.1:99999',
    'udp://::1:5060x',
  ])('cannot be thought of with %s to listen on', (text) => {
    expect(() => new SipServer({ listen: [text], secret: 'x' })).toThrow(TypeError);
  });

  test('takes IPv4 and IPv6 side by side on one port', async () => {
    const first = new SipServer({ listen: ['udp://0.0.0.0:0'], secret: 'x' });
    await first.start();
    onTestFinished(() => first.stop());
    const second = new SipServer({ listen: [`udp://[::]:${first.addresses[0]!.port}`], secret: 'x' });
    await second.start();
    onTestFinished(() => second.stop());
    expect(second.addresses).toEqual([{ protocol: 'udp', address: '::', port: first.addresses[0]!.port }]);
  });
});

test('with `hold`, what comes before everything is in place waits, and is served in its order; too much of it is dropped', async () => {
  const { client, peer, server } = await stage({ hold: true, limits: { pendingRequests: 2 } });
  const alice = await peer('tcp');
  for (const body of ['one', 'two', 'three']) alice.send(request('MESSAGE', alice.port, { protocol: 'TCP', body }));
  await expect.poll(() => server.metrics.drops.overload).toBe(1);
  const app = await client('message');
  server.release();
  for (const body of ['one', 'two']) expect(await app.inbox.next()).toContain(`\r\n\r\n${body}`);
});

describe('stop', () => {
  test('answers what no application will answer any more', async () => {
    const { client, peer, server } = await stage();
    const [app, alice] = [await client('message'), await peer()];
    alice.send(request('MESSAGE', alice.port));
    await app.inbox.next();
    await server.stop();
    expect(valueOf(await final(alice), 'Retry-After')).toBe('5');
  });

  test('twice is once', async () => {
    const { server } = await stage();
    await server.stop();
    await server.stop();
    expect(server.metrics.gauges.clients).toBe(0);
  });
});

describe('an address to show', () => {
  const interfaces = {
    lo: [{ address: '127.0.0.1', netmask: '255.0.0.0', family: 'IPv4', mac: '', internal: true, cidr: '127.0.0.1/8' }],
    one: [
      {
        address: '192.0.2.10',
        netmask: '255.255.255.0',
        family: 'IPv4',
        mac: '',
        internal: false,
        cidr: '192.0.2.10/24',
      },
    ],
    two: [
      {
        address: '198.51.100.10',
        netmask: '255.255.255.0',
        family: 'IPv4',
        mac: '',
        internal: false,
        cidr: '198.51.100.10/24',
      },
    ],
  } as const;

  test.each([
    ['198.51.100.77', '198.51.100.10'],
    ['203.0.113.1', '192.0.2.10'],
    ['127.0.0.1', '127.0.0.1'],
    ['2001:db8::1', '::1'],
  ])('towards %s is %s', (remote, own) => {
    expect(localAddressTowards(remote, interfaces as never)).toBe(own);
  });

  test('is ours on any interface when we listen on all of them', () => {
    expect(isOwnAddress('198.51.100.10', '0.0.0.0', interfaces as never)).toBe(true);
    expect(isOwnAddress('198.51.100.11', '0.0.0.0', interfaces as never)).toBe(false);
    expect(isOwnAddress('198.51.100.10', '192.0.2.10', interfaces as never)).toBe(false);
  });

  test('of the loopback serves others only when there is nothing better', () => {
    const best = (remote: string) =>
      ['127.0.0.1', '192.0.2.10'].sort((one, other) => suits(other, remote) - suits(one, remote))[0];
    expect([best('127.0.0.9'), best('203.0.113.1')]).toEqual(['127.0.0.1', '192.0.2.10']);
    expect(suits('127.0.0.1', '::1')).toBe(0);
  });

  test('is a real one in the Via of a server that listens on all', async () => {
    const { client, peer } = await stage({ listen: ['udp://0.0.0.0:0'] });
    const [app, bob] = [await client(), await peer()];
    app.send(`id|sip||\r\nOPTIONS sip:bob@127.0.0.1:${bob.port} SIP/2.0\r\n\r\n`);
    expect(valueOf(await bob.inbox.next(), 'Via')).toMatch(/^SIP\/2\.0\/UDP 127\.0\.0\.1:\d+;/);
  });
});

test('whatever comes by UDP or TCP, the next good request is served', async () => {
  const seed = Date.now() % 2 ** 31;
  console.log(`seed of the server's mutated messages: ${seed}`);
  const torture = new URL('../data/rfc4475/', import.meta.url);
  const messages = readdirSync(torture)
    .filter((file) => file.endsWith('.dat'))
    .map((file) => readFileSync(new URL(file, torture), 'latin1'));
  const { client, peer } = await stage();
  const [app, alice, good] = [await client('message', 'invite', '*'), await peer(), await peer('tcp')];
  const mutation = fc.record({
    text: fc.constantFrom(...messages),
    at: fc.nat(800),
    removed: fc.nat(6),
    added: fc.constantFrom('', '\r\n', '"', '<', ';', ',', '\xff', '\0'),
  });
  const mutants = fc.sample(mutation, { seed, numRuns: 2_000 });
  for (const { text, at, removed, added } of mutants) {
    const mutant = text.slice(0, at) + added + text.slice(at + removed);
    alice.send(mutant);
    if (at % 20 === 0) (await peer('tcp')).send(mutant);
  }
  good.send(request('MESSAGE', good.port, { protocol: 'TCP', callId: 'the-good-one' }));
  for (;;) {
    const told = await app.inbox.next();
    const [, kind, , , , , , , transaction] = tokensOf(told);
    if (kind === 'sip') app.send(`id|sip|${transaction}|\r\nSIP/2.0 200 OK\r\n\r\n`);
    if (told.includes('the-good-one')) break;
  }
  expect(await final(good)).toMatch(/^SIP\/2\.0 200 OK/);
});
