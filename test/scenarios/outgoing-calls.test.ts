// Calls that we make to simulated telephones over UDP, and what changes in one that is up.
import { describe, expect, onTestFinished, test, vi } from 'vitest';
import { Telephone } from '../../scripts/demo/telephone.ts';
import type { SipText } from '../../scripts/demo/sip-text.ts';
import type { Channel } from '../../src/core/channel.ts';
import { systemClock } from '../../src/core/clock.ts';
import type { ChannelDriver, DialNews, DialOutcome, LegWish } from '../../src/core/technology.ts';
import { drachtioStack } from '../../src/engines/drachtio/index.ts';
import { SipServer } from '../../src/sip-server/index.ts';
import { pjsip } from '../../src/technologies/pjsip/index.ts';
import { testCore } from '../support/core.ts';
import { memoryStore } from '../support/memory-store.ts';
import { requestOfCallee, sdp, withSdp } from '../support/sip-peer.ts';

const answer = (port: number) => ({ status: 200, headers: [withSdp], body: sdp(port) });

/** A service with an endpoint foo, which has so many telephones. */
async function house(telephones = 1) {
  const secret = 'not so secret';
  const lookup = (host: string): Promise<never> => Promise.reject(new Error(`no address for ${host}`));
  const server = new SipServer({ listen: ['udp://127.0.0.1:0'], secret, lookup });
  await server.start();
  onTestFinished(() => server.stop());
  const { address: host, port } = server.addresses[0]!;
  const phones: Telephone[] = [];
  for (let count = 0; count < telephones; count++) {
    const phone = await Telephone.open({ user: `foo${count}`, server: { host, port } });
    onTestFinished(() => phone.close());
    phone.answer('INVITE', () => undefined);
    phone.answer('PRACK', () => ({ status: 200 }));
    phones.push(phone);
  }
  const core = testCore({ default: { '_X.': { app: 'hello', args: [] } } });
  core.applications.register('hello', () => undefined);
  /** After which a re-INVITE is tried again, in milliseconds; here they are over at once. */
  const pauses: number[] = [];
  const technology = pjsip({
    ...{ core, store: memoryStore(), log: () => undefined },
    stack: drachtioStack({ host, port: server.controlPort, secret, log: () => undefined }),
    config: {
      endpoint: { foo: { aors: 'foo', outbound_auth: 'foo' } },
      aor: { foo: { contact: phones.map(({ contact }) => contact) } },
      auth: { foo: { username: 'us', password: 'secret' } },
      identify: { foo: { endpoint: 'foo', match: '127.0.0.1' } },
    },
    clock: {
      now: Date.now,
      after(ms, run) {
        const isRetry = ms >= 2_100 && ms < 4_000;
        if (isRetry) pauses.push(ms);
        return systemClock.after(isRetry ? 1 : ms, run);
      },
    },
  });
  await technology.start();
  onTestFinished(() => technology.stop());

  const call = (wish: LegWish = {}) => {
    const { driver, endpoint, ...leg } = technology.caller!.leg('foo', wish);
    const channel = core.channels.create({ ...leg, endpoint: endpoint!, driver, state: 'Down', exten: 's' });
    channel.setProtocolId(leg.protocolId);
    driver.drives(channel);
    const news: DialNews[] = [];
    const outcome: Promise<DialOutcome> = driver.dial!((each) => void news.push(each));
    return { driver, channel, news, outcome };
  };
  return { phones, phone: phones[0]!, core, technology, pauses, call };
}

interface Up {
  readonly driver: ChannelDriver;
  readonly channel: Channel;
  readonly invite: SipText;
  readonly answered: SipText;
}

/** A call that the telephone has answered. */
async function up({ phone, call }: Awaited<ReturnType<typeof house>>, port = 4000): Promise<Up> {
  const { driver, channel, outcome } = call();
  const invite = await phone.next('INVITE');
  const answered = phone.respond(invite, answer(port));
  await outcome;
  channel.setState('Up');
  await phone.next('ACK');
  return { driver, channel, invite, answered };
}

