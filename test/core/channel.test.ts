// A channel's life, as subscribers along the tree hear of it.
import { describe, expect, test } from 'vitest';
import type { Core } from '../../src/core/index.ts';
import type { Channel } from '../../src/core/channel.ts';
import type { Fact } from '../../src/core/facts.ts';
import { run } from '../../src/core/execution.ts';
import { fakeDriver, inAWord, listen, testCore } from '../support/core.ts';

const key = { tech: 'PJSIP', resource: 'foo' };

function call(core: Core, driver = fakeDriver()): Channel {
  const endpoint = core.endpoints.find(key) ?? core.endpoints.create(key);
  return core.channels.create({
    endpoint,
    name: 'PJSIP/foo',
    state: 'Ring',
    context: 'default',
    exten: '1001',
    driver,
  });
}

/** An application with someone who listens. */
function application(core: Core, name = 'hello') {
  const facts: Fact[] = [];
  const registration = core.applications.register(
    name,
    (message) => void (message.type !== 'SubscriptionChanged' && facts.push(message)),
  );
  return {
    ...registration,
    async heard() {
      await registration.subscription.drained();
      return facts.splice(0).map(inAWord);
    },
  };
}

describe('a channel of an endpoint', () => {
  test('is told to the endpoint, its technology and everything, the endpoint first', async () => {
    const core = testCore();
    const endpoint = core.endpoints.create(key);
    const listeners = [endpoint.topic, core.endpoints.technology('PJSIP')!, core.everything].map(listen);
    const channel = call(core);
    for (const listener of listeners) {
      const [first, second] = await listener.heard();
      expect([first, second].map((each) => inAWord(each!))).toEqual(['EndpointChanged', 'ChannelCreated']);
      expect(first).toMatchObject({ change: { now: { channels: [channel.id] } } });
    }
  });

  test('is named by a number of its own', () => {
    const core = testCore();
    expect([call(core), call(core)].map(({ id, snapshot }) => [id, snapshot.name])).toEqual([
      ['1700000000.0', 'PJSIP/foo-00000000'],
      ['1700000000.1', 'PJSIP/foo-00000001'],
    ]);
  });

  test('answers what it is now at once, and tells what it was', async () => {
    const core = testCore();
    const { heard } = listen(core.channels.all);
    const channel = call(core);
    channel.setState('Up');
    channel.setState('Up');
    expect(core.channels.cache.get(channel.id)?.state).toBe('Up');
    expect(
      (await heard()).map((fact) => fact.type === 'ChannelChanged' && [fact.change.was?.state, fact.change.now?.state]),
    ).toEqual([
      [undefined, 'Ring'],
      ['Ring', 'Up'],
    ]);
  });
});

test('a channel without an endpoint reaches its own subscribers and those of everything', async () => {
  const core = testCore();
  const { heard } = listen(core.everything);
  core.channels.create({ name: 'Local/x', state: 'Down', context: 'default', exten: 's', driver: fakeDriver() });
  expect((await heard()).map(inAWord)).toEqual(['ChannelCreated']);
});

describe('a call that is routed to an application', () => {
  test('starts, is answered, and ends by the far end in the order of ARI', async () => {
    const core = testCore();
    const hello = application(core);
    const { heard } = listen(core.endpoints.create(key).topic);
    const channel = call(core);
    run(channel, { app: 'hello', args: ['a', 'b'] }, core);
    await channel.answer();
    channel.hungUp({});
    expect((await heard()).map(inAWord)).toEqual([
      'EndpointChanged',
      'ChannelCreated',
      'ChannelChanged',
      'ChannelVariableSet STASISSTATUS=',
      'ChannelChanged',
      'ChannelHangupRequested undefined far',
      'ChannelVariableSet STASISSTATUS=SUCCESS',
      'ChannelHangupRequested 16 soft',
      'ChannelChanged',
      'ChannelDestroyed',
      'EndpointChanged',
    ]);
    expect(await hello.heard()).toEqual([
      'StasisStarted',
      'ChannelChanged',
      'ChannelHangupRequested undefined far',
      'StasisEnded',
    ]);
    expect(core.channels.list()).toEqual([]);
  });

  test('is declined when nobody listens for the application', async () => {
    const core = testCore();
    const driver = fakeDriver();
    const channel = call(core, driver);
    const { heard } = listen(channel.topic);
    run(channel, { app: 'hello', args: [] }, core);
    expect((await heard()).map(inAWord)).toEqual([
      'ChannelChanged',
      'ChannelVariableSet STASISSTATUS=',
      'ChannelVariableSet STASISSTATUS=FAILED',
      'ChannelHangupRequested 16 soft',
      'ChannelChanged',
      'ChannelDestroyed',
    ]);
    expect(driver.done).toEqual(['hangup 16']);
  });

  test('is hung up by the application for a cause, and the wire says its own code', async () => {
    const core = testCore();
    const hello = application(core);
    const channel = call(core, fakeDriver(486));
    run(channel, { app: 'hello', args: [] }, core);
    const { heard } = listen(channel.topic);
    channel.hangup(17);
    channel.hangup(17);
    const facts = await heard();
    expect(facts.map(inAWord)).toEqual([
      'ChannelHangupRequested 17 soft',
      'ChannelVariableSet STASISSTATUS=SUCCESS',
      'ChannelHangupRequested 16 soft',
      'ChannelChanged',
      'ChannelDestroyed',
    ]);
    expect(facts.at(-1)).toMatchObject({ hangup: { cause: 17, techCause: 486 } });
    expect(await hello.heard()).toEqual(['StasisStarted', 'ChannelHangupRequested 17 soft', 'StasisEnded']);
  });
});

describe('a variable', () => {
  test('is reported in snapshots only if that was asked for, and disappears when unset', () => {
    const channel = call(testCore());
    channel.setVariable('QUIET', '1');
    channel.setVariable('LOUD', '2', { report: true });
    expect([channel.variable('QUIET'), channel.snapshot.reported]).toEqual(['1', { LOUD: '2' }]);
    channel.setVariable('LOUD', undefined);
    expect([channel.variable('LOUD'), channel.snapshot.reported]).toEqual([undefined, {}]);
  });
});
