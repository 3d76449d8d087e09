// Calls that we make: who is called and how, what is told meanwhile, and how it ends.
import { describe, expect, test } from 'vitest';
import type { DialNews, Leg, LegWish } from '../../../src/core/technology.ts';
import { Fault } from '../../../src/errors.ts';
import { offer, room, sdp, type RoomOptions } from './sessions-room.ts';

const one = { contacts: ['sip:foo@192.0.2.9'] };
const answer = offer;

function dialled(options: RoomOptions = one, wish: LegWish = {}) {
  const all = room(options);
  const leg: Leg = all.calls.caller.leg('foo', wish);
  const { endpoint, name, protocolId, context, language, driver } = leg;
  const channel = all.core.channels.create({
    endpoint: endpoint!,
    name,
    state: 'Down',
    context,
    exten: 's',
    language,
    driver,
  });
  channel.setProtocolId(protocolId);
  driver.drives(channel);
  const news: DialNews[] = [];
  const outcome = driver.dial!((each) => void news.push(each));
  return { ...all, leg, it: channel, news, outcome };
}

async function answered(options: RoomOptions = one, wish: LegWish = {}) {
  const all = dialled(options, wish);
  const invite = await all.stack.sentCount(1);
  invite.respond(200, { headers: [sdp], body: answer, dialogId: 'd' });
  const outcome = await all.outcome;
  await all.stack.sentCount(2);
  all.it.setState('Up');
  await all.words();
  return { ...all, invite, outcome };
}

describe('a call that we make', () => {
  test('invites with a description that is on hold, and is known before by its Call-ID', async () => {
    const { stack, leg, calls } = dialled();
    const invite = await stack.sentCount(1);
    expect(invite).toMatchObject({ method: 'INVITE', uri: 'sip:foo@192.0.2.9' });
    const headers = invite.message.headers;
    expect([headers.get('Call-ID'), headers.get('From'), headers.get('To'), headers.get('Supported')]).toEqual([
      leg.protocolId,
      '<sip:foo@127.0.0.1>;tag=token-2',
      '<sip:foo@192.0.2.9>',
      'timer, 100rel',
    ]);
    expect(invite.body).toContain('m=audio 9 RTP/AVP 0 8 9 107 101');
    expect(invite.body).toContain('a=inactive');
    expect(calls.metrics.open).toBe(1);
  });

  test('rings, is answered and acknowledged, and hung up by us', async () => {
    const { stack, outcome, news, it, calls } = dialled();
    const invite = await stack.sentCount(1);
    invite.respond(181);
    invite.respond(180);
    invite.respond(183, { headers: [sdp], body: answer });
    invite.respond(200, { headers: [sdp], body: answer, dialogId: 'd' });
    expect(await outcome).toEqual({ kind: 'answered' });
    expect(news).toEqual([{ kind: 'proceeding' }, { kind: 'ringing' }, { kind: 'progress' }]);
    expect(await stack.sentCount(2)).toMatchObject({ method: 'ACK', dialogId: 'd' });
    it.setState('Up');
    it.hangup(16);
    const bye = await stack.sentCount(3);
    expect(bye).toMatchObject({ method: 'BYE', dialogId: 'd', headers: [['Reason', 'Q.850;cause=16']] });
    bye.respond(200);
    await new Promise(setImmediate);
    expect(calls.metrics.open).toBe(0);
  });

  test('is hung up by the far end', async () => {
    const { within, words, leg, calls } = await answered();
    const bye = within('BYE', {
      dialogId: 'd',
      headers: [
        ['Call-ID', leg.protocolId],
        ['From', '<sip:foo@h>;tag=theirs'],
        ['To', '<sip:us@h>;tag=token-2'],
      ],
    });
    expect((await bye.final).status).toBe(200);
    expect((await words())[0]).toBe('ChannelHangupRequested undefined far');
    expect(calls.metrics.open).toBe(0);
  });
});

test('a BYE that comes right behind the answer ends a call that was answered', async () => {
  const { stack, outcome, within, leg, it: channel, calls } = dialled();
  const invite = await stack.sentCount(1);
  const headers: [string, string][] = [
    ['Call-ID', leg.protocolId],
    ['From', '<sip:foo@h>;tag=theirs'],
    ['To', '<sip:us@h>;tag=token-2'],
  ];
  invite.respond(200, { headers: [sdp], body: answer, dialogId: 'd' });
  const bye = within('BYE', { dialogId: 'd', headers });
  expect([(await bye.final).status, await outcome]).toEqual([200, { kind: 'answered' }]);
  expect([channel.isEnded, calls.metrics.open]).toEqual([true, 0]);
});

