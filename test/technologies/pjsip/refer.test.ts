// REFER out of a dialog: where it goes, what it says, what its refusals are, and what becomes of the news.
import { describe, expect, test } from 'vitest';
import type { Referral } from '../../../src/core/referrals.ts';
import { Fault } from '../../../src/errors.ts';
import { resolvePjsip, type PjsipConfig } from '../../../src/technologies/pjsip/objects/index.ts';
import { Referrals } from '../../../src/technologies/pjsip/refer.ts';
import { SipHeaders, type SipHeader } from '../../../src/technologies/pjsip/stack.ts';
import { startPjsip } from '../../support/pjsip.ts';
import { testClock } from '../../support/test-clock.ts';

const config: PjsipConfig = {
  endpoint: {
    foo: { aors: ['foo'], outbound_auth: 'foo' },
    bar: { aors: ['bar'] },
    away: { aors: ['away'] },
    out: {},
  },
  aor: { foo: { contact: 'sip:foo@192.0.2.1:5070' }, bar: { contact: 'sip:bar@192.0.2.2;transport=tcp' }, away: {} },
  auth: { foo: { username: 'us', password: 'secret' } },
  global: { default_outbound_endpoint: 'out' },
};

const referral = (given: Partial<Referral> = {}): Referral => ({
  from: '',
  referTo: 'sip:c@example.org',
  displayName: '',
  toSelf: false,
  variables: {},
  ...given,
});

async function setUp() {
  const room = await startPjsip(config);
  const refer = (to: string, given: Partial<Referral> = {}) => room.technology.refer!.refer(to, referral(given));
  const headerOf = async (name: string, given: Partial<Referral> = {}, to = 'foo') => {
    await refer(to, given);
    return room.stack.sent.at(-1)!.message.headers.get(name);
  };
  const notify = (callId: string | undefined, state: string, body = '', more = {}) =>
    room.ask({
      method: 'NOTIFY',
      dialogId: 'refer-dialog',
      headers: [
        ['Call-ID', callId ?? ''],
        ['Event', 'refer'],
        ['Subscription-State', state],
      ] satisfies SipHeader[],
      body,
      ...more,
    });
  return { ...room, refer, headerOf, notify };
}

/** Without the rest of the technology; one referral at a time, which ends so. */
function alone(final: Promise<never>) {
  const logged: string[] = [];
  const objects = resolvePjsip(config);
  const referrals = new Referrals({
    withinCall: async () => undefined,
    objects,
    location: { contacts: (aor) => objects.aors.get(aor)!.contact.map((uri) => ({ id: uri, uri, path: '' })) },
    stack: { addresses: [] },
    outbound: () => ({
      sent: Promise.resolve({ uri: '', headers: new SipHeaders(), body: '' }),
      final,
      cancel: () => undefined,
    }),
    clock: testClock(),
    random: (bytes) => Buffer.alloc(bytes),
    log: (_, text) => void logged.push(text),
    limit: 1,
  });
  return { referrals, logged };
}

