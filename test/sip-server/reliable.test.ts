// Provisional responses that are acknowledged (RFC 3262), in both directions.
import { describe, expect, test } from 'vitest';
import { outgoingInvite, tokensOf } from './calls.ts';
import { TestClock } from './clock.ts';
import type { Party } from './replay/parties.ts';
import { final, past, request, response, stage, valueOf } from './stage.ts';

const sdp = 'v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\n';
const statusOf = (message: string) => /^SIP\/2\.0 (\d+)/.exec(message)?.[1];
const supported = ['Supported: timer, 100rel'];

/** An INVITE that waits for the application's responses. */
async function incomingInvite(headers: readonly string[] = supported) {
  const clock = new TestClock();
  const at = await stage({ clock });
  const [app, phone] = [await at.client('invite'), await at.peer('tcp')];
  const invite = {
    protocol: 'TCP' as const,
    callId: 'call',
    headers: [...headers, 'Content-Type: application/sdp'],
    body: sdp,
  };
  phone.send(request('INVITE', phone.port, { ...invite, branch: 'z9hG4bK-call' }));
  const transaction = tokensOf(await app.inbox.next())[8]!;
  const answer = (statusLine: string, lines: readonly string[] = [], body = ''): void =>
    app.send(`id|sip|${transaction}|\r\n${[`SIP/2.0 ${statusLine}`, ...lines].join('\r\n')}\r\n\r\n${body}`);
  const prack = (to: string, rack: string, cseq = 2): void =>
    phone.send(request('PRACK', phone.port, { protocol: 'TCP', callId: 'call', cseq, to, headers: [`RAck: ${rack}`] }));
  /** Until the server has read what the application sent. */
  const settled = async (): Promise<void> => {
    app.send('id|ping');
    expect(await app.inbox.next()).toContain('|pong');
  };
  return { at, clock, app, phone, transaction, answer, prack, settled };
}

const reliably = ['Require: 100rel'];

/** The next response that is not a 100. */
const next = (phone: Party) => past(phone, '100');

describe('a reliable response of ours', () => {
  test('is repeated at T1, twice that, and so on, until its PRACK, which is told as a transaction of its own', async () => {
    const { clock, app, phone, transaction, answer, prack } = await incomingInvite();
    answer('183 Session Progress', reliably, sdp);
    const reply = await app.inbox.next();
    const first = await next(phone);
    expect(valueOf(first, 'Contact')).toMatch(/^<sip:127\.0\.0\.1:/);
    for (const ms of [500, 1_000, 2_000]) {
      clock.pass(ms);
      expect(await next(phone)).toBe(first);
    }
    prack(valueOf(first, 'To')!, `${valueOf(first, 'RSeq')} 1 INVITE`);
    const told = tokensOf(await app.inbox.next());
    expect([told[9], tokensOf(reply)[11]]).toEqual(['call;from-tag=alice', 'call;from-tag=alice']);
    expect(told[8]).not.toBe(transaction);
    app.send(`id|sip|${told[8]}|\r\nSIP/2.0 200 OK\r\n\r\n`);
    expect(valueOf(await next(phone), 'CSeq')).toBe('2 PRACK');
    clock.pass(20_000);
    answer('486 Busy Here');
    expect(statusOf(await next(phone))).toBe('486');
  });

  test('that matches no PRACK is not acknowledged by it: 481', async () => {
    const { app, phone, answer, prack } = await incomingInvite();
    answer('183 Session Progress', reliably);
    await app.inbox.next();
    const sent = await next(phone);
    const rseq = Number(valueOf(sent, 'RSeq'));
    const wrong = [`${rseq + 1} 1 INVITE`, `${rseq} 2 INVITE`, `${rseq} 1 MESSAGE`, 'nonsense'];
    for (const [index, rack] of wrong.entries()) {
      prack(valueOf(sent, 'To')!, rack, index + 2);
      expect(statusOf(await next(phone))).toBe('481');
    }
    prack(valueOf(sent, 'To')!, `${rseq} 1 INVITE`, 9);
    expect(await app.inbox.next()).toContain('PRACK sip:');
    prack(valueOf(sent, 'To')!, `${rseq} 1 INVITE`, 10);
    expect(statusOf(await next(phone))).toBe('481');
  });

  test('holds the next one back, and a 2xx while its description is not acknowledged; a plain one goes at once', async () => {
    const { app, phone, answer, prack } = await incomingInvite();
    answer('183 Session Progress', reliably, sdp);
    const first = await next(phone);
    answer('183 Again', reliably);
    answer('180 Ringing');
    answer('200 OK', [], sdp);
    expect(await next(phone)).toMatch(/^SIP\/2\.0 180 /);
    for (const status of ['183', '180']) expect(await app.inbox.next()).toContain(`SIP/2.0 ${status} `);
    prack(valueOf(first, 'To')!, `${valueOf(first, 'RSeq')} 1 INVITE`);
    const second = await next(phone);
    expect(second).toMatch(/^SIP\/2\.0 183 Again/);
    expect(Number(valueOf(second, 'RSeq'))).toBe(Number(valueOf(first, 'RSeq')) + 1);
    expect(await app.inbox.next()).toContain('PRACK sip:');
    expect(await app.inbox.next()).toContain('SIP/2.0 183 Again');
    expect(await next(phone)).toMatch(/^SIP\/2\.0 200 OK/);
    // The 2xx came first, since the second has no description; its PRACK may still come.
    prack(valueOf(first, 'To')!, `${valueOf(second, 'RSeq')} 1 INVITE`, 3);
    expect(await app.inbox.next()).toContain('SIP/2.0 200 OK');
    expect(await app.inbox.next()).toContain('PRACK sip:');
  });

  test('that nobody acknowledges ends the INVITE with 504; the application hears of it as of a CANCEL, and what it held is refused', async () => {
    const { at, clock, app, phone, transaction, answer, settled } = await incomingInvite();
    answer('183 Session Progress', reliably, sdp);
    await app.inbox.next();
    answer('200 OK', [], sdp);
    await settled();
    clock.pass(32_000);
    expect(await app.inbox.next()).toContain('|NOK|Response not sent due to unknown transaction');
    const told = await app.inbox.next();
    expect([tokensOf(told)[2], tokensOf(told)[8], valueOf(told, 'Reason')]).toEqual([
      'network',
      transaction,
      'SIP;cause=504;text="PRACK timeout"',
    ]);
    expect(told).toContain('\r\nCANCEL sip:');
    await expect.poll(async () => statusOf(await final(phone))).toBe('504');
    expect(at.server.metrics.gauges).toMatchObject({ dialogs: 0, pendingRequests: 0 });
  });

  test('gives way to a CANCEL: what was held is refused', async () => {
    const { app, phone, answer, settled } = await incomingInvite();
    answer('183 Session Progress', reliably, sdp);
    await app.inbox.next();
    answer('200 OK', [], sdp);
    await settled();
    await next(phone);
    phone.send(request('CANCEL', phone.port, { protocol: 'TCP', callId: 'call', branch: 'z9hG4bK-call' }));
    expect(await app.inbox.next()).toContain('|NOK|Response not sent due to unknown transaction');
    expect(await app.inbox.next()).toContain('\r\nCANCEL sip:');
    for (const method of ['CANCEL', 'INVITE']) expect(valueOf(await final(phone), 'CSeq')).toBe(`1 ${method}`);
  });

  test('is what every provisional response becomes for one who requires it', async () => {
    const { app, phone, answer } = await incomingInvite(['Require: 100rel']);
    answer('180 Ringing');
    const reply = await app.inbox.next();
    const sent = await next(phone);
    expect([valueOf(sent, 'Require'), valueOf(sent, 'RSeq')]).toEqual(['100rel', valueOf(reply, 'RSeq')]);
    expect(valueOf(sent, 'RSeq')).toMatch(/^[1-9]\d*$/);
  });

  test('cannot be had by one who does not support it', async () => {
    const { app, answer } = await incomingInvite([]);
    answer('183 Session Progress', reliably);
    expect(tokensOf(await app.inbox.next()).slice(3)).toEqual(['NOK', 'Remote endpoint does not support 100rel']);
  });
});

