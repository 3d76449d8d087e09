// The recordings of a real Asterisk, played again by real SIP peers: the same events, in the same order, but for the listed exceptions.
import { afterAll, expect, test } from 'vitest';
import type { SipText, Telephone } from '../../scripts/demo/telephone.ts';
import type { AriApp } from '../../scripts/demo/application.ts';
import { Comparison, readCapture, readSteps, type Capture } from '../support/captures.ts';
import { startService, type Service } from '../support/service.ts';
import { exceptions } from './exceptions.ts';

const comparison = new Comparison(exceptions);
afterAll(() => {
  expect(comparison.unneeded, 'exceptions that match nothing').toEqual([]);
});

const contexts = 'from-sip: { "1001": { app: app }, "4001": { app: app, args: [ arg1, arg2 ] } }';
const pjsip = (fooPort: number) => `
endpoint: { foo: { context: from-sip, aors: [ foo ] }, bar: { context: from-sip, auth: bar, aors: [ bar ] } }
auth: { bar: { username: bar, password: bar-secret } }
aor: { foo: { contact: [ "sip:foo@127.0.0.1:${fooPort}" ] }, bar: { max_contacts: 5, minimum_expiration: 5 } }`;

interface Stage {
  readonly service: Service;
  readonly apps: Readonly<Record<string, AriApp>>;
  foo(): Promise<Telephone>;
  /** What each socket was sent since the last time equals what was captured between the two marks. */
  sameAs(capture: Capture, from?: string, to?: string): Promise<void>;
}

async function setStage(): Promise<Stage> {
  // The telephone's port is a static contact, so it must be known first; the service's port is then filled in.
  const service = await startService({ contexts, pjsip: pjsip(5261) });
  const apps = {
    subFoo: await service.application('subFoo', ['endpoint:PJSIP/foo']),
    subTech: await service.application('subTech', ['endpoint:PJSIP']),
    subBoth: await service.application('subBoth', ['endpoint:PJSIP/foo', 'endpoint:PJSIP']),
    subBar: await service.application('subBar', ['endpoint:PJSIP/bar']),
    subAll: await service.application('subAll', [], { subscribeAll: true }),
    app: await service.application('app'),
  };
  return {
    service,
    apps,
    foo: () => service.telephone('foo'),
    async sameAs(capture, from, to) {
      for (const [socket, app] of Object.entries(apps)) {
        const ours = comparison.prepare('ours', socket, await app.take());
        if (!capture.sockets.includes(socket)) continue;
        expect(ours, `${socket}, ${from ?? ''}`).toEqual(
          comparison.prepare('captured', socket, capture.events(socket, from, to)),
        );
      }
    },
  };
}

const hold = (sdp: string, direction: string) => sdp.replace('a=sendrecv', `a=${direction}`);
const sdp = [
  'v=0',
  'o=- 1 1 IN IP4 127.0.0.1',
  's=-',
  'c=IN IP4 127.0.0.1',
  't=0 0',
  'm=audio 40000 RTP/AVP 0 101',
  'a=rtpmap:0 PCMU/8000',
  'a=rtpmap:101 telephone-event/8000',
  'a=fmtp:101 0-16',
  'a=sendrecv',
  '',
].join('\r\n');

const idOf = async (app: AriApp): Promise<string> => {
  const { channel } = (await app.next('StasisStart')) as unknown as { channel: { id: string } };
  return channel.id;
};

test('a call: rung and answered by the application, a variable, a digit by INFO, hold, and BYE by the caller', async () => {
  const { service, apps, foo, sameAs } = await setStage();
  const telephone = await foo();
  const call = telephone.call({
    to: '1001',
    sdp,
    headers: [['From', `"Foo Display" <sip:foo@127.0.0.1>;tag=a2b31585`]],
  });
  const id = await idOf(apps['app']!);
  expect((await service.rest('POST', `/channels/${id}/ring`)).status).toBe(204);
  await call.progress(180);
  expect((await service.rest('POST', `/channels/${id}/answer`)).status).toBe(204);
  expect((await call.answered).status).toBe(200);
  expect((await service.rest('POST', `/channels/${id}/variable`, { variable: 'MYVAR', value: 'v1' })).status).toBe(204);
  const info = await call.request('INFO', [['Content-Type', 'application/dtmf-relay']], 'Signal=7\r\nDuration=160\r\n');
  expect(info.status).toBe(200);
  for (const direction of ['sendonly', 'sendrecv']) {
    const answer = await call.request(
      'INVITE',
      [
        ['Contact', `<${telephone.contact}>`],
        ['Content-Type', 'application/sdp'],
      ],
      hold(sdp, direction),
    );
    expect(answer.status).toBe(200);
  }
  expect((await call.hangup()).status).toBe(200);
  await apps['subTech']!.next(
    'EndpointStateChange',
    (event) => (event['endpoint'] as { channel_ids: string[] }).channel_ids.length === 0,
  );
  await sameAs(readCapture('call-inbound-stasis'));
  expect((await service.rest('GET', `/channels/${id}`)).body).toMatchObject({ message: 'Channel not found' });
});

test('a call that the caller cancels', async () => {
  const { service, apps, foo, sameAs } = await setStage();
  const call = (await foo()).call({ to: '1001', sdp });
  const id = await idOf(apps['app']!);
  expect((await service.rest('POST', `/channels/${id}/ring`)).status).toBe(204);
  expect((await call.cancel()).status).toBe(200);
  expect((await call.answered).status).toBe(487);
  await apps['app']!.next('StasisEnd');
  await sameAs(readCapture('call-inbound-cancel'));
});

test('a call that the application hangs up, before and after the answer', async () => {
  const { service, apps, foo, sameAs } = await setStage();
  const capture = readCapture('call-inbound-hangup-by-ari');
  const telephone = await foo();

  const refused = telephone.call({ to: '4001', sdp });
  const first = await idOf(apps['app']!);
  expect((await service.rest('DELETE', `/channels/${first}`, { reason: 'busy' })).status).toBe(204);
  expect((await refused.answered).status).toBe(486);
  await sameAs(capture, 'scenario B:', 'scenario B2:');

  const call = telephone.call({ to: '1001', sdp });
  const second = await idOf(apps['app']!);
  expect((await service.rest('POST', `/channels/${second}/answer`)).status).toBe(204);
  await call.answered;
  expect((await service.rest('DELETE', `/channels/${second}`)).status).toBe(204);
  expect((await call.ended).header('CSeq')).toContain('BYE');
  await sameAs(capture, 'scenario B2:');
});

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
