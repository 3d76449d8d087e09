// One call on the wire: refused, cancelled, answered, changed, hung up.
import { describe, expect, test, vi } from 'vitest';
import { Fault } from '../../../src/errors.ts';
import type { SipHeader } from '../../../src/technologies/pjsip/stack.ts';
import { inAWord } from '../../support/core.ts';
import type { Incoming } from '../../support/fake-stack.ts';
import { incoming } from './request.ts';
import { call, offer, room, sdp, up } from './sessions-room.ts';

const contentOf = ({ headers, body }: { headers: Iterable<SipHeader>; body: string }) => ({
  headers: Object.fromEntries(headers),
  body: body.split('\r\n'),
});

describe('a call that is not answered', () => {
  test('rings', async () => {
    const { invite, channel } = room();
    const received = await invite();
    await channel().ring();
    await channel().stopRinging();
    expect(received.answers.map(({ status }) => status)).toEqual([180]);
  });

  test('is refused by the cause, which its end tells', async () => {
    const { invite, channel, heard } = room();
    const received = await invite();
    channel().hangup(17);
    const answer = await received.final;
    expect([answer.status, answer.headers.get('Reason')]).toEqual([486, 'Q.850;cause=17']);
    const facts = await heard();
    expect(facts.find((fact) => fact.type === 'ChannelChanged' && fact.hangup !== undefined)).toMatchObject({
      hangup: { cause: 17, techCause: 486 },
    });
  });

  test('is cancelled', async () => {
    const { invite, words, heard, calls } = room();
    const received = await invite();
    await words();
    received.cancel();
    const facts = await heard();
    expect(facts.map(inAWord)).toEqual([
      'ChannelHangupRequested 127 far',
      'ChannelVariableSet STASISSTATUS=SUCCESS',
      'ChannelHangupRequested 16 soft',
      'ChannelChanged',
      'ChannelDestroyed',
      'EndpointChanged',
    ]);
    expect(facts[0]).toMatchObject({ techCause: 487 });
    expect(calls.metrics.open).toBe(0);
  });

  test('that was cancelled before we looked cannot be answered, and ends', async () => {
    const { raw, channel, calls } = room();
    const { request } = incoming({ method: 'INVITE', uri: 'sip:1001@h', headers: [...call, sdp], body: offer });
    const over = new Fault('conflict', 'the transaction is over');
    await raw({ ...request, respond: () => Promise.reject(over) });
    const it = channel();
    await expect(it.answer()).rejects.toBe(over);
    expect([it.isEnded, calls.metrics.open]).toEqual([true, 0]);
  });

  test('whose refusal cannot be sent is over all the same', async () => {
    const { raw, channel, calls, logged } = room();
    const { request } = incoming({ method: 'INVITE', uri: 'sip:1001@h', headers: [...call, sdp], body: offer });
    await raw({ ...request, respond: () => Promise.reject(new Fault('conflict', 'over')) });
    channel().hangup(17);
    await vi.waitFor(() => expect(logged).toEqual(['warn: 486 to an INVITE was not sent: over']));
    expect(calls.metrics.open).toBe(0);
  });
});

