// What the server does not send to a UDP address that somebody may have forged.
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { createMetrics } from '../../src/sip-server/metrics.ts';
import { settingsOf } from '../../src/sip-server/options.ts';
import { Reporter } from '../../src/sip-server/reporter.ts';
import { Shield } from '../../src/sip-server/shield/shield.ts';
import { Timers } from '../../src/sip-server/timers.ts';
import type { Flow } from '../../src/sip-server/transport/flow.ts';
import { tokensOf } from './calls.ts';
import { TestClock } from './clock.ts';
import type { Party } from './replay/parties.ts';
import { final, request, response, stage, valueOf, type Stage } from './stage.ts';
import { answer, becomeHeard, becomeKnown } from './strangers.ts';

/** A request that nobody takes is answered at once: what was sent before that has arrived. */
async function nothingCame(phone: Party): Promise<void> {
  phone.send(request('OPTIONS', phone.port));
  expect(await phone.inbox.next()).toMatch(/^SIP\/2\.0 503 /);
}

describe('the 100 to an INVITE', () => {
  test('of a UDP source that has not shown that it hears us waits 200 ms', async () => {
    const clock = new TestClock();
    const { client, peer } = await stage({ clock });
    const [app, alice] = [await client('invite'), await peer()];
    alice.send(request('INVITE', alice.port));
    await app.inbox.next();
    clock.pass(199);
    await nothingCame(alice);
    clock.pass(1);
    expect(await alice.inbox.next()).toMatch(/^SIP\/2\.0 100 /);
  });

  test('is dropped when another response comes first', async () => {
    const clock = new TestClock();
    const { client, peer } = await stage({ clock });
    const [app, alice] = [await client('invite'), await peer()];
    alice.send(request('INVITE', alice.port));
    answer(app, await app.inbox.next(), '486 Busy Here');
    expect(await alice.inbox.next()).toMatch(/^SIP\/2\.0 486 /);
    clock.pass(300);
    await nothingCame(alice);
  });

  test.each(['over TCP', 'of a source that has shown it', 'where nothing is held back'])(
    '%s comes at once',
    async (which) => {
      const holdTrying = which === 'where nothing is held back' ? 0 : 200;
      const { client, peer } = await stage({ clock: new TestClock(), limits: { holdTrying } });
      const protocol = which === 'over TCP' ? 'tcp' : 'udp';
      const [app, alice] = [await client('invite', 'message'), await peer(protocol)];
      if (which === 'of a source that has shown it') await becomeHeard(app, alice);
      alice.send(request('INVITE', alice.port, { protocol: protocol === 'tcp' ? 'TCP' : 'UDP' }));
      expect(await alice.inbox.next()).toMatch(/^SIP\/2\.0 100 /);
    },
  );
});

describe('a challenge to an INVITE', () => {
  const challenged = async (scene: Stage, clock: TestClock, isKnown: boolean, wait = 0) => {
    const [app, alice] = [await scene.client('invite', 'message'), await scene.peer()];
    if (isKnown) await becomeHeard(app, alice);
    const invite = request('INVITE', alice.port);
    alice.send(invite);
    const offered = await app.inbox.next();
    clock.pass(wait);
    answer(app, offered, '401 Unauthorized');
    expect(await final(alice)).toMatch(/^SIP\/2\.0 401 /);
    return { alice, invite };
  };

  test('of a stranger is repeated when the INVITE is, and not before', async () => {
    const clock = new TestClock();
    const { alice, invite } = await challenged(await stage({ clock }), clock, false);
    clock.pass(5_000);
    await nothingCame(alice);
    alice.send(invite);
    expect(await final(alice)).toMatch(/^SIP\/2\.0 401 /);
  });

  test.each([
    ['of a source that has shown that it hears us', true, 0],
    ['of one that got a 100, and so sends its INVITE no more,', false, 250],
  ] as const)('%s is repeated all the same', async (_, isKnown, wait) => {
    const clock = new TestClock();
    const { alice } = await challenged(await stage({ clock }), clock, isKnown, wait);
    clock.pass(500);
    expect(await final(alice)).toMatch(/^SIP\/2\.0 401 /);
  });
});

