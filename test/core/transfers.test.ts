// Transfers by the core: who goes where, what is told, and to whom.
import { describe, expect, test } from 'vitest';
import type { Fact } from '../../src/core/facts.ts';
import { Fault } from '../../src/errors.ts';
import { FakeLeg } from '../support/fake-leg.ts';
import { listen } from '../support/core.ts';
import { inWords, room } from './bridges-room.ts';

const contexts = {
  default: { '3': { app: 'app', args: ['x'] }, '5': { dial: ['PJSIP/nobody'] } },
  other: { '4': { app: 'app', args: [] } },
};
const to = { exten: '3', context: 'default' };
const nameOf = ({ name }: { readonly name: string }): string => name.split('-')[0]!.slice('PJSIP/'.length);

/** Foo has called bar. */
async function talking() {
  const all = room({}, contexts);
  const [foo, bar] = [all.call('foo'), all.call('bar')];
  const bridge = await all.bridges.connect(foo.channel, bar.channel);
  return { ...all, foo, bar, bridge, transfers: all.core.transfers };
}

type Told = Extract<Fact, { type: 'BlindTransferred' | 'AttendedTransferred' }>;
const transferred = (facts: readonly Fact[]): Told[] =>
  facts.filter((fact): fact is Told => fact.type === 'BlindTransferred' || fact.type === 'AttendedTransferred');

describe('a blind transfer', () => {
  test('sends the other one into the routing, and leaves the transferer to whoever tells its far end', async () => {
    const { application, transfers, foo, bar, bridges } = await talking();
    const app = application('app', ({ type }) => type === 'StasisStarted');
    const all = listen(bridges.all);
    const blind = transfers.blind(foo.channel, { ...to, variables: { SIPTRANSFER: 'yes' } });
    expect(blind.result === 'Success' && (await blind.arrived)).toBe(true);
    expect(await app.heard()).toEqual(['StasisStarted']);
    expect(bar.channel.snapshot.dialplan).toMatchObject({ context: 'default', exten: '3', appData: 'app,x' });
    const { name } = foo.channel.snapshot;
    expect(['BLINDTRANSFER', 'TRANSFERERNAME', 'SIPTRANSFER'].map((each) => bar.channel.variable(each))).toEqual([
      name,
      name,
      'yes',
    ]);
    expect(transferred(await all.heard())).toMatchObject([
      { ...to, result: 'Success', bridge: { channels: [{}, {}] } },
    ]);
    expect([foo.channel.isEnded, foo.channel.bridge, bridges.list()]).toEqual([false, undefined, []]);
    foo.channel.finish();
    expect(bar.channel.isEnded).toBe(false);
  });

  test('is told once to whoever follows the bridge and one of the channels, and leaves them an application’s bridge', async () => {
    const { application, call, bridges, core } = room({}, contexts);
    const app = application('app', ({ type }) => type.includes('Transferred') || type.startsWith('Stasis'));
    const [foo, bar] = [call('foo', { application: 'app' }), call('bar', { application: 'app' })];
    const bridge = bridges.create({ id: 'one' });
    await bridge.add([foo.channel, bar.channel]);
    await app.heard();
    core.transfers.blind(foo.channel, to);
    expect(await app.heard()).toEqual(['BlindTransferred', 'StasisEnded', 'StasisStarted']);
    expect(bridge.channels).toEqual([foo.channel]);
  });

  test('leads into another context, if the transferer has a variable that says so', async () => {
    const { transfers, foo, bar } = await talking();
    foo.channel.setVariable('TRANSFER_CONTEXT', 'other');
    expect(transfers.blind(foo.channel, to).result).toBe('Fail');
    expect(transfers.blind(foo.channel, { ...to, exten: '4' }).result).toBe('Success');
    expect(bar.channel.snapshot.dialplan.context).toBe('other');
  });

  test('does not arrive when nobody can be called there', async () => {
    const { transfers, foo, bar } = await talking();
    const blind = transfers.blind(foo.channel, { ...to, exten: '5' });
    expect(blind.result === 'Success' && (await blind.arrived)).toBe(false);
    expect(bar.channel.isEnded).toBe(true);
  });

  test.each([
    ['nobody to be transferred', 'alone', 'Invalid'],
    ['more than one to be transferred', 'crowd', 'Fail'],
    ['no such extension', 'nowhere', 'Fail'],
  ])('with %s changes nothing', async (_, where, result) => {
    const { call, bridges, core } = room({ media: { mix: medium, hold: medium } }, contexts);
    const all = listen(bridges.all);
    const foo = call('foo');
    const others = where === 'alone' ? [] : where === 'crowd' ? [call('bar'), call('baz')] : [call('bar')];
    await bridges.create().add([foo, ...others].map(({ channel }) => channel));
    const exten = where === 'nowhere' ? '9' : '3';
    expect(core.transfers.blind(foo.channel, { exten, context: 'default' })).toEqual({ result });
    expect(transferred(await all.heard())).toMatchObject([{ result, exten }]);
    expect(bridges.list()[0]!.channels).toHaveLength(1 + others.length);
  });
});

