// MESSAGE in and out, between a stack without a network and the core.
import { describe, expect, test, vi } from 'vitest';
import { Fault } from '../../../src/errors.ts';
import type { Contact } from '../../../src/technologies/pjsip/contact.ts';
import { messages } from '../../../src/technologies/pjsip/messages.ts';
import { outbound } from '../../../src/technologies/pjsip/outbound.ts';
import { resolvePjsip } from '../../../src/technologies/pjsip/objects/index.ts';
import type { SipRequest } from '../../../src/technologies/pjsip/stack.ts';
import { listen, testCore } from '../../support/core.ts';
import { fakeStack, type Incoming } from '../../support/fake-stack.ts';
import { incoming } from './request.ts';

const contact: Contact = { uri: 'sip:foo@192.0.2.1:5062', path: '' };

function room({ contacts = [contact] as readonly Contact[], limit = 100, isHeard = true } = {}) {
  const core = testCore();
  const stack = fakeStack();
  const logged: string[] = [];
  const objects = resolvePjsip({
    endpoint: { foo: { aors: 'foo', from_domain: 'example.org', outbound_auth: 'foo' }, bar: {} },
    aor: { foo: {} },
    auth: { foo: { username: 'u', password: 'p' } },
  });
  const texts = messages({
    core,
    objects,
    location: { contacts: () => contacts.map((each) => ({ ...each, id: each.uri })) },
    stack,
    outbound: outbound({ stack, random: (bytes) => Buffer.alloc(bytes) }),
    log: (level, text) => void logged.push(`${level}: ${text}`),
    limit,
  });
  const endpoints = new Map(
    ['foo', 'bar'].map((resource) => [resource, core.endpoints.create({ tech: 'PJSIP', resource })]),
  );
  const registration = core.applications.register('hello', () => undefined);
  if (isHeard) core.applications.subscribe('hello', ['endpoint:PJSIP']);
  const heard = listen(core.everything);
  const from = (name: string) => ({ object: objects.endpoints.get(name)!, endpoint: endpoints.get(name)! });
  const text = (given: Partial<Incoming> = {}) =>
    incoming({
      method: 'MESSAGE',
      uri: 'sip:1001@127.0.0.1',
      headers: [['Content-Type', 'text/plain']],
      body: 'hi',
      ...given,
    });
  return {
    core,
    stack,
    service: texts.service,
    sender: texts.sender,
    logged,
    registration,
    metrics: () => texts.metrics,
    text,
    from,
    async bodies(): Promise<string[]> {
      return (await heard.heard()).flatMap((fact) => (fact.type === 'TextReceived' ? [fact.text.body] : []));
    },
  };
}

/** A promise that the test settles. */
function deferred<T>(): { promise: Promise<T>; resolve(value: T): void; reject(error: unknown): void } {
  let settle: Pick<ReturnType<typeof deferred<T>>, 'resolve' | 'reject'>;
  const promise = new Promise<T>((resolve, reject) => (settle = { resolve, reject }));
  return { promise, ...settle! };
}

describe('a MESSAGE that comes', () => {
  test('is accepted, and then heard with its sender', async () => {
    const { service, text, from, core } = room();
    const heard = listen(core.everything);
    const { request, received } = text();
    await service.handle(request, from('foo'));
    expect(received.answers.map(({ status }) => status)).toEqual([202]);
    expect(await heard.heard()).toMatchObject([
      { type: 'TextReceived', endpoint: { id: 'PJSIP/foo' }, text: { body: 'hi' } },
    ]);
  });

  test('is not heard before the 202 is out, and never without it', async () => {
    const { service, text, from, bodies, logged } = room();
    const { request } = text();
    const late = deferred<never>();
    const handled = service.handle({ ...request, respond: () => late.promise } satisfies SipRequest, from('foo'));
    expect(await bodies()).toEqual([]);
    late.reject(new Fault('conflict', 'the transaction is over'));
    await handled;
    expect(await bodies()).toEqual([]);
    expect(logged).toEqual(['warn: A message of PJSIP/foo was not delivered: the transaction is over']);
  });

  test('is heard after the one before it of the same sender, whichever 202 is out first', async () => {
    const { service, text, from, bodies, metrics } = room();
    const first = text({ body: 'first' });
    const late = deferred<void>();
    const slow: SipRequest = {
      ...first.request,
      respond: async (status) => {
        await late.promise;
        return first.request.respond(status);
      },
    };
    const all = [
      service.handle(slow, from('foo')),
      service.handle(text({ body: 'second' }).request, from('foo')),
      service.handle(text({ body: 'of another' }).request, from('bar')),
    ];
    await all[2];
    expect(await bodies()).toEqual(['of another']);
    expect(metrics().waiting).toBe(2);
    late.resolve();
    await Promise.all(all);
    expect(await bodies()).toEqual(['first', 'second']);
    expect(metrics().waiting).toBe(0);
  });

  test('is refused when too many wait', async () => {
    const { service, text, from, metrics } = room({ limit: 1 });
    const { request } = text();
    void service.handle({ ...request, respond: () => new Promise(() => undefined) } satisfies SipRequest, from('foo'));
    await expect(service.handle(text().request, from('foo'))).rejects.toMatchObject({ kind: 'unavailable' });
    expect(metrics()).toEqual({ waiting: 1, limit: 1, refused: 1 });
  });

  test('is refused when nobody would hear it', async () => {
    const { service, text, from } = room({ isHeard: false });
    await expect(service.handle(text().request, from('foo'))).rejects.toMatchObject({ kind: 'not-found' });
  });

  test('is told to the operator when the last listener left while it was accepted', async () => {
    const { service, text, from, registration, logged } = room();
    const handled = service.handle(text().request, from('foo'));
    registration.close();
    await handled;
    expect(logged).toEqual(['warn: A message of PJSIP/foo was not delivered: Recipient not found']);
  });

  test.each<[name: string, given: Partial<Incoming>, status: number]>([
    ['any text', { headers: [['Content-Type', 'text/html; charset=utf-8']] }, 202],
    ['what an application may read', { headers: [['Content-Type', 'application/json']] }, 202],
    ['a message in a message', { headers: [['Content-Type', 'message/cpim']] }, 202],
    ['nothing, of no type', { headers: [], body: '' }, 202],
    ['something of no type', { headers: [] }, 415],
    ['a picture', { headers: [['Content-Type', 'image/png']] }, 415],
    ['a picture without a body', { headers: [['Content-Type', 'image/png']], body: '' }, 415],
    ['several parts', { headers: [['Content-Type', 'multipart/mixed;boundary=b']] }, 415],
    ['a telephone number as target', { uri: 'tel:+15551234567' }, 416],
    ['a secure target', { uri: 'sips:1001@h' }, 202],
  ])('with %s', async (_, given, status) => {
    const { service, text, from, bodies } = room();
    const { request, received } = text(given);
    await service.handle(request, from('foo'));
    const answer = await received.final;
    expect(answer.status).toBe(status);
    if (status === 415) expect(answer.headers.get('Accept')).toBe('text/*, application/*, message/*');
    expect(await bodies()).toEqual(status === 202 ? [request.body] : []);
  });

  test('is delivered whole, however long', async () => {
    const { service, text, from, bodies } = room();
    const body = 'x'.repeat(60_000);
    await service.handle(text({ body }).request, from('foo'));
    expect(await bodies()).toEqual([body]);
  });

  test('without an address that can be read is refused', async () => {
    const { service, text, from } = room();
    const { request } = text({
      headers: [
        ['From', 'x y z'],
        ['Content-Type', 'text/plain'],
      ],
    });
    await expect(service.handle(request, from('foo'))).rejects.toMatchObject({ kind: 'invalid' });
  });

  test.each([
    [{ dialogId: 'd' }, 405],
    [{}, 481],
  ])('within a dialog is refused: %j', async (given, status) => {
    const { service, text } = room();
    const { request, received } = text(given);
    await service.handle(request, undefined);
    expect((await received.final).status).toBe(status);
  });
});

