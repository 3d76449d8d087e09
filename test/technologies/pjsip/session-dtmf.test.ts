// Keys by INFO, in the forms that telephones write.
import { expect, test } from 'vitest';
import { keyOf } from '../../../src/technologies/pjsip/session-dtmf.ts';
import { SipHeaders } from '../../../src/technologies/pjsip/stack.ts';

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