describe('an answer', () => {
  test('is inactive, and there when it went out', async () => {
    const { invite, channel } = room();
    const received = await invite();
    const it = channel();
    await Promise.all([it.answer(), it.answer()]);
    expect(it.snapshot.state).toBe('Up');
    expect(received.answers.map(({ status }) => status)).toEqual([200]);
    expect(contentOf(received.answers[0]!)).toEqual({
      headers: { Allow: 'INVITE, ACK', Supported: 'timer, 100rel', 'Content-Type': 'application/sdp' },
      body: [
        'v=0',
        'o=- 1073741824 1 IN IP4 127.0.0.1',
        's=-',
        'c=IN IP4 127.0.0.1',
        't=0 0',
        'm=audio 9 RTP/AVP 0',
        'a=rtpmap:0 PCMU/8000',
        'a=inactive',
        '',
      ],
    });
  });

  test('is an offer when the INVITE had none, which the ACK answers', async () => {
    const { invite, channel, stack } = room();
    const received = await invite({ headers: call, body: '' });
    await channel().answer();
    expect(received.answers[0]!.body).toContain('m=audio 9 RTP/AVP 0 8 9 107 101');
    received.ack(offer);
    expect([channel().isEnded, stack.sent]).toEqual([false, []]);
  });

  test('whose offer the ACK does not answer ends the call', async () => {
    const { invite, channel, stack, calls, words } = room();
    const received = await invite({ headers: call, body: '' });
    await channel().answer();
    await words();
    received.ack();
    const bye = await stack.sentCount(1);
    expect([bye.method, bye.message.headers.get('Reason')]).toEqual(['BYE', 'Q.850;cause=58']);
    expect((await words())[0]).toBe('ChannelHangupRequested 58 far');
    bye.respond(200);
    await vi.waitFor(() => expect(calls.metrics.open).toBe(0));
  });
});

