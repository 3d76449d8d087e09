// Applications: who listens, what is subscribed, and when an application is gone.
import { describe, expect, test } from 'vitest';
import { Applications } from '../../src/core/applications.ts';
import type { Core } from '../../src/core/index.ts';
import { fakeDriver, inAWord, testCore } from '../support/core.ts';

const foo = { tech: 'PJSIP', resource: 'foo' };
const text = { from: 'a', to: 'b', body: 'hi', variables: {} };

function setUp() {
  const core = testCore();
  const endpoint = core.endpoints.create(foo);
  return { core, endpoint };
}

function register(core: Core, name: string, options = {}) {
  const heard: string[] = [];
  const registration = core.applications.register(
    name,
    (message) => void (message.type !== 'SubscriptionChanged' && heard.push(inAWord(message))),
    options,
  );
  const told = async () => {
    await registration.subscription.drained();
    return heard.splice(0);
  };
  return { ...registration, told };
}

describe('a subscription', () => {
  test.each(['endpoint:PJSIP/foo', 'endpoint:PJSIP', 'endpoint:'])('to %s hears of a text message', async (source) => {
    const { core, endpoint } = setUp();
    const hello = register(core, 'hello');
    core.applications.subscribe('hello', [source]);
    endpoint.textReceived(text);
    expect(await hello.told()).toEqual(['TextReceived']);
  });

  test('by three ways is told once', async () => {
    const { core, endpoint } = setUp();
    const hello = register(core, 'hello');
    core.applications.subscribe('hello', ['endpoint:PJSIP/foo', 'endpoint:PJSIP', 'endpoint:']);
    endpoint.textReceived(text);
    expect(await hello.told()).toEqual(['TextReceived']);
  });

  test('to all endpoints hears no channel, and to the technology hears them', async () => {
    const { core, endpoint } = setUp();
    const [all, technology] = [register(core, 'all'), register(core, 'technology')];
    core.applications.subscribe('all', ['endpoint:']);
    core.applications.subscribe('technology', ['endpoint:PJSIP']);
    core.channels.create({
      endpoint,
      name: 'PJSIP/foo',
      state: 'Ring',
      context: 'x',
      exten: '1',
      driver: fakeDriver(),
    });
    expect(await all.told()).toEqual(['EndpointChanged']);
    expect(await technology.told()).toEqual(['EndpointChanged', 'ChannelCreated']);
  });

  test('is counted: it ends when it was taken back as often as it was made', async () => {
    const { core, endpoint } = setUp();
    const hello = register(core, 'hello');
    core.applications.subscribe('hello', ['endpoint:PJSIP/foo', 'endpoint:PJSIP/foo']);
    core.applications.unsubscribe('hello', ['endpoint:PJSIP/foo']);
    endpoint.textReceived(text);
    core.applications.unsubscribe('hello', ['endpoint:PJSIP/foo']);
    endpoint.textReceived(text);
    expect(await hello.told()).toEqual(['TextReceived']);
  });

  test.each([
    [['nonsense'], 'invalid'],
    [['planet:mars'], 'invalid'],
    [['endpoint:PJSIP/nobody'], 'unprocessable'],
    [['endpoint:pjsip'], 'unprocessable'],
    [['channel:1.1'], 'unprocessable'],
    [['bridge:b'], 'unprocessable'],
  ])('to %j is refused as %s', (sources, kind) => {
    const { core } = setUp();
    register(core, 'hello');
    expect(() => core.applications.subscribe('hello', sources)).toThrow(expect.objectContaining({ kind }));
  });

  test('that is refused keeps those before it, and what was never subscribed cannot be taken back', () => {
    const { core } = setUp();
    const { application } = register(core, 'hello');
    expect(() => core.applications.subscribe('hello', ['endpoint:PJSIP', 'bridge:b'])).toThrow();
    expect(application.ids('endpoint')).toEqual(['PJSIP']);
    expect(() => core.applications.unsubscribe('hello', ['endpoint:PJSIP/foo'])).toThrow(
      expect.objectContaining({ kind: 'unprocessable' }),
    );
  });

  test('to a channel ends with the channel', () => {
    const { core, endpoint } = setUp();
    const { application } = register(core, 'hello');
    const channel = core.channels.create({
      endpoint,
      name: 'PJSIP/foo',
      state: 'Ring',
      context: 'x',
      exten: '1',
      driver: fakeDriver(),
    });
    core.applications.subscribe('hello', [`channel:${channel.snapshot.name}`]);
    expect(application.ids('channel')).toEqual([channel.id]);
    channel.hungUp({});
    expect(application.ids('channel')).toEqual([]);
  });
});

