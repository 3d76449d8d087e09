// Requests that we send: under our name, and once more with credentials when they are asked for.
import { describe, expect, test } from 'vitest';
import { Fault } from '../../../src/errors.ts';
import { parseDigest } from '../../../src/technologies/pjsip/digest.ts';
import { outbound } from '../../../src/technologies/pjsip/outbound.ts';
import { naming } from '../../../src/technologies/pjsip/product.ts';
import { resolvePjsip } from '../../../src/technologies/pjsip/objects/index.ts';
import type { SipRequest } from '../../../src/technologies/pjsip/stack.ts';
import { fakeStack } from '../../support/fake-stack.ts';

const { endpoints } = resolvePjsip({
  endpoint: { trunk: { outbound_auth: 'trunk' }, open: {} },
  auth: { trunk: { username: 'arion', password: 'secret' } },
});
const trunk = endpoints.get('trunk')!;
const challenge = { headers: [['WWW-Authenticate', 'Digest realm="r",nonce="n",qop="auth"']] } as const;
const request = { method: 'MESSAGE', uri: 'sip:bar@192.0.2.1', headers: [['X-A', '1']], body: 'hello' } as const;

const begin = (): { readonly stack: ReturnType<typeof fakeStack>; readonly send: ReturnType<typeof outbound> } => {
  const stack = fakeStack();
  return { stack, send: outbound({ stack, random: (bytes) => Buffer.alloc(bytes, 1) }) };
};

describe('a challenge', () => {
  test('is answered within the same call, with the next number', async () => {
    const { stack, send } = begin();
    const { final } = send(trunk, request);
    stack.sent[0]!.respond(401, challenge);
    const again = await stack.sentCount(2);
    const first = stack.sent[0]!.message.headers;
    expect(again.message.headers.get('Call-ID')).toBe(first.get('Call-ID'));
    expect(again.message.headers.get('From')).toBe(first.get('From'));
    expect(again.message.headers.get('CSeq')).toBe('2 MESSAGE');
    expect(again.message.headers.get('X-A')).toBe('1');
    expect(again.body).toBe('hello');
    const [fields] = parseDigest(again.message.headers.all('Authorization'));
    expect(Object.fromEntries(fields!)).toMatchObject({ username: 'arion', realm: 'r', uri: 'sip:bar@192.0.2.1' });
    again.respond(202);
    expect((await final).status).toBe(202);
  });

  test('is answered once', async () => {
    const { stack, send } = begin();
    const { final } = send(trunk, request);
    stack.sent[0]!.respond(401, challenge);
    (await stack.sentCount(2)).respond(401, challenge);
    expect((await final).status).toBe(401);
    expect(stack.sent).toHaveLength(2);
  });

  test('is the final answer where there are no credentials', async () => {
    const { stack, send } = begin();
    const { final } = send(endpoints.get('open')!, request);
    stack.sent[0]!.respond(401, challenge);
    expect((await final).status).toBe(401);
    expect(stack.sent).toHaveLength(1);
  });

  test('is not answered after a cancel; and a cancel after it reaches the second request', async () => {
    const { stack, send } = begin();
    const early = send(trunk, request);
    early.cancel();
    stack.sent[0]!.respond(401, challenge);
    expect((await early.final).status).toBe(401);
    const late = send(trunk, request);
    stack.sent[1]!.respond(401, challenge);
    const again = await stack.sentCount(3);
    late.cancel();
    expect(again.isCancelled).toBe(true);
  });

  test('is the final answer when the second request cannot be sent', async () => {
    const { stack, send } = begin();
    const { final } = send(trunk, request);
    stack.failWith(new Fault('unavailable', 'no way'));
    stack.sent[0]!.respond(401, challenge);
    expect((await final).status).toBe(401);
  });
});

