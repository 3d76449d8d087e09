// Subscriptions (RFC 6665) and REFER (RFC 3515): their dialogs, and their end.
import { describe, expect, test } from 'vitest';
import { tokensOf } from './calls.ts';
import { TestClock } from './clock.ts';
import type { Party } from './replay/parties.ts';
import { final, request, response, stage, valueOf } from './stage.ts';

const statusOf = (message: string) => /^SIP\/2\.0 (\d+)/.exec(message)?.[1];
const stateOf = (message: string) => valueOf(message, 'Subscription-State');

/** The application asks the telephone; nobody has answered yet. */
async function outgoing(method: 'SUBSCRIBE' | 'REFER' = 'SUBSCRIBE', expires = 60) {
  const clock = new TestClock();
  const at = await stage({ clock });
  const [app, phone] = [await at.client(), await at.peer()];
  const own = method === 'REFER' ? 'Refer-To: <sip:x@127.0.0.1>' : `Event: presence\r\nExpires: ${expires}`;
  app.send(`id|sip|||\r\n${method} sip:bob@127.0.0.1:${phone.port} SIP/2.0\r\n${own}\r\n\r\n`);
  await app.inbox.next();
  const asked = await phone.inbox.next();
  const dialogId = `${valueOf(asked, 'Call-ID')};from-tag=${/;tag=(.*)/.exec(valueOf(asked, 'From')!)![1]}`;
  const contact = `Contact: <sip:bob@127.0.0.1:${phone.port}>`;
  const accept = (lines: readonly string[] = [`Expires: ${expires}`]): void =>
    phone.send(response(asked, '202 Accepted', [contact, ...lines]));
  const notify = (state: string, cseq: number, tag = 'bob'): void =>
    phone.send(
      request('NOTIFY', phone.port, {
        callId: valueOf(asked, 'Call-ID')!,
        cseq,
        to: valueOf(asked, 'From')!,
        headers: ['Event: presence', `Subscription-State: ${state}`],
      }).replace(/\r\nFrom: .*/, `\r\nFrom: ${valueOf(asked, 'To')};tag=${tag}`),
    );
  return { at, clock, app, phone, asked, dialogId, contact, accept, notify };
}

/** The telephone asks, and the application accepts. */
async function incoming(method: 'SUBSCRIBE' | 'REFER' = 'SUBSCRIBE') {
  const clock = new TestClock();
  const at = await stage({ clock });
  const [app, phone] = [await at.client(method.toLowerCase()), await at.peer()];
  const headers = method === 'REFER' ? ['Refer-To: <sip:x@127.0.0.1>'] : ['Event: presence', 'Expires: 60'];
  phone.send(request(method, phone.port, { callId: 'call', headers }));
  const transaction = tokensOf(await app.inbox.next())[8];
  app.send(`id|sip|${transaction}|\r\nSIP/2.0 202 Accepted\r\n\r\n`);
  const dialogId = tokensOf(await app.inbox.next())[11]!;
  const accepted = await final(phone);
  const within = { callId: 'call', cseq: 2, to: valueOf(accepted, 'To')!, headers };
  const notify = (state: string): void =>
    app.send(`id|sip||${dialogId}\r\nNOTIFY sip:placeholder SIP/2.0\r\nSubscription-State: ${state}\r\n\r\n`);
  return { at, clock, app, phone, dialogId, accepted, within, notify };
}

async function answer(app: Party, status: string): Promise<string> {
  const told = await app.inbox.next();
  app.send(`id|sip|${tokensOf(told)[8]}|\r\nSIP/2.0 ${status}\r\n\r\n`);
  await app.inbox.next();
  return told;
}

