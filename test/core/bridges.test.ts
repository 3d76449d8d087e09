// Bridges: who comes and goes, in which order that is told, and to whom.
import { describe, expect, test } from 'vitest';
import { Fault } from '../../src/errors.ts';
import { listen } from '../support/core.ts';
import { FakeLeg } from '../support/fake-leg.ts';
import { inWords, room } from './bridges-room.ts';

test('who says in a call of two that it is somebody else is shown so to the other', async () => {
  const { call, bridges } = room();
  const [foo, sipp] = [call('foo'), call('sipp')];
  await bridges.create().add([foo.channel, sipp.channel]);
  foo.channel.identify({ name: 'The Boss', number: '1' });
  expect(sipp.channel.snapshot.connected).toEqual({ name: 'The Boss', number: '1' });
  expect(foo.channel.snapshot.caller).toEqual({ name: 'The Boss', number: '1' });
});

describe('the order of what is told', () => {
  test('is that of the recording of a bridge of two', async () => {
    const { call, application, bridges } = room();
    const app = application('app');
    const all = listen(bridges.all);
    const [foo, sipp] = [call('foo', { application: 'app' }), call('sipp', { number: '', application: 'app' })];
    const told = async (): Promise<string[]> => (await all.heard()).map(inWords);
    const bridge = bridges.create({ id: 'bridge-1' });
    expect(await told()).toEqual(['BridgeCreated bridge-1']);
    await app.heard();

    await bridge.add([foo.channel]);
    await bridge.add([sipp.channel]);
    expect((await app.heard()).filter((each) => !each.startsWith('BridgeChanged'))).toEqual([
      'ChannelEnteredBridge foo: simple_bridge 1',
      'ChannelEnteredBridge sipp: simple_bridge 2',
      `sipp BRIDGEPEER=${foo.channel.snapshot.name}`,
      'sipp BRIDGEPVTCALLID=call-foo',
      `foo BRIDGEPEER=${sipp.channel.snapshot.name}`,
      'foo BRIDGEPVTCALLID=call-sipp',
      'sipp is connected to foo',
    ]);
    expect(bridge.snapshot.technology).toBe('native_rtp');

    bridge.remove([sipp.channel]);
    bridge.destroy();
    expect((await app.heard()).filter((each) => !each.startsWith('BridgeChanged'))).toEqual([
      'sipp BRIDGEPEER=',
      'sipp BRIDGEPVTCALLID=',
      'ChannelLeftBridge sipp: native_rtp 1',
      'foo BRIDGEPEER=',
      'foo BRIDGEPVTCALLID=',
      'ChannelLeftBridge foo: simple_bridge 0',
    ]);
    expect(await told()).toEqual([
      'ChannelEnteredBridge foo: simple_bridge 1',
      'BridgeChanged simple_bridge 1',
      'ChannelEnteredBridge sipp: simple_bridge 2',
      'BridgeChanged simple_bridge 2',
      'BridgeChanged native_rtp 2',
      'BridgeChanged native_rtp 1',
      'ChannelLeftBridge sipp: native_rtp 1',
      'BridgeChanged simple_bridge 1',
      'BridgeChanged simple_bridge 0',
      'ChannelLeftBridge foo: simple_bridge 0',
      'BridgeDestroyed bridge-1',
    ]);
  });

  test('a channel that ends leaves its bridge, then its application, and is gone', async () => {
    const { call, application, bridges } = room();
    const app = application('app', ({ type }) => type !== 'BridgeChanged' && type !== 'ChannelVariableSet');
    const { channel, leg } = call('foo', { application: 'app' });
    const other = call('bar');
    await bridges.create().add([channel, other.channel]);
    await app.heard();
    leg.end();
    channel.hungUp({ cause: 16 });
    expect(await app.heard()).toEqual([
      'ChannelHangupRequested 16 far',
      'ChannelLeftBridge foo: native_rtp 1',
      'StasisEnded',
    ]);
    await Promise.resolve();
    expect([leg.asked.includes('hold'), other.leg.asked.at(-1)]).toEqual([false, 'hold']);
  });
});

