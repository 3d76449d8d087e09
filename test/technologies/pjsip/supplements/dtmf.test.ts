// Keys by INFO, in the forms that telephones write.
import { expect, test } from 'vitest';
import { dtmf, infoOf, keyOf } from '../../../../src/technologies/pjsip/supplements/dtmf.ts';
import { SipHeaders } from '../../../../src/technologies/pjsip/stack.ts';
import { session } from './session.ts';

const read = (type: string, body: string) => keyOf({ headers: new SipHeaders([['Content-Type', type]]), body });
const relay = 'application/dtmf-relay';

test.each([
  [relay, 'Signal=7\r\nDuration=160\r\n', '7', 160],
  [relay, 'Signal= #\nDuration= 250', '#', 250],
  ['Application/DTMF-Relay; x=y', 'duration=90\r\nsignal=d', 'D', 90],
  [relay, 'Signal=10\r\n', '*', 100],
  [relay, 'Signal=11\r\nDuration=long\r\n', '#', 100],
  [relay, 'Signal=15', 'D', 100],
  ['application/dtmf', '5', '5', 100],
  ['application/dtmf', ' *\r\n', '*', 100],
])('%s with %j is the key %s for %i ms', (type, body, digit, duration) => {
  expect(read(type, body)).toEqual({ digit, duration });
});

test.each([
  [relay, 'Signal=16'],
  [relay, 'Signal=12345'],
  [relay, 'Signal='],
  [relay, 'Duration=160'],
  ['application/dtmf', 'hello'],
])('%s with %j tells of no key that there is', (type, body) => {
  expect(read(type, body)).toBe('malformed');
});

test.each(['text/plain', 'application/dtmfx', 'application/media_control+xml'])('%s tells no key', (type) => {
  expect(read(type, 'Signal=7')).toBeUndefined();
});

test.each<[string, number, readonly (readonly [string, string])[], string, string[]]>([
  ['tells a key', 200, [['Content-Type', relay]], 'Signal=5', ['ChannelDtmfReceived']],
  ['that says nothing is taken', 200, [], '', []],
  ['of no key that there is is malformed', 400, [['Content-Type', relay]], 'Signal=Z', []],
  ['of another type is not taken', 415, [['Content-Type', 'text/plain']], 'x', []],
  ['of a package is not wanted', 469, [['Info-Package', 'foo']], '', []],
])('an INFO that %s: %i', async (_, expected, headers, body, facts) => {
  const { receive, makeChannel, listen } = session([dtmf]);
  makeChannel();
  const { heard } = listen();
  const { goesOn, received } = await receive({ method: 'INFO', headers, body });
  expect([goesOn, received.answers.map(({ status }) => status)]).toEqual([undefined, [expected]]);
  expect((await heard()).map(({ type }) => type)).toEqual(facts);
});

test('a key that is told is read as the same', () => {
  const { headers, body = '' } = infoOf({ digit: '#', duration: 160 });
  expect(keyOf({ headers: new SipHeaders(headers), body })).toEqual({ digit: '#', duration: 160 });
});