describe('a reliable response of the other side', () => {
  const reliable = (rseq: number, contact: string) => [contact, 'Require: 100rel', `RSeq: ${rseq}`];

  test('is told once, and only when those before it were', async () => {
    const call = await outgoingInvite(await stage());
    const contact = `Contact: <sip:bob@127.0.0.1:${call.phone.port}>`;
    for (const rseq of [7, 7, 9, 8, 8, 9]) call.answer('183 Session Progress', reliable(rseq, contact));
    call.answer('180 Ringing', [contact]);
    const told: (string | undefined)[] = [];
    while (told.at(-1) !== 'plain') told.push(valueOf(await call.app.inbox.next(), 'RSeq') ?? 'plain');
    expect(told).toEqual(['7', '8', '9', 'plain']);
  });

  test('is acknowledged in the branch in which it came, and each branch counts for itself', async () => {
    const at = await stage();
    const [call, other] = [await outgoingInvite(at), await at.peer()];
    const ports = { one: call.phone.port, two: other.port };
    for (const [tag, port] of Object.entries(ports)) {
      const rseq = tag === 'one' ? 10 : 20;
      const headers = reliable(rseq, `Contact: <sip:${tag}@127.0.0.1:${port}>`);
      call.phone.send(response(call.invite, '183 Session Progress', headers).replace('tag=bob', `tag=${tag}`));
      await call.app.inbox.next();
    }
    const invite = Number(valueOf(call.invite, 'CSeq')!.split(' ')[0]);
    for (const [rseq, phone, tag] of [
      [10, call.phone, 'one'],
      [20, other, 'two'],
    ] as const) {
      call.command('PRACK', [`RAck: ${rseq} ${invite} INVITE`]);
      const prack = await phone.inbox.next();
      expect(prack).toMatch(`PRACK sip:${tag}@127.0.0.1:${phone.port} SIP/2.0`);
      expect(valueOf(prack, 'To')).toContain(`;tag=${tag}`);
      expect([valueOf(prack, 'CSeq'), valueOf(prack, 'RAck')]).toEqual([
        `${invite + 1} PRACK`,
        `${rseq} ${invite} INVITE`,
      ]);
    }
  });
});
