// From whom a call was diverted.
import { describe, expect, test } from 'vitest';
import { SipHeaders, type SipHeader } from '../../../../src/technologies/pjsip/stack.ts';
import { diversion, diversionOf } from '../../../../src/technologies/pjsip/supplements/diversion.ts';
import { response, session } from './session.ts';

const of = (...headers: readonly SipHeader[]) => diversionOf(new SipHeaders(headers));
const foo: SipHeader = ['Diversion', '"Foo" <sip:100@x>;reason="user-busy";counter=2'];

describe('is read of', () => {
  test('Diversion: the topmost is the latest', () => {
    const first: SipHeader = ['Diversion', '<tel:+1200>;reason=no-answer, <sip:300@x>'];
    const all = { name: 'Foo', number: '100', reason: 'user-busy', isPrivate: false, count: 4 };
    expect(of(foo, first)).toEqual(all);
    expect(of(first)).toMatchObject({ number: '+1200', reason: 'no-answer', count: 2 });
  });

  test('a Diversion that hides who it was', () => {
    expect(of(['Diversion', '<sip:100@x>;privacy=full'])).toMatchObject({ isPrivate: true, reason: 'unknown' });
  });

  test.each<[string, string, object | undefined]>([
    [
      'History-Info: who was asked before the last that has a cause (RFC 7544)',
      '<sip:100@x>;index=1, <sip:200@x;cause=302>;index=1.1, <sip:300@x;cause=486>;index=1.1.1, <sip:300@y>;index=1.1.1.1',
      { number: '200', reason: 'user-busy', count: 2 },
    ],
    [
      'a Reason within its URI (RFC 4244)',
      '"Foo" <sip:100@x?Reason=SIP%3Bcause%3D408>;index=1, <sip:200@x>;index=1.1',
      { name: 'Foo', number: '100', reason: 'no-answer', count: 1 },
    ],
    [
      'an entry that is not to be shown',
      '<sip:100@x?Privacy=history>;index=1, <sip:200@x;cause=404>;index=1.1',
      { reason: 'unknown', isPrivate: true },
    ],
    ['no diversion, only a way', '<sip:100@x>;index=1, <sip:200@x>;index=1.1', undefined],
    ['what is none', 'nonsense', undefined],
  ])('%s', (_, value, expected) => {
    if (expected === undefined) expect(of(['History-Info', value])).toBeUndefined();
    else expect(of(['History-Info', value])).toMatchObject(expected);
  });
});

test('the call tells its number, and the rest to who asks', async () => {
  const { receive, said, asked } = session([diversion]);
  await receive({ headers: [foo, ['History-Info', '<sip:900@x>']] });
  expect(said).toEqual(['redirecting 100']);
  const read = (field: string) => asked.read(`REDIRECTING(${field})`);
  expect(['from-name', 'from-num', 'reason', 'count'].map(read)).toEqual(['Foo', '100', 'user-busy', '2']);
  expect([read('pres'), asked.read('CALLERID(num)')]).toEqual([undefined, undefined]);
});

test('who does not want to be shown is told to who asks alone', async () => {
  const { receive, said, asked } = session([diversion]);
  expect(asked.read('REDIRECTING(from-num)')).toBe('');
  await receive({ headers: [['Diversion', '<sip:100@x>;privacy=full']] });
  expect([said, asked.read('REDIRECTING(from-num)')]).toEqual([[], '100']);
});

test('a call of ours may be diverted twice; a re-INVITE says nothing of it', async () => {
  const { asked, said, receive, makeChannel } = session([diversion], { direction: 'outbound' });
  asked.incomingResponse(response(181, [foo]), 'INVITE');
  asked.incomingResponse(response(302, [['Diversion', '<sip:200@x>']]), 'INVITE');
  makeChannel();
  await receive({ headers: [['Diversion', '<sip:300@x>']] });
  expect(said).toEqual(['redirecting 100', 'redirecting 200']);
});

test.each<[string, object, SipHeader[]]>([
  ['tells it on', {}, [['Diversion', '<sip:100@192.0.2.9>;reason=unknown']]],
  ['does not, to whom does not want it', { send_diversion: false }, []],
])('a call that was diverted %s', (_, endpoint, expected) => {
  const { send, makeChannel } = session([diversion], { direction: 'outbound', endpoint });
  expect(send()).toEqual([]);
  makeChannel('100');
  expect(send()).toEqual(expected);
  expect(send('INVITE', [foo])).toEqual([foo]);
});
