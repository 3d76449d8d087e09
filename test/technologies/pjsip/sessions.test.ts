// Which INVITE becomes a call, what is told of it, and how all calls end with the service.
import { describe, expect, test } from 'vitest';
import { inAWord } from '../../support/core.ts';
import type { Incoming } from '../../support/fake-stack.ts';
import { call, room, sdp, up, type RoomOptions } from './sessions-room.ts';

describe('an INVITE', () => {
  test('becomes a channel in an application, told as Asterisk tells it', async () => {
    const { invite, heard } = room();
    const received = await invite();
    const facts = await heard();
    expect(facts.map(inAWord)).toEqual([
      'EndpointChanged',
      'ChannelCreated',
      'ChannelChanged',
      'ChannelVariableSet SIPDOMAIN=127.0.0.1',
      'ChannelChanged',
      'ChannelVariableSet STASISSTATUS=',
    ]);
    expect(facts[1]).toMatchObject({
      change: {
        now: {
          name: 'PJSIP/foo-00000000',
          state: 'Ring',
          protocolId: '',
          caller: { name: '', number: 'foo' },
          dialplan: { context: 'default', exten: '1001' },
          language: 'en',
        },
      },
    });
    expect(facts[3]).toMatchObject({ channel: { protocolId: 'c1@h' } });
    expect(facts[5]).toMatchObject({ channel: { dialplan: { appName: 'Stasis', appData: 'hello,a,b' } } });
    expect(received.answers).toEqual([]);
  });

  test.each<[string, RoomOptions['endpoint'], string, { name: string; number: string }]>([
    ['the From', {}, '"Foo Display" <sip:12%2a@h>;tag=1', { name: 'Foo Display', number: '12*' }],
    ['the From without a user', {}, '<sip:h>;tag=1', { name: '', number: '' }],
    ['the endpoint', { callerid: '"Door" <12>' }, '"Foo" <sip:foo@h>;tag=1', { name: 'Door', number: '12' }],
  ])('has its caller from %s', async (_, endpoint, from, caller) => {
    const { invite, channel } = room({ endpoint: endpoint! });
    await invite({ headers: [['From', from], sdp] });
    expect(channel().snapshot.caller).toEqual(caller);
  });

  test.each<[string, Partial<Incoming>, number, RoomOptions['endpoint']?]>([
    ['that requires what nobody knows', { headers: [...call, sdp, ['Require', 'timer, fancy']] }, 420],
    ['for a telephone number', { uri: 'tel:+1555' }, 416],
    ['for no URI', { uri: 'sip:@' }, 400],
    ['of nobody', { headers: [['From', 'x y z'], sdp] }, 400],
    ['for an unknown extension', { uri: 'sip:7777@h' }, 404],
    ['for the beginning of one', { uri: 'sip:10@h' }, 484],
    ['for the beginning of one, without overlap', { uri: 'sip:10@h' }, 404, { allow_overlap: false }],
    ['with a body that nobody knows', { headers: [...call, ['Content-Type', 'application/isup']] }, 415],
    ['without a common codec', {}, 488, { allow: 'g729' }],
    ['with broken SDP', { body: 'v=0' }, 488],
    ['with an unknown extension before a broken body', { uri: 'sip:7777@h', body: 'v=0' }, 404],
  ])('%s is refused, and makes no channel', async (_, given, status, endpoint = {}) => {
    const { invite, heard, calls } = room({ endpoint });
    const answer = await (await invite(given)).final;
    expect(answer.status).toBe(status);
    expect(await heard()).toEqual([]);
    expect(calls.metrics.open).toBe(0);
    if (status === 420) expect(answer.headers.get('Unsupported')).toBe('fancy');
    if (status === 415) expect(answer.headers.get('Accept')).toBe('application/sdp, multipart/mixed');
  });

  test('without a user goes to s, and an IPv6 domain has no brackets', async () => {
    const { invite, channel, words } = room();
    await invite({ uri: 'sip:[::1]:5060' });
    expect(channel().snapshot.dialplan.exten).toBe('s');
    expect(await words()).toContain('ChannelVariableSet SIPDOMAIN=::1');
  });

  test('that comes by a second way is refused', async () => {
    const { invite, calls } = room();
    await invite();
    expect((await (await invite()).final).status).toBe(482);
    expect(calls.metrics.open).toBe(1);
  });

  test('beyond the limit is refused until a call has ended', async () => {
    const { invite, channel, calls } = room({ limit: 1 });
    await invite();
    const answer = await (await invite({ headers: [sdp] })).final;
    expect([answer.status, answer.headers.get('Retry-After')]).toEqual([503, '10']);
    expect(calls.metrics).toEqual({ open: 1, limit: 1, refused: 1, busy: 0 });
    channel().hangup(17);
    await invite({ headers: [sdp] });
    expect(calls.metrics).toEqual({ open: 1, limit: 1, refused: 1, busy: 0 });
  });

  test('for an application that nobody listens for is declined', async () => {
    const { invite, words } = room({ isHeard: false });
    const answer = await (await invite()).final;
    expect([answer.status, answer.headers.get('Reason')]).toEqual([603, 'Q.850;cause=16']);
    expect((await words()).slice(-6)).toEqual([
      'ChannelVariableSet STASISSTATUS=',
      'ChannelVariableSet STASISSTATUS=FAILED',
      'ChannelHangupRequested 16 soft',
      'ChannelChanged',
      'ChannelDestroyed',
      'EndpointChanged',
    ]);
  });
});

describe('a request of no call', () => {
  test.each(['BYE', 'INVITE', 'INFO', 'UPDATE'])('%s is answered 481', async (method) => {
    const { within } = room();
    expect((await within(method).final).status).toBe(481);
  });

  test('within the dialog of another caller is not ours', async () => {
    const { within, channel } = await up();
    const other = within('BYE', {
      headers: [
        ['Call-ID', 'c1@h'],
        ['From', '<sip:foo@h>;tag=other'],
      ],
    });
    expect((await other.final).status).toBe(481);
    expect(channel().isEnded).toBe(false);
  });

  test('that the stack made needs no answer', () => {
    const { within } = room();
    expect(within('BYE', { isOwn: true }).answers).toEqual([]);
  });
});

describe('the end of the service', () => {
  test('refuses what comes, hangs up what is there, and waits until that is done', async () => {
    const { invite, calls, stack, channel, timers } = await up();
    const ringing = await invite({ headers: [sdp] });
    let isStopped = false;
    const stopped = calls.stop().then(() => (isStopped = true));
    expect((await ringing.final).status).toBe(503);
    expect((await (await invite({ headers: [sdp] })).final).status).toBe(503);
    const bye = await stack.sentCount(1);
    expect([channel(), isStopped, timers.length]).toEqual([undefined, false, 1]);
    bye.respond(200);
    await stopped;
    expect(timers).toEqual([]);
    expect(calls.metrics.open).toBe(0);
  });

  test('does not wait for ever', async () => {
    const { calls, timers } = await up();
    const stopped = calls.stop();
    timers[0]!();
    await stopped;
    expect(calls.metrics.open).toBe(1);
  });

  test('is at once without calls', async () => {
    const { calls, timers } = room();
    await calls.stop();
    expect(timers).toEqual([]);
  });
});
