// Who the far end says to be, and whom it is told that it talks to.
import { describe, expect, test } from 'vitest';
import type { SipHeader } from '../../../../src/technologies/pjsip/stack.ts';
import { fromOf } from '../../../../src/technologies/pjsip/supplements/index.ts';
import { identity } from '../../../../src/technologies/pjsip/supplements/identity.ts';
import { response, session, type SessionOptions } from './session.ts';

const trusted = { trust_id_inbound: true };
const from: SipHeader = ['From', '"Foo" <sip:100@192.0.2.1>;tag=1'];
const pai: SipHeader = ['P-Asserted-Identity', '"Real" <sip:200@192.0.2.1>, <tel:+2200>'];
const rpid: SipHeader = ['Remote-Party-ID', '"Remote" <sip:300@192.0.2.1>;party=calling;privacy=off'];
const hidden: SipHeader = ['Remote-Party-ID', '"Remote" <sip:300@192.0.2.1>;privacy=full'];

describe('who begins a call is', () => {
  test.each<[string, string, SessionOptions['endpoint'], readonly SipHeader[]]>([
    ['Real 200', 'whom P-Asserted-Identity names, if the endpoint is trusted', trusted, [from, rpid, pai]],
    ['Remote 300', 'then whom Remote-Party-ID names', trusted, [from, rpid]],
    ['Remote 300 private', 'which may hide it', trusted, [from, hidden]],
    ['Foo 100', 'then whom From names', trusted, [from]],
    ['Foo 100', 'whom From names, if it is not trusted', {}, [from, rpid, pai]],
    ['Bar 400', 'whom its settings name, whatever it says', { ...trusted, callerid: 'Bar <400>' }, [from, pai]],
    ['Real 200 private', 'not to be shown, by Privacy: id', trusted, [from, pai, ['Privacy', 'id;critical']]],
    ['Foo 100 private', 'or by Privacy: user', {}, [from, ['Privacy', 'user']]],
    ['Real 200', 'but to be shown, by Privacy: none', trusted, [pai, ['Privacy', 'none'], ['Privacy', 'id']]],
    ['Real 200', 'or when only others are to be hidden', trusted, [pai, ['Privacy', 'session']]],
    [
      'Anonymous anonymous private',
      'nobody, who is not to be shown either',
      {},
      [['From', '"Anonymous" <sip:anonymous@anonymous.invalid>;tag=1']],
    ],
  ])('%s: %s', async (expected, _, endpoint = {}, headers) => {
    const { receive, said } = session([identity], { endpoint });
    await receive({ headers });
    expect(said).toEqual([`caller ${expected}`]);
  });
});

describe('who is somebody else within a call', () => {
  test.each<[string, SessionOptions['endpoint'], string[]]>([
    ['is known by what a trusted endpoint asserts, once', trusted, ['caller Real 200']],
    ['is not believed, when the endpoint is not trusted', {}, []],
    ['is not, when it is trusted with the first identity alone', { ...trusted, trust_connected_line: false }, []],
  ])('%s', async (_, endpoint = {}, expected) => {
    const { receive, said, makeChannel, asked } = session([identity], { endpoint });
    await receive({ headers: [from] });
    makeChannel();
    said.splice(0);
    await receive({ method: 'UPDATE', headers: [from, pai] });
    await receive({ method: 'INVITE', headers: [from, pai] });
    await receive({ method: 'INVITE', headers: [['From', '<sip:other@192.0.2.1>']] });
    asked.incomingResponse(response(200, [pai]), 'INVITE');
    expect(said).toEqual(expected);
  });

  test('answers, and says who it is', () => {
    const { asked, said, makeChannel } = session([identity], { endpoint: trusted, direction: 'outbound' });
    makeChannel();
    asked.incomingResponse(response(100, [pai]), 'INVITE');
    asked.incomingResponse(response(180, [rpid]), 'INVITE');
    asked.incomingResponse(response(200, [pai]), 'INVITE');
    asked.incomingResponse(response(486, [rpid]), 'INVITE');
    expect(said).toEqual(['caller Remote 300', 'caller Real 200']);
  });

  test('is not news when it said so from the beginning, though its settings name another', async () => {
    const { receive, said, makeChannel } = session([identity], { endpoint: { ...trusted, callerid: '400' } });
    await receive({ headers: [from, pai] });
    makeChannel();
    await receive({ method: 'INVITE', headers: [from, pai] });
    expect(said).toEqual(['caller  400']);
  });
});

