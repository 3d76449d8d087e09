// The configuration of WebSockets that are opened from here: what is read, and how a wrong one is refused.
import { describe, expect, test } from 'vitest';
import { readConfig } from '../src/config.ts';

const client = "uri: 'ws://127.0.0.1:9000/ari', connection_type: persistent";
const users = 'users: { ari: { password: ari }, hashed: { password_hash: "scrypt:c2FsdA==:aGFzaA==" } }';
const read = (clients: string, bindings: string) =>
  readConfig({ text: `ari: { ${users}, outbound_websockets: { ${bindings} } }\nwebsocket_client: { ${clients} }` });
const binding = 'websocket_client_id: crm, local_ari_user: ari, apps: [ crm ]';

test('a persistent one is tried without end, one for each call four times', () => {
  const [persistent, perCall] = read(
    `crm: { ${client} }, ivr: { uri: 'wss://ivr.example', connection_type: per_call_config }`,
    `one: { ${binding} }, two: { websocket_client_id: ivr, local_ari_user: hashed, apps: 'a, b', subscribe_all: yes, extensions: yes }`,
  ).ari.outbound;
  const tls = { verifiesCertificate: true, verifiesHostname: true };
  const target = { protocols: ['ari'], tls, timeout: 500, interval: 500 };
  expect(persistent).toEqual({
    ...{ name: 'one', kind: 'persistent', apps: ['crm'], user: 'ari', subscribeAll: false, extensions: false },
    target: { ...target, uri: 'ws://127.0.0.1:9000/ari', attempts: Infinity },
  });
  expect(perCall).toEqual({
    ...{ name: 'two', kind: 'per-call', apps: ['a', 'b'], user: 'hashed', subscribeAll: true, extensions: true },
    target: { ...target, uri: 'wss://ivr.example', attempts: 4 },
  });
});

test('every option has its effect', () => {
  const [{ target } = { target: undefined }] = read(
    `crm: { uri: 'wss://crm.example/a?b=c', protocols: [ ari, other ], username: arion, password: secret,
      connection_type: persistent, connection_timeout: 1000, reconnect_interval: 2000, reconnect_attempts: 3,
      tls_enabled: yes, ca_list_file: arion.yaml, verify_server_cert: no, verify_server_hostname: false }`,
    `crm: { ${binding} }`,
  ).ari.outbound;
  expect(target).toEqual({
    ...{ uri: 'wss://crm.example/a?b=c', protocols: ['ari', 'other'], timeout: 1_000, interval: 2_000, attempts: 3 },
    credentials: { username: 'arion', password: 'secret' },
    tls: { ca: expect.stringContaining('Arion') as string, verifiesCertificate: false, verifiesHostname: false },
  });
});

describe('a wrong one is refused', () => {
  test.each([
    [
      `crm: { ${client} }`,
      'crm: { websocket_client_id: crn, local_ari_user: ari, apps: [ crm ] }',
      'ari.outbound_websockets.crm.websocket_client_id: there is no websocket_client "crn"; did you mean "crm"?',
    ],
    [
      `crm: { ${client} }`,
      'crm: { websocket_client_id: crm, local_ari_user: arl, apps: [ crm ] }',
      'ari.outbound_websockets.crm.local_ari_user: there is no user "arl"; did you mean "ari"?',
    ],
    [
      `crm: { ${client} }`,
      `one: { ${binding} }, two: { ${binding} }`,
      'ari.outbound_websockets.two.apps: "crm" is an application of ari.outbound_websockets.one already',
    ],
    [
      `crm: { ${client} }`,
      'crm: { websocket_client_id: crm, local_ari_user: ari, apps: [] }',
      'ari.outbound_websockets.crm.apps: expected the name of an application',
    ],
    [
      "crm: { uri: 'http://127.0.0.1', connection_type: persistent }",
      '',
      'websocket_client.crm.uri: expected text of the form ^wss?://[^/?#]+, found "http://127.0.0.1"',
    ],
    ["crm: { uri: 'ws://[', connection_type: persistent }", '', 'websocket_client.crm.uri: expected an address'],
    [
      "crm: { uri: 'ws://127.0.0.1', connection_type: per_call }",
      '',
      'websocket_client.crm.connection_type: expected one of persistent, per_call_config, found "per_call"',
    ],
    [
      `crm: { ${client}, tls_enabled: yes }`,
      '',
      'websocket_client.crm.tls_enabled: with TLS the uri begins with wss://, without it with ws://',
    ],
    [`crm: { ${client}, username: arion }`, '', 'websocket_client.crm: expected both username and password'],
    [`crm: { ${client}, ca_list_file: /nowhere.pem }`, '', 'websocket_client.crm.ca_list_file: ENOENT'],
  ])('%s, %s', (clients, bindings, message) => {
    expect(() => read(clients, bindings)).toThrow(message);
  });
});
