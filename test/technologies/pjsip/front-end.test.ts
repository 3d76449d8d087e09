// The way of a request: who gets it, and what is answered when nobody does.
import { describe, expect, test } from 'vitest';
import { Fault, type FaultKind } from '../../../src/errors.ts';
import { begin, from, service, statuses } from './front-end-room.ts';

describe('a method', () => {
  test('that nobody registered is 405 with Allow, then is taken, and is 405 again when its service is gone', async () => {
    const { ask, services } = begin();
    services.register(service(['OPTIONS']));
    const before = await ask(from('foo', { method: 'MESSAGE' }));
    expect(statuses(before)).toEqual([405]);
    expect(before.answers[0]?.headers.get('Allow')).toBe('OPTIONS');
    const remove = services.register(service(['MESSAGE']));
    expect(statuses(await ask(from('foo', { method: 'MESSAGE' })))).toEqual([200]);
    remove();
    expect(statuses(await ask(from('foo', { method: 'MESSAGE' })))).toEqual([405]);
    services.register(service(['MESSAGE']));
    remove();
    expect(statuses(await ask(from('foo', { method: 'MESSAGE' })))).toEqual([200]);
  });

  test('of no standard is 501', async () => {
    expect(statuses(await begin().ask(from('foo', { method: 'FROBNICATE' })))).toEqual([501]);
  });

  test('has one service only', () => {
    const { services } = begin();
    services.register(service(['INFO', 'INVITE']));
    expect(() => services.register(service(['MESSAGE', 'INFO']))).toThrow(Fault);
    expect(services.find('MESSAGE')).toBeUndefined();
  });

  test('is allowed with what belongs to it', () => {
    const { services } = begin();
    services.register(service(['X-OWN', 'MESSAGE', 'INVITE']));
    expect(services.allow).toBe('INVITE, ACK, CANCEL, BYE, MESSAGE, X-OWN');
  });
});

describe('the sender', () => {
  test('is handed to the service, as it is configured and as the core knows it', async () => {
    const { ask, services } = begin();
    const taking = service(['MESSAGE']);
    services.register(taking);
    await ask(from('foo', { method: 'MESSAGE' }));
    expect(taking.senders.map((each) => [each?.object.id, each?.endpoint.id])).toEqual([['foo', 'PJSIP/foo']]);
  });

  test.each(['INVITE', 'MESSAGE', 'REGISTER', 'OPTIONS', 'FROBNICATE'])(
    'of whom nobody knows is challenged, whatever the method: %s',
    async (method) => {
      const { ask, unidentified, services } = begin();
      const taking = service(['INVITE', 'MESSAGE', 'REGISTER', 'OPTIONS']);
      services.register(taking);
      expect(statuses(await ask(from('nobody', { method })))).toEqual([401]);
      expect(unidentified.metrics.requests).toBe(1);
      expect(taking.senders).toEqual([]);
    },
  );

  test('with wrong credentials is challenged again, and named in the log', async () => {
    const { ask, logged, services } = begin();
    services.register(service(['MESSAGE']));
    const wrong = 'Digest username="safe",realm="asterisk",nonce="n",uri="sip:x",response="0"';
    expect(statuses(await ask(from('safe', { method: 'MESSAGE', headers: [['Authorization', wrong]] })))).toEqual([
      401,
    ]);
    expect(logged).toEqual(['warn: Wrong credentials for endpoint safe from 127.0.0.1:5999']);
  });
});

describe('what belongs to nothing', () => {
  const tag = ['To', '<sip:x@127.0.0.1>;tag=gone'] as const;
  test.each<[string, number[]]>([
    ['BYE', [481]],
    ['CANCEL', [481]],
    ['PRACK', [481]],
    ['ACK', []],
  ])('%s is answered %j', async (method, expected) => {
    const { ask, unidentified } = begin();
    expect(statuses(await ask(from('nobody', { method })))).toEqual(expected);
    expect(statuses(await ask(from('nobody', { method, headers: [tag] })))).toEqual(expected);
    expect(unidentified.metrics.requests).toBe(0);
  });

  test.each(['INVITE', 'UPDATE', 'INFO', 'MESSAGE', 'OPTIONS'])(
    '%s with the tag of no dialog is 481',
    async (method) => {
      const { ask, services } = begin();
      services.register(service(['INVITE', 'UPDATE', 'INFO', 'MESSAGE', 'OPTIONS']));
      expect(statuses(await ask(from('foo', { method, headers: [tag] })))).toEqual([481]);
    },
  );

  test('but a REGISTER may carry a tag', async () => {
    const { ask, services } = begin();
    services.register(service(['REGISTER']));
    expect(statuses(await ask(from('foo', { method: 'REGISTER', headers: [tag] })))).toEqual([200]);
  });
});

