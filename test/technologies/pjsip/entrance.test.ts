// The way in as a whole: when it opens, what can be put into it, and how it closes.
import { describe, expect, test } from 'vitest';
import { Entrance, type EntranceOptions } from '../../../src/technologies/pjsip/entrance.ts';
import { resolvePjsip, type PjsipConfig } from '../../../src/technologies/pjsip/objects/index.ts';
import { Services } from '../../../src/technologies/pjsip/services.ts';
import type { SipAddress } from '../../../src/technologies/pjsip/stack.ts';
import { testCore } from '../../support/core.ts';
import type { Incoming } from '../../support/fake-stack.ts';
import { testClock } from '../../support/test-clock.ts';
import { from, service } from './front-end-room.ts';
import { incoming } from './request.ts';

const loopback: SipAddress = { protocol: 'udp', address: '127.0.0.1', port: 5060 };
const everywhere: SipAddress = { ...loopback, address: '0.0.0.0' };
const config: PjsipConfig = {
  endpoint: { open: {}, safe: { auth: 'safe' } },
  auth: { safe: { username: 'safe', password: 'x' } },
};

function begin(options: EntranceOptions = {}, written: PjsipConfig = config) {
  const core = testCore();
  const services = new Services();
  const clock = testClock();
  const logged: string[] = [];
  const entrance = new Entrance({
    ...options,
    objects: resolvePjsip(written),
    services,
    endpointOf: ({ id }) => core.endpoints.create({ tech: 'PJSIP', resource: id }),
    clock,
    random: (bytes) => Buffer.alloc(bytes, 1),
    log: (level, text) => void logged.push(`${level}: ${text}`),
  });
  services.register(service(['MESSAGE']));
  return {
    entrance,
    clock,
    logged,
    async ask(request: Incoming): Promise<number | undefined> {
      const { request: received, received: seen } = incoming(request);
      await entrance.receive(received);
      return seen.answers[0]?.status;
    },
  };
}

const message = (user: string): Incoming => from(user, { method: 'MESSAGE' });

describe('it opens', () => {
  test('on the loopback, with a warning of those whom anybody can pass for', async () => {
    const { entrance, logged, ask } = begin();
    expect(await ask(message('open'))).toBe(503);
    entrance.open([loopback]);
    expect(logged).toEqual([expect.stringMatching(/^warn: Anybody can pass for open: /)]);
    expect(await ask(message('open'))).toBe(200);
  });

  test('not where others can reach it, unless that is said to be right', async () => {
    const { entrance, ask } = begin();
    expect(() => entrance.open([loopback, everywhere])).toThrow(
      expect.objectContaining({
        kind: 'forbidden',
        message: expect.stringMatching(/^Anybody can pass for open.*0\.0\.0\.0.*insecure: true$/),
      }),
    );
    expect(await ask(message('open'))).toBe(503);
    const insecure = begin({ insecure: true });
    insecure.entrance.open([everywhere]);
    expect(await insecure.ask(message('open'))).toBe(200);
  });

  test('anywhere, without a word, when everybody proves who it is', () => {
    const { entrance, logged } = begin({}, { endpoint: { safe: config.endpoint!['safe']! }, auth: config.auth! });
    entrance.open([everywhere]);
    expect(logged).toEqual([]);
  });
});

test('once it is open, it says of further objects whether anybody could pass for them where it listens', () => {
  const safe: PjsipConfig = { endpoint: { safe: config.endpoint!['safe']! }, auth: config.auth! };
  const further = resolvePjsip(config);
  const opened = (address: SipAddress, options: EntranceOptions = {}): string | undefined => {
    const { entrance } = begin(options, safe);
    entrance.open([address]);
    return entrance.problemOf(further);
  };
  expect(opened(everywhere)).toMatch(/^Anybody can pass for open/);
  expect(opened(loopback)).toBeUndefined();
  expect(opened(everywhere, { insecure: true })).toBeUndefined();
});

describe('without an authenticator', () => {
  test('nothing is required of an endpoint, and nobody in particular is refused', async () => {
    const { entrance, ask } = begin({ authenticator: 'none' });
    entrance.open([loopback]);
    expect(await ask(message('safe'))).toBe(200);
    expect(await ask(message('nobody'))).toBe(403);
  });

  test('it does not open where others can reach it', () => {
    const { entrance } = begin({ authenticator: 'none' });
    expect(() => entrance.open([everywhere])).toThrow(/Anybody can pass for open, safe/);
  });
});

test('another authenticator takes the place of the usual one', async () => {
  const secret = {
    username: 'x',
    password: 'y',
    digests: {},
    realm: 'r',
    algorithms: ['MD5'] as const,
    nonceLifetime: 1,
  };
  const { entrance, ask } = begin({
    authenticator: () => ({
      isNeeded: (_, endpoint) => endpoint?.id !== 'safe',
      verify: () => 'absent',
      credentials: () => [secret],
    }),
  });
  entrance.open([loopback]);
  expect(await ask(message('safe'))).toBe(200);
  expect(await ask(message('open'))).toBe(401);
});

test('another way to recognise a sender can be registered', async () => {
  const { entrance, ask } = begin();
  entrance.open([loopback]);
  expect(await ask(message('nobody'))).toBe(401);
  entrance.identifiers.register('always', () => 'open');
  expect(await ask(message('nobody'))).toBe(200);
});

test('what is old is forgotten again and again, until it closes; then all is refused', async () => {
  const { entrance, clock, ask } = begin();
  await entrance.prepare();
  entrance.open([loopback]);
  for (let count = 0; count < 2; count++) {
    await ask(message('nobody'));
    expect(entrance.metrics.unidentified.sources).toBe(1);
    clock.advance(30_000);
    expect(entrance.metrics.unidentified.sources).toBe(0);
  }
  entrance.shut();
  expect(await ask(message('open'))).toBe(503);
  expect(await ask({ ...message('open'), dialogId: 'd' })).toBe(200);
  await entrance.close();
  expect(await ask({ ...message('open'), dialogId: 'd' })).toBe(503);
  expect(clock.waiting).toBe(0);
});