describe('a subscription of ours', () => {
  test('has its dialog though the first NOTIFY comes before the answer', async () => {
    const { at, app, phone, dialogId, accept, notify } = await outgoing();
    notify('active;expires=60', 1);
    expect(tokensOf(await answer(app, '200 OK'))[9]).toBe(dialogId);
    expect(statusOf(await final(phone))).toBe('200');
    accept();
    expect(tokensOf(await app.inbox.next())[9]).toBe(dialogId);
    expect(at.server.metrics.gauges.dialogs).toBe(1);
  });

  test('has one notifier: a NOTIFY of another branch is refused', async () => {
    const { app, phone, accept, notify } = await outgoing();
    accept();
    await app.inbox.next();
    notify('active', 1, 'other');
    expect(statusOf(await final(phone))).toBe('481');
  });

  test("ends with the NOTIFY that says so, which gets the application's answer", async () => {
    const { at, clock, app, phone, accept, notify } = await outgoing();
    accept();
    await app.inbox.next();
    notify('terminated;reason=noresource', 1);
    expect(stateOf(await answer(app, '203 Whatever'))).toBe('terminated;reason=noresource');
    expect(statusOf(await final(phone))).toBe('203');
    expect(at.server.metrics.gauges.dialogs).toBe(0);
    notify('active', 2);
    expect(statusOf(await final(phone))).toBe('481');
    clock.pass(1_000_000);
    app.send('id|ping');
    expect(await app.inbox.next()).toContain('|pong');
  });

  test('is not begun again by an answer that comes after its last NOTIFY', async () => {
    const { at, app, accept, notify } = await outgoing();
    notify('terminated', 1);
    await answer(app, '200 OK');
    accept();
    expect(await app.inbox.next()).toContain('SIP/2.0 202 ');
    expect(at.server.metrics.gauges.dialogs).toBe(0);
  });

  test('that nobody accepts leaves nothing behind', async () => {
    const { at, app, phone, asked } = await outgoing();
    expect(at.server.metrics.gauges.dialogs).toBe(1);
    phone.send(response(asked, '489 Bad Event'));
    await app.inbox.next();
    expect(at.server.metrics.gauges.dialogs).toBe(0);
  });

  test.each([
    ['its Expires', 60, []],
    ['what the last NOTIFY says', 600, ['active;expires=600']],
  ] as const)('that nobody refreshes ends after %s, and the application hears of it', async (_, seconds, states) => {
    const { at, clock, app, dialogId, accept, notify } = await outgoing();
    accept();
    await app.inbox.next();
    for (const state of states) {
      notify(state, 1);
      await answer(app, '200 OK');
    }
    clock.pass(seconds * 1_000 + 31_999);
    expect(at.server.metrics.gauges.dialogs).toBe(1);
    clock.pass(1);
    const told = await app.inbox.next();
    expect([tokensOf(told)[8], tokensOf(told)[9], stateOf(told)]).toEqual([
      'unsolicited',
      dialogId,
      'terminated;reason=timeout',
    ]);
    expect(at.server.metrics.gauges.dialogs).toBe(0);
  });

  test('that is refreshed in time goes on; a refresh that they do not know of (481) ends it', async () => {
    const { at, clock, app, phone, dialogId, contact, accept } = await outgoing();
    accept();
    await app.inbox.next();
    clock.pass(50_000);
    const refresh = async (statusLine: string, lines: readonly string[]): Promise<void> => {
      app.send(`id|sip||${dialogId}\r\nSUBSCRIBE sip:placeholder SIP/2.0\r\nEvent: presence\r\nExpires: 60\r\n\r\n`);
      await app.inbox.next();
      phone.send(response(await phone.inbox.next(), statusLine, lines));
      await app.inbox.next();
    };
    await refresh('200 OK', [contact, 'Expires: 60']);
    clock.pass(60_000);
    expect(at.server.metrics.gauges.dialogs).toBe(1);
    await refresh('481 Gone', []);
    expect(at.server.metrics.gauges.dialogs).toBe(0);
  });
});

