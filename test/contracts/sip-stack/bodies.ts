// The contract of a SipStack: any bytes are a body, and they pass whole.
import { expect, test } from 'vitest';
import { Mailbox } from '../../../scripts/demo/waiting.ts';
import type {
  BodyEncoding,
  SipHeader,
  SipMessage,
  SipRequest,
  SipStack,
} from '../../../src/technologies/pjsip/stack.ts';
import type { MakeSipStack, SipStackTraits } from '../sip-stack.contract.ts';
import { answerTo, bodyOf, headerOf, octetPhone, type OctetPhone } from './octets.ts';

const everyOctet = Buffer.from(Array.from({ length: 256 }, (_, octet) => octet));
const mark = 'X-Arion-Body-Encoding';
const binary: SipHeader = ['Content-Type', 'application/octet-stream'];
const binaryLine = binary.join(': ');
const fromTo: SipHeader[] = [
  ['From', '<sip:service@127.0.0.1>;tag=service'],
  ['To', '<sip:foo@127.0.0.1>'],
];

const bodies: readonly (readonly [what: string, body: Buffer, encoding: BodyEncoding | undefined])[] = [
  ['every octet', everyOctet, 'base64'],
  ['the end of a character', Buffer.from('é').subarray(1), 'base64'],
  ['NUL', Buffer.from('a\0b\0'), undefined],
  ['CR, LF and an empty line', Buffer.from('\r\n\r\na\rb\nc\r\n\r\n'), undefined],
  ['a byte order mark and an emoji', Buffer.from('\ufeff😀#12#|'), undefined],
  ['what looks like base64', Buffer.from('aGVsbG8='), undefined],
];

const octetsOf = ({ body, bodyEncoding }: SipMessage): Buffer => Buffer.from(body, bodyEncoding ?? 'utf8');
const inParts = (body: Buffer, bodyEncoding: BodyEncoding | undefined) => ({
  body: body.toString(bodyEncoding ?? 'utf8'),
  bodyEncoding,
});

/** It came as it was, and nothing of how it came shows. */
function expectWhole(message: SipMessage, body: Buffer, encoding: BodyEncoding | undefined): void {
  expect(octetsOf(message).equals(body)).toBe(true);
  expect(message.bodyEncoding).toBe(encoding);
  expect(message.headers.get('Content-Length')).toBe(String(body.length));
  expect(message.headers.get(mark)).toBeUndefined();
}

function expectOnWire(message: string, body: Buffer): void {
  expect(bodyOf(message).equals(body)).toBe(true);
  expect(headerOf(message, 'Content-Length')).toBe(String(body.length));
  expect(message.toLowerCase()).not.toContain(mark.toLowerCase());
}

interface Scene {
  readonly stack: SipStack;
  readonly phone: OctetPhone;
  next(): Promise<SipRequest>;
}

async function begin(make: MakeSipStack, transport: 'udp' | 'tcp' = 'tcp'): Promise<Scene> {
  const stack = await make();
  const requests = new Mailbox<SipRequest>();
  await stack.start((request) => requests.put(request));
  const phone = await octetPhone(stack, transport);
  return { stack, phone, next: () => requests.next(10_000, 'request for the application') };
}

/** The final response that comes next. */
async function finalOf(phone: OctetPhone): Promise<string> {
  const message = await phone.next();
  return message.startsWith('SIP/2.0 1') ? finalOf(phone) : message;
}

