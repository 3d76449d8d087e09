// A text message that goes out: who is meant, a MESSAGE to each of their contacts, and what becomes of it.
import { describe, expect, test } from 'vitest';
import { Fault, type FaultKind } from '../../../src/errors.ts';
import type { Contact } from '../../../src/technologies/pjsip/contact.ts';
import { SipHeaders } from '../../../src/technologies/pjsip/stack.ts';
import { attemptOf, contact, NOW, room } from './messages-room.ts';

const message = { to: 'pjsip:foo', from: 'sip:alice@example.com', body: 'hello', variables: { 'X-A': '1' } };
const at = (host: string): Contact => ({ uri: `sip:foo@${host}`, path: '' });
const three = [at('192.0.2.1'), at('192.0.2.2'), at('192.0.2.3')];

describe('a recipient', () => {
  test.each<[address: string, resource: string, isReachable: boolean]>([
    ['foo', 'foo', true],
    ['bar', 'bar', false],
    ['foo/desk', 'foo', false],
    ['bar/foo', 'bar', true],
    ['PJSIP/1001@foo', 'foo', true],
    ['PJSIP/1001@bar', 'bar', false],
    ['foo/sip:x@h', 'foo', true],
    ['sip:x@h', 'bar', true],
  ])('%s is %s, and has somewhere to be sent to: %s', (address, resource, isReachable) => {
    const { sender } = room();
    expect(sender.recipient(address, message)).toEqual({ endpoint: { tech: 'PJSIP', resource }, isReachable });
  });

  test.each<[string, string, Partial<typeof message & { readonly encoding: 'base64' }>, FaultKind]>([
    ['an unknown destination', 'no body', {}, 'not-found'],
    ['a line break in the destination', 'foo/sip:x@h\r\nX-Evil: 1', {}, 'invalid'],
    ['a line break in a variable', 'foo', { variables: { 'X-A': 'a\r\nX-Evil: 1' } }, 'invalid'],
    ['a line break in the from', 'foo', { from: 'sip:a@[b>\r\nX-Evil: 1\r\nX: <]' }, 'invalid'],
    ['what cannot be sent, though nobody is there', 'bar', { from: '<sip:a b@c>' }, 'invalid'],
    ['what is not base64', 'foo', { encoding: 'base64', body: 'a' }, 'invalid'],
  ])('there is none for %s', (_, address, changes, kind) => {
    const { sender, stack } = room();
    expect(() => sender.recipient(address, { ...message, ...changes })).toThrow(expect.objectContaining({ kind }));
    expect(stack.sent).toEqual([]);
  });
});

describe('what is sent', () => {
  test('is a MESSAGE to the contact', async () => {
    const { sender, stack } = room();
    void sender.deliver('foo', message, attemptOf());
    expect(stack.sent).toMatchObject([
      {
        method: 'MESSAGE',
        uri: contact.uri,
        headers: [
          ['Call-ID', 'm-1'],
          ['CSeq', '1 MESSAGE'],
          ['From', '<sip:alice@example.com>'],
          ['To', '<sip:foo@192.0.2.1>'],
          ['X-A', '1'],
          ['Date', 'Fri, 02 Jan 2026 03:04:05 GMT'],
          ['Expires', '60'],
          ['Content-Type', 'text/plain'],
        ],
        body: 'hello',
      },
    ]);
    expect(stack.sent[0]!.bodyEncoding).toBeUndefined();
  });

  test('goes to every contact at once, and to each once', () => {
    const { sender, stack } = room({ contacts: [...three, three[0]!] });
    void sender.deliver('foo', message, attemptOf());
    expect(stack.sent.map(({ uri }) => uri)).toEqual(three.map(({ uri }) => uri));
  });

  test('goes to another user at every contact, when one is named', () => {
    const { sender, stack } = room({ contacts: three });
    void sender.deliver('PJSIP/1001@foo', message, attemptOf());
    expect(stack.sent.map(({ uri }) => uri)).toEqual([1, 2, 3].map((each) => `sip:1001@192.0.2.${each}`));
  });

  test('is known again: the same Call-ID and number at each contact, in each attempt', () => {
    const { sender, stack } = room({ contacts: three });
    for (const number of [1, 2]) void sender.deliver('foo', message, attemptOf({ number }));
    const known = stack.sent.map(({ message: { headers } }) => `${headers.get('Call-ID')} ${headers.get('CSeq')}`);
    expect(known).toEqual(Array(6).fill('m-1 1 MESSAGE'));
  });

  test('is the bytes that were given as base64, of no known type unless one is named', () => {
    const { sender, stack } = room();
    const bytes = { ...message, body: 'AP8=', encoding: 'base64' } as const;
    void sender.deliver('foo', bytes, attemptOf());
    void sender.deliver('foo', { ...bytes, variables: { 'content-type': 'image/png' } }, attemptOf());
    const sent = stack.sent.map(({ body, bodyEncoding, headers }) => ({
      ...{ body, bodyEncoding },
      type: new SipHeaders(headers).get('Content-Type'),
    }));
    expect(sent).toEqual(
      ['application/octet-stream', 'image/png'].map((type) => ({ body: 'AP8=', bodyEncoding: 'base64', type })),
    );
  });

  test('goes the way that the contact registered', () => {
    const path = '<sip:edge.example.org;lr>';
    const { sender, stack } = room({ contacts: [{ ...contact, path }] });
    void sender.deliver('foo', message, attemptOf());
    expect(stack.sent[0]).toMatchObject({ uri: contact.uri, nextHop: 'sip:edge.example.org;lr' });
    expect(stack.sent[0]!.headers![0]).toEqual(['Route', path]);
  });

  test('says who we are: the options of the endpoint, else its name and our address', () => {
    const { sender, stack } = room();
    void sender.deliver('foo', { ...message, from: '' }, attemptOf());
    void sender.deliver('bar/sip:x@h', { ...message, from: '' }, attemptOf());
    expect(stack.sent.map(({ message: { headers } }) => headers.get('From'))).toEqual([
      '<sip:foo@example.org>',
      '<sip:bar@127.0.0.1>',
    ]);
  });

  test('is sent again with the credentials of the endpoint when they are asked for', async () => {
    const { sender, stack } = room();
    const outcome = sender.deliver('foo', message, attemptOf());
    stack.sent[0]!.respond(401, { headers: [['WWW-Authenticate', 'Digest realm="r", nonce="n", algorithm=MD5']] });
    const { message: second, respond } = await stack.sentCount(2);
    expect(second.headers.get('Authorization')).toMatch(/^Digest username="u"/);
    expect(['Call-ID', 'CSeq'].map((name) => second.headers.get(name))).toEqual(['m-1', '2 MESSAGE']);
    respond(200);
    expect(await outcome).toMatchObject({ kind: 'delivered' });
  });
});