describe('who is shown our credentials', () => {
  const objects = resolvePjsip({
    endpoint: { known: { outbound_auth: 'any' }, named: { outbound_auth: 'r, any' } },
    auth: { any: { username: 'any', password: 'x' }, r: { username: 'r', password: 'x', realm: 'r' } },
  }).endpoints;
  const ask = async (endpoint: 'known' | 'named', uri: string, realm: string): Promise<string | undefined> => {
    const stack = fakeStack();
    const contactsOf = () => ['sip:someone@P.example:5070', 'sip:192.0.2.1'];
    const send = outbound({ stack, random: (bytes) => Buffer.alloc(bytes), contactsOf });
    const { final } = send(objects.get(endpoint)!, { method: 'MESSAGE', uri });
    stack.sent[0]!.respond(407, { headers: [['Proxy-Authenticate', `Digest realm="${realm}",nonce="n"`]] });
    await new Promise(setImmediate);
    const again = stack.sent[1];
    if (again === undefined) expect((await final).status).toBe(407);
    return parseDigest(again?.message.headers.all('Proxy-Authorization') ?? [])[0]?.get('username');
  };

  test.each([
    ['known', 'sip:x@p.example', 'whatever', 'any', 'where the endpoint can be reached, those without a realm'],
    ['known', 'sip:x@192.0.2.1', 'whatever', 'any', 'by its address, too'],
    ['known', 'sip:x@elsewhere.example', 'whatever', undefined, 'elsewhere, nothing'],
    ['named', 'sip:x@elsewhere.example', 'r', 'r', 'those of a realm wherever it is'],
    ['named', 'sip:x@elsewhere.example', 'whatever', undefined, 'but no other realm'],
    ['named', 'sip:x@p.example', 'r', 'r', 'and they go before those without one'],
    ['named', 'sip:x@p.example', 'whatever', 'any', 'which are for all others'],
  ] as const)('%s, at %s, for realm %s: %s: %s', async (endpoint, uri, realm, username, _why) => {
    expect(await ask(endpoint, uri, realm)).toBe(username);
  });
});

test('a nonce that has become old is renewed, once; a proxy and the far end may both ask', async () => {
  const { stack, send } = begin();
  const { final } = send(trunk, request);
  const stale = { headers: [['WWW-Authenticate', 'Digest realm="r",nonce="m",stale=TRUE']] } as const;
  (await stack.sentCount(1)).respond(407, { headers: [['Proxy-Authenticate', 'Digest realm="p",nonce="n"']] });
  (await stack.sentCount(2)).respond(401, challenge);
  (await stack.sentCount(3)).respond(401, stale);
  const last = await stack.sentCount(4);
  expect(last.message.headers.all('Proxy-Authorization')).toHaveLength(1);
  expect(parseDigest(last.message.headers.all('Authorization'))[0]?.get('nonce')).toBe('m');
  expect(last.message.headers.get('CSeq')).toBe('4 MESSAGE');
  last.respond(401, stale);
  expect((await final).status).toBe(401);
  expect(stack.sent).toHaveLength(4);
});

test('a request goes the way that its provider wants, unless it has one of its own or a dialog', async () => {
  const stack = fakeStack();
  const serviceRoute = () => ['<sip:a.example;lr>', '<sip:b.example;lr>'];
  const send = outbound({ stack, random: (bytes) => Buffer.alloc(bytes), serviceRoute });
  send(trunk, request);
  send(trunk, { ...request, nextHop: 'sip:192.0.2.1' });
  send(trunk, { method: 'BYE', dialogId: 'd' });
  expect(stack.sent.map(({ nextHop, message }) => [nextHop, message.headers.all('Route')])).toEqual([
    ['sip:a.example;lr', ['<sip:a.example;lr>', '<sip:b.example;lr>']],
    ['sip:192.0.2.1', []],
    [undefined, []],
  ]);
});

test('a request that cannot be sent fails', async () => {
  const { stack, send } = begin();
  stack.failWith(new Fault('unavailable', 'no way'));
  const { sent, final } = send(trunk, request);
  await expect(sent).rejects.toThrow('no way');
  await expect(final).rejects.toThrow('no way');
});

test('all that leaves names the product, unless it names another', async () => {
  const inner = fakeStack();
  const stack = naming(inner, 'Arion');
  await stack.start((each) => void each.respond(200, { headers: [['X-A', '1']] }));
  const { headers } = await inner.receive({ method: 'OPTIONS' }).final;
  expect([...headers]).toEqual([
    ['X-A', '1'],
    ['Server', 'Arion'],
  ]);
  stack.send({ method: 'OPTIONS', uri: 'sip:x@y' });
  stack.send({ method: 'OPTIONS', uri: 'sip:x@y', headers: [['user-agent', 'Other']] });
  expect(inner.sent.map(({ message }) => message.headers.all('User-Agent'))).toEqual([['Arion'], ['Other']]);
});

test('a body of any bytes passes through, both ways', async () => {
  const inner = fakeStack({ binaryBodies: true });
  const stack = naming(inner, 'Arion');
  const bytes = { body: 'AP8=', bodyEncoding: 'base64' } as const;
  let came: SipRequest | undefined;
  await stack.start((each) => (came = each));
  inner.receive({ method: 'MESSAGE', ...bytes });
  stack.send({ method: 'MESSAGE', uri: 'sip:x@y', ...bytes });
  expect([stack.binaryBodies, came, inner.sent[0]]).toMatchObject([true, bytes, bytes]);
});
