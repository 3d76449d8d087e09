// The contract of a SipStack: the dialogs of SUBSCRIBE and REFER (RFC 6665, RFC 3515).
import { expect, test } from 'vitest';
import { fromServiceTo } from '../../support/sip-peer.ts';
import type { MakeSipStack, SipStackTraits } from '../sip-stack.contract.ts';
import { begin } from './story.ts';

export function subscriptions(make: MakeSipStack, { takesLastNotify }: SipStackTraits): void {
  test('a SUBSCRIBE that is accepted makes a dialog, in which NOTIFY can be sent', async () => {
    const { phone, next, stack } = await begin(make);
    const headers = [
      ['Event', 'presence'],
      ['Expires', '60'],
      ['Contact', `<${phone.contact}>`],
    ] as const;
    const answered = phone.request({ method: 'SUBSCRIBE', to: 'bar', headers });
    const request = await next();
    expect(request).toMatchObject({ method: 'SUBSCRIBE', dialogId: undefined });
    const { dialogId } = await request.respond(202, { headers: [['Expires', '60']] });
    expect(dialogId).toBeDefined();
    expect((await answered).header('Contact')).toContain('<sip:');

    phone.answer('NOTIFY', () => ({ status: 200 }));
    const { sent, final } = stack.send({
      method: 'NOTIFY',
      dialogId: dialogId!,
      headers: [
        ['Event', 'presence'],
        ['Subscription-State', 'active;expires=60'],
      ],
    });
    expect((await sent).headers.get('To')).toContain('tag=');
    expect(await final).toMatchObject({ status: 200, dialogId });
  });

  test('the NOTIFY of our own SUBSCRIBE comes in its dialog', async () => {
    const { phone, next, stack } = await begin(make);
    phone.answer('SUBSCRIBE', () => ({
      status: 200,
      headers: [
        ['Expires', '60'],
        ['Contact', `<${phone.contact}>`],
      ],
    }));
    const { sent, final } = stack.send({
      method: 'SUBSCRIBE',
      uri: phone.contact,
      headers: [...fromServiceTo(phone), ['Event', 'presence'], ['Expires', '60']],
    });
    const subscribe = await sent;
    const response = await final;
    expect(response.dialogId).toBeDefined();
    const notify = (state: string) =>
      phone.request({
        method: 'NOTIFY',
        to: 'service',
        headers: [
          ['From', response.headers.get('To')!],
          ['To', subscribe.headers.get('From')!],
          ['Call-ID', subscribe.headers.get('Call-ID')!],
          ['Contact', `<${phone.contact}>`],
          ['Event', 'presence'],
          ['Subscription-State', state],
        ],
      });

    const active = notify('active;expires=60');
    const first = await next();
    expect(first).toMatchObject({ method: 'NOTIFY', dialogId: response.dialogId });
    await first.respond(200);
    expect((await active).status).toBe(200);

    // The real server answers 500 by itself (protocol.md 10, 16 T5).
    if (!takesLastNotify) return;
    const last = notify('terminated;reason=timeout');
    await (await next()).respond(200);
    expect((await last).status).toBe(200);
  });
}
