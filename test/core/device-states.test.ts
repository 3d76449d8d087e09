// Device states: told when they change, aggregated as Asterisk does, and custom ones kept.
import { describe, expect, test } from 'vitest';
import { aggregate } from '../../src/core/device-aggregate.ts';
import { DeviceStates } from '../../src/core/device-states.ts';
import type { Fact } from '../../src/core/facts.ts';
import { Bus } from '../../src/stasis/index.ts';
import { listen, testCore } from '../support/core.ts';
import { memoryStore } from '../support/memory-store.ts';

async function loaded(store = memoryStore()) {
  const core = testCore();
  await core.deviceStates.load(store);
  return core;
}

describe('the state of a device', () => {
  test('is told when it is another than before, and only then', async () => {
    const { deviceStates } = testCore();
    const { heard } = listen(deviceStates.all);
    for (const state of ['UNAVAILABLE', 'NOT_INUSE', 'NOT_INUSE', 'INUSE'] as const)
      deviceStates.set('PJSIP/foo', state);
    expect((await heard()).map((fact) => fact.type === 'DeviceStateChanged' && fact.state)).toEqual([
      'UNAVAILABLE',
      'NOT_INUSE',
      'INUSE',
    ]);
    expect(deviceStates.get('PJSIP/foo')).toBe('INUSE');
  });

  test('is INVALID when there is no such device, and UNKNOWN when nobody has set a custom one', () => {
    const { deviceStates } = testCore();
    expect(['PJSIP/nobody', 'nonsense', 'Stasis:new'].map((name) => deviceStates.get(name))).toEqual([
      'INVALID',
      'INVALID',
      'UNKNOWN',
    ]);
  });

  test('is forgotten with the device, and nobody is told', async () => {
    const { deviceStates } = testCore();
    deviceStates.set('PJSIP/foo', 'INUSE');
    const { heard } = listen(deviceStates.all);
    deviceStates.forget('PJSIP/foo');
    expect([await heard(), deviceStates.get('PJSIP/foo')]).toEqual([[], 'INVALID']);
  });
});

describe('an application', () => {
  const register = (core: ReturnType<typeof testCore>, name: string, options = {}) => {
    const heard: string[] = [];
    const registration = core.applications.register(
      name,
      (fact) => void (fact.type === 'DeviceStateChanged' && heard.push(`${fact.name} ${fact.state}`)),
      options,
    );
    return { ...registration, told: () => registration.subscription.drained().then(() => heard.splice(0)) };
  };

  test('that subscribed to a device, which need not exist, is told of it alone', async () => {
    const core = testCore();
    const { told } = register(core, 'hello');
    core.applications.subscribe('hello', ['deviceState:PJSIP/later']);
    core.deviceStates.set('PJSIP/other', 'INUSE');
    core.deviceStates.set('PJSIP/later', 'RINGING');
    expect(await told()).toEqual(['PJSIP/later RINGING']);
  });

  test('hears a change once by a device and by all of them, and with subscribeAll', async () => {
    const core = testCore();
    const [both, all] = [register(core, 'both'), register(core, 'all', { subscribeAll: true })];
    core.applications.subscribe('both', ['deviceState:PJSIP/foo', 'deviceState:']);
    core.deviceStates.set('PJSIP/foo', 'RINGING');
    expect([await both.told(), await all.told()]).toEqual([['PJSIP/foo RINGING'], ['PJSIP/foo RINGING']]);
    expect(core.applications.get('all').ids('deviceState')).toEqual(['__AST_DEVICE_STATE_ALL_TOPIC']);
  });

  test('that subscribed twice is not told any longer after one unsubscription', async () => {
    const core = testCore();
    const { told } = register(core, 'hello');
    core.applications.subscribe('hello', ['deviceState:PJSIP/foo', 'deviceState:PJSIP/foo']);
    core.applications.unsubscribe('hello', ['deviceState:PJSIP/foo']);
    core.deviceStates.set('PJSIP/foo', 'RINGING');
    expect(await told()).toEqual([]);
    expect(() => core.applications.unsubscribe('hello', ['deviceState:PJSIP/foo'])).toThrow('not subscribed');
  });

  test('leaves no topic behind when nobody follows the device any longer', () => {
    const core = testCore();
    const topics = () => core.bus.metrics.topics.length;
    register(core, 'hello');
    const before = topics();
    core.applications.subscribe('hello', ['deviceState:PJSIP/foo']);
    expect(topics()).toBe(before + 1);
    core.applications.unsubscribe('hello', ['deviceState:PJSIP/foo']);
    expect(topics()).toBe(before);
  });
});