describe('a text that goes out', () => {
  const message = { to: 'pjsip:foo', from: 'sip:alice@example.com', body: 'hello', variables: { 'X-A': '1' } };

  test('is handed to the wire, for the first contact', async () => {
    const { sender, stack } = room();
    await sender.send('foo', message);
    expect(stack.sent).toMatchObject([
      {
        method: 'MESSAGE',
        uri: contact.uri,
        headers: [
          ['From', '<sip:alice@example.com>'],
          ['To', '<sip:foo@192.0.2.1>'],
          ['X-A', '1'],
          ['Content-Type', 'text/plain'],
        ],
        body: 'hello',
      },
    ]);
  });

  test('goes the way that the contact registered', async () => {
    const path = '<sip:edge.example.org;lr>';
    const { sender, stack } = room({ contacts: [{ ...contact, path }] });
    await sender.send('foo', message);
    expect(stack.sent[0]).toMatchObject({ uri: contact.uri, nextHop: 'sip:edge.example.org;lr' });
    expect(stack.sent[0]!.headers![0]).toEqual(['Route', path]);
  });

  test('says who we are: the options of the endpoint, else its name and our address', async () => {
    const { sender, stack } = room();
    await sender.send('foo', { ...message, from: '' });
    await sender.send('bar/sip:x@h', { ...message, from: '' });
    expect(stack.sent.map(({ message: { headers } }) => headers.get('From'))).toEqual([
      '<sip:foo@example.org>',
      '<sip:bar@127.0.0.1>',
    ]);
  });

  test('is sent again with the credentials of the endpoint when they are asked for', async () => {
    const { sender, stack } = room();
    await sender.send('foo', message);
    stack.sent[0]!.respond(401, { headers: [['WWW-Authenticate', 'Digest realm="r", nonce="n", algorithm=MD5']] });
    const second = await stack.sentCount(2);
    expect(second.message.headers.get('Authorization')).toMatch(/^Digest username="u"/);
    expect(second.message.headers.get('From')).toBe('<sip:alice@example.com>');
  });

  test('that is refused is told to the operator alone', async () => {
    const { sender, stack, logged } = room();
    await sender.send('foo', message);
    stack.sent[0]!.respond(486, { reason: 'Busy Here' });
    await vi.waitFor(() => expect(logged).toEqual(['warn: A message to foo was answered 486 Busy Here']));
  });

  test.each<[string, string, Partial<typeof message>, string]>([
    ['an unknown destination', 'nobody', {}, 'not-found'],
    ['an endpoint without contacts', 'bar', {}, 'not-found'],
    ['a line break in the destination', 'foo/sip:x@h\r\nX-Evil: 1', {}, 'invalid'],
    ['a line break in a variable', 'foo', { variables: { 'X-A': 'a\r\nX-Evil: 1' } }, 'invalid'],
    ['a line break in the from', 'foo', { from: 'sip:a@[b>\r\nX-Evil: 1\r\nX: <]' }, 'invalid'],
  ])('fails for %s, and nothing is sent', async (_, address, changes, kind) => {
    const { sender, stack } = room();
    await expect(sender.send(address, { ...message, ...changes })).rejects.toMatchObject({ kind });
    expect(stack.sent).toEqual([]);
  });

  test('fails when it cannot be handed to the wire', async () => {
    const { sender, stack } = room();
    stack.failWith(new Fault('unavailable', 'no connection'));
    await expect(sender.send('foo', message)).rejects.toMatchObject({ kind: 'unavailable' });
  });
});
