// Sessions that end unless they are refreshed (RFC 4028), on a test clock.
import { describe, expect, test } from 'vitest';
import { incomingCall, outgoingInvite, tokensOf } from './calls.ts';
import { TestClock } from './clock.ts';
import { final, request, response, stage, valueOf } from './stage.ts';

const sdp = 'v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\n';
const statusOf = (message: string) => /^SIP\/2\.0 (\d+)/.exec(message)?.[1];
const nameOf = (message: string) => message.split(' ')[0];
const expired = 'SIP;cause=200;text="Session timer expired"';

const called = async (sessionExpires: string) => {
  const clock = new TestClock();
  const at = await stage({ clock });
  return { clock, at, ...(await incomingCall(at, ['Supported: timer', `Session-Expires: ${sessionExpires}`])) };
};

/** A call of the application's that the other side answers with that Session-Expires. */
const calling = async (sessionExpires: string) => {
  const clock = new TestClock();
  const call = await outgoingInvite(await stage({ clock }), { body: sdp });
  const contact = `Contact: <sip:bob@127.0.0.1:${call.phone.port}>`;
  call.answer('200 OK', [contact, `Session-Expires: ${sessionExpires}`]);
  await call.app.inbox.next();
  call.command('ACK');
  await call.app.inbox.next();
  await call.phone.inbox.next();
  return { clock, contact, ...call };
};

/** The time of our refresh: half of 90 s, give or take 5 s. */
const untilRefresh = (clock: TestClock) => clock.pass(50_000);

describe('when they refresh', () => {
  test('and do not, the call is ended, and the application hears of it', async () => {
    const { clock, phone, app, dialogId, at } = await called('90;refresher=uac');
    clock.pass(89_999);
    expect(at.server.metrics.gauges.dialogs).toBe(1);
    clock.pass(1);
    const bye = await phone.inbox.next();
    expect([nameOf(bye), valueOf(bye, 'Reason')]).toEqual(['BYE', expired]);
    const told = await app.inbox.next();
    expect([tokensOf(told)[2], tokensOf(told)[8], tokensOf(told)[9]]).toEqual(['application', 'unsolicited', dialogId]);
  });

  test.each(['INVITE', 'UPDATE'])('and do by %s, the time begins anew', async (method) => {
    const { clock, phone, app, within, at } = await called('90;refresher=uac');
    clock.pass(80_000);
    phone.send(
      request(method, phone.port, { ...within, headers: ['Supported: timer', 'Session-Expires: 90;refresher=uac'] }),
    );
    app.send(`id|sip|${tokensOf(await app.inbox.next())[8]}|\r\nSIP/2.0 200 OK\r\n\r\n`);
    const answer = await final(phone);
    expect([valueOf(answer, 'Session-Expires'), valueOf(answer, 'Require')]).toEqual(['90;refresher=uac', 'timer']);
    await app.inbox.next();
    if (method === 'INVITE') {
      phone.send(request('ACK', phone.port, within));
      await app.inbox.next();
    }
    clock.pass(80_000);
    expect(at.server.metrics.gauges.dialogs).toBe(1);
    clock.pass(10_000);
    expect(at.server.metrics.gauges.dialogs).toBe(0);
  });

  test('and refresh without a word of the session, it lasts for ever', async () => {
    const { clock, phone, app, within, at } = await called('90;refresher=uac');
    phone.send(request('UPDATE', phone.port, within));
    app.send(`id|sip|${tokensOf(await app.inbox.next())[8]}|\r\nSIP/2.0 200 OK\r\n\r\n`);
    expect(valueOf(await final(phone), 'Session-Expires')).toBeUndefined();
    clock.pass(1_000_000);
    expect(at.server.metrics.gauges.dialogs).toBe(1);
  });
});