describe('within a dialog', () => {
  test('a request goes straight to its service', async () => {
    const { ask, services } = begin();
    const taking = service(['BYE']);
    services.register(taking);
    expect(statuses(await ask(from('nobody', { method: 'BYE', dialogId: 'd' })))).toEqual([200]);
    expect(taking.senders).toEqual([undefined]);
    expect(statuses(await ask(from('nobody', { method: 'INFO', dialogId: 'd' })))).toEqual([405]);
    expect(statuses(await ask(from('nobody', { method: 'ACK', dialogId: 'd' })))).toEqual([]);
  });

  test("the stack's own BYE is not answered when nobody takes it", async () => {
    expect(statuses(await begin().ask(from('nobody', { method: 'BYE', isOwn: true })))).toEqual([]);
  });
});

describe('what a service throws', () => {
  test.each<[FaultKind, number]>([
    ['invalid', 400],
    ['unauthorized', 403],
    ['forbidden', 403],
    ['not-found', 404],
    ['conflict', 491],
    ['precondition', 480],
    ['unprocessable', 404],
    ['too-large', 413],
    ['unsupported-media', 415],
    ['unsupported', 501],
    ['unavailable', 503],
  ])('as a Fault %s is answered %i', async (kind, status) => {
    const { ask, services, logged } = begin();
    services.register(service(['MESSAGE'], () => Promise.reject(new Fault(kind, 'no'))));
    expect(statuses(await ask(from('foo', { method: 'MESSAGE' })))).toEqual([status]);
    expect(logged).toEqual([]);
  });

  test('because there is too much to do tells when to try again', async () => {
    const { ask, services } = begin();
    services.register(service(['MESSAGE'], () => Promise.reject(new Fault('unavailable', 'no'))));
    const { answers } = await ask(from('foo', { method: 'MESSAGE' }));
    expect(answers[0]?.headers.get('Retry-After')).toBe('10');
  });

  test('by a mistake is answered 500 and reported, and the next request is taken', async () => {
    const { ask, services, logged } = begin();
    let isFirst = true;
    const breaking = service(['MESSAGE'], async (request) => {
      if (isFirst) {
        isFirst = false;
        throw new TypeError('x is not a function');
      }
      await request.respond(200);
    });
    services.register(breaking);
    expect(statuses(await ask(from('foo', { method: 'MESSAGE' })))).toEqual([500]);
    expect(logged).toEqual([
      expect.stringContaining('error: A bug in answering MESSAGE: TypeError: x is not a function'),
    ]);
    expect(statuses(await ask(from('foo', { method: 'MESSAGE' })))).toEqual([200]);
  });

  test('after it has answered is reported alone', async () => {
    const { ask, services, logged } = begin();
    const late = service(['MESSAGE'], async (request) => {
      await request.respond(202);
      throw new Fault('not-found', 'too late');
    });
    services.register(late);
    expect(statuses(await ask(from('foo', { method: 'MESSAGE' })))).toEqual([202]);
    expect(logged).toEqual([expect.stringContaining('warn: MESSAGE could not be answered with 404')]);
  });
});

test('when the service ends, new work is 503 and a dialog goes on', async () => {
  const story = begin();
  story.services.register(service(['MESSAGE', 'BYE']));
  story.stopping = true;
  expect(statuses(await story.ask(from('foo', { method: 'MESSAGE' })))).toEqual([503]);
  expect(statuses(await story.ask(from('foo', { method: 'BYE', dialogId: 'd' })))).toEqual([200]);
});
