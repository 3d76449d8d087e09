// Why a call ends, in both directions.
import { describe, expect, test } from 'vitest';
import { SipHeaders, type SipHeader } from '../../../../src/technologies/pjsip/stack.ts';
import { reason } from '../../../../src/technologies/pjsip/supplements/reason.ts';
import { response, session } from './session.ts';

const lines = (...values: string[]): SipHeader[] => values.map((value) => ['Reason', value]);
const elsewhere = 'SIP;cause=200;text="Call completed elsewhere"';

describe('a BYE says', () => {
  test.each([
    ['a cause of Q.850', ['Q.850;cause=17;text="User busy"'], 'cause 17'],
    ['which goes before one of SIP', ['SIP;cause=486, Q.850;cause=31'], 'cause 31'],
    ['a cause of SIP', ['SIP;cause=486'], 'cause 17'],
    ['nothing, when all is well', ['SIP;cause=200;text="User Triggered"'], undefined],
    ['nothing, without one', [], undefined],
    ['nothing by what is no cause', ['Q.850;cause=200'], undefined],
    ['nothing by another protocol', ['preemption;cause=1'], undefined],
  ])('%s', async (_, values, expected) => {
    const { receive, said } = session([reason]);
    await receive({ method: 'BYE', headers: lines(...values) });
    expect(said).toEqual(expected === undefined ? [] : [expected]);
  });

  test.each([
    ['SIP;cause=503', 'cause 38'],
    ['SIP;cause=200;text="ACK timeout"', 'cause 102'],
  ])('of the stack itself with %s: %s', async (value, expected) => {
    const { receive, said } = session([reason]);
    await receive({ method: 'BYE', isOwn: true, headers: lines(value) });
    expect(said).toEqual([expected]);
  });
});

test.each([
  [elsewhere, ['cause 26']],
  ['Q.850;cause=26', ['cause 26']],
  ['Q.850;cause=16', ['cause 16']],
  ['SIP;cause=487', ['cause 127']],
])('a CANCEL with %s: %j', (value, expected) => {
  const { asked, said } = session([reason]);
  asked.incomingCancel({ headers: new SipHeaders(lines(value)), body: '' });
  expect(said).toEqual(expected);
});

test('a refusal says it by its own cause alone', () => {
  const { asked, said } = session([reason], { direction: 'outbound' });
  asked.incomingResponse(response(183, lines('Q.850;cause=1')), 'INVITE');
  asked.incomingResponse(response(603, lines('SIP;cause=200')), 'INVITE');
  asked.incomingResponse(response(603, lines('Q.850;cause=21')), 'INVITE');
  asked.incomingResponse(response(481, lines('Q.850;cause=3')), 'BYE');
  expect(said).toEqual(['cause 21']);
});

describe('this side says', () => {
  test.each<[number | undefined, string[]]>([
    [undefined, []],
    [16, ['Q.850;cause=16']],
    [26, ['Q.850;cause=26', elsewhere]],
  ])('for %s: %j', async (cause, expected) => {
    const { send, respond } = session([reason], cause === undefined ? {} : { cause });
    expect(send('BYE')).toEqual(lines(...expected));
    expect(send('CANCEL')).toEqual(lines(...expected));
    expect(send('INVITE')).toEqual([]);
    expect(await respond(486)).toEqual(lines(...expected));
    expect(await respond(200)).toEqual([]);
    expect(await respond(481, 'BYE')).toEqual([]);
  });

  test('nothing more, where it has been said', () => {
    expect(session([reason], { cause: 16 }).send('BYE', lines('Q.850;cause=17'))).toEqual(lines('Q.850;cause=17'));
  });
});
