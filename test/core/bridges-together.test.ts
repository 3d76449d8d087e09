// What concerns several bridges, and applications that follow them.
import { describe, expect, test } from 'vitest';
import { listen } from '../support/core.ts';
import { inWords, room } from './bridges-room.ts';

const interesting = /Entered|Left|Merged|Destroyed|Created/;

describe('a caller and the one who answered', () => {
  test('are together in a bridge of the routing without another negotiation', async () => {
    const { call, bridges } = room();
    const [foo, bar] = [call('foo'), call('bar')];
    const { snapshot } = await bridges.connect(foo.channel, bar.channel);
    expect(snapshot).toMatchObject({ bridgeClass: 'base', creator: '', technology: 'native_rtp' });
    expect([foo.leg.asked, bar.leg.asked]).toEqual([[], []]);
  });

  test('part together: when one leaves, the bridge ends and the other is hung up', async () => {
    const { call, bridges } = room();
    const [foo, bar] = [call('foo'), call('bar')];
    await bridges.connect(foo.channel, bar.channel);
    const all = listen(bridges.all);
    foo.channel.hungUp({ cause: 16 });
    const told = (await all.heard()).map(inWords).filter((each) => interesting.test(each));
    expect(
      told.map((each) =>
        each
          .split(' ')
          .slice(0, 2)
          .join(' ')
          .replace(/ [\w-]{36}$/, ''),
      ),
    ).toEqual(['ChannelLeftBridge foo:', 'ChannelLeftBridge bar:', 'BridgeDestroyed']);
    expect([bar.done.at(-1), bridges.list()]).toEqual(['hangup 16', []]);
  });

  test('end one after the other, the one who left first', async () => {
    const { call, bridges, core } = room();
    const [foo, bar] = [call('foo'), call('bar')];
    await bridges.connect(foo.channel, bar.channel);
    const ends: string[] = [];
    core.channels.all.subscribe((message) => {
      if (message.type !== 'ChannelChanged' || message.change.now !== undefined) return;
      ends.push(message.change.was.name);
    });
    bar.channel.hungUp({ cause: 16 });
    await expect.poll(() => ends).toEqual([bar.channel.snapshot.name, foo.channel.snapshot.name]);
  });

  test('are not together when one has gone before', async () => {
    const { call, bridges } = room();
    const [foo, bar] = [call('foo'), call('bar')];
    bar.channel.hungUp({ cause: 16 });
    await expect(bridges.connect(foo.channel, bar.channel)).rejects.toMatchObject({ code: 'channel-ended' });
    expect([foo.channel.isEnded, foo.channel.bridge, bridges.list()]).toEqual([false, undefined, []]);
  });
});

describe('bridges that are merged', () => {
  test('bring those together whom the one who leaves has called', async () => {
    const { call, bridges } = room();
    const [a1, b, a2, c] = [call('a1'), call('b'), call('a2'), call('c')];
    const first = await bridges.connect(a1.channel, b.channel);
    const second = await bridges.connect(a2.channel, c.channel);
    const all = listen(bridges.all);
    await bridges.merge(first, second, [a1.channel, a2.channel]);
    const told = (await all.heard()).map(inWords).filter((each) => interesting.test(each));
    expect(told).toEqual([
      `BridgesMerged ${second.id} into ${first.id}`,
      'ChannelLeftBridge a1: native_rtp 1',
      'ChannelLeftBridge a2: native_rtp 1',
      'ChannelLeftBridge c: simple_bridge 0',
      'ChannelEnteredBridge c: simple_bridge 2',
      `BridgeDestroyed ${second.id}`,
    ]);
    expect([b.leg.remote, c.leg.remote]).toEqual(['c 1', 'b 1']);
    expect([a1, a2, b, c].map(({ channel }) => channel.isEnded)).toEqual([false, false, false, false]);
    c.channel.hungUp({ cause: 16 });
    expect(bridges.list()).toEqual([]);
    await expect.poll(() => b.channel.isEnded).toBe(true);
  });

  test('are told once to someone who follows both, and those of an application stay', async () => {
    const { call, application, bridges, core } = room();
    const app = application('app', ({ type }) => type === 'BridgesMerged');
    const [one, other] = [bridges.create({ id: 'one' }), bridges.create({ id: 'other' })];
    core.applications.subscribe('app', ['bridge:one', 'bridge:other']);
    await other.add([call('foo').channel]);
    await bridges.merge(one, other);
    expect(await app.heard()).toEqual(['BridgesMerged other into one']);
    expect(bridges.list()).toEqual([one, other]);
    expect(one.channels).toHaveLength(1);
  });
});

describe('an application', () => {
  test('follows the bridges that its channels are in, as long as they are', async () => {
    const { call, application, bridges, core } = room();
    const app = application('app', ({ type }) => type.includes('Bridge') && type !== 'BridgeChanged');
    const [foo, bar] = [call('foo', { application: 'app' }), call('bar', { application: 'app' })];
    const bridge = bridges.create({ id: 'one' });
    expect(core.applications.get('app').ids('bridge')).toEqual([]);
    await bridge.add([foo.channel, bar.channel]);
    expect(core.applications.get('app').counts('bridge')).toEqual([['one', 2]]);
    bridge.remove([foo.channel]);
    bar.channel.hungUp({ cause: 16 });
    expect(core.applications.get('app').ids('bridge')).toEqual([]);
    expect((await app.heard()).map((each) => each.split(':')[0])).toEqual([
      'ChannelEnteredBridge foo',
      'ChannelEnteredBridge bar',
      'ChannelLeftBridge foo',
      'ChannelLeftBridge bar',
    ]);
  });

  test('may follow one bridge, or all, until they are gone', async () => {
    const { application, bridges, core } = room();
    const one = application('one');
    const all = application('all');
    bridges.create({ id: 'x' });
    core.applications.subscribe('one', ['bridge:x']);
    core.applications.subscribe('all', ['bridge:']);
    bridges.create({ id: 'y' });
    bridges.get('x').destroy();
    expect(await one.heard()).toEqual(['BridgeDestroyed x']);
    expect(await all.heard()).toEqual(['BridgeCreated y', 'BridgeDestroyed x']);
    expect(core.applications.get('one').ids('bridge')).toEqual([]);
    expect(() => core.applications.subscribe('one', ['bridge:x'])).toThrow(
      expect.objectContaining({ kind: 'unprocessable' }),
    );
  });

  test('cannot follow a bridge of the routing by its id', async () => {
    const { call, application, bridges, core } = room();
    application('app');
    const { id } = await bridges.connect(call('foo').channel, call('bar').channel);
    expect(() => core.applications.subscribe('app', [`bridge:${id}`])).toThrow(
      expect.objectContaining({ code: 'event-source-not-found' }),
    );
  });
});
