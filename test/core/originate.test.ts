// Calls that applications make: what is told, and in which order, as recorded from Asterisk.
import { describe, expect, test } from 'vitest';
import { parseTarget } from '../../src/core/callers.ts';
import type { CreateWish, OriginateWish } from '../../src/core/originate.ts';
import { settled } from '../support/fake-caller.ts';
import { calls, type Calls } from './calls.ts';

const toApp = (app = 'app', args: string[] = []): OriginateWish => ({
  target: { tech: 'PJSIP', resource: 'foo' },
  destination: { app, args },
  variables: [],
  timeout: 30_000,
});
const toExten = (exten: string, context = 'default'): OriginateWish => ({
  ...toApp(),
  destination: { context, exten, priority: 1 },
});

/** Originates, and gives the leg. */
function originate({ core, caller }: Calls, wish: OriginateWish = toApp()) {
  const { channel, begin } = core.originator.originate(wish);
  begin();
  return { channel, leg: caller.legs.at(-1)! };
}

const made = ['EndpointStateChange', 'ChannelCreated', 'ChannelDialplan(AppDial2)'];
const answered = ['ChannelStateChange(Ringing)', 'Dial(RINGING)', 'ChannelStateChange(Up)', 'Dial(ANSWER)'];

async function answers({ leg }: ReturnType<typeof originate>): Promise<void> {
  leg.says({ kind: 'ringing' });
  await leg.ends({ kind: 'answered' });
}

describe('a call that is originated for an application', () => {
  test('is answered, enters it, and ends by the far end', async () => {
    const given = calls();
    const [app, foo] = [given.application('app'), given.endpoint('foo')];
    const callerId = { name: 'Caller Name', number: '5551234' };
    const variables = [
      { name: 'MYVAR', value: 'val', report: false },
      { name: 'PJSIP_HEADER(add,X-Orig)', value: 'yes', report: false },
      { name: 'CALLERID(name)', value: 'Other', report: false },
    ];
    const call = originate(given, { ...toApp('app', ['dialed', 'x']), caller: callerId, variables });
    expect(call.leg.wish).toEqual({ caller: callerId, variables: { 'PJSIP_HEADER(add,X-Orig)': 'yes' } });
    expect(call.channel.snapshot).toMatchObject({
      ...{ state: 'Down', protocolId: 'call-1', caller: { name: 'Other', number: '5551234' }, connected: callerId },
      dialplan: { context: 'from-sip', exten: 's', priority: 1, appName: 'AppDial2', appData: '(Outgoing Line)' },
    });
    await answers(call);
    call.channel.hungUp({});
    const parties = ['ChannelCallerId', 'ChannelConnectedLine', 'ChannelVarset(MYVAR=val)', 'ChannelCallerId'];
    const status = 'ChannelVarset(STASISSTATUS=)';
    expect(await foo.told()).toEqual([
      ...[...made, ...parties, 'Dial()', ...answered, status, 'ChannelHangupRequest()'],
      ...['ChannelVarset(STASISSTATUS=SUCCESS)', 'ChannelDestroyed(0)', 'EndpointStateChange'],
    ]);
    expect(await app.told()).toEqual([
      ...['Dial()', ...answered, status, 'StasisStart', 'ChannelHangupRequest()', 'StasisEnd'],
      ...['ChannelVarset(STASISSTATUS=SUCCESS)', 'ChannelDestroyed(0)'],
    ]);
  });

  test('is hung up by it, with the id that it has chosen', async () => {
    const given = calls();
    const app = given.application('app');
    const call = originate(given, { ...toApp(), id: 'my-id-1' });
    expect(call.channel.id).toBe('my-id-1');
    await answers(call);
    await app.told();
    call.channel.hangup(16);
    expect(await app.told()).toEqual([
      ...['ChannelHangupRequest(16 soft)', 'StasisEnd', 'ChannelVarset(STASISSTATUS=SUCCESS)'],
      'ChannelDestroyed(16 480)',
    ]);
    expect(call.channel.snapshot.dialplan.appName).toBe('AppDial2');
  });

  test.each([
    ['BUSY', 17, 486],
    ['CONGESTION', 34, 503],
    ['CHANUNAVAIL', 20, undefined],
    ['NOANSWER', 21, 603],
  ])('ends with %s for the cause %i', async (status, cause, techCause) => {
    const given = calls();
    const [app, foo] = [given.application('app'), given.endpoint('foo')];
    const { leg } = originate(given);
    await leg.ends({ kind: 'failed', cause, ...(techCause && { techCause }) });
    const end = ['Dial()', `ChannelHangupRequest(${cause})`, `Dial(${status})`];
    const destroyed = `ChannelDestroyed(${[cause, techCause].filter(Boolean).join(' ')})`;
    expect(await app.told()).toEqual([...end, destroyed]);
    expect(await foo.told()).toEqual([...made, ...end, destroyed, 'EndpointStateChange']);
  });

  test('ends when its time is up, told by the end of the channel alone', async () => {
    const given = calls();
    const app = given.application('app');
    const { leg } = originate(given, { ...toApp(), timeout: 1_000 });
    leg.says({ kind: 'ringing' });
    given.clock.advance(1_000);
    expect(await app.told()).toEqual([
      ...['Dial()', 'ChannelStateChange(Ringing)', 'Dial(RINGING)', 'ChannelDestroyed(19 480)'],
    ]);
    expect(leg.done).toEqual(['dial', 'hangup 19']);
  });

  test('is cancelled when it is hung up before the far end answers, and a late answer is nobody’s', async () => {
    const given = calls();
    const app = given.application('app');
    const { leg, channel } = originate(given);
    leg.says({ kind: 'proceeding' });
    leg.says({ kind: 'progress' });
    channel.hangup(16);
    await leg.ends({ kind: 'answered' });
    expect(await app.told()).toEqual([
      ...['Dial()', 'Dial(PROCEEDING)', 'Dial(PROGRESS)', 'ChannelHangupRequest(16 soft)', 'Dial(CANCEL)'],
      'ChannelDestroyed(16 480)',
    ]);
    expect([given.clock.waiting, given.core.dialling.metrics.legs]).toEqual([0, 0]);
  });

  test('is over when it is answered and nobody knows the application', async () => {
    const given = calls();
    const foo = given.endpoint('foo');
    await answers(originate(given, toApp('unknownapp')));
    expect((await foo.told()).slice(-5)).toEqual([
      ...['Dial(ANSWER)', 'ChannelVarset(STASISSTATUS=)', 'ChannelVarset(STASISSTATUS=FAILED)'],
      ...['ChannelDestroyed(0 480)', 'EndpointStateChange'],
    ]);
  });
});