/** Takes as many as there are, and leads nothing. */
const medium = () => ({
  technology: 'simple_bridge',
  refusal: () => undefined,
  add: async () => undefined,
  remove: async () => undefined,
});

describe('an attended transfer', () => {
  test('brings both peers together in the first bridge, and tells it when they are', async () => {
    const { transfers, bridges, call, foo, bar, bridge } = await talking();
    const [second, baz] = [call('foo'), call('baz')];
    const other = await bridges.connect(second.channel, baz.channel);
    const all = listen(bridges.all);
    expect(await transfers.attended(foo.channel, second.channel)).toBe('Success');
    const [told] = transferred(await all.heard());
    expect(told).toMatchObject({
      ...{ result: 'Success', destination: { kind: 'bridge', bridge: bridge.id } },
      ...{ firstBridge: { id: bridge.id }, secondBridge: { id: other.id } },
    });
    expect(told?.type === 'AttendedTransferred' && [told.transferee, told.target].map((each) => nameOf(each!))).toEqual(
      ['bar', 'baz'],
    );
    expect(bridge.channels).toEqual([bar.channel, baz.channel]);
    expect([bar.leg.remote, baz.leg.remote]).toEqual(['baz 1', 'bar 1']);
    foo.channel.finish();
    second.channel.finish();
    expect([bar, baz].map(({ channel }) => channel.isEnded)).toEqual([false, false]);
  });

  test('fails when they have no media in common', async () => {
    const { transfers, bridges, call, foo } = await talking();
    const [second, baz] = [call('foo'), call('baz', { leg: new FakeLeg('baz', { next: () => 'refuse' }) })];
    await bridges.connect(second.channel, baz.channel);
    const all = listen(bridges.all);
    expect(await transfers.attended(foo.channel, second.channel)).toBe('Fail');
    expect(transferred(await all.heard())).toMatchObject([{ result: 'Fail', destination: { kind: 'fail' } }]);
  });

  test.each([false, true])(
    'puts the peer into the place that one leg has in an application: the first %s',
    async (isFirst) => {
      const { transfers, application, call, foo, bar } = await talking();
      const app = application('app', ({ type }) => type.startsWith('Stasis') || type === 'AttendedTransferred');
      const second = call('foo', { application: 'app' });
      await app.heard();
      const legs = isFirst ? ([second, foo] as const) : ([foo, second] as const);
      expect(await transfers.attended(legs[0].channel, legs[1].channel)).toBe('Success');
      expect(await app.heard()).toEqual(['AttendedTransferred', 'StasisStarted', 'StasisEnded']);
      expect([bar.channel.application, second.channel.application]).toEqual(['app', undefined]);
    },
  );

  test('of legs that are in no bridge, or in the same, is none', async () => {
    const { transfers, call, foo, bar } = await talking();
    expect(await transfers.attended(call('one').channel, call('other').channel)).toBe('Invalid');
    expect(await transfers.attended(foo.channel, bar.channel)).toBe('Invalid');
    expect(await transfers.attended(foo.channel, call('other').channel)).toBe('Fail');
  });
});

describe('a call that takes the place of another', () => {
  test('is in its bridge, which was told, and the other is in none', async () => {
    const { transfers, bridges, call, foo, bar, bridge } = await talking();
    const baz = call('baz', { state: 'Ring' });
    const all = listen(bridges.all);
    await transfers.replace(baz.channel, foo.channel);
    const told = (await all.heard()).map(inWords).filter((each) => /Entered|Left|Destroyed/.test(each));
    expect(told.map((each) => each.split(':')[0])).toEqual(['ChannelLeftBridge foo', 'ChannelEnteredBridge baz']);
    expect([baz.channel.snapshot.state, bridge.channels]).toEqual(['Up', [bar.channel, baz.channel]]);
    expect([bar.leg.remote, foo.channel.bridge]).toEqual(['baz 1', undefined]);
  });

  test('is in its application, which is told whom it replaces', async () => {
    const { core, application, call } = room({}, contexts);
    const replaced: string[] = [];
    const app = application('app', (fact) => {
      if (fact.type === 'StasisStarted' && fact.replaced) replaced.push(nameOf(fact.replaced));
      return fact.type.startsWith('Stasis');
    });
    const [foo, baz] = [call('foo', { application: 'app' }), call('baz', { state: 'Ring' })];
    await core.transfers.replace(baz.channel, foo.channel);
    expect(await app.heard()).toEqual(['StasisStarted', 'StasisStarted', 'StasisEnded']);
    expect([replaced, baz.channel.application, foo.channel.application]).toEqual([['foo'], 'app', undefined]);
  });

  test('cannot when the other has none, or goes in the meantime', async () => {
    const { transfers, call, foo } = await talking();
    const newcomer = call('baz', { state: 'Ring' });
    await expect(transfers.replace(newcomer.channel, call('bar').channel)).rejects.toBeInstanceOf(Fault);
    const replacing = transfers.replace(newcomer.channel, foo.channel);
    foo.channel.hungUp({ cause: 16 });
    await expect(replacing).rejects.toMatchObject({ code: 'call-without-place' });
  });
});