test('subscribeAll hears everything, endpoints included, and shows so', async () => {
  const { core, endpoint } = setUp();
  const hello = register(core, 'hello', { subscribeAll: true });
  core.channels.create({ endpoint, name: 'PJSIP/foo', state: 'Ring', context: 'x', exten: '1', driver: fakeDriver() });
  core.channels.create({ name: 'Local/x', state: 'Down', context: 'x', exten: '1', driver: fakeDriver() });
  endpoint.setReachable(true);
  expect(await hello.told()).toEqual([
    'EndpointChanged',
    'ChannelCreated',
    'ChannelCreated',
    'EndpointChanged',
    'PeerStatusChanged',
  ]);
  expect(hello.application.ids('endpoint')).toEqual(['__AST_ENDPOINT_ALL_TOPIC']);
});

describe('an application', () => {
  test('that someone else registers tells the one before, who hears nothing more and can no longer close it', async () => {
    const { core, endpoint } = setUp();
    const first = register(core, 'hello');
    core.applications.subscribe('hello', ['endpoint:PJSIP/foo']);
    const second = register(core, 'hello');
    endpoint.textReceived(text);
    first.close();
    expect(await first.told()).toEqual(['ApplicationReplaced']);
    expect(await second.told()).toEqual(['TextReceived']);
    expect(second.application.isActive).toBe(true);
  });

  test('stays while it is subscribed, inactive, and takes up again', async () => {
    const { core, endpoint } = setUp();
    register(core, 'hello').close();
    expect(core.applications.find('hello')).toBeUndefined();

    const before = register(core, 'hello');
    core.applications.subscribe('hello', ['endpoint:PJSIP/foo']);
    before.close();
    expect(core.applications.get('hello').isActive).toBe(false);
    const after = register(core, 'hello');
    endpoint.textReceived(text);
    expect(await after.told()).toEqual(['TextReceived']);
  });

  test('loses what subscribeAll made when its listener goes', () => {
    const { core } = setUp();
    const hello = register(core, 'hello', { subscribeAll: true });
    core.applications.subscribe('hello', ['endpoint:PJSIP']);
    hello.close();
    expect(core.applications.find('hello')).toBeUndefined();
  });

  test('goes, with its filter, when the last of its subscriptions ends', () => {
    const { core } = setUp();
    const hello = register(core, 'hello');
    core.applications.subscribe('hello', ['endpoint:PJSIP']);
    core.applications.setFilter('hello', { disallowed: [{ type: 'Dial' }] });
    hello.close();
    core.applications.unsubscribe('hello', ['endpoint:PJSIP']);
    expect(() => core.applications.get('hello')).toThrow('Application not found');
    expect(register(core, 'hello').application.filter.disallowed).toEqual([]);
  });
});

test('whoever tries again is told when an application may hear what it did not hear before', () => {
  const { core } = setUp();
  let told = 0;
  const applications = new Applications(core.bus, core.sources, { onInterest: () => (told += 1) });
  const after = (change: () => unknown): number => {
    told = 0;
    change();
    return told;
  };
  expect(after(() => applications.register('hello', () => undefined))).toBe(1);
  expect(after(() => applications.subscribe('hello', ['endpoint:PJSIP/foo', 'endpoint:PJSIP']))).toBe(2);
  expect(after(() => applications.setFilter('hello', { disallowed: [] }))).toBe(1);
  expect(after(() => applications.persist('hello'))).toBe(1);
  expect(after(() => applications.unsubscribe('hello', ['endpoint:PJSIP']))).toBe(0);
});

test('a text message is heard by whoever listens, and by one that is persistent while nobody does', () => {
  const { core, endpoint } = setUp();
  const hears = (): boolean => core.applications.hearsTexts(endpoint.snapshot);
  const hello = register(core, 'hello');
  core.applications.subscribe('hello', ['endpoint:PJSIP']);
  expect(hears()).toBe(true);
  hello.close();
  expect(hears()).toBe(false);
  core.applications.persist('hello');
  expect(hears()).toBe(true);
  core.applications.unpersist('hello');
  expect([hears(), core.applications.list()]).toEqual([false, []]);
});
