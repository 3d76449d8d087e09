// The contract of a SipStack: calls that we place.
import { expect, test } from 'vitest';
import type { OutgoingRequest, SipResponse } from '../../../src/technologies/pjsip/stack.ts';
import type { Telephone } from '../../../scripts/demo/telephone.ts';
import { fromServiceTo, requestOfCallee, sdp, withSdp } from '../../support/sip-peer.ts';
import type { MakeSipStack } from '../sip-stack.contract.ts';
import type { Story } from './story.ts';
import { begin } from './story.ts';

const inviteTo = (phone: Telephone): OutgoingRequest => ({
  method: 'INVITE',
  uri: phone.contact,
  headers: [...fromServiceTo(phone), withSdp],
  body: sdp(4002),
});

/** The telephone answers, and the ACK has arrived there. */
async function answeredCall({ phone, stack }: Story) {
  phone.answer('INVITE', () => undefined);
  const { final } = stack.send(inviteTo(phone));
  const invite = await phone.next('INVITE');
  const answer = phone.respond(invite, { status: 200, headers: [withSdp], body: sdp(4000) });
  const { dialogId = '' } = await final;
  await stack.send({ method: 'ACK', dialogId }).sent;
  await phone.next('ACK');
  return { dialogId, invite, answer };
}

export function callsOut(make: MakeSipStack): void {
  for (const transport of ['udp', 'tcp'] as const) {
    test(`over ${transport} a call rings there, is answered, acknowledged, and ended by us`, async () => {
      const { phone, stack } = await begin(make, { transport });
      phone.answer('INVITE', () => undefined);
      const provisionals: SipResponse[] = [];
      const order: string[] = [];
      const { sent, final } = stack.send({
        ...inviteTo(phone),
        onProvisional: (response) => {
          provisionals.push(response);
          order.push('provisional');
        },
      });
      void sent.then(() => order.push('sent'));
      void final.then(() => order.push('final'));
      const invite = await phone.next('INVITE');
      expect(invite.body).toBe(sdp(4002));
      expect(invite.header('Contact')).toMatch(/^<sip:/);
      phone.respond(invite, { status: 180, headers: [['X-Bell', 'loud']] });
      phone.respond(invite, { status: 200, headers: [withSdp], body: sdp(4000) });
      const answer = await final;
      expect(order).toEqual(['sent', 'provisional', 'final']);
      expect(provisionals.map(({ status, headers }) => [status, headers.get('X-Bell')])).toEqual([[180, 'loud']]);
      expect(answer).toMatchObject({ status: 200, body: sdp(4000) });
      expect(answer.dialogId).toBeDefined();
      expect(provisionals[0]?.dialogId).toBe(answer.dialogId);

      const dialogId = answer.dialogId ?? '';
      await stack.send({ method: 'ACK', dialogId }).sent;
      expect((await phone.next('ACK')).sequence).toBe(invite.sequence);
      const ended = stack.send({ method: 'BYE', dialogId });
      expect((await ended.final).status).toBe(200);
      const bye = await phone.next('BYE');
      expect(bye.header('Call-ID')).toBe(invite.header('Call-ID'));
      expect((await ended.sent).uri).toBe(bye.uri);
    });
  }

  test('the ACK can carry the answer to an offer in the 200', async () => {
    const { phone, stack } = await begin(make);
    phone.answer('INVITE', () => ({ status: 200, headers: [withSdp], body: sdp(4000) }));
    const { headers = [], uri = '' } = inviteTo(phone);
    const { final } = stack.send({ method: 'INVITE', uri, headers: headers.slice(0, 2) });
    const { dialogId = '' } = await final;
    await stack.send({ method: 'ACK', dialogId, headers: [withSdp], body: sdp(4002) }).sent;
    expect((await phone.next('ACK')).body).toBe(sdp(4002));
  });

  test('an answered call is ended by the one who was called', async () => {
    const story = await begin(make);
    const { dialogId, invite, answer } = await answeredCall(story);
    const ended = requestOfCallee(story.phone, invite, answer, 'BYE');
    const bye = await story.next();
    expect(bye).toMatchObject({ method: 'BYE', dialogId, isOwn: false });
    await bye.respond(200);
    expect((await ended).status).toBe(200);
  });

  test('a refusal is acknowledged by the stack', async () => {
    const { phone, stack } = await begin(make);
    phone.answer('INVITE', () => ({ status: 486, headers: [['X-Why', 'busy']] }));
    const final = await stack.send(inviteTo(phone)).final;
    expect(final).toMatchObject({ status: 486, reason: 'Busy Here' });
    expect(final.headers.get('X-Why')).toBe('busy');
    expect((await phone.next('ACK')).sequence).toBe((await phone.next('INVITE')).sequence);
  });

  test('a call is given up while it rings, and the 487 is its end', async () => {
    const { phone, stack } = await begin(make);
    phone.answer('INVITE', () => ({ status: 180 }));
    const call = stack.send({
      ...inviteTo(phone),
      onProvisional: () => {
        call.cancel([['Reason', 'SIP;cause=200;text="Call completed elsewhere"']]);
        call.cancel();
      },
    });
    expect((await call.final).status).toBe(487);
    expect((await phone.next('CANCEL')).header('Reason')).toBe('SIP;cause=200;text="Call completed elsewhere"');
    await phone.next('ACK');
  });

  test('a call that is given up at once is cancelled as soon as it may be', async () => {
    const { phone, stack } = await begin(make);
    phone.answer('INVITE', () => ({ status: 180 }));
    const call = stack.send(inviteTo(phone));
    call.cancel();
    expect((await call.final).status).toBe(487);
    await phone.next('CANCEL');
    call.cancel();
  });

  test('only an INVITE can be cancelled', async () => {
    const { phone, stack } = await begin(make);
    const transaction = stack.send({ method: 'OPTIONS', uri: phone.contact, headers: fromServiceTo(phone) });
    expect(() => transaction.cancel()).toThrow(expect.objectContaining({ name: 'Fault', kind: 'invalid' }));
    expect((await transaction.final).status).toBe(200);
  });
}
