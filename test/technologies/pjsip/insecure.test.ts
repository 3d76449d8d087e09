// Which endpoints anybody may pass for, and when that keeps the service from starting.
import { describe, expect, test } from 'vitest';
import { insecurity, needsInsecure, openEndpoints } from '../../../src/technologies/pjsip/insecure.ts';
import { resolvePjsip, type PjsipConfig } from '../../../src/technologies/pjsip/objects/index.ts';

const config: PjsipConfig = {
  endpoint: {
    safe: { auth: 'safe' },
    named: {},
    credentials: { identify_by: 'auth_username' },
    address: { identify_by: 'ip' },
    header: { identify_by: 'ip' },
    uri: { identify_by: 'ip' },
    anonymous: { identify_by: 'ip' },
    'anonymous@example.org': { auth: 'safe' },
  },
  auth: { safe: { username: 'safe', password: 'x' } },
  identify: {
    address: { endpoint: 'address', match: '192.0.2.1' },
    header: { endpoint: 'header', match_header: 'X-A: b' },
    uri: { endpoint: 'uri', match_request_uri: 'sip:x' },
    safe: { endpoint: 'safe', match_header: 'X-A: c' },
  },
};
const objects = resolvePjsip(config);

test('open is who has no credentials and is recognised by what anybody can write', () => {
  expect(openEndpoints({ objects, isAuthenticating: true })).toEqual([
    'named',
    'credentials',
    'header',
    'uri',
    'anonymous',
  ]);
});

test('without an authenticator credentials do not count', () => {
  const open = openEndpoints({ objects, isAuthenticating: false });
  expect(open).toEqual(['safe', 'named', 'credentials', 'header', 'uri', 'anonymous', 'anonymous@example.org']);
});

describe('beyond this machine', () => {
  test.each([
    ['127.0.0.1', false],
    ['127.9.9.9', false],
    ['::1', false],
    ['::ffff:127.0.0.1', false],
    ['0.0.0.0', true],
    ['::', true],
    ['192.0.2.1', true],
    ['a name', true],
  ])('%s is: %s', (address, expected) => {
    const addresses = [{ address: '127.0.0.1' }, { address }];
    const problem = needsInsecure({ objects, addresses, isAuthenticating: true });
    expect(problem?.includes(`It listens on ${address}:`) ?? false).toBe(expected);
  });
});

test('what to do is told, with a few of the names', () => {
  const endpoint = Object.fromEntries(Array.from({ length: 7 }, (_, index) => [`e${index}`, {}]));
  const problem = insecurity({ objects: resolvePjsip({ endpoint }), isAuthenticating: true });
  expect(problem).toBe(
    'Anybody can pass for e0, e1, e2, e3, e4 and 2 more: no credentials are asked for (auth), and what anybody can write is enough (identify_by, identify)',
  );
});

test('nothing is wrong when each proves who it is, or is known by its address', () => {
  const { address, safe } = config.endpoint!;
  const secure = resolvePjsip({ ...config, endpoint: { address: address!, safe: safe! }, identify: {} });
  expect(
    needsInsecure({ objects: secure, addresses: [{ address: '0.0.0.0' }], isAuthenticating: true }),
  ).toBeUndefined();
});
