// The xmpp section of the configuration: what it becomes, and how a wrong one is refused.
import { expect, test } from 'vitest';
import { readConfig } from '../../../src/config.ts';
import { resolveXmpp } from '../../../src/technologies/xmpp/config.ts';

const read = (xmpp: string) => readConfig({ text: `ari: { users: { ari: { password: ari } } }\nxmpp: ${xmpp}` });
const gateway = 'gateway: { type: component, username: gw.example.org, secret: s }';
const bot = 'bot: { type: client, username: bot@example.org, secret: s }';

test('says where each account is found, and how', () => {
  const { accounts, peers, defaultAccount } = resolveXmpp(
    read(`{ account: { ${gateway}, ${bot}, home: { type: client, username: me@home.example/desk, secret: s, serverhost: 10.0.0.1, usetls: direct } },
      peer: { alice: { jid: Alice@Example.org, account: bot }, bob: { jid: bob@example.org, subscribe: no } } }`).xmpp,
  );
  expect([...accounts.values()].map(({ stream, jid }) => ({ ...stream, jid }))).toMatchObject([
    {
      kind: 'component',
      host: 'gw.example.org',
      port: 5347,
      tls: 'none',
      domain: 'gw.example.org',
      maxStanza: 262_144,
    },
    {
      kind: 'client',
      host: 'example.org',
      port: 5222,
      tls: 'starttls',
      user: 'bot',
      resource: 'arion',
      jid: 'bot@example.org',
    },
    {
      kind: 'client',
      host: '10.0.0.1',
      port: 5223,
      tls: 'direct',
      user: 'me',
      domain: 'home.example',
      resource: 'desk',
    },
  ]);
  expect(peers.get('alice')).toMatchObject({ jid: 'alice@example.org', account: { id: 'bot' }, subscribe: true });
  expect(peers.get('bob')).toMatchObject({ account: { id: 'gateway' }, subscribe: false });
  expect(defaultAccount?.id).toBe('gateway');
});

test('may be left out, and be given by the environment', () => {
  expect(read('{}').xmpp).toEqual({});
  const environment = { ARION_XMPP_ACCOUNT: `{ ${gateway} }` };
  const text = 'ari: { users: { ari: { password: ari } } }';
  expect(readConfig({ text, environment }).xmpp.account?.['gateway']?.username).toBe('gw.example.org');
});

test.each([
  [
    `{ account: { a: { type: component, username: x@gw.example.org, secret: s } } }`,
    'xmpp.account.a.username: expected the domain',
  ],
  [
    `{ account: { a: { type: client, username: example.org, secret: s } } }`,
    'xmpp.account.a.username: expected the JID',
  ],
  [`{ account: { a: { type: client, username: "a b@c", secret: s } } }`, 'is no address of XMPP'],
  [`{ account: { a: { type: component, username: gw, secret: s, usetls: yes } } }`, 'knows no STARTTLS'],
  [
    `{ account: { a: { type: client, username: a@b, secret: s, ca_list_file: /nowhere.pem } } }`,
    'xmpp.account.a.ca_list_file: ENOENT',
  ],
  [
    `{ account: { a: { type: server, username: a, secret: s } } }`,
    'xmpp.account.a.type: expected one of client, component',
  ],
  [`{ account: { a: { type: client, username: a@b } } }`, 'xmpp.account.a.secret: is missing'],
  [`{ acount: {} }`, 'did you mean "account"'],
  [`{ peer: { alice: { jid: a@b } } }`, 'xmpp.peer.alice.account: is missing'],
  [`{ account: { ${gateway} }, peer: { alice: { jid: a@b, account: x } } }`, 'no account is named "x"'],
  [`{ account: { ${gateway} }, peer: { alice: { jid: a@b/c } } }`, 'is no bare JID'],
  [`{ account: { ${gateway} }, peer: { gateway: { jid: a@b } } }`, 'there is an account of that name'],
  [`{ account: { ${gateway} }, peer: { a: { jid: a@b }, b: { jid: A@B } } }`, 'it is the peer "a" already'],
  [`{ account: { ${gateway} }, global: { default_account: x } }`, 'no account is named "x"'],
  [`{ global: { max_stanza_size: 1 } }`, 'xmpp.global.max_stanza_size'],
])('%s is refused: %s', (text, message) => expect(() => read(text)).toThrow(message));