describe('a call that is originated for an extension', () => {
  const contexts = { default: { '1001': { app: 'app', args: [] } } };

  test('goes its way through the routing once it is answered', async () => {
    const given = calls(contexts);
    const [app, foo] = [given.application('app'), given.endpoint('foo')];
    const call = originate(given, toExten('1001'));
    await answers(call);
    call.channel.hungUp({});
    expect(await foo.told()).toEqual([
      ...[...made, 'Dial()', ...answered, 'ChannelDialplan(Stasis)', 'ChannelVarset(STASISSTATUS=)'],
      ...['ChannelHangupRequest()', 'ChannelVarset(STASISSTATUS=SUCCESS)', 'ChannelHangupRequest(16 soft)'],
      ...['ChannelDestroyed(0)', 'EndpointStateChange'],
    ]);
    expect(await app.told()).toEqual(['StasisStart', 'ChannelHangupRequest()', 'StasisEnd']);
  });

  test('that does not exist is hung up', async () => {
    const given = calls(contexts);
    const foo = given.endpoint('foo');
    const call = originate(given, toExten('1001', 'nocontext'));
    await answers(call);
    expect((await foo.told()).slice(-5)).toEqual([
      ...['Dial(ANSWER)', 'ChannelHangupRequest(16 soft)', 'ChannelDialplan(AppDial2)', 'ChannelDestroyed(0 480)'],
      'EndpointStateChange',
    ]);
    expect(call.channel.snapshot.dialplan).toMatchObject({ context: 'nocontext', exten: '1001', priority: 1 });
  });
});

describe('a far end that forwards', () => {
  test('is called where it wants to be called, and the application follows', async () => {
    const given = calls();
    const [app, bar] = [given.application('app'), given.endpoint('bar')];
    const { leg } = originate(given);
    await leg.ends({ kind: 'failed', cause: 23, techCause: 302, forward: 'bar' });
    await given.caller.legs[1]!.ends({ kind: 'answered' });
    expect(await app.told()).toEqual([
      ...['Dial()', 'Dial(CANCEL)', 'Dial()', 'ChannelDestroyed(23 480)'],
      ...['ChannelStateChange(Up)', 'Dial(ANSWER)', 'ChannelVarset(STASISSTATUS=)', 'StasisStart'],
    ]);
    expect((await bar.told()).slice(0, 4)).toEqual([...made, 'Dial()']);
  });

  test('is followed five times at most', async () => {
    const given = calls();
    originate(given);
    for (let at = 0; at < 6; at++) await given.caller.legs[at]!.ends({ kind: 'failed', cause: 23, forward: 'foo' });
    expect([given.caller.legs.length, given.core.channels.list(), given.clock.waiting]).toEqual([6, [], 0]);
  });

  test('is not followed to nowhere', async () => {
    const given = calls();
    const app = given.application('app');
    const { leg } = originate(given);
    await leg.ends({ kind: 'failed', cause: 23, forward: 'nix' });
    expect(await app.told()).toEqual(['Dial()', 'ChannelHangupRequest(23)', 'Dial(NOANSWER)', 'ChannelDestroyed(23)']);
  });
});

