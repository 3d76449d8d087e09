// The way of a request: who gets it, and what is answered when nobody does.
import { describe, expect, test } from 'vitest';
import { Fault, type FaultKind } from '../../../src/errors.ts';
import { authenticating } from '../../../src/technologies/pjsip/auth.ts';
import { frontEnd } from '../../../src/technologies/pjsip/front-end.ts';
import { identifying } from '../../../src/technologies/pjsip/identify.ts';
import { resolvePjsip } from '../../../src/technologies/pjsip/objects/index.ts';
import type { Sender, Service } from '../../../src/technologies/pjsip/service.ts';
import { Services } from '../../../src/technologies/pjsip/services.ts';
import type { SipRequest } from '../../../src/technologies/pjsip/stack.ts';
import { Unidentified } from '../../../src/technologies/pjsip/unidentified.ts';
import { testCore } from '../../support/core.ts';
import { fakeStack, type Incoming, type Received } from '../../support/fake-stack.ts';
import { testClock } from '../../support/test-clock.ts';

interface Story {
  readonly services: Services;
  readonly logged: string[];
  readonly strangers: SipRequest[];
  stopping: boolean;
  /** What has been answered when the front end is through with it. */
  ask(request: Incoming): Promise<Received>;
}

function begin(): Story {
  const objects = resolvePjsip({
    endpoint: { foo: {}, safe: { auth: 'safe' } },
    auth: { safe: { username: 'safe', password: 'x' } },
  });
  const core = testCore();
  const services = new Services();
  const logged: string[] = [];
  const strangers: SipRequest[] = [];
  const story: Story = { services, logged, strangers, stopping: false, ask };
  const receive = frontEnd({
    identify: identifying(objects),
    authenticate: authenticating({ objects, clock: testClock(), random: (bytes) => Buffer.alloc(bytes) }),
    services,
    endpointOf: ({ id }) =>
      core.endpoints.find({ tech: 'PJSIP', resource: id }) ?? core.endpoints.create({ tech: 'PJSIP', resource: id }),
    isStopping: () => story.stopping,
    onUnidentified: (request) => void strangers.push(request),
    log: (level, text) => void logged.push(`${level}: ${text}`),
  });
  async function ask(request: Incoming): Promise<Received> {
    const stack = fakeStack();
    let done = Promise.resolve();
    await stack.start((each) => (done = receive(each)));
    const received = stack.receive(request);
    await done;
    return received;
  }
  return story;
}

const from = (user: string, more: Partial<Incoming> & { readonly method: string }): Incoming => ({
  ...more,
  headers: [['From', `<sip:${user}@127.0.0.1>;tag=1`], ...(more.headers ?? [])],
});

/** Takes such methods, answers 200, and remembers who came. */
function service(
  methods: readonly string[],
  handle?: Service['handle'],
): Service & { readonly senders: (Sender | undefined)[] } {
  const senders: (Sender | undefined)[] = [];
  return {
    name: methods.join(),
    methods,
    senders,
    async handle(request, sender) {
      senders.push(sender);
      await (handle?.(request, sender) ?? request.respond(200));
    },
  };
}

const statuses = ({ answers }: Received): number[] => answers.map(({ status }) => status);

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
      const { ask, strangers, services } = begin();
      const taking = service(['INVITE', 'MESSAGE', 'REGISTER', 'OPTIONS']);
      services.register(taking);
      expect(statuses(await ask(from('nobody', { method })))).toEqual([401]);
      expect(strangers).toHaveLength(1);
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
    const { ask, strangers } = begin();
    expect(statuses(await ask(from('nobody', { method })))).toEqual(expected);
    expect(statuses(await ask(from('nobody', { method, headers: [tag] })))).toEqual(expected);
    expect(strangers).toEqual([]);
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

describe('strangers', () => {
  const stranger = async (address: string): Promise<SipRequest> => {
    const stack = fakeStack();
    const seen = new Promise<SipRequest>((resolve) => void stack.start(resolve));
    stack.receive(from('nobody', { method: 'INVITE', source: { address } }));
    return seen;
  };

  const counting = (
    order: string,
  ): {
    readonly unidentified: Unidentified;
    readonly logged: string[];
    readonly clock: ReturnType<typeof testClock>;
  } => {
    const logged: string[] = [];
    const clock = testClock();
    const { global } = resolvePjsip({ global: { endpoint_identifier_order: order } });
    return {
      unidentified: new Unidentified(global, clock, (level, text) => void logged.push(`${level}: ${text}`)),
      logged,
      clock,
    };
  };

  test('are named once for each source and period', async () => {
    const { unidentified, logged, clock } = counting('ip,username');
    for (let count = 0; count < 10; count++) unidentified.count(await stranger('192.0.2.1'));
    expect(logged).toEqual(['warn: No endpoint matches INVITE from "<sip:nobody@127.0.0.1>;tag=1" at 192.0.2.1:5999']);
    clock.advance(5_000);
    unidentified.count(await stranger('192.0.2.1'));
    unidentified.count(await stranger('192.0.2.2'));
    expect(logged).toHaveLength(3);
    expect(unidentified.metrics).toMatchObject({ requests: 12, sources: 2 });
  });

  test('are expected where credentials are to tell who it is, up to a number', async () => {
    const { unidentified, logged } = counting('ip,username,auth_username');
    for (let count = 0; count < 4; count++) unidentified.count(await stranger('192.0.2.1'));
    expect(logged).toEqual([]);
    unidentified.count(await stranger('192.0.2.1'));
    expect(logged).toHaveLength(1);
  });

  test('are forgotten, the oldest first, when there are too many', async () => {
    const { unidentified } = counting('ip');
    for (let count = 0; count < 1_003; count++) unidentified.count(await stranger(`192.0.2.${count}`));
    expect(unidentified.metrics).toEqual({ requests: 1_003, sources: 1_000, limit: 1_000, forgotten: 3 });
  });
});
