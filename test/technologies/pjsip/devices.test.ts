// The device states of endpoints, as chan_pjsip derives them.
import { describe, expect, test } from 'vitest';
import type { Channel } from '../../../src/core/channel.ts';
import type { ChannelState } from '../../../src/core/facts.ts';
import type { Core } from '../../../src/core/index.ts';
import { Devices } from '../../../src/technologies/pjsip/devices.ts';
import { resolvePjsip } from '../../../src/technologies/pjsip/objects/index.ts';
import { fakeDriver, listen, testCore } from '../../support/core.ts';

const foo = { tech: 'PJSIP', resource: 'foo' };

function setUp({ busyAt = 0 } = {}) {
  const core = testCore();
  const endpoint = core.endpoints.create(foo);
  const devices = new Devices({
    core,
    objects: resolvePjsip({ endpoint: { foo: { device_state_busy_at: busyAt } } }),
  });
  devices.open();
  const { heard } = listen(core.deviceStates.all);
  return { core, endpoint, devices, changes: () => settled().then(heard).then(statesOf) };
}

/** Lets the mailboxes be emptied. */
const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
const statesOf = (facts: Awaited<ReturnType<ReturnType<typeof listen>['heard']>>): string[] =>
  facts.map((fact) => (fact.type === 'DeviceStateChanged' ? fact.state : fact.type));

const call = (core: Core, state: ChannelState = 'Ring'): Channel => {
  const endpoint = core.endpoints.get(foo);
  return core.channels.create({
    endpoint,
    name: 'PJSIP/foo',
    state,
    context: 'x',
    exten: '1',
    driver: fakeDriver(),
  });
};

describe('without a call', () => {
  test.each([
    ['unknown', 'UNKNOWN'],
    ['offline', 'UNAVAILABLE'],
    ['online', 'NOT_INUSE'],
  ] as const)('an endpoint that is %s is %s', async (state, device) => {
    const { core, endpoint } = setUp();
    endpoint.setState(state);
    await settled();
    expect(core.deviceStates.get('PJSIP/foo')).toBe(device);
  });

  test('an endpoint that is not configured is INVALID', () => {
    expect(setUp().core.deviceStates.get('PJSIP/nobody')).toBe('INVALID');
  });

  test('reachability is told once for each change', async () => {
    const { endpoint, changes } = setUp();
    endpoint.setReachable(true);
    expect(await changes()).toEqual(['NOT_INUSE']);
    endpoint.setReachable(true);
    expect(await changes()).toEqual([]);
    endpoint.setReachable(false);
    expect(await changes()).toEqual(['UNAVAILABLE']);
  });
});

describe('with calls', () => {
  test('one that came in is in use when it is rung or answered, and free again at its end', async () => {
    const { core, endpoint, changes } = setUp();
    endpoint.setReachable(true);
    await changes();
    const channel = call(core);
    expect(await changes()).toEqual([]);
    await channel.ring();
    expect(await changes()).toEqual(['INUSE']);
    channel.setState('Up');
    expect(await changes()).toEqual([]);
    channel.hungUp({ cause: 16 });
    expect(await changes()).toEqual(['NOT_INUSE']);
  });

  test('one that was neither rung nor answered is not told', async () => {
    const { core, endpoint, changes } = setUp();
    endpoint.setReachable(true);
    await changes();
    call(core).hungUp({ cause: 16 });
    expect(await changes()).toEqual([]);
  });

  test('one that rings there makes it RINGING, and RINGINUSE beside one that is up', async () => {
    const { core, changes } = setUp();
    const ringing = call(core, 'Down');
    ringing.setState('Ringing');
    expect(await changes()).toEqual(['RINGING']);
    const other = call(core, 'Down');
    other.setState('Up');
    expect(await changes()).toEqual(['RINGINUSE']);
    ringing.finish();
    expect(await changes()).toEqual(['INUSE']);
  });

  test('it is BUSY from device_state_busy_at channels on, which those that are down are not', async () => {
    const { core, changes } = setUp({ busyAt: 2 });
    call(core, 'Down');
    const [first, second] = [call(core, 'Down'), call(core, 'Down')];
    first.setState('Up');
    expect(await changes()).toEqual(['INUSE']);
    second.setState('Up');
    expect(await changes()).toEqual(['BUSY']);
    second.finish();
    expect(await changes()).toEqual(['INUSE']);
  });

  test('they count whatever the endpoint itself is', async () => {
    const { core, endpoint, changes } = setUp();
    call(core, 'Down').setState('Up');
    expect(await changes()).toEqual(['INUSE']);
    endpoint.setReachable(true);
    endpoint.setReachable(false);
    expect(await changes()).toEqual([]);
  });
});

test('a removed endpoint has no state any longer, and nobody is told', async () => {
  const { core, endpoint, changes } = setUp();
  endpoint.setReachable(true);
  await changes();
  core.endpoints.remove(foo);
  expect(await changes()).toEqual([]);
  expect(core.deviceStates.get('PJSIP/foo')).toBe('INVALID');
});

test('nothing is told after it was closed', async () => {
  const { endpoint, devices, changes } = setUp();
  devices.close();
  endpoint.setReachable(true);
  expect(await changes()).toEqual([]);
});