describe('what becomes of it', () => {
  test('is delivered as soon as one contact accepts it', async () => {
    const { sender, stack } = room({ contacts: three });
    const outcome = sender.deliver('foo', message, attemptOf());
    stack.sent[2]!.respond(603);
    stack.sent[1]!.respond(202, { reason: 'Accepted' });
    expect(await outcome).toEqual({ kind: 'delivered', status: 202, reason: 'Accepted', contact: three[1]!.uri });
  });

  test('is told when all have refused it', async () => {
    const { sender, stack } = room({ contacts: three });
    const outcome = sender.deliver('foo', message, attemptOf());
    stack.sent[0]!.respond(404, { reason: 'Not Found' });
    stack.sent[1]!.respond(480, { reason: 'Away', headers: [['Retry-After', '120 (lunch);duration=60']] });
    stack.sent[2]!.fail(408);
    const told = { status: 480, reason: 'Away', contact: three[1]!.uri, retryAfter: 120_000 };
    expect(await outcome).toEqual({ kind: 'temporary', ...told });
  });

  test('is told of the first contact only that it is on its way', async () => {
    const { sender, stack } = room({ contacts: three });
    const told: string[] = [];
    const outcome = sender.deliver('foo', message, attemptOf({ onSent: (where) => told.push(where) }));
    for (const each of stack.sent) each.respond(415, { reason: 'Unsupported Media Type' });
    expect(await outcome).toMatchObject({ kind: 'failed', status: 415, reason: 'Unsupported Media Type' });
    expect(told).toEqual([three[0]!.uri]);
  });

  test('is nothing without a contact', async () => {
    const { sender, stack } = room();
    expect(await sender.deliver('bar', message, attemptOf())).toEqual({ kind: 'unreachable' });
    expect(stack.sent).toEqual([]);
  });

  test.each<[FaultKind, object]>([
    ['unavailable', { kind: 'temporary', status: 503 }],
    ['unsupported-media', { kind: 'failed', status: 415 }],
    ['too-large', { kind: 'failed', status: 513 }],
    ['invalid', { kind: 'failed', status: 400 }],
  ])('when it cannot be sent: %s', async (kind, outcome) => {
    const { sender, stack } = room();
    const told: string[] = [];
    stack.failWith(new Fault(kind, 'why'));
    const attempt = attemptOf({ onSent: (where) => told.push(where) });
    expect(await sender.deliver('foo', message, attempt)).toEqual({ ...outcome, reason: 'why', contact: contact.uri });
    expect(told).toEqual([]);
  });

  test.each([
    ['nobody has that name any more', 'no body', {}, 404],
    ['it cannot be written any more', 'foo', { from: '<sip:a b@c>' }, 400],
  ])('when %s', async (_, address, changes, status) => {
    const { sender } = room();
    expect(await sender.deliver(address, { ...message, ...changes }, attemptOf())).toMatchObject({
      kind: 'failed',
      status,
    });
  });
});

describe('Date and Expires', () => {
  const told = (variables: Record<string, string>, attempt = attemptOf()): (string | undefined)[] => {
    const { sender, stack } = room();
    void sender.deliver('foo', { ...message, variables }, attempt);
    const { headers } = stack.sent[0]!.message;
    return ['Date', 'Expires'].map((name) => headers.all(name).join());
  };
  const ours = 'Fri, 02 Jan 2026 03:04:05 GMT';

  test.each<[string, Record<string, string>, string, string]>([
    ['are ours', {}, ours, '60'],
    ['are ours, when they are empty', { Date: '', Expires: '' }, ours, '60'],
    ['are those of the application', { date: 'then', expires: '7' }, 'then', '7'],
    [
      'agree with a Date of the application',
      { Date: 'Fri, 02 Jan 2026 03:04:00 GMT' },
      'Fri, 02 Jan 2026 03:04:00 GMT',
      '65',
    ],
    ['agree with an Expires of the application', { Expires: '7' }, ours, '7'],
  ])('%s', (_, variables, date, expires) => {
    expect(told(variables)).toEqual([date, expires]);
  });

  test('leave a second at least', () => {
    expect(told({}, attemptOf({ expiresAt: NOW }))).toEqual([ours, '1']);
  });
});