test('a channel that leaves its application leaves its bridge first', async () => {
  const { call, application, bridges } = room();
  const app = application('app', ({ type }) => type === 'ChannelLeftBridge' || type === 'StasisEnded');
  const { channel } = call('foo', { application: 'app' });
  await bridges.create().add([channel]);
  channel.leave();
  expect(await app.heard()).toEqual(['ChannelLeftBridge foo: simple_bridge 0', 'StasisEnded']);
});

describe('a channel', () => {
  test('is in one bridge at most: it leaves the one before', async () => {
    const { call, bridges } = room();
    const { channel } = call('foo');
    const [one, other] = [bridges.create({ id: 'one' }), bridges.create({ id: 'other' })];
    await one.add([channel]);
    const all = listen(bridges.all);
    await other.add([channel]);
    const told = (await all.heard()).filter(({ type }) => type !== 'BridgeChanged').map(inWords);
    expect(told).toEqual(['ChannelLeftBridge foo: simple_bridge 0', 'ChannelEnteredBridge foo: simple_bridge 1']);
    expect([one.channels, other.channels, bridges.of(channel)]).toEqual([[], [channel], other]);
  });

  test('that is refused by the other is not in, and nothing of it is told', async () => {
    const { call, bridges } = room();
    const bridge = bridges.create();
    await bridge.add([call('foo').channel]);
    const bar = call('bar', { leg: new FakeLeg('bar', { next: () => 'refuse' }) });
    const all = listen(bridges.all);
    await expect(bridge.add([bar.channel])).rejects.toMatchObject({ kind: 'unprocessable' });
    expect([await all.heard(), bridge.channels.length, bar.channel.bridge]).toEqual([[], 1, undefined]);
  });

  test('that ends on its way in is not in', async () => {
    const { call, bridges } = room();
    const bridge = bridges.create();
    await bridge.add([call('foo').channel]);
    const bar = call('bar');
    const added = bridge.add([bar.channel]);
    bar.leg.end();
    bar.channel.hungUp({ cause: 16 });
    await expect(added).rejects.toMatchObject({ kind: 'conflict' });
    await expect(bridge.add([bar.channel])).rejects.toMatchObject({ code: 'channel-ended' });
    expect(bridge.channels).toHaveLength(1);
  });

  test('is not in a bridge that was destroyed meanwhile', async () => {
    const { call, bridges } = room();
    const bridge = bridges.create();
    await bridge.add([call('foo').channel]);
    const bar = call('bar');
    const added = bridge.add([bar.channel]);
    bridge.destroy();
    await expect(added).rejects.toMatchObject({ code: 'bridge-destroyed' });
    await expect(bridge.add([bar.channel])).rejects.toMatchObject({ kind: 'not-found' });
    await expect.poll(() => bar.leg.remote).toBeUndefined();
  });

  test('is on its way into one bridge at a time', async () => {
    const { call, bridges } = room();
    const { channel } = call('foo');
    const [one, other] = [bridges.create(), bridges.create()];
    const added = one.add([channel]);
    await expect(other.add([channel])).rejects.toMatchObject({ code: 'channel-joining-bridge' });
    await added;
    await other.add([channel]);
    expect(other.channels).toEqual([channel]);
  });

  test('that nobody has answered yet is in at once, and hears the others when it is up', async () => {
    const { call, bridges } = room();
    const bridge = bridges.create();
    const [foo, bar] = [call('foo'), call('bar', { state: 'Down' })];
    await bridge.add([foo.channel, bar.channel]);
    expect([bar.leg.asked, bridge.snapshot.technology]).toEqual([[], 'simple_bridge']);
    bar.channel.setState('Up');
    await expect.poll(() => bridge.snapshot.technology).toBe('native_rtp');
    expect(bar.leg.remote).toBe('foo 1');
  });

  test('that was in before it was answered, and cannot be led to the other, leaves', async () => {
    const { call, bridges } = room();
    const bridge = bridges.create();
    const bar = call('bar', { state: 'Down', leg: new FakeLeg('bar', { next: () => 'refuse' }) });
    await bridge.add([call('foo').channel, bar.channel]);
    bar.channel.setState('Up');
    await expect.poll(() => bridge.channels.length).toBe(1);
  });

  test('without media just is there', async () => {
    const { call, bridges } = room();
    const bridge = bridges.create();
    await bridge.add([call('foo', { hasMedia: false }).channel, call('bar').channel, call('baz').channel]);
    expect([bridge.channels.length, bridge.snapshot.technology]).toEqual([3, 'native_rtp']);
  });

  test('that is not to be known is not told to the other, but learns who that is', async () => {
    const { call, bridges } = room();
    const bridge = bridges.create();
    const [foo, bar] = [call('foo'), call('bar')];
    await bridge.add([foo.channel]);
    await bridge.add([bar.channel], { isAnonymous: true });
    expect([foo.done, bar.done]).toEqual([[], ['connected foo']]);
    expect(bridge.placeOf(bar.channel)).toEqual({ isAnonymous: true });
  });
});

