// The contract of a SipStack: calls that a peer places.
import { expect, test } from 'vitest';
import type { SipMessage, SipRequest } from '../../../src/technologies/pjsip/stack.ts';
import { sdp, unacknowledgedInvite, withSdp } from '../../support/sip-peer.ts';
import type { MakeSipStack, SipStackTraits } from '../sip-stack.contract.ts';
import type { Story } from './story.ts';
import { begin } from './story.ts';

const acknowledged = (invite: SipRequest): Promise<SipMessage> => new Promise((resolve) => invite.onAck(resolve));
const cancelled = (invite: SipRequest): Promise<SipMessage> => new Promise((resolve) => invite.onCancel(resolve));

/** A call that was answered, and whose ACK has come. */
async function answeredCall({ phone, next }: Story) {
  const call = phone.call({ to: 'bar' });
  const invite = await next();
  const ack = acknowledged(invite);
  const { dialogId } = await invite.respond(200, { headers: [withSdp], body: sdp(4002) });
  await call.answered;
  await ack;
  if (dialogId === undefined) throw new Error('the answer made no dialog');
  return { call, dialogId };
}

export function callsIn(make: MakeSipStack, { impatient, patience }: SipStackTraits): void {
  for (const transport of ['udp', 'tcp'] as const) {
    test(`over ${transport} a call rings, is answered, acknowledged, and ended by the caller`, async () => {
      const { phone, next } = await begin(make, { transport });
      const call = phone.call({ to: 'bar' });
      const invite = await next();
      expect(invite).toMatchObject({ method: 'INVITE', uri: 'sip:bar@127.0.0.1', dialogId: undefined });
      expect(invite.body).toContain('m=audio');
      expect(invite.body).toMatch(/\r\n$/);
      const ringing = await invite.respond(180, { headers: [['X-Bell', 'loud']] });
      expect((await call.progress(180)).header('X-Bell')).toBe('loud');
      // Over UDP a 100 that another response overtakes need not be sent (RFC 3261 17.2.1).
      if (transport === 'tcp') expect(call.provisionals[0]?.status).toBe(100);

      const ack = acknowledged(invite);
      const answer = await invite.respond(200, { headers: [withSdp], body: sdp(4002) });
      expect(answer.dialogId).toBeDefined();
      expect(answer.dialogId).toBe(ringing.dialogId);
      expect(answer.headers.get('Contact')).toMatch(/^<sip:/);
      const accepted = await call.answered;
      expect(accepted.body).toBe(sdp(4002));
      expect(accepted.header('To')).toBe(call.provisionals.at(-1)?.header('To'));
      expect((await ack).headers.get('CSeq')).toBe(`${Number.parseInt(invite.headers.get('CSeq') ?? '', 10)} ACK`);

      const ended = call.hangup();
      const bye = await next();
      expect(bye).toMatchObject({ method: 'BYE', dialogId: answer.dialogId, isOwn: false });
      await bye.respond(200);
      expect((await ended).status).toBe(200);
    });
  }

  test('an answered call is ended by us', async () => {
    const story = await begin(make);
    const { call, dialogId } = await answeredCall(story);
    const { final, sent } = story.stack.send({ method: 'BYE', dialogId, headers: [['Reason', 'Q.850;cause=16']] });
    const bye = await call.ended;
    expect(bye.uri).toBe(story.phone.contact);
    expect(bye.header('Reason')).toBe('Q.850;cause=16');
    expect((await sent).headers.get('Call-ID')).toBe(call.id);
    expect(await final).toMatchObject({ status: 200, source: { port: story.phone.address.port } });
    await expect(story.stack.send({ method: 'BYE', dialogId }).sent).rejects.toMatchObject({ kind: 'invalid' });
  });

  test('the ACK is told also to one who asks for it later, and carries the answer to our offer', async () => {
    const { phone, next } = await begin(make);
    const call = phone.call({ to: 'bar', withoutSdp: true, sdp: sdp(4004) });
    const invite = await next();
    expect(invite.body).toBe('');
    await invite.respond(200, { headers: [withSdp], body: sdp(4002) });
    expect((await call.answered).body).toBe(sdp(4002));
    const ended = call.hangup();
    const bye = await next();
    await bye.respond(200);
    await ended;
    expect((await acknowledged(invite)).body).toBe(sdp(4004));
  });

  test('a call is refused, and the ACK to that is nobody else’s business', async () => {
    const { phone, next } = await begin(make);
    const call = phone.call({ to: 'bar' });
    const invite = await next();
    await invite.respond(486, { headers: [['Reason', 'Q.850;cause=17']] });
    const response = await call.answered;
    expect(response.startLine).toBe('SIP/2.0 486 Busy Here');
    expect(response.header('Reason')).toBe('Q.850;cause=17');
    const later = phone.message({ to: 'bar', body: 'what comes next' });
    const request = await next();
    expect(request.method).toBe('MESSAGE');
    await request.respond(200);
    await later;
  });

  test.each([
    ['before anything was answered', false],
    ['while it rings', true],
  ])('a call is given up %s', async (_, rings) => {
    const { phone, next } = await begin(make);
    const call = phone.call({ to: 'bar' });
    const invite = await next();
    if (rings) {
      await invite.respond(180);
      await call.progress(180);
    }
    const cancel = cancelled(invite);
    expect((await call.cancel()).status).toBe(200);
    expect((await call.answered).status).toBe(487);
    expect((await cancel).headers.get('CSeq')).toMatch(/ CANCEL$/);
    await expect(invite.respond(200)).rejects.toMatchObject({ name: 'Fault', kind: 'conflict' });
    // One who asks late hears of it all the same.
    expect((await cancelled(invite)).headers.get('Call-ID')).toBe(call.id);
  });

  test('requests within a call go both ways', async () => {
    const story = await begin(make);
    const { call, dialogId } = await answeredCall(story);
    const response = call.request('INFO', [['Content-Type', 'application/dtmf-relay']], 'Signal=5');
    const info = await story.next();
    expect(info).toMatchObject({ method: 'INFO', dialogId, body: 'Signal=5' });
    await info.respond(200);
    expect((await response).status).toBe(200);

    const ours = story.stack.send({ method: 'INFO', dialogId, headers: [['X-Ours', '1']] });
    expect((await ours.final).status).toBe(200);
    expect((await story.phone.next('INFO')).header('X-Ours')).toBe('1');
  });

  test('a second INVITE within a call is answered and acknowledged like the first', async () => {
    const story = await begin(make);
    const { call, dialogId } = await answeredCall(story);
    const again = call.request('INVITE', [['Contact', `<${story.phone.contact}>`], withSdp], sdp(4006));
    const invite = await story.next();
    expect(invite).toMatchObject({ method: 'INVITE', dialogId, body: sdp(4006) });
    const ack = acknowledged(invite);
    await invite.respond(200, { headers: [withSdp], body: sdp(4002) });
    expect((await again).body).toBe(sdp(4002));
    expect((await ack).headers.get('CSeq')).toBe(invite.headers.get('CSeq')?.replace('INVITE', 'ACK'));
  });

  test(
    'an answer that is never acknowledged ends the call by the stack itself',
    { timeout: 2 * patience + 10_000 },
    async () => {
      const { phone, next } = await begin(impatient);
      const invite = unacknowledgedInvite(phone);
      const request = await next();
      const { dialogId } = await request.respond(200, { headers: [withSdp], body: sdp(4002) });
      const bye = await next(patience + 5_000);
      expect(bye).toMatchObject({ method: 'BYE', dialogId, isOwn: true });
      await expect(bye.respond(200)).rejects.toMatchObject({ name: 'Fault', kind: 'conflict' });
      expect((await phone.next('BYE')).header('Call-ID')).toBe(invite.header('Call-ID'));
    },
  );
}