describe('a call that is up', () => {
  test('is hung up by us, with the cause as Reason', async () => {
    const { channel, stack, heard, calls } = await up();
    channel().hangup(16);
    const bye = await stack.sentCount(1);
    expect(bye).toMatchObject({ method: 'BYE', headers: [['Reason', 'Q.850;cause=16']] });
    expect(bye.dialogId).toMatch(/^dialog-/);
    const end = (await heard()).find((fact) => fact.type === 'ChannelChanged' && fact.hangup !== undefined);
    expect(end).toMatchObject({ hangup: { cause: 16 } });
    expect(calls.metrics.open).toBe(1);
    bye.respond(200);
    await vi.waitFor(() => expect(calls.metrics.open).toBe(0));
  });

  test.each<[string, Partial<Incoming>, string]>([
    ['without a word', {}, 'ChannelHangupRequested undefined far'],
    ['for a cause', { headers: [...call, ['Reason', 'Q.850;cause=31']] }, 'ChannelHangupRequested 31 far'],
  ])('is hung up by the far end %s', async (_, given, told) => {
    const { within, words, calls } = await up();
    expect((await within('BYE', given).final).status).toBe(200);
    expect((await words())[0]).toBe(told);
    expect(calls.metrics.open).toBe(0);
  });

  test.each([
    ['an ACK or a refresh did not come', 'SIP;cause=200;text="ACK timeout"', 102],
    ['it lost the dialog', 'SIP;cause=503;text="Connection lost"', 38],
  ])('is ended by the stack when %s', async (_, reason, cause) => {
    const { within, words, calls, dialogId } = await up();
    // All that such a request says of the call is the stack's name of its dialog.
    const bye = within('BYE', { isOwn: true, dialogId, headers: [['Reason', reason]] });
    expect((await words())[0]).toBe(`ChannelHangupRequested ${cause} far`);
    expect([bye.answers, calls.metrics.open]).toEqual([[], 0]);
  });

  test('answers a re-INVITE, with the next version if it says something else', async () => {
    const { within, channel } = await up();
    const again = within('INVITE', { headers: [...call, sdp], body: offer });
    const { status, body } = await again.final;
    expect([status, body.split('\r\n')[1]]).toEqual([200, 'o=- 1073741824 1 IN IP4 127.0.0.1']);
    expect((await within('INVITE', { headers: [...call, sdp], body: offer }).final).status).toBe(491);
    again.ack();
    const offered = within('INVITE');
    expect((await offered.final).body).toContain('o=- 1073741824 1 IN');
    offered.ack(offer);
    expect(channel().isEnded).toBe(false);
  });

  test('stays as it was after a re-INVITE that it refuses', async () => {
    const { within, channel } = await up({ endpoint: { allow: 'ulaw' } });
    const alaw = offer.replace('AVP 0', 'AVP 8');
    expect((await within('INVITE', { headers: [...call, sdp], body: alaw }).final).status).toBe(488);
    const isup = await within('INVITE', { headers: [...call, ['Content-Type', 'application/isup']], body: 'x' }).final;
    expect([isup.status, isup.headers.get('Accept')]).toEqual([415, 'application/sdp, multipart/mixed']);
    expect(channel().isEnded).toBe(false);
  });

  test.each<[string, string, Partial<Incoming>, number]>([
    ['an UPDATE with an offer', 'UPDATE', { headers: [...call, sdp], body: offer }, 200],
    ['an UPDATE without one', 'UPDATE', {}, 200],
    ['an INFO that says nothing', 'INFO', {}, 200],
    ['an INFO that says something', 'INFO', { headers: [...call, ['Content-Type', 'a/b']], body: 'x' }, 415],
    ['an INFO of a package', 'INFO', { headers: [...call, ['Info-Package', 'foo']], body: 'x' }, 469],
  ])('answers %s', async (_, method, given, status) => {
    const { within } = await up();
    const answer = await within(method, given).final;
    expect([answer.status, answer.body !== '']).toEqual([status, method === 'UPDATE' && given.body !== undefined]);
  });

  test('tells the keys that an INFO brings', async () => {
    const { within, heard } = await up();
    const relay: SipHeader = ['Content-Type', 'application/dtmf-relay'];
    const info = within('INFO', { headers: [...call, relay], body: 'Signal=7\r\nDuration=160\r\n' });
    expect((await info.final).status).toBe(200);
    expect(await heard()).toMatchObject([{ type: 'ChannelDtmfReceived', digit: '7', duration: 160 }]);
    expect((await within('INFO', { headers: [...call, relay], body: 'Signal=x' }).final).status).toBe(400);
    expect(await heard()).toEqual([]);
  });

  test('tells hold and its end, once each', async () => {
    const { within, words } = await up();
    for (const [method, direction, told] of [
      ['INVITE', 'sendonly', ['ChannelHeld']],
      ['UPDATE', 'inactive', []],
      ['INVITE', undefined, []],
      ['UPDATE', 'sendrecv', ['ChannelUnheld']],
      ['INVITE', 'sendrecv', []],
    ] as const) {
      const body = direction === undefined ? '' : `${offer}a=${direction}\r\n`;
      const request = within(method, { headers: [...call, ...(body === '' ? [] : [sdp])], body });
      expect((await request.final).status).toBe(200);
      if (method === 'INVITE') request.ack(body === '' ? offer : '');
      expect(await words()).toEqual(told);
    }
  });

  test('may begin on hold, which is told when it is up', async () => {
    const { invite, channel, words } = room();
    const received = await invite({ body: `${offer}a=sendonly\r\n` });
    await channel().answer();
    expect((await words()).slice(-1)).toEqual(['ChannelChanged']);
    received.ack();
    expect(await words()).toEqual(['ChannelHeld']);
  });

  test('is not on hold after a re-INVITE that it refuses', async () => {
    const { within, words } = await up();
    const body = `${offer.replace('AVP 0', 'AVP 3')}a=sendonly\r\n`;
    expect((await within('INVITE', { headers: [...call, sdp], body }).final).status).toBe(488);
    expect(await words()).toEqual([]);
  });

  test('that is over as we know it ends even if no BYE can be sent', async () => {
    const { channel, stack, calls, logged } = await up();
    stack.failWith(new Fault('unavailable', 'no connection'));
    channel().hangup(16);
    await vi.waitFor(() => expect(calls.metrics.open).toBe(0));
    expect(logged).toEqual(['warn: A BYE was not sent: no connection']);
  });

  test('hung up before its ACK says BYE with the ACK', async () => {
    const { invite, channel, stack } = room();
    const received = await invite();
    await channel().answer();
    channel().hangup(16);
    expect(stack.sent).toEqual([]);
    received.ack();
    expect((await stack.sentCount(1)).method).toBe('BYE');
  });
});
