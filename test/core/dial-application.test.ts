// Telephone to telephone: who rings, who gets the call, and what everyone is told.
import { describe, expect, test } from 'vitest';
import { run } from '../../src/core/execution.ts';
import type { Channel } from '../../src/core/channel.ts';
import { fakeDriver } from '../support/core.ts';
import { settled } from '../support/fake-caller.ts';
import { calls, type Calls } from './calls.ts';

/** A call from foo to these telephones, and those who are connected. */
function dialled(given: Calls, dial: readonly string[], timeout?: number) {
  const { core } = given;
  const connected: [Channel, Channel][] = [];
  const agreed: boolean[] = [];
  core.dialApplication.connectBy((one, other, isAgreed) => {
    connected.push([one, other]);
    agreed.push(isAgreed);
    return Promise.resolve(undefined);
  });
  const plain = fakeDriver(480);
  const done: string[] = plain.done;
  const driver = {
    ...plain,
    offer: 'the offer',
    answer: async (description?: string) => void done.push(`answer ${description}`),
    progress: async (description?: string) => void done.push(`progress ${description}`),
  };
  const endpoint = core.endpoints.get({ tech: 'PJSIP', resource: 'foo' });
  const caller = { name: 'Foo', number: '100' };
  const place = { context: 'default', exten: '200' };
  const channel = core.channels.create({ endpoint, name: 'PJSIP/foo', state: 'Ring', caller, ...place, driver });
  run(channel, { dial, ...(timeout !== undefined && { timeout }) }, core);
  return { channel, done, connected, agreed, legs: given.caller.legs };
}

const begun = (data = 'Dial') => [
  ...['EndpointStateChange', 'ChannelCreated', `ChannelDialplan(${data})`, 'ChannelVarset(DIALSTATUS=)'],
  ...['ChannelVarset(DIALEDPEERNUMBER=)', 'ChannelVarset(DIALEDPEERNAME=)', 'ChannelVarset(ANSWEREDTIME=)'],
  'ChannelVarset(DIALEDTIME=)',
];

describe('a telephone that is called from another', () => {
  test('rings, answers, and is connected with its own description to who calls', async () => {
    const given = calls();
    const [foo, bar] = [given.endpoint('foo'), given.endpoint('bar')];
    const { channel, legs, done, connected, agreed } = dialled(given, ['PJSIP/bar']);
    const leg = legs[0]!;
    expect(leg.wish).toEqual({ caller: { name: 'Foo', number: '100' }, offer: 'the offer' });
    leg.says({ kind: 'ringing' });
    leg.says({ kind: 'ringing' });
    leg.says({ kind: 'progress', description: 'early' });
    await leg.ends({ kind: 'answered', description: 'the answer', connected: { name: 'Bar', number: '200' } });
    expect(done).toEqual(['ring', 'progress early', 'answer the answer']);
    expect(connected.map((both) => both.map(({ snapshot: { name } }) => name))).toEqual([
      ['PJSIP/foo-00000000', 'PJSIP/bar-00000001'],
    ]);
    expect(agreed).toEqual([true]);
    const dial = ['Dial()', 'Dial(RINGING)', 'Dial(RINGING)', 'Dial(PROGRESS)', 'Dial(ANSWER)'];
    expect(await foo.told()).toEqual([
      ...[...begun(), ...dial, 'ChannelVarset(DIALEDPEERNAME=PJSIP/bar-00000001)'],
      ...['ChannelVarset(DIALEDPEERNUMBER=bar)', 'ChannelVarset(DIALSTATUS=ANSWER)'],
      ...['ChannelConnectedLine', 'ChannelStateChange(Up)'],
    ]);
    expect((await bar.told()).filter((each) => each.startsWith('Dial('))).toEqual(dial);
    expect(channel.snapshot).toMatchObject({
      connected: { name: 'Bar' },
      dialplan: { appName: 'Dial', appData: 'PJSIP/bar' },
    });
  });

  test('and both of whose endpoints are followed by one is told of once', async () => {
    const given = calls();
    const app = given.application('app');
    given.core.applications.subscribe('app', ['endpoint:PJSIP/foo', 'endpoint:PJSIP/bar', 'endpoint:PJSIP']);
    dialled(given, ['PJSIP/bar']);
    expect((await app.told()).filter((each) => each === 'Dial()')).toHaveLength(1);
  });

  test('hangs up: then who called is hung up for the same cause', async () => {
    const given = calls();
    const { legs, channel, done } = dialled(given, ['PJSIP/bar']);
    await legs[0]!.ends({ kind: 'answered' });
    given.clock.advance(5_000);
    const [foo, bar] = [given.endpoint('foo'), given.endpoint('bar')];
    given.core.channels.list()[1]!.hungUp({ cause: 16 });
    await settled();
    expect(await bar.told()).toEqual(['ChannelHangupRequest(16)', 'ChannelDestroyed(16)', 'EndpointStateChange']);
    expect(await foo.told()).toEqual([
      ...['ChannelVarset(DIALEDTIME=5)', 'ChannelVarset(ANSWEREDTIME=5)', 'ChannelHangupRequest(16 soft)'],
      ...['ChannelDestroyed(16 480)', 'EndpointStateChange'],
    ]);
    expect([channel.isEnded, done.at(-1)]).toEqual([true, 'hangup 16']);
  });

  test('is hung up when who called hangs up', async () => {
    const given = calls();
    const { legs, channel } = dialled(given, ['PJSIP/bar']);
    await legs[0]!.ends({ kind: 'answered' });
    channel.hungUp({ cause: 16 });
    await settled();
    expect([legs[0]!.done, given.core.channels.list()]).toEqual([['dial', 'hangup 16'], []]);
  });

  test('is no longer called when who called hangs up', async () => {
    const given = calls();
    const bar = given.endpoint('bar');
    const { legs, channel } = dialled(given, ['PJSIP/bar']);
    channel.hungUp({ cause: 127 });
    await settled();
    expect((await bar.told()).slice(-4)).toEqual([
      ...['Dial()', 'Dial(CANCEL)', 'ChannelDestroyed(16 480)', 'EndpointStateChange'],
    ]);
    expect([legs[0]!.done, channel.variable('DIALSTATUS')]).toEqual([['dial', 'hangup 16'], 'CANCEL']);
  });
});

