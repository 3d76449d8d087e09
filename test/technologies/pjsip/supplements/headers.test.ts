// Headers of the INVITE as functions of the channel.
import { describe, expect, test } from 'vitest';
import type { SipHeader } from '../../../../src/technologies/pjsip/stack.ts';
import { headers } from '../../../../src/technologies/pjsip/supplements/headers.ts';
import { response, session } from './session.ts';

const given: readonly SipHeader[] = [
  ['X-Foo', '1'],
  ['X-Bar', '2'],
  ['x-foo', '3'],
  ['Subject', 's'],
];

describe('of a call that came', () => {
  test.each([
    ['PJSIP_HEADER(read,X-Foo)', '1'],
    ['PJSIP_HEADER(read,x-foo,2)', '3'],
    ['PJSIP_HEADER( read , X-Foo , 3 )', ''],
    ['PJSIP_HEADER(read,X-None)', ''],
    ['PJSIP_HEADERS(X-)', 'x-foo,X-Bar'],
    ['PJSIP_HEADERS(X-B*)', 'X-Bar'],
    ['PJSIP_HEADERS(None)', ''],
    ['PJSIP_RESPONSE_HEADER(read,X-Foo)', ''],
    ['PJSIP_HEADER(add,X-Foo)', undefined],
    ['CALLERID(num)', undefined],
  ])('%s is %j', async (expression, expected) => {
    const { receive, asked } = session([headers]);
    await receive({ headers: given });
    expect(asked.read(expression)).toBe(expected);
  });

  test('they stay those of its first INVITE', async () => {
    const { receive, asked, makeChannel } = session([headers]);
    await receive({ headers: given });
    makeChannel();
    await receive({ headers: [['X-Foo', '9']] });
    expect(asked.read('PJSIP_HEADER(read,X-Foo)')).toBe('1');
  });

  test('none can be written', () => {
    const { asked } = session([headers]);
    expect(() => asked.write('PJSIP_HEADER(add,X-Foo)', '1')).toThrow(expect.objectContaining({ kind: 'conflict' }));
  });
});

describe('of a call of ours', () => {
  test('what is added, updated and removed leaves with the first INVITE alone', () => {
    const { asked, send } = session([headers], { direction: 'outbound' });
    for (const [action, value] of [
      ['add,X-Foo', '1'],
      ['add,X-Foo', '2'],
      ['update,x-foo,2', '3'],
      ['add,X-Bar', '4'],
      ['add,Y-Bar', '5'],
      ['add,Z-Bar', '6'],
      ['remove,Y-Bar', ''],
      ['remove,Z*', ''],
    ] as const)
      expect(asked.write(`PJSIP_HEADER(${action})`, value)).toBe(true);
    expect(asked.read('PJSIP_HEADER(read,X-Foo,2)')).toBe('3');
    expect(send('INVITE', [['From', 'f']])).toEqual([
      ['From', 'f'],
      ['X-Foo', '1'],
      ['x-foo', '3'],
      ['X-Bar', '4'],
    ]);
    expect(send('INVITE')).toEqual([]);
    expect(() => asked.write('PJSIP_HEADER(add,X-Foo)', '1')).toThrow(expect.objectContaining({ kind: 'conflict' }));
  });

  test.each([
    ['add,X-Foo', 'a\r\nX-Bar: b'],
    ['add,X-Foo', 'a\nb'],
    ['add,X:Foo', '1'],
    ['add,Via', 'SIP/2.0/UDP x'],
    ['add,Content-Type', 'text/plain'],
    ['add,X-Foo', ''],
    ['update,X-Foo', '1'],
  ])('%s with %j is refused', (action, value) => {
    const { asked, send } = session([headers], { direction: 'outbound' });
    const write = (): boolean => asked.write(`PJSIP_HEADER(${action})`, value);
    expect(write).toThrow(expect.objectContaining({ kind: 'invalid' }));
    expect(send()).toEqual([]);
  });

  test('what is no header function is not written', () => {
    const { asked } = session([headers], { direction: 'outbound' });
    expect([asked.write('X', '1'), asked.write('PJSIP_HEADER(read,X)', '1')]).toEqual([false, false]);
  });

  test('what it was answered can be read', () => {
    const { asked } = session([headers], { direction: 'outbound' });
    asked.incomingResponse(response(180, given), 'INVITE');
    asked.incomingResponse(response(200, [['X-Foo', '7']]), 'INVITE');
    expect(asked.read('PJSIP_RESPONSE_HEADER(read,X-Foo)')).toBe('7');
    expect(asked.read('PJSIP_RESPONSE_HEADERS(X-)')).toBe('X-Foo');
  });
});