describe('who is called', () => {
  const leg = (resource: string, options: RoomOptions = one, wish: LegWish = {}) =>
    room(options).calls.caller.leg(resource, wish);

  test.each([
    ['foo', 'sip:foo@192.0.2.9'],
    ['foo/foo', 'sip:foo@192.0.2.9'],
    ['foo/sip:bar@192.0.2.7', 'sip:bar@192.0.2.7'],
    ['100@foo', 'sip:100@192.0.2.9'],
  ])('%s is %s', async (resource, uri) => {
    const { calls, stack } = room(one);
    void calls.caller.leg(resource, {}).driver.dial!(() => undefined);
    expect((await stack.sentCount(1)).uri).toBe(uri);
  });

  test.each<[string, RoomOptions, LegWish, string, string]>([
    ['nobody', one, {}, 'not-found', 'endpoint-not-found'],
    ['sip:foo@192.0.2.9', one, {}, 'not-found', 'endpoint-not-found'],
    ['foo', {}, {}, 'not-found', 'endpoint-unreachable'],
    ['foo/bar', one, {}, 'not-found', 'destination-not-found'],
    ['foo', one, { formats: ['slin'] }, 'invalid', 'invalid'],
    ['foo', one, { variables: { 'PJSIP_HEADER(add,X-A)': 'a\r\nb' } }, 'invalid', 'invalid'],
  ])('%s with %j %j leads nowhere: %s', (resource, options, wish, kind, code) => {
    expect(() => leg(resource, options, wish)).toThrow(expect.objectContaining({ kind, code }) as Error);
  });

  test('the wish says who calls, with which codecs and headers', async () => {
    const { stack } = dialled(one, {
      caller: { name: 'Alice', number: '100' },
      formats: ['alaw'],
      variables: { 'PJSIP_HEADER(add,X-Order)': '12', OTHER: 'x' },
    });
    const { headers, body } = (await stack.sentCount(1)).message;
    expect([headers.get('From'), headers.get('X-Order')]).toEqual(['"Alice" <sip:100@127.0.0.1>;tag=token-2', '12']);
    expect(body).toContain('m=audio 9 RTP/AVP 8 101');
  });
});

describe('a call that is not answered', () => {
  test.each([
    [486, { cause: 17, techCause: 486 }],
    [503, { cause: 34, techCause: 503 }],
  ])('ends with %i', async (status, failure) => {
    const { stack, outcome, calls } = dialled();
    (await stack.sentCount(1)).respond(status);
    expect(await outcome).toEqual({ kind: 'failed', ...failure });
    expect(calls.metrics.open).toBe(0);
  });

  test('is answered without a description, and so ended', async () => {
    const { stack, outcome } = dialled();
    (await stack.sentCount(1)).respond(200, { dialogId: 'd' });
    expect(await outcome).toEqual({ kind: 'failed', cause: 58 });
    await stack.sentCount(3);
    expect(stack.sent.slice(1).map(({ method }) => method)).toEqual(['ACK', 'BYE']);
  });

  test('has nothing in common with whom it is for, so that nobody is called', async () => {
    const { stack, outcome } = dialled(one, { offer: offer.replace('AVP 0', 'AVP 18') });
    expect(await outcome).toEqual({ kind: 'failed', cause: 58 });
    expect(stack.sent).toEqual([]);
  });

  test('cannot even be sent', async () => {
    const all = room(one);
    all.stack.failWith(new Fault('unavailable', 'no connection'));
    const outcome = await all.calls.caller.leg('foo', {}).driver.dial!(() => undefined);
    expect(outcome).toEqual({ kind: 'failed', cause: 34, techCause: 503 });
  });

  test('is over the limit', async () => {
    const { calls, invite, stack } = room({ ...one, limit: 1 });
    await invite();
    const outcome = await calls.caller.leg('foo', {}).driver.dial!(() => undefined);
    expect([outcome, stack.sent, calls.metrics.refused]).toEqual([{ kind: 'failed', cause: 34 }, [], 1]);
  });

  test('is given up, which a later answer does not change', async () => {
    const { stack, outcome, it, calls } = dialled();
    const invite = await stack.sentCount(1);
    it.hangup(16);
    expect([await outcome, invite.isCancelled]).toEqual([{ kind: 'failed', cause: 16 }, true]);
    invite.respond(200, { headers: [sdp], body: answer, dialogId: 'd' });
    const bye = await stack.sentCount(3);
    expect([stack.sent[1]!.method, bye.method]).toEqual(['ACK', 'BYE']);
    bye.respond(200);
    await new Promise(setImmediate);
    expect(calls.metrics.open).toBe(0);
  });

  test('ends with the service', async () => {
    const { stack, outcome, calls } = dialled();
    const invite = await stack.sentCount(1);
    const stopped = calls.stop();
    expect((await outcome).kind).toBe('failed');
    invite.respond(487);
    await stopped;
    expect(calls.metrics.open).toBe(0);
  });
});

describe('a leg with several contacts', () => {
  const two = { contacts: ['sip:a@192.0.2.1', 'sip:b@192.0.2.2'] };

  test('fails when all have, for the best reason', async () => {
    const { stack, outcome } = dialled(two);
    await stack.sentCount(2);
    stack.sent[0]!.respond(503);
    stack.sent[1]!.respond(486);
    expect(await outcome).toEqual({ kind: 'failed', cause: 17, techCause: 486 });
  });

  test('is refused by one for all', async () => {
    const { stack, outcome } = dialled(two);
    await stack.sentCount(2);
    stack.sent[0]!.respond(603);
    expect(await outcome).toEqual({ kind: 'failed', cause: 21, techCause: 603 });
    expect(stack.sent[1]!.isCancelled).toBe(true);
  });

  test('tells of whoever is furthest', async () => {
    const { stack, news, it } = dialled(two);
    await stack.sentCount(2);
    stack.sent[0]!.respond(180);
    stack.sent[1]!.respond(181);
    stack.sent[1]!.respond(183);
    expect(news.map(({ kind }) => kind)).toEqual(['ringing', 'progress']);
    it.hangup(16);
    expect(stack.sent.map(({ isCancelled }) => isCancelled)).toEqual([true, true]);
  });
});