describe('a custom device state', () => {
  test('is kept over a restart until it is deleted', async () => {
    const entries = new Map<string, string>();
    const first = await loaded(memoryStore(entries));
    await first.deviceStates.setCustom('Stasis:door', 'BUSY');
    const second = await loaded(memoryStore(entries));
    expect(second.deviceStates.list()).toEqual([{ name: 'Stasis:door', state: 'BUSY' }]);
    const { heard } = listen(second.deviceStates.all);
    await second.deviceStates.deleteCustom('Stasis:door');
    expect(await heard()).toMatchObject([{ name: 'Stasis:door', state: 'UNKNOWN' }]);
    expect((await loaded(memoryStore(entries))).deviceStates.list()).toEqual([]);
  });

  test('is on disk before it is told', async () => {
    const store = memoryStore();
    let write = (): void => undefined;
    const core = await loaded({
      ...store,
      put: async (key, value) => {
        await new Promise<void>((resolve) => (write = resolve));
        await store.put(key, value);
      },
    });
    const set = core.deviceStates.setCustom('Stasis:door', 'BUSY');
    await Promise.resolve();
    expect(core.deviceStates.get('Stasis:door')).toBe('UNKNOWN');
    write();
    await set;
    expect(core.deviceStates.get('Stasis:door')).toBe('BUSY');
  });

  test('that is set twice at once ends as it was set last, on disk too, though the first write takes longer', async () => {
    const entries = new Map<string, string>();
    const store = memoryStore(entries);
    let writes = 0;
    const core = await loaded({
      ...store,
      async put(key, value) {
        for (let turns = writes++ === 0 ? 20 : 0; turns > 0; turns--) await Promise.resolve();
        await store.put(key, value);
      },
    });
    await Promise.all([
      core.deviceStates.setCustom('Stasis:door', 'BUSY'),
      core.deviceStates.setCustom('Stasis:door', 'INUSE'),
    ]);
    expect([core.deviceStates.get('Stasis:door'), [...entries.values()]]).toEqual(['INUSE', ['INUSE']]);
  });

  test.each(['PJSIP/foo', 'Stasis:', 'stasis:door', ''])('cannot be named %j', async (name) => {
    const { deviceStates } = await loaded();
    await expect(deviceStates.setCustom(name, 'BUSY')).rejects.toMatchObject({ kind: 'conflict' });
    await expect(deviceStates.deleteCustom(name)).rejects.toMatchObject({ kind: 'conflict' });
  });

  test('over the limit is refused, counted, and one that exists can still be set', async () => {
    const bus = new Bus();
    const deviceStates = new DeviceStates(bus, bus.topic<Fact>('everything'), { custom: 1, followed: 10, waiting: 10 });
    await deviceStates.load(memoryStore());
    await deviceStates.setCustom('Stasis:1', 'BUSY');
    await expect(deviceStates.setCustom('Stasis:2', 'BUSY')).rejects.toMatchObject({ kind: 'unavailable' });
    await deviceStates.setCustom('Stasis:1', 'INUSE');
    expect(deviceStates.metrics).toMatchObject({ custom: 1, refused: 1, waiting: 0 });
  });

  test('cannot be followed when too many are, unless it is one of them', () => {
    const bus = new Bus();
    const topic = bus.topic<Fact>('to');
    const limits = { custom: 10, followed: 1, waiting: 10 };
    const deviceStates = new DeviceStates(bus, bus.topic<Fact>('everything'), limits);
    const first = deviceStates.follow('Stasis:1', topic);
    const second = deviceStates.follow('Stasis:1', topic);
    expect(() => deviceStates.follow('Stasis:2', topic)).toThrow('1 devices are followed already');
    for (const each of [first, first, second]) each.close();
    expect(deviceStates.metrics).toMatchObject({ followed: 0, refused: 1 });
  });

  test('is refused when too many changes wait', async () => {
    const bus = new Bus();
    const deviceStates = new DeviceStates(bus, bus.topic<Fact>('everything'), { custom: 10, followed: 10, waiting: 1 });
    await deviceStates.load(memoryStore());
    const first = deviceStates.setCustom('Stasis:1', 'BUSY');
    await expect(deviceStates.setCustom('Stasis:2', 'BUSY')).rejects.toMatchObject({ kind: 'unavailable' });
    await first;
  });
});

test.each([
  [[], 'INVALID'],
  [['NOT_INUSE'], 'NOT_INUSE'],
  [['NOT_INUSE', 'INUSE'], 'INUSE'],
  [['RINGING', 'NOT_INUSE'], 'RINGING'],
  [['RINGING', 'INUSE'], 'RINGINUSE'],
  [['ONHOLD', 'RINGING'], 'RINGINUSE'],
  [['BUSY', 'RINGING'], 'RINGINUSE'],
  [['ONHOLD', 'NOT_INUSE'], 'ONHOLD'],
  [['ONHOLD', 'INUSE'], 'INUSE'],
  [['BUSY', 'INUSE'], 'BUSY'],
  [['UNKNOWN', 'INVALID'], 'UNKNOWN'],
  [['UNAVAILABLE', 'UNKNOWN'], 'UNAVAILABLE'],
] as const)('channels that are %j are together %s', (states, together) => {
  expect(aggregate(states)).toBe(together);
});
