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
    expect([config.messages, config.events]).toEqual([read(minimal).messages, read(minimal).events]);
  });

  test('may be JSON', () => {
    const { pjsip } = read(
      JSON.stringify({ ari: { users: { ari: { password: 'ari' } } }, pjsip: { endpoint: { a: {} } } }),
    );
    expect(pjsip.endpoint).toEqual({ a: {} });
  });

  test('routes calls to an application, to telephones, or to whoever claims them', () => {
    const { contexts } = read(`${minimal}
contexts:
  default:
    "1": { app: hello }
    "2": { dial: [PJSIP/foo, PJSIP/100@trunk], timeout: 30s }
    "3": { broadcast: { apps: "^agent-" } }
    "4": { broadcast: { apps: x, timeout: 5s, args: [a], notify: true } }`);
    expect(contexts).toEqual({
      default: {
        '1': { app: 'hello', args: [] },
        '2': { dial: ['PJSIP/foo', 'PJSIP/100@trunk'], timeout: 30_000 },
        '3': { broadcast: { apps: /^agent-/, timeout: 500, args: [], notify: false } },
        '4': { broadcast: { apps: /x/, timeout: 5_000, args: ['a'], notify: true } },
      },
    });
  });

  test('keeps messages for three days and events for one, unless told otherwise', () => {
    const { messages, events } = read(minimal);
    expect(messages).toEqual({ store: true, expires: 259_200_000, maxSize: 65_536, refuseTypes: [], routes: [] });
    expect(events).toEqual({ journal: true, maxAge: 86_400_000, maxBytes: 67_108_864 });
  });

  test('says how messages and events are kept, and to whom messages go', () => {
    const routes = `[ { to: "_X.", deliver: both }, { to: sales, deliver: endpoint, endpoint: bob } ]`;
    const { messages, events } = read(`${minimal}
messages: { store: false, expires: 500ms, max_size: 1000B, refuse_types: [ Text/HTML, image/* ], routes: ${routes} }
events: { journal: false, max_age: 7d, max_size: 1GiB }`);
    expect(messages).toEqual({
      store: false,
      expires: 500,
      maxSize: 1_000,
      refuseTypes: ['text/html', 'image/*'],
      routes: [
        { to: '_X.', deliver: 'both' },
        { to: 'sales', deliver: 'endpoint', endpoint: 'bob' },
      ],
    });
    expect(events).toEqual({ journal: false, maxAge: 604_800_000, maxBytes: 1_073_741_824 });
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
    ['ARION_MESSAGES_STORE', 'false', (c: ReturnType<typeof read>) => c.messages.store, false],
    ['ARION_MESSAGES_MAX_SIZE', '1MiB', (c: ReturnType<typeof read>) => c.messages.maxSize, 1_048_576],
    ['ARION_EVENTS_MAX_AGE', '30s', (c: ReturnType<typeof read>) => c.events.maxAge, 30_000],
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
    ['contexts: { default: { _X.: { args: [a] } } }', 'contexts.default._X.: expected one of app, dial and broadcast'],
    [
      'contexts: { default: { "1": { app: a, dial: [PJSIP/foo] } } }',
      'contexts.default.1: expected one of app, dial and broadcast',
    ],
    ['contexts: { default: { "1": { app: a, timeout: 30s } } }', 'contexts.default.1.timeout: does not go with app'],
    [
      'contexts: { default: { "1": { dial: [PJSIP/a], args: [b] } } }',
      'contexts.default.1.args: does not go with dial',
    ],
    ['contexts: { default: { "1": { dial: [] } } }', 'contexts.default.1.dial: must NOT have fewer than 1 items'],
    [
      'contexts: { default: { "1": { dial: [foo] } } }',
      'contexts.default.1.dial.0: expected a technology and an endpoint such as PJSIP/alice, found "foo"',
    ],
    [
      'contexts: { default: { "1": { dial: [PJSIP/foo], timeout: 30 } } }',
      'contexts.default.1.timeout: expected a string, found 30',
    ],
    [
      'contexts: { default: { "1": { dial: [PJSIP/foo], timeout: long } } }',
      'contexts.default.1.timeout: expected a duration',
    ],
    [
      'contexts: { default: { "1": { broadcast: { apps: "(" } } } }',
      'contexts.default.1.broadcast.apps: not a regular expression',
    ],
    [
      'contexts: { default: { "1": { broadcast: { apps: a, timeout: 2m } } } }',
      'contexts.default.1.broadcast.timeout: expected 60s at most, found "2m"',
    ],
    ['contexts: { default: { "1": { broadcast: {} } } }', 'contexts.default.1.broadcast.apps: is missing'],
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
    ['messages: { expires: 3x }', 'messages.expires: expected a duration from 1ms to 3650d, such as'],
    ['messages: { expires: 0s }', 'messages.expires: expected a duration'],
    ['events: { max_age: 4000d }', 'events.max_age: expected a duration'],
    ['messages: { expires: 72 }', 'messages.expires: expected a string, found 72'],
    ['messages: { max_size: 64kB }', 'messages.max_size: expected a size such as 1000B, 64KiB, 64MiB or 1GiB'],
    ['events: { max_size: 64 }', 'events.max_size: expected a string, found 64'],
    ['messages: { refuse_types: [ text/plain, html ] }', 'messages.refuse_types.1: expected a media type such as'],
    ['messages: { refuse_types: [ "*/*" ] }', 'messages.refuse_types.0: expected a media type'],
    [
      'messages: { routes: [ { to: "_X.1", deliver: both } ] }',
      'messages.routes.0.to: not an extension pattern: nothing may follow "."',
    ],
    [
      'messages: { routes: [ { to: a, deliver: all } ] }',
      'messages.routes.0.deliver: expected one of applications, endpoint, both, found "all"',
    ],
    ['messages: { routes: [ { deliver: both } ] }', 'messages.routes.0.to: is missing'],
    [
      'messages: { routes: [ { to: a, deliver: applications, endpoint: bob } ] }',
      'messages.routes.0.endpoint: nothing is delivered to it',
    ],
    ['sip: { server: drachtio }', 'sip.server: expected text of the form'],
    ['sip: { listen: [ "udp:5060" ] }', 'sip.listen.0: expected text of the form'],
  ])('%s', (text, problem) => {
    expect(() => read(`${text}\n${minimal}`)).toThrow(problem);
  });

  test.each([
    ['[1]', 'expected a mapping of sections'],
    ['a: [', 'the file is not YAML'],
    [
      `${minimal}\ncontexts:\n  default: { '1': { app: x }, '2': { app: y }, '1': { app: z } }`,
      'line 3: the mapping has the key "1" already',
    ],
    [`${minimal}\ndata: x\ndata: y`, 'line 3: the mapping has the key "data" already'],
    ['data: *nowhere', 'the file is not YAML'],
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