describe('a subscription of theirs', () => {
  test('is the application’s to notify, and ends when it says so', async () => {
    const { at, app, phone, dialogId, notify, accepted } = await incoming();
    expect([dialogId, valueOf(accepted, 'Contact')]).toEqual(['call;from-tag=alice', `<sip:127.0.0.1:${at.port()}>`]);
    for (const state of ['active;expires=60', 'terminated']) {
      notify(state);
      await app.inbox.next();
      const notification = await final(phone);
      expect(stateOf(notification)).toBe(state);
      phone.send(response(notification, '200 OK'));
      await app.inbox.next();
    }
    expect(at.server.metrics.gauges.dialogs).toBe(0);
  });

  test('that is refreshed goes on; one of which they know nothing any more (481 to NOTIFY) ends', async () => {
    const { at, clock, app, phone, within, notify } = await incoming();
    clock.pass(50_000);
    phone.send(request('SUBSCRIBE', phone.port, within));
    await answer(app, '200 OK');
    await final(phone);
    clock.pass(60_000);
    expect(at.server.metrics.gauges.dialogs).toBe(1);
    notify('active');
    await app.inbox.next();
    phone.send(response(await final(phone), '481 Gone'));
    await app.inbox.next();
    expect(at.server.metrics.gauges.dialogs).toBe(0);
    phone.send(request('SUBSCRIBE', phone.port, { ...within, cseq: 3 }));
    expect(statusOf(await final(phone))).toBe('481');
  });

  test.each(['SUBSCRIBE', 'REFER'] as const)(
    'by %s that nobody refreshes ends with a NOTIFY of ours, and the application hears of it',
    async (method) => {
      const { at, clock, app, phone, dialogId } = await incoming(method);
      clock.pass((method === 'REFER' ? 300_000 : 60_000) + 32_000);
      const notification = await final(phone);
      expect([stateOf(notification), valueOf(notification, 'Event')]).toEqual([
        'terminated;reason=timeout',
        method === 'REFER' ? 'refer' : 'presence',
      ]);
      const told = tokensOf(await app.inbox.next());
      expect([told[8], told[9]]).toEqual(['unsolicited', dialogId]);
      expect(at.server.metrics.gauges.dialogs).toBe(0);
    },
  );
});

describe('a REFER outside dialogs', () => {
  test('of ours: its NOTIFY requests come to whoever sent it', async () => {
    const { at, app, phone, dialogId, accept, notify } = await outgoing('REFER');
    accept([]);
    expect(tokensOf(await app.inbox.next())[9]).toBe('');
    const other = await at.client('notify');
    notify('active;expires=60', 1);
    expect(tokensOf(await answer(app, '200 OK'))[9]).toBe(dialogId);
    notify('terminated;reason=noresource', 2);
    await answer(app, '200 OK');
    for (const cseq of [1, 2]) expect(valueOf(await final(phone), 'CSeq')).toBe(`${cseq} NOTIFY`);
    expect([at.server.metrics.gauges.dialogs, other.inbox.waiting]).toEqual([0, []]);
  });

  test('of ours that begins no subscription (Refer-Sub: false) has no dialog', async () => {
    const { at, app, accept } = await outgoing('REFER');
    accept(['Refer-Sub: false']);
    await app.inbox.next();
    expect(at.server.metrics.gauges.dialogs).toBe(0);
  });

  test('of theirs: the application may notify without naming the dialog, by its Call-ID and tags', async () => {
    const { app, phone, accepted } = await incoming('REFER');
    expect(valueOf(accepted, 'Contact')).toContain('<sip:127.0.0.1');
    const lines = [
      'NOTIFY sip:placeholder SIP/2.0',
      `Call-ID: call`,
      `From: ${valueOf(accepted, 'To')}`,
      `To: ${valueOf(accepted, 'From')}`,
      'Event: refer',
      'Subscription-State: active;expires=60',
      'Content-Type: message/sipfrag',
    ];
    app.send(`id|sip|||\r\n${lines.join('\r\n')}\r\n\r\nSIP/2.0 100 Trying`);
    expect(tokensOf(await app.inbox.next())[3]).toBe('OK');
    const notification = await final(phone);
    expect([notification.split(' ')[1], valueOf(notification, 'CSeq')]).toEqual([
      `sip:alice@127.0.0.1:${phone.port}`,
      '2 NOTIFY',
    ]);
  });
});