export function anyBodies(make: MakeSipStack, { carriesAnyBody }: SipStackTraits): void {
  if (!carriesAnyBody) {
    test('a body that is no text is refused as a media type that it cannot take', async () => {
      const { stack, phone, next } = await begin(make);
      expect(stack.binaryBodies ?? false).toBe(false);
      const refusal = { name: 'Fault', kind: 'unsupported-media' };
      const parts = { headers: [...fromTo, binary], ...inParts(everyOctet, 'base64') };
      await expect(stack.send({ method: 'MESSAGE', uri: phone.contact, ...parts }).sent).rejects.toMatchObject(refusal);
      phone.ask('MESSAGE', { lines: [binaryLine], body: Buffer.from('hello') });
      const request = await next();
      await expect(request.respond(200, { ...parts, headers: [binary] })).rejects.toMatchObject(refusal);
      await request.respond(200);
      await finalOf(phone);
      phone.ask('MESSAGE', { lines: [binaryLine], body: everyOctet });
      expect(await finalOf(phone)).toMatch(/^SIP\/2\.0 415 /);
    });
    return;
  }

  for (const transport of ['udp', 'tcp'] as const) {
    test.each(bodies)(`${transport}: %s comes in and goes out, in request and response`, async (_, body, encoding) => {
      const { stack, phone, next } = await begin(make, transport);
      expect(stack.binaryBodies).toBe(true);
      phone.ask('MESSAGE', { lines: [binaryLine], body });
      const request = await next();
      expectWhole(request, body, encoding);
      expectWhole(await request.respond(200, { headers: [binary], ...inParts(body, encoding) }), body, encoding);
      expectOnWire(await phone.next(), body);

      const parts = { headers: [...fromTo, binary], ...inParts(body, encoding) };
      const { sent, final } = stack.send({ method: 'MESSAGE', uri: phone.contact, ...parts });
      const received = await phone.next();
      expectOnWire(received, body);
      phone.send(answerTo(received, '200 OK', [binaryLine], body));
      expectWhole(await sent, body, encoding);
      expectWhole(await final, body, encoding);
    });
  }

  test('within a call it is the same', async () => {
    const { stack, phone, next } = await begin(make);
    phone.ask('INVITE', { callId: 'call', body: Buffer.alloc(0) });
    const invite = await next();
    const acknowledged = new Promise<SipMessage>((resolve) => invite.onAck(resolve));
    const { dialogId = '' } = await invite.respond(200, { headers: [binary], ...inParts(everyOctet, 'base64') });
    const answer = await finalOf(phone);
    expectOnWire(answer, everyOctet);
    const within = { callId: 'call', to: headerOf(answer, 'To') ?? '', lines: [binaryLine], body: everyOctet };
    phone.ask('ACK', within);
    expectWhole(await acknowledged, everyOctet, 'base64');
    phone.ask('INFO', { ...within, number: 2 });
    const info = await next();
    expect(info.dialogId).toBe(dialogId);
    expectWhole(info, everyOctet, 'base64');
    await info.respond(200, { headers: [binary], ...inParts(everyOctet, 'base64') });
    expectOnWire(await phone.next(), everyOctet);

    const { final } = stack.send({ method: 'INFO', dialogId, headers: [binary], ...inParts(everyOctet, 'base64') });
    const received = await phone.next();
    expectOnWire(received, everyOctet);
    phone.send(answerTo(received, '200 OK', [binaryLine], everyOctet));
    expectWhole(await final, everyOctet, 'base64');
  });

  test('a session description in Latin-1 stays text', async () => {
    const { phone, next } = await begin(make);
    phone.ask('INVITE', { lines: ['Content-Type: application/sdp'], body: Buffer.from('v=0\r\ns=\xe9\r\n', 'latin1') });
    expect(await next()).toMatchObject({ body: 'v=0\r\ns=é\r\n', method: 'INVITE' });
  });

  test.each([`${mark}: base64`, 'x-arion-BODY-encoding :  base64', `${mark}:\r\n base64`])(
    'from the network %j is not heard',
    async (line) => {
      const { stack, phone, next } = await begin(make);
      const body = Buffer.from('aGVsbG8=');
      const lines = ['Content-Type: text/plain', line];
      phone.ask('MESSAGE', { lines, body });
      const request = await next();
      expectWhole(request, body, undefined);
      await request.respond(200);
      await phone.next();
      phone.ask('MESSAGE', { lines, body: everyOctet });
      expectWhole(await next(), everyOctet, 'base64');

      const { final } = stack.send({ method: 'OPTIONS', uri: phone.contact, headers: fromTo });
      phone.send(answerTo(await phone.next(), '200 OK', lines, body));
      expectWhole(await final, body, undefined);
    },
  );

  test('what is no base64, and the header itself, are refused', async () => {
    const { stack, phone, next } = await begin(make);
    const refusal = { name: 'Fault', kind: 'invalid' };
    const base = { method: 'MESSAGE', uri: phone.contact, headers: [...fromTo, binary] };
    for (const body of ['!', 'YQ', 'YQ=', 'YR==', 'YQ==\r\n', 'YQ==YQ=='])
      await expect(stack.send({ ...base, body, bodyEncoding: 'base64' }).final, body).rejects.toMatchObject(refusal);
    const marked = { ...base, body: 'YQ==', headers: [...base.headers, [mark.toLowerCase(), 'base64'] as const] };
    await expect(stack.send(marked).final).rejects.toMatchObject(refusal);
    phone.ask('MESSAGE', { lines: [binaryLine], body: everyOctet });
    const request = await next();
    const wrong = { headers: [binary], body: '!', bodyEncoding: 'base64' } as const;
    await expect(request.respond(200, wrong)).rejects.toMatchObject(refusal);
    await request.respond(200);
    expect(await phone.next()).toMatch(/^SIP\/2\.0 200 /);
  });

  test.each([
    ['text', Buffer.alloc(65_536, 'é'), undefined],
    ['bytes', Buffer.alloc(65_536, everyOctet), 'base64'],
  ] as const)('64 KiB of %s pass over TCP, in both directions', async (_, body, encoding) => {
    const { stack, phone, next } = await begin(make);
    phone.ask('MESSAGE', { lines: [binaryLine, `Subject: ${'s'.repeat(8_000)}`], body });
    const request = await next();
    expectWhole(request, body, encoding);
    await request.respond(200, { headers: [binary], ...inParts(body, encoding) });
    expectOnWire(await phone.next(), body);
    const parts = { headers: [...fromTo, binary], ...inParts(body, encoding) };
    const { final } = stack.send({ method: 'MESSAGE', uri: phone.contact, ...parts });
    const received = await phone.next();
    expectOnWire(received, body);
    phone.send(answerTo(received, '200 OK', [binaryLine], body));
    expectWhole(await final, body, encoding);
  });
}
