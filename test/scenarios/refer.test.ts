// A registered telephone is asked by REFER to call someone else, and tells how it fares.
import { expect, test } from 'vitest';
import type { SipText } from '../../scripts/demo/telephone.ts';
import type { Telephone } from '../../scripts/demo/telephone.ts';
import { startService } from '../support/service.ts';

/** What the telephone tells within the dialog that its 202 has made. */
function notify(phone: Telephone, refer: SipText, accepted: SipText, state: string, news: string): Promise<SipText> {
  const target = /<([^>]*)>/.exec(refer.header('Contact'))![1]!;
  return phone.request({
    method: 'NOTIFY',
    to: target,
    headers: [
      ['From', accepted.header('To')],
      ['To', refer.header('From')],
      ['Call-ID', refer.header('Call-ID')],
      ['Contact', `<${phone.contact}>`],
      ['Event', 'refer'],
      ['Subscription-State', state],
      ['Content-Type', 'message/sipfrag'],
    ],
    body: `${news}\r\n`,
  });
}

test.each(['udp', 'tcp'] as const)(
  'over %s a telephone accepts a referral, and its news are answered and logged',
  async (transport) => {
    const service = await startService();
    const foo = await service.telephone('foo', { transport });
    expect((await foo.register()).status).toBe(200);
    foo.answer('REFER', () => undefined);
    const query = { from: 'sip:boss@127.0.0.1', refer_to: 'sip:someone@192.0.2.1' };
    const asked = await service.rest('POST', '/endpoints/PJSIP/foo/refer', query, {
      variables: { 'X-Reason': 'test' },
    });
    expect(asked.status).toBe(202);

    const refer = await foo.next('REFER');
    expect(refer.header('Refer-To')).toBe('<sip:someone@192.0.2.1>');
    expect(refer.header('Referred-By')).toBe('<sip:boss@127.0.0.1>');
    expect(refer.header('X-Reason')).toBe('test');
    const accepted = foo.respond(refer, { status: 202, headers: [['Contact', `<${foo.contact}>`]] });

    expect((await notify(foo, refer, accepted, 'active;expires=60', 'SIP/2.0 100 Trying')).status).toBe(200);
    expect((await notify(foo, refer, accepted, 'terminated;reason=noresource', 'SIP/2.0 200 OK')).status).toBe(200);
    expect(service.logged.filter((line) => line.includes('The referral'))).toEqual([
      'info: The referral of foo: "SIP/2.0 100 Trying"',
      'info: The referral of foo: "SIP/2.0 200 OK"',
    ]);
    // The dialog is over.
    expect((await notify(foo, refer, accepted, 'active', 'SIP/2.0 100 Trying')).status).toBe(481);
  },
);

test('a telephone that is not registered cannot be referred', async () => {
  const service = await startService();
  const query = { from: 'sip:boss@127.0.0.1', refer_to: 'sip:someone@192.0.2.1' };
  expect((await service.rest('POST', '/endpoints/PJSIP/foo/refer', query)).status).toBe(404);
  expect((await service.rest('POST', '/endpoints/refer', { to: 'pjsip:foo', ...query })).status).toBe(404);
});
