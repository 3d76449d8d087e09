// What a stranger, however many messages it sends, cannot take from those whom the application knows.
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Bucket } from '../../src/sip-server/shield/bucket.ts';
import { networkOf } from '../../src/sip-server/shield/network.ts';
import { Recent } from '../../src/sip-server/shield/recent.ts';
import { TestClock } from './clock.ts';
import { final, request, stage, valueOf, type Stage } from './stage.ts';
import { answer, becomeKnown, peerAt } from './strangers.ts';
import { secureStage } from './transports/peers.ts';

/** Everything that the server had to read before this has been read. */
const settled = ({ server }: Stage, messages: number): Promise<void> =>
  expect
    .poll(() => Object.values(server.metrics.requestsIn).reduce((sum, each) => sum + each) + server.metrics.drops.flood)
    .toBe(messages);

describe('the messages of one source', () => {
  test('beyond its burst are dropped, and more are taken as time goes by', async () => {
    const clock = new TestClock();
    const scene = await stage({ clock, limits: { requestsPerSource: 2, requestBurst: 3 } });
    const [app, mallory] = [await scene.client('message'), await scene.peer()];
    for (let sent = 0; sent < 5; sent++) mallory.send(request('MESSAGE', mallory.port));
    await settled(scene, 5);
    expect([app.inbox.waiting.length, scene.server.metrics.drops.flood]).toEqual([3, 2]);
    clock.pass(500);
    for (let sent = 0; sent < 2; sent++) mallory.send(request('MESSAGE', mallory.port));
    await settled(scene, 7);
    expect([app.inbox.waiting.length, scene.server.metrics.drops.flood]).toEqual([4, 3]);
  });

  test('count for its address, whatever its port; a known telephone at the same address is not touched', async () => {
    const clock = new TestClock();
    const scene = await stage({ clock, limits: { requestsPerSource: 1, requestBurst: 2 } });
    const [app, alice] = [await scene.client('message'), await scene.peer()];
    await becomeKnown(app, alice);
    for (const mallory of [await scene.peer(), await scene.peer(), await scene.peer()])
      mallory.send(request('MESSAGE', mallory.port));
    await settled(scene, 4);
    expect(scene.server.metrics.drops.flood).toBe(2);
    alice.send(request('MESSAGE', alice.port, { callId: 'of-alice' }));
    await settled(scene, 5);
    expect(app.inbox.waiting.at(-1)).toContain('Call-ID: of-alice');
  });

  test('have a limit for a known one too, and a yes is forgotten after its time', async () => {
    const clock = new TestClock();
    const limits = { requestsPerKnownSource: 2, requestsPerSource: 1, requestBurst: 1, knownTime: 10_000 };
    const scene = await stage({ clock, limits });
    const [app, alice] = [await scene.client('message'), await scene.peer()];
    await becomeKnown(app, alice);
    for (let sent = 0; sent < 3; sent++) alice.send(request('MESSAGE', alice.port));
    await settled(scene, 4);
    expect([app.inbox.waiting.length, scene.server.metrics.drops.flood]).toEqual([2, 1]);
    clock.pass(10_000);
    for (let sent = 0; sent < 2; sent++) alice.send(request('MESSAGE', alice.port));
    await settled(scene, 6);
    expect([app.inbox.waiting.length, scene.server.metrics.drops.flood]).toEqual([3, 2]);
  });

  test.each(['tls', 'ws'] as const)(
    'over %s are all served, only later, even if they came at once',
    async (protocol) => {
      const { client, telephone, server } = await secureStage(protocol, {
        limits: { requestsPerSource: 200, requestBurst: 5 },
      });
      const [app, mallory] = [await client('message'), await telephone()];
      const began = performance.now();
      for (let sent = 0; sent < 25; sent++) mallory.ask('MESSAGE', { callId: `number-${sent}` });
      for (let sent = 0; sent < 25; sent++) expect(await app.inbox.next()).toContain(`Call-ID: number-${sent}\r\n`);
      expect(performance.now() - began).toBeGreaterThanOrEqual(80);
      expect(server.metrics.drops.flood).toBeGreaterThan(0);
    },
  );

  test('that would have to wait too long are dropped, over a connection too', async () => {
    const scene = await stage({ clock: new TestClock(), limits: { requestsPerSource: 1, requestBurst: 2 } });
    for (let each = 0; each < 9; each++) {
      const mallory = await scene.peer('tcp');
      mallory.send(request('MESSAGE', mallory.port, { protocol: 'TCP' }));
    }
    await expect.poll(() => scene.server.metrics.drops.flood).toBe(7);
    expect(scene.server.metrics.requestsIn['MESSAGE']).toBe(7);
  });

  test('are logged once, with who sent them', async () => {
    const lines: string[] = [];
    const log = (_level: string, text: string): void => void lines.push(text);
    const scene = await stage({ clock: new TestClock(), log, limits: { requestsPerSource: 1, requestBurst: 1 } });
    const mallory = await scene.peer();
    for (let sent = 0; sent < 5; sent++) mallory.send(request('MESSAGE', mallory.port));
    await settled(scene, 5);
    expect(lines.filter((line) => line.startsWith('flood'))).toEqual([
      `flood: 127.0.0.1:${mallory.port} sends too many messages`,
    ]);
  });
});