describe('a referral', () => {
  test('goes to the contact of an endpoint, with who wants it and whom to contact', async () => {
    const { refer, stack } = await setUp();
    await refer('foo', { from: 'sip:boss@example.org', variables: { 'X-One': '1', 'Refer-To': 'sip:evil@x' } });
    const [sent] = stack.sent;
    expect([sent?.method, sent?.uri, sent?.body]).toEqual(['REFER', 'sip:foo@192.0.2.1:5070', undefined]);
    expect([...sent!.message.headers].filter(([name]) => name !== 'Call-ID' && name !== 'CSeq')).toEqual([
      ['From', '<sip:boss@example.org>'],
      ['To', '<sip:foo@192.0.2.1>'],
      ['Contact', '<sip:foo@localhost>'],
      ['Refer-To', '<sip:c@example.org>'],
      ['Referred-By', '<sip:boss@example.org>'],
      ['X-One', '1'],
      ['User-Agent', 'Arion'],
    ]);
  });

  test.each([
    ['sip:c@example.org', 'sip:c@example.org'],
    ['pjsip:sip:c@example.org', 'sip:c@example.org'],
    ['"C" <sip:c@example.org?Replaces=1>', 'sip:c@example.org?Replaces=1'],
    ['tel:+123', 'tel:+123'],
    ['bar', 'sip:bar@192.0.2.2;transport=tcp'],
    ['pjsip:bar', 'sip:bar@192.0.2.2;transport=tcp'],
    ['PJSIP/bar', 'sip:bar@192.0.2.2;transport=tcp'],
    ['PJSIP/200@bar', 'sip:200@192.0.2.2;transport=tcp'],
    ['200@example.org', 'sip:200@example.org'],
  ])('to contact %s names %s', async (referTo, uri) => {
    const { headerOf } = await setUp();
    expect(await headerOf('Refer-To', { referTo })).toBe(`<${uri}>`);
  });

  test('with to_self names an endpoint as it is called through us, though it may be away', async () => {
    const { headerOf } = await setUp();
    expect(await headerOf('Refer-To', { referTo: 'pjsip:away', toSelf: true })).toBe('<sip:away@127.0.0.1:5060>');
    expect(await headerOf('Refer-To', { referTo: 'sip:c@d', toSelf: true })).toBe('<sip:c@d>');
  });

  test('shows a name, be it given beside the variables or among them', async () => {
    const { headerOf } = await setUp();
    const named = '"Big \\"B\\"" <sip:c@example.org>';
    expect(await headerOf('Refer-To', { displayName: 'Big "B"' })).toBe(named);
    expect(await headerOf('Refer-To', { variables: { display_name: 'Big "B"' } })).toBe(named);
  });

  test('says who referred as the application wants it', async () => {
    const { headerOf } = await setUp();
    expect(await headerOf('Referred-By', { variables: { 'referred-by': '<sip:x@y>' } })).toBe('<sip:x@y>');
  });

  test('over TCP is answered over TCP', async () => {
    const { headerOf } = await setUp();
    expect(await headerOf('Contact', {}, 'bar')).toBe('<sip:bar@localhost;transport=tcp>');
  });

  test.each([
    ['away', {}, 'not-found'],
    ['nobody/x', {}, 'not-found'],
    ['foo', { referTo: 'away' }, 'not-found'],
    ['foo', { referTo: 'sip:' }, 'not-found'],
    ['foo', { referTo: 'nobody/x' }, 'not-found'],
    ['foo', { referTo: 'sip:c@d\r\nX: y' }, 'invalid'],
    ['foo\r\nX: y', {}, 'invalid'],
    ['foo', { displayName: 'C\r\nX: y' }, 'invalid'],
    ['foo', { variables: { 'X-One': '1\r\nX: y' } }, 'invalid'],
    ['foo', { variables: { 'X One': '1' } }, 'invalid'],
  ] as const)('of %j with %j is refused as %s', async (to, given, kind) => {
    const { refer, stack } = await setUp();
    await expect(refer(to, given)).rejects.toMatchObject({ kind });
    expect(stack.sent).toEqual([]);
  });

  test('that cannot be sent is told, and not awaited', async () => {
    const { refer, stack, technology } = await setUp();
    stack.failWith(new Fault('unavailable', 'no connection'));
    await expect(refer('foo')).rejects.toMatchObject({ kind: 'unavailable' });
    expect(technology.metrics.referrals.waiting).toBe(0);
  });

  test('that is refused is logged, and not awaited', async () => {
    const { refer, stack, technology, logged } = await setUp();
    await refer('foo');
    stack.sent[0]!.respond(603, { reason: 'Decline' });
    await new Promise(setImmediate);
    expect(logged).toContain('warn: A referral of foo was answered 603 Decline');
    expect(technology.metrics.referrals.waiting).toBe(0);
  });

  test('whose answer is lost with the connection is logged, and not awaited', async () => {
    const { referrals, logged } = alone(Promise.reject(new Fault('unavailable', 'connection lost')));
    await referrals.refer('foo', referral());
    await new Promise(setImmediate);
    expect(logged[0]).toContain('A referral of foo was lost: ');
    expect(referrals.metrics.waiting).toBe(0);
  });

  test('over the limit is refused, and counted', async () => {
    const { referrals } = alone(new Promise(() => undefined));
    await referrals.refer('foo', referral());
    await expect(referrals.refer('foo', referral())).rejects.toMatchObject({ kind: 'unavailable' });
    expect(referrals.metrics).toEqual({ waiting: 1, limit: 1, refused: 1 });
    referrals.close();
    expect(referrals.metrics.waiting).toBe(0);
  });

  test('that is challenged is sent again with credentials, in the same call', async () => {
    const { refer, stack } = await setUp();
    await refer('foo');
    stack.sent[0]!.respond(401, { headers: [['WWW-Authenticate', 'Digest realm="x", nonce="n", qop="auth"']] });
    const again = await stack.sentCount(2);
    expect(again.message.headers.get('Authorization')).toContain('username="us"');
    expect(again.message.headers.get('Call-ID')).toBe(stack.sent[0]!.message.headers.get('Call-ID'));
  });
});

describe('news of a referral', () => {
  test('are answered and logged until the last of them', async () => {
    const { refer, stack, notify, logged, technology } = await setUp();
    await refer('foo');
    const callId = stack.sent[0]!.message.headers.get('Call-ID');
    expect((await notify(callId, 'active;expires=60', 'SIP/2.0 100 Trying\r\n')).status).toBe(200);
    expect((await notify(callId, 'terminated;reason=noresource', 'SIP/2.0 200 OK\r\n')).status).toBe(200);
    expect(logged.filter((line) => line.includes('referral'))).toEqual([
      'info: The referral of foo: "SIP/2.0 100 Trying"',
      'info: The referral of foo: "SIP/2.0 200 OK"',
    ]);
    expect(technology.metrics.referrals.waiting).toBe(0);
    expect((await notify(callId, 'active')).status).toBe(481);
  });

  test('are awaited for as long as the other side says, and not for ever', async () => {
    const { refer, stack, notify, clock, technology } = await setUp();
    await refer('foo');
    await notify(stack.sent[0]!.message.headers.get('Call-ID'), 'active;expires=1000');
    clock.advance(1_031_000);
    expect(technology.metrics.referrals.waiting).toBe(1);
    clock.advance(1_000);
    expect(technology.metrics.referrals.waiting).toBe(0);
  });

  test('that nobody asked for are refused', async () => {
    const { notify, ask } = await setUp();
    expect((await notify('unknown', 'active')).status).toBe(481);
    const from: SipHeader[] = [
      ['From', '<sip:bar@127.0.0.1>;tag=1'],
      ['Event', 'message-summary'],
    ];
    expect((await ask({ method: 'NOTIFY', headers: from })).status).toBe(481);
  });

  test('are over when the stack itself ends the dialog', async () => {
    const { refer, stack, notify, technology } = await setUp();
    await refer('foo');
    void notify(stack.sent[0]!.message.headers.get('Call-ID'), 'terminated;reason=timeout', '', { isOwn: true });
    await new Promise(setImmediate);
    expect(technology.metrics.referrals.waiting).toBe(0);
  });
});