describe('octets to a UDP source that has not shown that it hears us', () => {
  const long = `X-Long: ${'x'.repeat(400)}`;
  /** An INVITE is answered 200 with much to repeat; `headers` go into the INVITE. */
  const answered = async (scene: Stage, clock: TestClock, headers: readonly string[]) => {
    const [app, alice] = [await scene.client('invite', 'message'), await scene.peer()];
    const invite = request('INVITE', alice.port, { callId: 'call', headers });
    alice.send(invite);
    const transaction = tokensOf(await app.inbox.next())[8];
    app.send(`id|sip|${transaction}|\r\nSIP/2.0 200 OK\r\n${long}\r\n\r\n`);
    const success = await final(alice);
    clock.pass(31_900);
    return { app, alice, invite, success };
  };
  const octetsIn = (phone: Party) => phone.inbox.waiting.reduce((sum, text) => sum + text.length, 0);

  test('are at most twice those that came, and 300', async () => {
    const clock = new TestClock();
    const scene = await stage({ clock });
    const { alice, invite, success } = await answered(scene, clock, []);
    await expect.poll(() => scene.server.metrics.drops.amplification).toBe(10);
    expect(success.length + octetsIn(alice)).toBeLessThanOrEqual(2 * invite.length + 300);
  });

  /** A response that is much longer than what the telephone has sent. */
  const muchComes = async (app: Party, alice: Party) => {
    alice.send(request('MESSAGE', alice.port, { callId: 'short' }));
    answer(
      app,
      await app.inbox.next(),
      '404 Not Found',
      Array.from({ length: 10 }, () => long),
    );
    await app.inbox.next();
    for (;;) if ((await final(alice)).startsWith('SIP/2.0 404 ')) return;
  };

  test('are not counted any more once it has acknowledged a 2xx', async () => {
    const clock = new TestClock();
    const scene = await stage({ clock });
    const { app, alice, success } = await answered(scene, clock, []);
    await app.inbox.next();
    alice.send(request('ACK', alice.port, { callId: 'call', to: valueOf(success, 'To')! }));
    expect(await app.inbox.next()).toMatch(/\r\nACK /);
    await muchComes(app, alice);
  });

  test('are not counted any more once it has answered a request of ours', async () => {
    const { client, peer } = await stage({ clock: new TestClock() });
    const [app, alice] = [await client('message'), await peer()];
    app.send(`id|sip||\r\nOPTIONS sip:alice@127.0.0.1:${alice.port} SIP/2.0\r\n\r\n`);
    alice.send(response(await alice.inbox.next(), '200 OK'));
    expect([await app.inbox.next(), await app.inbox.next()].join()).toContain('SIP/2.0 200 OK');
    await muchComes(app, alice);
  });

  test('are not counted any more once it has answered a challenge', async () => {
    const { client, peer } = await stage({ clock: new TestClock() });
    const [app, alice] = [await client('message'), await peer()];
    await becomeHeard(app, alice);
    await muchComes(app, alice);
  });

  test('are counted all the same when it names a nonce that it never got, even if the application accepts that', async () => {
    const scene = await stage({ clock: new TestClock() });
    const [app, alice] = [await scene.client('message'), await scene.peer()];
    await becomeKnown(app, alice, ['Authorization: Digest username="alice", nonce="made up"']);
    alice.send(request('MESSAGE', alice.port));
    answer(
      app,
      await app.inbox.next(),
      '404 Not Found',
      Array.from({ length: 10 }, () => long),
    );
    await expect.poll(() => scene.server.metrics.drops.amplification).toBe(1);
  });
});

/** A shield without a server, and how to receive from and send to a source. */
function bareShield(limits: Parameters<typeof settingsOf>[0]['limits'] = {}) {
  const settings = settingsOf({ listen: [], secret: '', limits });
  const metrics = createMetrics(settings.limits);
  const timers = new Timers(new TestClock());
  const shield = new Shield({
    limits: settings.limits,
    timers,
    reporter: new Reporter(metrics, timers, settings.log),
    metrics,
  });
  let sent = 0;
  const flowTo = (address: string): Flow => ({
    protocol: 'udp',
    local: { address: '127.0.0.1', port: 5060 },
    remote: { address, port: 5060 },
    isOpen: true,
    send: (octets) => void (sent += octets.length),
    onClose: () => () => undefined,
  });
  return { shield, flowTo, sent: () => sent };
}

test('whatever comes and whatever is to go, at most twice the octets that came go to a stranger, and 300', () => {
  const step = fc.record({
    came: fc.nat(1_500),
    goes: fc.array(fc.tuple(fc.boolean(), fc.nat(3_000)), { maxLength: 8 }),
  });
  fc.assert(
    fc.property(fc.array(step, { minLength: 1, maxLength: 30 }), (steps) => {
      const { shield, flowTo, sent } = bareShield({ holdTrying: 0 });
      let came = 0;
      for (const each of steps) {
        came += each.came;
        const way = shield.admit(each.came, flowTo('192.0.2.1'))!;
        for (const [isFinal, size] of each.goes)
          way.send(Buffer.from(`SIP/2.0 ${isFinal ? '200 OK' : '180 Ringing'}${'x'.repeat(size)}`));
        expect(sent()).toBeLessThanOrEqual(2 * came + 300);
      }
    }),
  );
});

test('provisional responses leave a stranger as many octets for the final one as its request had', () => {
  const { shield, flowTo, sent } = bareShield({ holdTrying: 0 });
  const way = shield.admit(500, flowTo('192.0.2.1'))!;
  for (let each = 0; each < 20; each++) way.send(Buffer.from('SIP/2.0 183 Session Progress'.padEnd(100)));
  expect(sent()).toBe(800);
  way.send(Buffer.from('SIP/2.0 200 OK'.padEnd(500)));
  expect(sent()).toBe(1_300);
});