describe('of several telephones', () => {
  test('the first that answers has the call, and the others hear that it was answered elsewhere', async () => {
    const given = calls();
    const { legs, connected, done } = dialled(given, ['PJSIP/bar', 'PJSIP/nix', 'PJSIP/baz']);
    legs[0]!.says({ kind: 'progress', description: 'not for one alone' });
    await legs[1]!.ends({ kind: 'answered', description: 'of baz' });
    await legs[0]!.ends({ kind: 'answered', description: 'too late' });
    expect(legs.map((leg) => leg.done)).toEqual([['dial', 'hangup 26'], ['dial']]);
    expect(connected).toHaveLength(1);
    expect(done).toEqual(['answer of baz']);
  });

  test.each([
    ['all are busy', [17, 17], 'BUSY', 17],
    ['one is busy, and the other cannot be had', [34, 17], 'BUSY', 17],
    ['one is busy, and the other does not want to', [17, 21], 'NOANSWER', 21],
    ['none can be had', [20, 3], 'CHANUNAVAIL', 20],
  ])('if %s, who calls hears that', async (_, causes, status, cause) => {
    const given = calls();
    const { legs, channel, done } = dialled(given, ['PJSIP/bar', 'PJSIP/baz']);
    for (const [at, each] of causes.entries()) await legs[at]!.ends({ kind: 'failed', cause: each });
    expect([channel.variable('DIALSTATUS'), done]).toEqual([status, [`hangup ${cause}`]]);
  });

  test('without a contact none is called, and who calls hears that nobody is there', () => {
    const given = calls();
    const { channel, done } = dialled(given, ['PJSIP/nix', 'PJSIP/stranger', 'Nope/foo']);
    expect([channel.variable('DIALSTATUS'), done]).toEqual(['CHANUNAVAIL', ['hangup 20']]);
  });

  test('none answers in time', async () => {
    const given = calls();
    const bar = given.endpoint('bar');
    const { channel, done } = dialled(given, ['PJSIP/bar', 'PJSIP/baz'], 30_000);
    expect(channel.snapshot.dialplan.appData).toBe('PJSIP/bar&PJSIP/baz,30');
    given.clock.advance(30_000);
    await settled();
    expect((await bar.told()).slice(-3)).toEqual(['Dial(NOANSWER)', 'ChannelDestroyed(19 480)', 'EndpointStateChange']);
    expect([channel.variable('DIALSTATUS'), done, given.clock.waiting]).toEqual(['NOANSWER', ['hangup 19'], 0]);
  });
});

test('a caller who cannot be answered is not left alone with who has answered', async () => {
  const given = calls();
  const { legs, channel } = dialled(given, ['PJSIP/bar']);
  channel.hangup(16);
  await legs[0]!.ends({ kind: 'answered' });
  expect(given.core.channels.list()).toEqual([]);
});

test('where no more legs may be dialled, who calls hears of congestion', () => {
  const given = calls({}, { dials: 0 });
  const { channel, done } = dialled(given, ['PJSIP/bar']);
  expect([channel.variable('DIALSTATUS'), done]).toEqual(['CONGESTION', ['hangup 34']]);
});

test('a caller that was up before has not seen the description of who answers, and calls with what it hands on', async () => {
  const given = calls();
  const { channel, legs, agreed } = dialled(given, ['PJSIP/bar']);
  await channel.answer();
  await legs[0]!.ends({ kind: 'answered', description: 'the answer' });
  expect(agreed).toEqual([false]);
  channel.setVariable('__SIPREFERREDBYHDR', '<sip:baz@x>');
  channel.setVariable('OTHER', 'x');
  run(channel, { dial: ['PJSIP/baz'] }, given.core);
  expect(legs[1]!.wish.variables).toEqual({ __SIPREFERREDBYHDR: '<sip:baz@x>' });
});