describe('a channel that is created', () => {
  const wish: CreateWish = {
    target: { tech: 'PJSIP', resource: 'foo' },
    id: 'created-1',
    destination: { app: 'app', args: [] },
    variables: [],
  };

  test('enters its application at once, and is dialled when that wants it', async () => {
    const given = calls();
    const [app, foo] = [given.application('app'), given.endpoint('foo')];
    const { channel, begin } = given.core.originator.create(wish);
    expect(channel.snapshot.dialplan.appName).toBe('');
    begin();
    const entered = ['ChannelDialplan(Stasis)', 'ChannelVarset(STASISSTATUS=)'];
    expect(await foo.told()).toEqual(['EndpointStateChange', 'ChannelCreated', ...entered]);
    expect(await app.told()).toEqual([...entered, 'StasisStart']);
    given.core.originator.dial(channel, 5_000);
    const leg = given.caller.legs[0]!;
    leg.says({ kind: 'ringing' });
    await leg.ends({ kind: 'answered' });
    channel.hangup(16);
    const end = ['ChannelHangupRequest(16 soft)', 'ChannelVarset(STASISSTATUS=SUCCESS)', 'ChannelDestroyed(16 480)'];
    expect(await foo.told()).toEqual(['Dial()', ...answered, ...end, 'EndpointStateChange']);
    expect(await app.told()).toEqual(['Dial()', ...answered, end[0], 'StasisEnd', ...end.slice(1)]);
    expect(given.clock.waiting).toBe(0);
  });

  test('tells the variables that are set on it, which an originated one does not', async () => {
    const given = calls();
    const app = given.application('app');
    given.core.originator.create({ ...wish, variables: [{ name: 'A', value: 'b', report: true }] });
    expect(await app.told()).toEqual(['ChannelVarset(A=b)']);
  });

  test('is dialled once, in state Down, and by nobody else', () => {
    const given = calls();
    const { core } = given;
    given.application('app');
    const { channel, begin } = core.originator.create(wish);
    begin();
    core.originator.dial(channel, undefined);
    expect(() => core.originator.dial(channel, undefined)).toThrow('Channel cannot be dialed');
    channel.setState('Up');
    expect(() => core.originator.dial(channel, undefined)).toThrow('Channel is not in the Down state');
  });

  test('does not outlive its time: 19, without an answer', async () => {
    const given = calls();
    const app = given.application('app');
    const { channel, begin } = given.core.originator.create(wish);
    begin();
    given.core.originator.dial(channel, 5_000);
    await app.told();
    given.clock.advance(5_000);
    expect(await app.told()).toEqual([
      ...['StasisEnd', 'ChannelVarset(STASISSTATUS=SUCCESS)', 'ChannelDestroyed(19 480)'],
    ]);
  });
});

test('what cannot be called is the fault of who asks, and leaves nothing behind', () => {
  const { core } = calls();
  const kindOf = (endpoint: string, id?: string): unknown => {
    try {
      return core.originator.originate({ ...toApp(), target: parseTarget(endpoint), id });
    } catch (fault) {
      return (fault as { kind: string }).kind;
    }
  };
  expect(['foo', 'Nope/foo', 'PJSIP/nobody', 'PJSIP/nix'].map((each) => kindOf(each))).toEqual(
    Array(4).fill('invalid'),
  );
  expect(kindOf('PJSIP/foo', 'x'.repeat(150))).toBe('invalid');
  expect(core.channels.list()).toEqual([]);
});

test('more legs than there may be are refused and counted, and all end with the service', async () => {
  const given = calls({}, { dials: 1 });
  const { leg } = originate(given);
  expect(() => given.core.originator.originate(toApp())).toThrow('Too many calls are being made');
  expect(given.core.dialling.metrics).toEqual({ legs: 1, limit: 1, refused: 1 });
  given.core.dialling.close();
  await settled();
  expect(leg.done).toEqual(['dial', 'hangup 16']);
  expect([given.core.channels.list(), given.clock.waiting]).toEqual([[], 0]);
});
