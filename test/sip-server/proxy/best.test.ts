// Of several failures the caller gets the one with which it can do most (RFC 3261 16.7 step 6).
import { expect, test } from 'vitest';
import { ourHeader, type Header, type SipResponse } from '../../../src/sip-server/message.ts';
import { bestOf } from '../../../src/sip-server/proxy/best.ts';

const failure = (status: number, ...headers: Header[]): SipResponse => ({
  kind: 'response',
  status,
  reason: '',
  headers,
  body: Buffer.of(),
});

test.each([
  [[486, 603, 404], 603],
  [[600, 603], 600],
  [[404, 302], 302],
  [[500, 404], 404],
  [[404, 486], 404],
  [[404, 484], 484],
  [[404, 407, 415], 407],
  [[503, 500], 500],
  [[503, 604], 604],
  [[408, 404], 404],
  [[408, 503], 408],
  [[503, 503], 503],
])('of %j it is %d', (statuses, expected) => {
  expect(bestOf(statuses.map((status) => failure(status)))?.status).toBe(expected);
});

test('of none it is none', () => {
  expect(bestOf([])).toBeUndefined();
});

test('a challenge has the challenges of all others with it, and those of no other response', () => {
  const challenge = (name: string, value: string): Header => ourHeader(name, value);
  const best = bestOf([
    failure(407, challenge('Proxy-Authenticate', 'one')),
    failure(403, challenge('WWW-Authenticate', 'not this')),
    failure(401, challenge('WWW-Authenticate', 'two'), challenge('WWW-Authenticate', 'three')),
  ]);
  expect([best?.status, best?.headers.map(({ value }) => value)]).toEqual([401, ['two', 'three', 'one']]);
});