describe('when we refresh', () => {
  test('the last description goes out again, is acknowledged, and the application sees nothing', async () => {
    const { clock, app, phone } = await calling('90;refresher=uac');
    for (const round of [1, 2]) {
      untilRefresh(clock);
      const invite = await phone.inbox.next();
      expect([nameOf(invite), valueOf(invite, 'Session-Expires'), invite.split('\r\n\r\n')[1]]).toEqual([
        'INVITE',
        '90;refresher=uac',
        sdp,
      ]);
      phone.send(response(invite, '200 OK', ['Session-Expires: 90;refresher=uac']));
      let ack = await phone.inbox.next();
      while (nameOf(ack) === 'INVITE') ack = await phone.inbox.next();
      expect([nameOf(ack), valueOf(ack, 'CSeq')!.split(' ')[0]]).toEqual([
        'ACK',
        valueOf(invite, 'CSeq')!.split(' ')[0],
      ]);
      expect([round, app.inbox.waiting]).toEqual([round, []]);
    }
  });

  test('it is by UPDATE when there is no description to repeat', async () => {
    const { clock, phone, at } = await called('90;refresher=uas');
    untilRefresh(clock);
    const update = await phone.inbox.next();
    expect([nameOf(update), update.split('\r\n\r\n')[1]]).toEqual(['UPDATE', '']);
    phone.send(response(update, '200 OK', ['Session-Expires: 90;refresher=uac']));
    await expect.poll(() => at.server.metrics.responsesIn['2xx']).toBe(1);
    untilRefresh(clock);
    await expect.poll(async () => valueOf(await phone.inbox.next(), 'CSeq')).not.toBe(valueOf(update, 'CSeq'));
  });

  test('and meet their request (491), we try again; when they refuse, the call is ended', async () => {
    const { clock, app, phone } = await calling('90');
    untilRefresh(clock);
    const first = await phone.inbox.next();
    phone.send(response(first, '491 Request Pending'));
    await expect.poll(async () => nameOf(await phone.inbox.next())).toBe('ACK');
    clock.pass(4_000);
    let second = await phone.inbox.next();
    while (valueOf(second, 'CSeq') === valueOf(first, 'CSeq')) second = await phone.inbox.next();
    expect(nameOf(second)).toBe('INVITE');
    phone.send(response(second, '488 Not Acceptable Here'));
    await expect.poll(async () => nameOf(await phone.inbox.next())).toBe('BYE');
    expect(valueOf(await app.inbox.next(), 'Reason')).toBe(expired);
  });

  test('and they want longer sessions (422), they get them', async () => {
    const { clock, phone } = await calling('90');
    untilRefresh(clock);
    phone.send(response(await phone.inbox.next(), '422 Session Interval Too Small', ['Min-SE: 300']));
    await expect.poll(async () => nameOf(await phone.inbox.next())).toBe('ACK');
    clock.pass(4_000);
    await expect.poll(async () => valueOf(await phone.inbox.next(), 'Session-Expires')).toBe('300;refresher=uac');
  });

  test("the application's INVITE waits until it is over", async () => {
    const { clock, app, phone, command } = await calling('90');
    untilRefresh(clock);
    const refresh = await phone.inbox.next();
    command('INVITE');
    phone.send(response(refresh, '200 OK', ['Session-Expires: 90;refresher=uac']));
    expect(tokensOf(await app.inbox.next())[3]).toBe('OK');
    const numbers: string[] = [];
    await expect
      .poll(async () => {
        const message = await phone.inbox.next();
        numbers.push(valueOf(message, 'CSeq')!);
        return numbers.at(-1);
      })
      .toBe(`${Number(valueOf(refresh, 'CSeq')!.split(' ')[0]) + 1} INVITE`);
  });
});

describe('what we answer', () => {
  test.each([
    ['90;refresher=uas', '90;refresher=uas', undefined],
    ['1800;refresher=uac', '1800;refresher=uac', 'timer'],
    ['1800', undefined, undefined],
  ])('to %s is %s', async (asked, answered, required) => {
    const { client, peer } = await stage();
    const [app, phone] = [await client('invite'), await peer()];
    phone.send(request('INVITE', phone.port, { headers: ['Supported: timer', `Session-Expires: ${asked}`] }));
    app.send(`id|sip|${tokensOf(await app.inbox.next())[8]}|\r\nSIP/2.0 200 OK\r\n\r\n`);
    const answer = await final(phone);
    expect([valueOf(answer, 'Session-Expires'), valueOf(answer, 'Require')]).toEqual([answered, required]);
  });

  test("is the application's own word, if it has one", async () => {
    const clock = new TestClock();
    const { client, peer, server } = await stage({ clock });
    const [app, phone] = [await client('invite'), await peer()];
    phone.send(request('INVITE', phone.port, { headers: ['Supported: timer', 'Session-Expires: 1800;refresher=uas'] }));
    const lines = ['SIP/2.0 200 OK', 'Session-Expires: 120;refresher=uac', 'Require: timer'];
    app.send(`id|sip|${tokensOf(await app.inbox.next())[8]}|\r\n${lines.join('\r\n')}\r\n\r\n`);
    const answer = await final(phone);
    expect(valueOf(answer, 'Session-Expires')).toBe('120;refresher=uac');
    phone.send(request('ACK', phone.port, { callId: valueOf(answer, 'Call-ID')!, to: valueOf(answer, 'To')! }));
    await expect.poll(() => server.metrics.requestsIn['ACK']).toBe(1);
    clock.pass(120_000);
    expect(server.metrics.gauges.dialogs).toBe(0);
  });

  test('to less than 90 seconds is 422, and the application is not told', async () => {
    const { client, peer } = await stage();
    const [app, phone] = [await client('invite'), await peer()];
    const short = ['Supported: timer', 'Session-Expires: 60;refresher=uac'];
    phone.send(request('INVITE', phone.port, { headers: short }));
    const refusal = await final(phone);
    expect([statusOf(refusal), valueOf(refusal, 'Min-SE'), app.inbox.waiting]).toEqual(['422', '90', []]);
    const call = await incomingCall(await stage());
    for (const [cseq, method] of [
      [2, 'INVITE'],
      [3, 'UPDATE'],
    ] as const) {
      call.phone.send(request(method, call.phone.port, { ...call.within, cseq, headers: ['Session-Expires: 60'] }));
      expect([statusOf(await final(call.phone)), call.app.inbox.waiting]).toEqual(['422', []]);
    }
  });
});