describe('whom the far end talks to', () => {
  const shown = { name: 'Bar "B"\r\nX: y', number: '500' };
  const secret = { name: 'Bar', number: '500', isPrivate: true } as const;
  const quoted = '"Bar \\"B\\"  X: y" <sip:500@192.0.2.9>';
  const both = { send_pai: true, send_rpid: true };
  test.each<[string, SessionOptions, readonly SipHeader[]]>([
    ['is told in no way unless the endpoint wants it', { connected: shown }, []],
    ['is not told as long as nobody is known', { endpoint: both }, []],
    ['is not told without a number', { endpoint: both, connected: { name: 'Bar', number: '' } }, []],
    [
      'is told by P-Asserted-Identity',
      { endpoint: { send_pai: true }, connected: shown },
      [['P-Asserted-Identity', quoted]],
    ],
    [
      'and by Remote-Party-ID',
      { endpoint: { send_rpid: true }, connected: shown },
      [['Remote-Party-ID', `${quoted};party=calling;privacy=off;screen=no`]],
    ],
    ['is not told when it does not want to be', { endpoint: both, connected: secret }, []],
    [
      'but is to whom is trusted with it, with the wish',
      { endpoint: { ...both, trust_id_outbound: true, from_domain: 'bar.example' }, connected: secret },
      [
        ['P-Asserted-Identity', '"Bar" <sip:500@bar.example>'],
        ['Privacy', 'id'],
        ['Remote-Party-ID', '"Bar" <sip:500@bar.example>;party=calling;privacy=full;screen=no'],
      ],
    ],
  ])('%s', (_, options, expected) => {
    const { send } = session([identity], { ...options, direction: 'outbound' });
    expect(send('INVITE')).toEqual(expected);
    expect(send('UPDATE')).toEqual(expected);
    expect(send('BYE')).toEqual([]);
  });

  test('is told with responses, but not with those that refuse', async () => {
    const { respond } = session([identity], { endpoint: { send_rpid: true }, connected: { name: '', number: '500' } });
    const told = ['Remote-Party-ID', '<sip:500@192.0.2.9>;party=called;privacy=off;screen=no'];
    expect(await respond(180)).toEqual([told]);
    expect(await respond(200)).toEqual([told]);
    expect([await respond(100), await respond(486), await respond(200, 'INFO')]).toEqual([[], [], []]);
  });

  test('is left to whoever has named it already', () => {
    const { send } = session([identity], { endpoint: { send_pai: true }, connected: shown, direction: 'outbound' });
    expect(send('INVITE', [['p-asserted-identity', '<sip:600@x>']])).toHaveLength(1);
  });
});

describe('From', () => {
  const { given: plain } = session([]);
  const { given: own } = session([], { endpoint: { from_user: 'reception', from_domain: 'foo.example' } });
  const { given: trusting } = session([], { endpoint: { trust_id_outbound: true } });
  const secret = { name: 'Bar', number: '500', isPrivate: true } as const;
  test.each([
    ['names who calls', { name: 'Bar', number: '500' }, plain, '"Bar" <sip:500@192.0.2.9>'],
    ['names the endpoint, when nobody is known to call', undefined, plain, '<sip:foo@192.0.2.9>'],
    ['is as its settings say', { name: 'Bar', number: '500' }, own, '"Bar" <sip:reception@foo.example>'],
    ['is nobody who wants to be', secret, plain, '"Anonymous" <sip:anonymous@anonymous.invalid>'],
    ['is the same to whom is trusted', secret, trusting, '"Bar" <sip:500@192.0.2.9>'],
    ['has one line', { name: 'a\r\nb', number: '1\r\n2' }, plain, '"a  b" <sip:1%0D%0A2@192.0.2.9>'],
  ])('%s', (_, caller, { endpoint, host }, expected) => {
    expect(fromOf(caller, endpoint, host)).toBe(expected);
  });
});
