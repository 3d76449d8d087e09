// Requests that we send: under our name, and once more with credentials when they are asked for.
import { describe, expect, test } from 'vitest';
import { Fault } from '../../../src/errors.ts';
import { parseDigest } from '../../../src/technologies/pjsip/digest.ts';
import { outbound } from '../../../src/technologies/pjsip/outbound.ts';
import { naming } from '../../../src/technologies/pjsip/product.ts';
import { resolvePjsip } from '../../../src/technologies/pjsip/objects/index.ts';
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