describe('a third party', () => {
  test('is refused before it has left its own bridge', async () => {
    const { call, bridges } = room();
    const [full, own] = [bridges.create(), bridges.create()];
    const third = call('third');
    await full.add([call('foo').channel, call('bar').channel]);
    await own.add([third.channel]);
    await expect(full.add([third.channel])).rejects.toMatchObject({ code: 'bridge-needs-media-engine' });
    expect(own.channels).toEqual([third.channel]);
  });

  test('is refused, too, where two are on their way', async () => {
    const { call, bridges } = room();
    const bridge = bridges.create();
    const added = bridge.add([call('foo').channel, call('bar').channel]);
    await expect(bridge.add([call('baz').channel])).rejects.toMatchObject({ code: 'bridge-needs-media-engine' });
    await added;
  });

  test('has a place among those who wait, on hold', async () => {
    const { call, bridges } = room();
    const bridge = bridges.create({ type: 'holding' });
    const calls = ['foo', 'bar', 'baz'].map((name) => call(name));
    await bridge.add(
      calls.map(({ channel }) => channel),
      { role: 'participant', isMuted: true },
    );
    expect(calls.map(({ leg }) => leg.remote)).toEqual([undefined, undefined, undefined]);
    expect([bridge.snapshot.technology, calls[0]!.channel.variable('BRIDGEPEER')]).toEqual([
      'holding_bridge',
      undefined,
    ]);
  });
});

test('of several channels all come in, or none', async () => {
  const { call, bridges } = room();
  const bridge = bridges.create();
  const foo = call('foo');
  const bar = call('bar', { leg: new FakeLeg('bar', { next: () => 'refuse' }) });
  await expect(bridge.add([foo.channel, bar.channel])).rejects.toMatchObject({ kind: 'unprocessable' });
  expect(bridge.channels).toEqual([]);
  await bridge.add([foo.channel]);
  expect(() => bridge.remove([foo.channel, bar.channel])).toThrow(Fault);
  expect(bridge.channels).toEqual([foo.channel]);
});

test('there are limits, for bridges and for the channels of one, and what they refuse is counted', async () => {
  const { call, bridges } = room({ bridges: { bridges: 1, channels: 2 } });
  const bridge = bridges.create({ type: 'holding' });
  expect(() => bridges.create()).toThrow(expect.objectContaining({ kind: 'unavailable', code: 'too-many-bridges' }));
  const three = ['foo', 'bar', 'baz'].map((name) => call(name).channel);
  await expect(bridge.add(three)).rejects.toMatchObject({ kind: 'conflict', code: 'bridge-full' });
  await bridge.add(three.slice(1));
  expect(bridges.metrics).toEqual({
    bridges: 1,
    most: 2,
    limits: { bridges: 1, channels: 2 },
    refused: { bridges: 1, channels: 1 },
  });
});

test('without a media engine channels are together in a bridge, and that is all', async () => {
  const { call, bridges } = room({ media: undefined as never });
  const bridge = bridges.create();
  const [foo, bar] = [call('foo'), call('bar')];
  await bridge.add([foo.channel, bar.channel]);
  expect([foo.leg.asked, bar.leg.asked, bridge.snapshot.technology]).toEqual([[], [], 'simple_bridge']);
});

test('variables are kept, and shown where that was wished', () => {
  const { bridges } = room();
  const bridge = bridges.create({ variables: { A: { value: '1', report: true }, B: { value: '2' } } });
  expect([bridge.variable('A'), bridge.variable('B'), bridge.snapshot.reported]).toEqual(['1', '2', { A: '1' }]);
  bridge.setVariable('B', '3', { report: true });
  bridge.setVariable('A', undefined);
  expect([bridge.variable('A'), bridge.snapshot.reported]).toEqual([undefined, { B: '3' }]);
});
