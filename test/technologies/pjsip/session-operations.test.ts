// What an application does to a call: early media, acknowledged responses, keys, hold, being sent elsewhere, functions.
import { describe, expect, test } from 'vitest';
import type { SipHeader } from '../../../src/technologies/pjsip/stack.ts';
import type { Received } from '../../support/fake-stack.ts';
import { call, offer, room, sdp, up, type RoomOptions } from './sessions-room.ts';

const required: SipHeader = ['Require', '100rel'];
const peer = offer.replace('40000', '50000');

async function invited(headers: readonly SipHeader[] = [sdp], options: RoomOptions = {}) {
  const all = room(options);
  const received = await all.invite({ headers: [...call, ...headers], body: headers.includes(sdp) ? offer : '' });
  return { ...all, received, driver: all.driver() };
}

const said = ({ answers }: Received): (readonly [number, string])[] =>
  answers.map(({ status, body }) => [status, /m=audio (\d+)/.exec(body)?.[1] ?? '']);

describe('a caller', () => {
  test('may hear something before the answer, which is then the same', async () => {
    const { driver, received } = await invited();
    expect(driver.offer).toContain('m=audio 40000');
    await driver.progress!(peer);
    expect(driver.offer).toBeUndefined();
    await driver.answer();
    expect(said(received)).toEqual([
      [183, '50000'],
      [200, '50000'],
    ]);
  });

  test('may be answered by another party, if that fits', async () => {
    const { driver, received } = await invited();
    const unfitting = peer.replace('AVP 0', 'AVP 18');
    await expect(driver.answer(unfitting)).rejects.toMatchObject({ kind: 'unprocessable' });
    await driver.answer(peer);
    expect(said(received)).toEqual([[200, '50000']]);
  });

  test('who wants each response acknowledged has its answer in the first that has one', async () => {
    const { driver, received, within } = await invited([sdp, required]);
    await driver.ring();
    await driver.progress!();
    expect((await within('PRACK').final).status).toBe(200);
    const update = await within('UPDATE', { headers: [...call, sdp], body: offer }).final;
    await driver.answer();
    expect([update.status, said(received)]).toEqual([
      200,
      [
        [180, ''],
        [183, '9'],
        [200, ''],
      ],
    ]);
  });

  test('who makes no offer then gets ours by the first, and answers it by PRACK', async () => {
    const { driver, received, within, stack } = await invited([required]);
    await driver.ring();
    const prack = await within('PRACK', { headers: [...call, sdp], body: offer }).final;
    await driver.answer();
    received.ack();
    expect([prack.status, prack.body, stack.sent, said(received)]).toEqual([
      200,
      '',
      [],
      [
        [180, '9'],
        [200, ''],
      ],
    ]);
  });

  test('cannot change what is not agreed yet', async () => {
    const { within } = await invited();
    const { status, headers } = await within('UPDATE', { headers: [...call, sdp], body: offer }).final;
    expect([status, headers.get('Retry-After')]).toEqual([500, '5']);
  });

  test('is sent elsewhere', async () => {
    const { driver, received, words } = await invited();
    await driver.redirect!('sip:bar@192.0.2.9');
    expect((await received.final).headers.get('Contact')).toBe('<sip:bar@192.0.2.9>');
    expect((await words()).some((word) => word === 'ChannelHangupRequested 23 far')).toBe(true);
    await expect(driver.answer()).rejects.toMatchObject({ kind: 'conflict' });
  });
});

describe('a call that is up', () => {
  const answered = async (options: RoomOptions = {}) => {
    const all = await up(options);
    return { ...all, driver: all.driver() };
  };

  test('is put on hold and taken up again, as it was', async () => {
    const { driver, stack } = await answered();
    const media = driver.media!;
    const steps: readonly [() => Promise<unknown>, string][] = [
      [() => media.offer(peer), '50000'],
      [() => driver.hold!(), '9'],
      [() => driver.unhold!(), '50000'],
    ];
    for (const [step, port] of steps) {
      const count = stack.sent.length;
      const done = step();
      const invite = await stack.sentCount(count + 1);
      expect(/m=audio (\d+)/.exec(invite.body!)![1]).toBe(port);
      invite.respond(200, { headers: [sdp], body: offer });
      await done;
      await stack.sentCount(count + 2);
    }
  });

  test('is sent elsewhere by REFER, if its far end agrees', async () => {
    const { driver, stack, within } = await answered({ contacts: ['sip:foo@192.0.2.9'] });
    const sent = driver.redirect!('foo');
    const refer = await stack.sentCount(1);
    expect([refer.method, refer.message.headers.get('Refer-To')]).toEqual(['REFER', '<sip:foo@192.0.2.9>']);
    refer.respond(202);
    await sent;
    expect((await within('NOTIFY', { body: 'SIP/2.0 200 OK' }).final).status).toBe(200);
    const refused = driver.redirect!('sip:bar@192.0.2.9');
    (await stack.sentCount(2)).respond(603);
    await expect(refused).rejects.toMatchObject({ kind: 'unprocessable' });
    await expect(driver.redirect!('nobody')).rejects.toMatchObject({ kind: 'not-found' });
  });

  test('has keys sent in their time', async () => {
    const { driver, stack, timers } = await answered();
    const sent = driver.sendDtmf!('1', { before: 10, after: 10 });
    expect(stack.sent).toEqual([]);
    timers.shift()!();
    (await stack.sentCount(1)).respond(200);
    for (let pause = 0; pause < 2; pause++) {
      await new Promise(setImmediate);
      timers.shift()!();
    }
    await sent;
    expect(stack.sent[0]!.body).toBe('Signal=1\r\nDuration=100\r\n');
  });

  test('is told whom it talks to now', async () => {
    const { driver, stack, within } = await answered({ endpoint: { send_pai: true } });
    await within('INFO', { headers: [...call, ['Allow', 'INVITE, UPDATE']] }).final;
    const told = driver.setConnected!({ name: 'Bob', number: '200' });
    const update = await stack.sentCount(1);
    expect([update.method, update.message.headers.get('P-Asserted-Identity')]).toEqual([
      'UPDATE',
      '"Bob" <sip:200@127.0.0.1>',
    ]);
    update.respond(200);
    await told;
  });

  test.each([
    ['CHANNEL(pjsip,call-id)', 'c1@h'],
    ['CHANNEL(pjsip,remote_addr)', '127.0.0.1:5999'],
    ['CHANNEL(pjsip,secure)', '0'],
    ['PJSIP_HEADER(read,From)', '<sip:foo@127.0.0.1>;tag=theirs'],
    ['CHANNEL(pjsip,constructor)', undefined],
    ['EVAL(1)', undefined],
  ])('has %s', async (expression, value) => {
    expect((await answered()).driver.read!(expression)).toBe(value);
  });

  test('takes a text, and no request that nobody takes', async () => {
    const { within } = await answered();
    expect((await within('MESSAGE', { body: 'hello' }).final).status).toBe(202);
    const refused = await within('SUBSCRIBE').final;
    expect([refused.status, refused.headers.get('Allow')]).toEqual([405, 'INVITE, ACK']);
  });
});
