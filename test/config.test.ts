// The configuration: what is read, what goes before what, and how a wrong one is refused.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { readConfig, type ConfigSources } from '../src/config.ts';

const sample = readFileSync(join(import.meta.dirname, '../arion.yaml'), 'utf8');
const minimal = 'ari: { users: { ari: { password: ari } } }';
const read = (text: string, more: Partial<ConfigSources> = {}) => readConfig({ text, ...more });

describe('a configuration', () => {
  test('that is the sample is read', () => {
    const config = read(sample);
    expect(config.http).toEqual({ host: '127.0.0.1', port: 8088 });
    expect(config.sip).toEqual({
      embedded: { listen: ['udp://127.0.0.1:5060', 'tcp://127.0.0.1:5060'], localNetworks: [], limits: {} },
      insecure: false,
    });
    expect(config.contexts).toEqual({ default: { '_X.': { app: 'hello', args: ['a', 'b'] } } });
    expect(config.data).toBe('./data');
  });

  test('may be JSON, and leave out nearly everything', () => {
    expect(read('{"ari": {"users": {"ari": {"password": "ari"}}}}')).toEqual(read(minimal));
  });

  test('takes the option before the environment before the file', () => {
    const text = `http: { port: 1 }\n${minimal}`;
    const environment = { ARION_HTTP_PORT: '2', OTHER: 'x' };
    expect(read(text).http.port).toBe(1);
    expect(read(text, { environment }).http.port).toBe(2);
    expect(read(text, { environment, httpPort: 3 }).http.port).toBe(3);
  });

  test.each([
    [
      'ARION_SIP_SERVER',
      'drachtio://127.0.0.1:9022',
      (c: ReturnType<typeof read>) => c.sip.server,
      { host: '127.0.0.1', port: 9022, secret: 'cymru' },
    ],
    [
      'ARION_SIP_LISTEN',
      '["udp://[::1]:5070"]',
      (c: ReturnType<typeof read>) => c.sip.embedded.listen,
      ['udp://[::1]:5070'],
    ],
    [
      'ARION_ARI_USERS_ARI_PASSWORD',
      'secret',
      (c: ReturnType<typeof read>) => c.ari.users['ari'],
      { password: 'secret' },
    ],
    ['ARION_ARI_USERS_BOB_PASSWORD', 'b', (c: ReturnType<typeof read>) => c.ari.users['bob'], { password: 'b' }],
    ['ARION_ARI_ALLOWED_ORIGINS', '["*"]', (c: ReturnType<typeof read>) => c.ari.allowedOrigins, ['*']],
    ['ARION_PJSIP_AOR_FOO_MAX_CONTACTS', '7', (c: ReturnType<typeof read>) => c.pjsip.aor?.['foo']?.max_contacts, 7],
  ])('takes %s from the environment', (name, value, part, expected) => {
    expect(part(read(sample, { environment: { [name]: value } }))).toEqual(expected);
  });

  test('has its SIP port changed for UDP and TCP at once, and not for those that have ports of their own', () => {
    const text = sample.replace("'tcp://127.0.0.1:5060'", "'tcp://127.0.0.1:5060', 'ws://127.0.0.1:8080'");
    expect(read(text, { sipPort: 5090 }).sip.embedded.listen).toEqual([
      'udp://127.0.0.1:5090',
      'tcp://127.0.0.1:5090',
      'ws://127.0.0.1:8080',
    ]);
  });
});

describe('a wrong configuration is refused, with the path and what was expected', () => {
  test.each([
    ['sip: { listen: ["wss://127.0.0.1:443"] }', 'sip.tls: a tls or wss address needs cert_file and priv_key_file'],
    [
      'sip: { external_signaling_address: "example.org" }',
      'sip.external_signaling_address: "example.org" is not an IP address',
    ],
    [
      'sip: { local_net: ["10.0.0.0/33"] }',
      'sip.local_net: "10.0.0.0/33" is neither an address nor a network such as 10.0.0.0/8',
    ],
    ['sip: { limits: { tcp_idle_tim: 5 } }', 'sip.limits.tcp_idle_tim: no such option; did you mean "tcp_idle_time"?'],
    ['sip: { limits: { tcp_idle_time: 0 } }', 'sip.limits.tcp_idle_time: must be >= 1'],
    ['http: { prot: 1 }', 'http.prot: no such option; did you mean "port"? (known here: host, port)'],
    ['http: { port: high }', 'http.port: expected an integer, found "high"'],
    ['http: { port: 70000 }', 'http.port: must be <= 65535, found 70000'],
    ['htpp: {}', 'htpp: no such option; did you mean "http"?'],
    [
      'pjsip: { endpoint: { foo: { contxt: default } } }',
      'pjsip.endpoint.foo.contxt: no such option; did you mean "context"?',
    ],
    ['contexts: { default: { _X.: { args: [a] } } }', 'contexts.default._X..app: is missing'],
    [
      'contexts: { default: { "_X.1": { app: a } } }',
      'contexts.default._X.1: not an extension pattern: nothing may follow "."',
    ],
    [
      'contexts: { default: {} }\npjsip: { endpoint: { foo: { context: defualt } } }',
      'pjsip.endpoint.foo.context: there is no context "defualt"; did you mean "default"?',
    ],
    [
      'pjsip: { endpoint: { foo: { auth: fooo } }, auth: { foo: { username: a, password: b } } }',
      'pjsip.endpoint.foo.auth: no auth is named "fooo"; did you mean "foo"?',
    ],
    ['sip: { server: drachtio }', 'sip.server: expected text of the form'],
    ['sip: { listen: [ "udp:5060" ] }', 'sip.listen.0: expected text of the form'],
  ])('%s', (text, problem) => {
    expect(() => read(`${text}\n${minimal}`)).toThrow(problem);
  });

  test.each([
    ['[1]', 'expected a mapping of sections'],
    ['a: [', 'the file is not YAML'],
    ['http: { port: 1 }', 'ari: is missing'],
    ['ari: { users: {} }', 'ari.users: must NOT have fewer than 1 properties'],
    ['ari: { users: { a: {} } }', 'ari.users.a: expected either password or password_hash'],
  ])('%s', (text, problem) => {
    expect(() => read(text)).toThrow(problem);
  });

  test('also when the environment names what does not exist', () => {
    expect(() => read(minimal, { environment: { ARION_HTTPS_PORT: '1' } })).toThrow(
      'ARION_HTTPS_PORT: no part of the configuration has this name',
    );
    expect(() => read(minimal, { environment: { ARION_HTTP_PORT: 'x' } })).toThrow(
      'http.port: expected an integer, found "x"',
    );
  });
});
