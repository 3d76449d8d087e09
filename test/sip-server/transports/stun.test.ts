// Keep-alives by STUN on the SIP port.
import { createSocket, type Socket } from 'node:dgram';
import { describe, expect, onTestFinished, test } from 'vitest';
import { answerStun, isStun } from '../../../src/sip-server/transport/stun.ts';
import { final, request, stage } from '../stage.ts';

const id = Buffer.from('0123456789ab');

const stunRequest = (attributes = Buffer.alloc(0), type = 1): Buffer => {
  const header = Buffer.from([0, type, 0, attributes.length, 0x21, 0x12, 0xa4, 0x42]);
  return Buffer.concat([header, id, attributes]);
};

async function socketOn(address: string): Promise<Socket> {
  const socket = createSocket(address.includes(':') ? 'udp6' : 'udp4');
  await new Promise<void>((resolve) => socket.bind(0, address, resolve));
  onTestFinished(() => void socket.close());
  return socket;
}

describe.each(['127.0.0.1', '::1'])('at %s', (address) => {
  test('a Binding request is answered with where it came from', async () => {
    const host = address === '::1' ? '[::1]' : address;
    const { port, server } = await stage({ listen: [`udp://${host}:0`] });
    const socket = await socketOn(address);
    const answered = new Promise<Buffer>((resolve) => socket.once('message', resolve));
    socket.send(stunRequest(), port(), address);
    const answer = await answered;
    expect(answer.subarray(0, 2).toString('hex')).toBe('0101');
    expect(answer.subarray(4, 20)).toEqual(stunRequest().subarray(4, 20));
    expect(answer.readUInt16BE(2)).toBe(answer.length - 20);
    const isIPv6 = address === '::1';
    expect([answer.readUInt16BE(20), answer.readUInt16BE(22), answer[25]]).toEqual(
      isIPv6 ? [0x20, 20, 2] : [0x20, 8, 1],
    );
    expect(answer.readUInt16BE(26) ^ 0x2112).toBe(socket.address().port);
    const bare = Buffer.from([...answer.subarray(28)].map((octet, index) => octet ^ answer[4 + index]!));
    expect(bare.toString('hex')).toBe(isIPv6 ? `${'00'.repeat(15)}01` : '7f000001');
    expect(server.metrics.drops.malformed).toBe(0);
  });
});

test('RFC 5769 2.2 and 2.3: the addresses of the test vectors', () => {
  const transaction = Buffer.from('b7e7a701bc34d686fa87dfae', 'hex');
  const asked = Buffer.concat([Buffer.from('000100002112a442', 'hex'), transaction]);
  const ipv4 = answerStun(asked, { address: '192.0.2.1', port: 32853 })!;
  expect(ipv4.subarray(20).toString('hex')).toBe('002000080001a147e112a643');
  const ipv6 = answerStun(asked, { address: '2001:db8:1234:5678:11:2233:4455:6677', port: 32853 })!;
  expect(ipv6.subarray(20).toString('hex')).toBe('002000140002a1470113a9faa5d3f179bc25f4b5bed2b9d9');
});

test('an attribute that must be understood, and is not, is named in the answer', () => {
  const unknown = Buffer.from('0006000161000000', 'hex');
  const optional = Buffer.from('8022000161000000', 'hex');
  const answer = answerStun(stunRequest(Buffer.concat([unknown, optional])), { address: '127.0.0.1', port: 1 })!;
  expect(answer.subarray(0, 2).toString('hex')).toBe('0111');
  expect(answer.subarray(20).toString('hex')).toBe('0009000400000414000a000200060000');
});

test.each([
  ['an indication', stunRequest(Buffer.alloc(0), 0x11)],
  ['an attribute that is cut short', stunRequest(Buffer.from('000600ff', 'hex'))],
  ['a wrong length', Buffer.concat([stunRequest(), Buffer.alloc(4)])],
])('%s is not answered', (_, octets) => {
  expect(isStun(octets)).toBe(true);
  expect(answerStun(octets, { address: '127.0.0.1', port: 1 })).toBeUndefined();
});

test('no SIP message is taken for STUN, and no answer is longer than its request by more than 24 octets', async () => {
  const { client, peer } = await stage();
  const [app, alice] = [await client('message'), await peer()];
  alice.send(request('MESSAGE', alice.port));
  await app.inbox.next();
  alice.send(request('CANCEL', alice.port));
  expect(await final(alice)).toMatch(/^SIP\/2\.0 481 /);
  for (let count = 0; count < 40; count++) {
    const asked = stunRequest(Buffer.from('00060000'.repeat(count), 'hex'));
    for (const address of ['127.0.0.1', '::1'])
      expect(answerStun(asked, { address, port: 1 })!.length).toBeLessThanOrEqual(asked.length + 24);
  }
});