describe('a call that we make', () => {
  test('rings, is answered and acknowledged, and hung up by us', async () => {
    const { phone, call, technology } = await house();
    const { channel, outcome, news } = call({ caller: { name: 'Alice', number: '100' } });
    const invite = await phone.next('INVITE');
    expect(invite.header('From')).toMatch(/^"Alice" <sip:100@127\.0\.0\.1>;tag=/);
    expect(invite.header('Call-ID')).toBe(channel.snapshot.protocolId);
    expect(invite.body).toMatch(/m=audio 9 RTP\/AVP .*a=inactive/s);
    phone.respond(invite, { status: 180 });
    phone.respond(invite, answer(4000));
    expect(await outcome).toEqual({ kind: 'answered' });
    expect(news).toEqual([{ kind: 'ringing' }]);
    expect((await phone.next('ACK')).sequence).toBe(invite.sequence);
    channel.setState('Up');
    channel.hangup(16);
    expect((await phone.next('BYE')).header('Reason')).toBe('Q.850;cause=16');
    await vi.waitFor(() => expect(technology.metrics.sessions.open).toBe(0));
  });

  test('is hung up by the far end', async () => {
    const all = await house();
    const { channel, invite, answered } = await up(all);
    expect((await requestOfCallee(all.phone, invite, answered, 'BYE')).status).toBe(200);
    expect([channel.isEnded, all.technology.metrics.sessions.open]).toEqual([true, 0]);
  });

  test.each([
    [486, [], { cause: 17, techCause: 486 }],
    [486, [['Reason', 'Q.850;cause=34']], { cause: 34, techCause: 486 }],
    [302, [['Contact', '<sip:bar@192.0.2.9>']], { cause: 23, techCause: 302, forward: 'foo/sip:bar@192.0.2.9' }],
  ] as const)('is refused with %i %j', async (status, headers, failure) => {
    const { phone, call, technology } = await house();
    phone.answer('INVITE', () => ({ status, headers }));
    expect(await call().outcome).toEqual({ kind: 'failed', ...failure });
    expect(technology.metrics.sessions.open).toBe(0);
  });

  test('is cancelled, with the reason, as soon as the far end has said something', async () => {
    const { phone, call, technology } = await house();
    const { channel, outcome } = call();
    const invite = await phone.next('INVITE');
    channel.hangup(16);
    expect((await outcome).kind).toBe('failed');
    phone.respond(invite, { status: 180 });
    expect((await phone.next('CANCEL')).header('Reason')).toBe('Q.850;cause=16');
    await phone.next('ACK');
    await vi.waitFor(() => expect(technology.metrics.sessions.open).toBe(0));
  });

  test('that is answered though it was cancelled is acknowledged and ended', async () => {
    const { phone, call, technology } = await house();
    const { channel } = call();
    const invite = await phone.next('INVITE');
    channel.hangup(16);
    phone.respond(invite, answer(4000));
    await phone.next('ACK');
    await phone.next('BYE');
    await vi.waitFor(() => expect(technology.metrics.sessions.open).toBe(0));
  });

  test('rings at all contacts; the first answer wins, and the others hear so', async () => {
    const { phones, call, technology } = await house(3);
    const { channel, outcome } = call();
    const invites = await Promise.all(phones.map((phone) => phone.next('INVITE')));
    for (const [index, phone] of phones.entries()) phone.respond(invites[index]!, { status: 180 });
    phones[2]!.respond(invites[2]!, answer(4000));
    expect(await outcome).toMatchObject({ kind: 'answered' });
    expect(channel.snapshot.protocolId).toBe(invites[2]!.header('Call-ID'));
    for (const loser of phones.slice(0, 2))
      expect((await loser.next('CANCEL')).header('Reason')).toContain('SIP;cause=200;text="Call completed elsewhere"');
    await vi.waitFor(() => expect(technology.metrics.sessions.open).toBe(1));
  });

  test('says who we are when it is asked', async () => {
    const { phone, call } = await house();
    phone.answer('INVITE', (invite) =>
      invite.header('Authorization') === ''
        ? { status: 401, headers: [['WWW-Authenticate', 'Digest realm="there", nonce="abc"']] }
        : answer(4000),
    );
    expect(await call().outcome).toMatchObject({ kind: 'answered' });
    expect((await phone.next('INVITE')).header('Call-ID')).toBe((await phone.next('INVITE')).header('Call-ID'));
  });

  test('may be heard before it is answered, which is acknowledged where that is asked for', async () => {
    const { phone, call } = await house();
    const { news, outcome } = call({ offer: sdp(5000) });
    const invite = await phone.next('INVITE');
    expect(invite.body).toContain('m=audio 5000 RTP/AVP 0');
    const early = { status: 183, headers: [withSdp, ['Require', '100rel'], ['RSeq', '7']], body: sdp(4000) } as const;
    phone.respond(invite, early);
    expect((await phone.next('PRACK')).header('RAck')).toBe(`7 ${invite.sequence} INVITE`);
    expect(news).toEqual([{ kind: 'progress', description: expect.stringContaining('m=audio 4000 ') as string }]);
    phone.respond(invite, answer(4000));
    expect(await outcome).toMatchObject({ description: expect.stringContaining('m=audio 4000 ') as string });
  });
});

