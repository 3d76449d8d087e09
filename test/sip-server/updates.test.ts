// UPDATE and re-INVITE (RFC 3311, RFC 3261 14): before and after the answer, and when two meet.
import { describe, expect, test } from 'vitest';
import { incomingCall, outgoingInvite, tokensOf } from './calls.ts';
import { final, past, request, response, stage, valueOf } from './stage.ts';

const sdp = 'v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\n';
const offer = { headers: ['Content-Type: application/sdp'], body: sdp };
const statusOf = (message: string) => /^SIP\/2\.0 (\d+)/.exec(message)?.[1];

describe('an UPDATE before the answer', () => {
  const ringing = async (invite: { readonly headers?: readonly string[]; readonly body?: string }) => {
    const { client, peer } = await stage();
    const [app, phone] = [await client('invite'), await peer()];
    phone.send(request('INVITE', phone.port, { ...invite, callId: 'early' }));
    const transaction = tokensOf(await app.inbox.next())[8]!;
    app.send(`id|sip|${transaction}|\r\nSIP/2.0 180 Ringing\r\n\r\n`);
    await app.inbox.next();
    const to = valueOf(await past(phone, '100'), 'To')!;
    return { app, phone, within: { callId: 'early', cseq: 2, to } };
  };

  test('of the caller goes to whoever has the INVITE', async () => {
    const { app, phone, within } = await ringing({});
    phone.send(request('UPDATE', phone.port, within));
    const told = tokensOf(await app.inbox.next());
    expect(told[9]).toBe('early;from-tag=alice');
    app.send(`id|sip|${told[8]}|\r\nSIP/2.0 200 OK\r\n\r\n`);
    const answer = await final(phone);
    expect([valueOf(answer, 'CSeq'), valueOf(answer, 'Contact')]).toEqual([
      '2 UPDATE',
      expect.stringContaining('<sip:'),
    ]);
  });

  test('of the caller with an offer must wait while the first offer has no answer', async () => {
    const { phone, within } = await ringing(offer);
    phone.send(request('UPDATE', phone.port, { ...within, ...offer }));
    const refusal = await final(phone);
    expect([statusOf(refusal), valueOf(refusal, 'Retry-After')]).toEqual(['500', '5']);
  });

  test('of the callee goes to whoever is calling', async () => {
    const call = await outgoingInvite(await stage());
    call.answer('180 Ringing');
    await call.app.inbox.next();
    const [from, to] = [valueOf(call.invite, 'To')!, valueOf(call.invite, 'From')!];
    const update = request('UPDATE', call.phone.port, { callId: valueOf(call.invite, 'Call-ID')!, to });
    call.phone.send(update.replace(/\r\nFrom: .*/, `\r\nFrom: ${from};tag=bob`));
    const told = await call.app.inbox.next();
    expect([tokensOf(told)[9], told.split('\r\n')[1]!.split(' ')[0]]).toEqual([call.dialogId, 'UPDATE']);
  });
});

describe('in a call', () => {
  test('a second UPDATE waits for the answer to the first', async () => {
    const call = await incomingCall(await stage());
    for (const cseq of [2, 3]) call.phone.send(request('UPDATE', call.phone.port, { ...call.within, cseq }));
    expect(statusOf(await final(call.phone))).toBe('500');
    const transaction = tokensOf(await call.app.inbox.next())[8];
    call.app.send(`id|sip|${transaction}|\r\nSIP/2.0 200 OK\r\n\r\n`);
    expect(valueOf(await final(call.phone), 'CSeq')).toBe('2 UPDATE');
    await call.app.inbox.next();
    call.phone.send(request('UPDATE', call.phone.port, { ...call.within, cseq: 4 }));
    expect(await call.app.inbox.next()).toContain('CSeq: 4 UPDATE');
  });

  test.each(['UPDATE', 'INVITE'])('an offer of theirs by %s that crosses ours is refused: 491', async (method) => {
    const call = await incomingCall(await stage());
    call.command('UPDATE', offer.headers, sdp);
    const ours = await call.phone.inbox.next();
    await call.app.inbox.next();
    call.phone.send(request(method, call.phone.port, { ...call.within, ...offer }));
    expect(statusOf(await final(call.phone))).toBe('491');
    call.phone.send(response(ours, '200 OK', offer.headers, sdp));
    await call.app.inbox.next();
    call.phone.send(request('ACK', call.phone.port, call.within));
    call.phone.send(request(method, call.phone.port, { ...call.within, ...offer, cseq: 3 }));
    expect(await call.app.inbox.next()).toContain(`CSeq: 3 ${method}`);
  });

  test('one without an offer may cross ours', async () => {
    const call = await incomingCall(await stage());
    call.command('UPDATE', offer.headers, sdp);
    await call.phone.inbox.next();
    await call.app.inbox.next();
    call.phone.send(request('UPDATE', call.phone.port, call.within));
    expect(await call.app.inbox.next()).toContain('CSeq: 2 UPDATE');
  });

  test('the application does not begin an INVITE, or make an offer, while another is open', async () => {
    const call = await incomingCall(await stage());
    call.phone.send(request('INVITE', call.phone.port, call.within));
    const transaction = tokensOf(await call.app.inbox.next())[8];
    call.command('INVITE');
    expect(tokensOf(await call.app.inbox.next())[3]).toBe('NOK');
    call.app.send(`id|sip|${transaction}|\r\nSIP/2.0 488 No\r\n\r\n`);
    await call.app.inbox.next();
    call.command('UPDATE', offer.headers, sdp);
    expect(tokensOf(await call.app.inbox.next())[3]).toBe('OK');
    call.command('INVITE', offer.headers, sdp);
    expect(tokensOf(await call.app.inbox.next())[3]).toBe('NOK');
  });

  test('an INVITE that crosses our unacknowledged 200 is refused: 491', async () => {
    const call = await incomingCall(await stage());
    call.phone.send(request('INVITE', call.phone.port, call.within));
    const transaction = tokensOf(await call.app.inbox.next())[8];
    call.app.send(`id|sip|${transaction}|\r\nSIP/2.0 200 OK\r\n\r\n`);
    expect(statusOf(await final(call.phone))).toBe('200');
    call.phone.send(request('INVITE', call.phone.port, { ...call.within, cseq: 3 }));
    await expect.poll(async () => statusOf(await final(call.phone))).toBe('491');
  });
});
