// The recordings of a real Asterisk, played again by real SIP peers: the same events, in the same order, but for the listed exceptions.
import { expect, test } from 'vitest';
import type { SipText } from '../../scripts/demo/telephone.ts';
import { readCapture, readSteps } from '../support/captures.ts';
import { stages } from './captures-room.ts';
import { everywhere, inMessages } from './exceptions.ts';

const setStage = stages([...everywhere, ...inMessages]);

test('a registration, its refresh, a second contact, their removal and expiry', async () => {
  const { service, apps, sameAs } = await setStage();
  const capture = readCapture('registration');
  const bar = await service.telephone('bar');
  const step = async (mark: string, act: () => Promise<SipText>, status = 200): Promise<void> => {
    expect((await act()).status, mark).toBe(status);
    await sameAs(capture, `action ${mark}`, `action ${mark} (result)`);
  };
  const other: [string, string][] = [['Contact', '<sip:bar@127.0.0.1:5299>']];
  const register = (headers: [string, string][]) =>
    bar.request({ method: 'REGISTER', to: 'bar', uri: 'sip:127.0.0.1', headers });
  const plain: [string, string] = ['Contact', `<${bar.contact}>`];
  await step('bar REGISTER with no qualify, expires=60', () => register([plain, ['Expires', '60']]));
  expect((await service.rest('GET', '/endpoints/PJSIP/bar')).body).toMatchObject({ state: 'online' });
  await step('bar REGISTER refresh', () => register([plain, ['Expires', '60']]));
  await step('bar REGISTER second contact', () => register([...other, ['Expires', '60']]));
  const stranger = await service.telephone('bar', { password: 'wrong' });
  await step('bar REGISTER with wrong password', () => stranger.register(), 401);
  await step('bar unREGISTER second contact', () => register([...other, ['Expires', '0']]));
  await step('bar unREGISTER * ', () =>
    register([
      ['Contact', '*'],
      ['Expires', '0'],
    ]),
  );
  await step('bar REGISTER expires=1 (below minimum_expiration=5), then let it lapse', () =>
    register([plain, ['Expires', '1']]),
  );
  await apps['subBar']!.next(
    'ContactStatusChange',
    ({ contact_info: info }) => (info as { contact_status: string }).contact_status === 'Removed',
  );
  await sameAs(capture, 'wait 30 s more', 'unknown user REGISTER');
  await step('unknown user REGISTER', async () => (await service.telephone('nobody')).register(), 401);
});

test('messages in: names, headers, UTF-8, control characters, sizes, and those that are refused', async () => {
  const { apps, foo, service, sameAs } = await setStage();
  const capture = readCapture('messages-in');
  const telephone = await foo();
  await sameAs(capture, 'subscribe subBar', 'send plain');
  const play = async (request: string): Promise<number> => {
    telephone.send(request.replaceAll('127.0.0.1:5261', `127.0.0.1:${telephone.address.port}`));
    const callId = /Call-ID: (.*)\r/.exec(request)![1]!;
    return (await telephone.received((message) => message.header('Call-ID') === callId)).status;
  };
  const steps = readSteps('messages-in').filter(({ name }) => played.includes(name));
  expect(steps.map(({ name }) => name).sort()).toEqual([...played].sort());
  for (const { name, request, status } of steps) {
    expect(await play(request), name).toBe(status);
    await sameAs(capture, `send ${name}`, `sip ${name}`);
  }
  const plain = steps.find(({ name }) => name === 'plain')!.request;
  for (const [size, from] of sizes) {
    const body = 'x'.repeat(size);
    const request = plain
      .replace(/Content-Length: \d+\r\n\r\n[^]*/, `Content-Length: ${size}\r\n\r\n${body}`)
      .replace(/Call-ID: [^\r]*/, `Call-ID: ${size}@x`);
    expect(await play(request.replace(/branch=z9hG4bK/, `branch=z9hG4bK${size}`))).toBe(202);
    await sameAs(capture, `sip ${from}`, `sip body of ${size} bytes`);
  }
  const bar = await service.telephone('bar');
  const sent = await bar.message({ to: '1001', body: 'from bar' });
  expect(sent.status).toBe(202);
  expect(await apps['subBar']!.next('TextMessageReceived')).toMatchObject({
    message: { body: 'from bar' },
    endpoint: { resource: 'bar' },
  });
});

/** Not played: bodies of other types, or of none (taken here, see COMPATIBILITY.md), and what needs a dialplan for messages. */
const played = [
  'plain',
  'display name + X- headers + other standard headers',
  'utf8 body',
  'control characters / newline in body',
  'empty body',
  'tel: To, sip R-URI',
  'R-URI with params',
  'R-URI user with + and spaces encoded',
  'unknown From user (no endpoint)',
];
const sizes: readonly (readonly [number, string])[] = [
  [1000, 'retransmission'],
  [1024, 'body of 1000 bytes'],
  [1300, 'body of 1024 bytes'],
  [4000, 'body of 1300 bytes'],
  [20000, 'body of 4000 bytes'],
  [60000, 'body of 20000 bytes'],
];