describe('a call that is up', () => {
  test('is changed by us once both sides do not do so at once', async () => {
    const all = await house();
    const { phone, pauses } = all;
    const { driver } = await up(all);
    let tries = 0;
    phone.answer('INVITE', () => (++tries === 1 ? { status: 491 } : answer(4000)));
    await driver.hold!();
    expect([tries, pauses.length]).toEqual([2, 1]);
  });

  test('refuses a change of the far end while ours is open', async () => {
    const all = await house();
    const { phone } = all;
    const { driver, invite, answered } = await up(all);
    phone.answer('INVITE', () => undefined);
    const held = driver.hold!();
    const ours = await phone.next('INVITE');
    expect((await requestOfCallee(phone, invite, answered, 'INVITE')).status).toBe(491);
    phone.respond(ours, answer(4000));
    await held;
  });

  test('takes keys, one after the other', async () => {
    const all = await house();
    const { driver } = await up(all);
    await driver.sendDtmf!('5#', { between: 1, duration: 40 });
    expect([(await all.phone.next('INFO')).body, (await all.phone.next('INFO')).body]).toEqual([
      'Signal=5\r\nDuration=40\r\n',
      'Signal=#\r\nDuration=40\r\n',
    ]);
    all.phone.answer('INFO', () => ({ status: 415 }));
    await expect(driver.sendDtmf!('1', {})).rejects.toMatchObject({ kind: 'unprocessable' });
  });

  test('is led to another by their descriptions, and on hold again', async () => {
    const all = await house();
    const { phone } = all;
    const one = await up(all, 4000);
    const other = await up(all, 4002);
    const portOf = new Map([
      [one.invite.header('Call-ID'), 4000],
      [other.invite.header('Call-ID'), 4002],
    ]);
    phone.answer('INVITE', (invite) => answer(portOf.get(invite.header('Call-ID'))!));
    const offer = await one.driver.media!.requestOffer();
    expect((await phone.next('INVITE')).body).toBe('');
    await offer.answer(await other.driver.media!.offer(offer.description));
    expect((await phone.next('INVITE')).body).toContain('m=audio 4000 ');
    expect([(await phone.next('ACK')).body, (await phone.next('ACK')).body].join()).toContain('m=audio 4002 ');
    await one.driver.media!.hold();
    expect((await phone.next('INVITE')).body).toMatch(/m=audio 9 .*a=inactive/s);
  });
});

test('a caller who wants each response acknowledged gets it so', async () => {
  const { phone, core } = await house();
  const call = phone.call({ to: '1001', headers: [['Require', '100rel']] });
  const channel = await vi.waitFor(() => {
    const [first] = core.channels.list();
    if (first === undefined) throw new Error('there is no channel yet');
    return first;
  });
  const rung = phone.received(({ status }) => status === 180);
  await channel.ring();
  const ringing = await rung;
  expect(ringing.header('Require')).toBe('100rel');
  const prack = await phone.request({
    method: 'PRACK',
    to: /<([^>]*)>/.exec(ringing.header('Contact'))![1]!,
    headers: [
      ['From', ringing.header('From')],
      ['To', ringing.header('To')],
      ['Call-ID', ringing.header('Call-ID')],
      ['CSeq', `${ringing.sequence + 1} PRACK`],
      ['RAck', `${ringing.header('RSeq')} ${ringing.sequence} INVITE`],
    ],
  });
  expect(prack.status).toBe(200);
  await channel.answer();
  expect((await call.answered).status).toBe(200);
});