describe('strangers all together', () => {
  test('have a limit that known sources do not share', async () => {
    const clock = new TestClock();
    const scene = await stage({ clock, limits: { requestsOfStrangers: 3, requestBurst: 3 } });
    const [app, alice] = [await scene.client('message'), await scene.peer()];
    await becomeKnown(app, alice);
    for (const last of [2, 3, 4, 5]) {
      const mallory = await peerAt(`127.0.0.${last}`, scene.port());
      mallory.send(request('MESSAGE', mallory.port));
    }
    await settled(scene, 5);
    expect([app.inbox.waiting.length, scene.server.metrics.drops.flood]).toEqual([2, 2]);
    alice.send(request('MESSAGE', alice.port, { callId: 'of-alice' }));
    await settled(scene, 6);
    expect(app.inbox.waiting.at(-1)).toContain('Call-ID: of-alice');
  });

  test('find no room for pending requests while there is some for known ones', async () => {
    const scene = await stage({ limits: { pendingRequests: 5 } });
    const [app, alice, mallory] = [await scene.client('message'), await scene.peer(), await scene.peer()];
    await becomeKnown(app, alice);
    for (let sent = 0; sent < 5; sent++) mallory.send(request('MESSAGE', mallory.port));
    expect(await final(mallory)).toMatch(/^SIP\/2\.0 503 /);
    alice.send(request('MESSAGE', alice.port, { callId: 'of-alice' }));
    await expect.poll(() => app.inbox.waiting.at(-1)).toContain('Call-ID: of-alice');
    expect(scene.server.metrics.gauges.pendingRequests).toBe(5);
    alice.send(request('MESSAGE', alice.port));
    expect(await final(alice)).toMatch(/^SIP\/2\.0 503 /);
  });
});

test('a source that leaves too many requests pending gets 503, and others are served', async () => {
  const scene = await stage({ limits: { pendingPerSource: 2 } });
  const [app, mallory] = [await scene.client('message'), await scene.peer()];
  for (let sent = 0; sent < 3; sent++) mallory.send(request('MESSAGE', mallory.port));
  expect(valueOf(await final(mallory), 'Retry-After')).toBe('5');
  const bob = await peerAt('127.0.0.2', scene.port());
  bob.send(request('MESSAGE', bob.port, { callId: 'of-bob' }));
  await expect.poll(() => app.inbox.waiting.at(-1)).toContain('Call-ID: of-bob');
  answer(app, await app.inbox.next(), '404 Not Found');
  expect(await final(mallory)).toMatch(/^SIP\/2\.0 404 /);
  mallory.send(request('MESSAGE', mallory.port, { callId: 'again' }));
  await expect.poll(() => app.inbox.waiting.some((frame) => frame.includes('Call-ID: again'))).toBe(true);
});

describe('the parts', () => {
  test.each([
    ['192.0.2.1', '192.0.2.1'],
    ['2001:db8::1', '2001:db8:0:0'],
    ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2'],
    ['2001:db8::2:3:4:5:6', '2001:db8:0:2'],
    ['::1', '0:0:0:0'],
    ['fe80::', 'fe80:0:0:0'],
  ])('the network of %s is %s', (address, network) => {
    expect(networkOf(address)).toBe(network);
  });

  test('a full table forgets what was not used for the longest time', () => {
    const recent = new Recent<number>(2);
    recent.set('a', 1);
    recent.set('b', 2);
    recent.get('a');
    recent.set('c', 3);
    expect([recent.get('a'), recent.get('b'), recent.get('c'), recent.size]).toEqual([1, undefined, 3, 2]);
  });

  test('and always the right one, however it is used', () => {
    const use = fc.record({ what: fc.constantFrom('get', 'set', 'delete'), key: fc.nat(12).map(String) } as const);
    fc.assert(
      fc.property(fc.array(use, { maxLength: 300 }), (uses) => {
        const recent = new Recent<string>(5);
        let model: string[] = [];
        for (const { what, key } of uses) {
          if (what === 'get') expect(recent.get(key)).toBe(model.includes(key) ? key : undefined);
          else if (what === 'set') recent.set(key, key);
          else recent.delete(key);
          const isThere = what === 'set' || (what === 'get' && model.includes(key));
          model = [...model.filter((each) => each !== key), ...(isThere ? [key] : [])].slice(-5);
          expect(recent.size).toBe(model.length);
        }
      }),
    );
  });

  test('a bucket never gives more than its burst and its rate, however often it is asked', () => {
    const rate = { perSecond: 10, burst: 5 };
    fc.assert(
      fc.property(fc.array(fc.nat(400), { maxLength: 200 }), (waits) => {
        const bucket = new Bucket(rate, 0);
        let [now, taken] = [0, 0];
        for (const wait of waits) {
          now += wait;
          if (bucket.take(rate, now) !== undefined) taken += 1;
          expect(taken).toBeLessThanOrEqual(5 + (now / 1000) * 10 + 1e-6);
        }
      }),
    );
  });

  test('a debt is paid with time, and has a limit', () => {
    const rate = { perSecond: 10, burst: 1 };
    const bucket = new Bucket(rate, 0);
    const waits = [0, 0, 0, 0, 300].map((now) => bucket.take(rate, now, 250));
    expect(waits).toEqual([0, 100, 200, undefined, 0]);
  });
});
