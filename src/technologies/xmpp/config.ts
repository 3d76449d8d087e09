// The `xmpp` part of the configuration: what may be written, and what it becomes. Names as in Asterisk's xmpp.conf where that has one.
import { readFileSync } from 'node:fs';
import { Type, type Static } from 'typebox';
import { Fault } from '../../errors.ts';
import { bareOf, parseJid, type Jid } from './jid.ts';
import type { StreamOptions } from './stream.ts';

const closed = { additionalProperties: false } as const;
const text = Type.String({ minLength: 1 });
const yesNo = Type.Union([Type.Boolean(), Type.Literal('yes'), Type.Literal('no')]);

const Global = Type.Object(
  {
    default_account: Type.Optional(text),
    max_stanza_size: Type.Optional(Type.Integer({ minimum: 10_000, description: 'In bytes (RFC 6120 13.12).' })),
  },
  closed,
);

const Account = Type.Object(
  {
    type: Type.Enum(['client', 'component']),
    username: Type.String({ minLength: 1, description: 'The JID of a client, the domain of a component.' }),
    secret: text,
    serverhost: Type.Optional(text),
    port: Type.Optional(Type.Integer({ minimum: 1, maximum: 65_535 })),
    usetls: Type.Optional(Type.Union([yesNo, Type.Literal('direct')])),
    ca_list_file: Type.Optional(text),
    priority: Type.Optional(Type.Integer({ minimum: -128, maximum: 127 })),
    accept: Type.Optional(Type.Enum(['peers', 'anyone'])),
  },
  closed,
);

const Peer = Type.Object({ jid: text, account: Type.Optional(text), subscribe: Type.Optional(yesNo) }, closed);

export const XmppConfig = Type.Object(
  {
    global: Type.Optional(Global),
    account: Type.Optional(Type.Record(Type.String(), Account)),
    peer: Type.Optional(Type.Record(Type.String(), Peer)),
  },
  closed,
);
export type XmppConfig = Static<typeof XmppConfig>;

/** Who we are at a server. */
export interface AccountObject {
  readonly id: string;
  readonly stream: StreamOptions;
  /** Bare; of a component its domain. */
  readonly jid: string;
  /** Of the client among those of its account. */
  readonly priority: number;
  /** Whether those who are no peers may send messages to it. */
  readonly acceptsAnyone: boolean;
}

/** Someone who is known. */
export interface PeerObject {
  readonly id: string;
  /** Bare. */
  readonly jid: string;
  readonly account: AccountObject;
  /** Whether we want to know when it can be reached. */
  readonly subscribe: boolean;
}

export interface XmppObjects {
  readonly accounts: ReadonlyMap<string, AccountObject>;
  readonly peers: ReadonlyMap<string, PeerObject>;
  /** By which whoever is no peer is written to; undefined when there is no account. */
  readonly defaultAccount: AccountObject | undefined;
}

const MAX_STANZA = 262_144;

/** Fails with a Fault 'invalid', whose message begins with the path of the wrong key. */
export function resolveXmpp({ global = {}, account = {}, peer = {} }: XmppConfig): XmppObjects {
  const { max_stanza_size: maxStanza = MAX_STANZA, default_account: named } = global;
  const accounts = new Map(Object.entries(account).map(([id, each]) => [id, accountOf(id, each, maxStanza)]));
  if (named !== undefined && !accounts.has(named))
    throw wrong('global.default_account', `no account is named "${named}"`);
  const defaultAccount = named === undefined ? [...accounts.values()][0] : accounts.get(named);
  const peers = new Map<string, PeerObject>();
  const taken = new Map<string, string>();
  for (const [id, each] of Object.entries(peer)) {
    const made = peerOf(id, each, accounts, defaultAccount);
    const key = `${made.account.id} ${made.jid}`;
    const other = taken.get(key);
    if (other !== undefined) throw wrong(`peer.${id}.jid`, `it is the peer "${other}" already`);
    taken.set(key, id);
    peers.set(id, made);
  }
  return { accounts, peers, defaultAccount };
}

function accountOf(id: string, written: Static<typeof Account>, maxStanza: number): AccountObject {
  const path = `account.${id}`;
  const { type, username, secret, usetls, ca_list_file: file, priority = 0, accept = 'peers' } = written;
  const jid = parseJid(username);
  if (jid === undefined) throw wrong(`${path}.username`, `"${username}" is no address of XMPP`);
  const tls = tlsOf(usetls ?? type === 'client');
  if (type === 'component' && tls === 'starttls')
    throw wrong(`${path}.usetls`, 'the protocol of components (XEP-0114) knows no STARTTLS; expected no or direct');
  const common = {
    ...{ host: written.serverhost ?? jid.domain, port: written.port ?? portOf(type, tls), tls, secret, maxStanza },
    ...(file !== undefined && { ca: read(`${path}.ca_list_file`, file) }),
  };
  return {
    id,
    stream: { ...common, ...identityOf(path, type, jid) },
    jid: bareOf(jid),
    priority,
    acceptsAnyone: accept === 'anyone',
  };
}

function tlsOf(written: NonNullable<Static<typeof Account>['usetls']>): StreamOptions['tls'] {
  if (written === 'direct') return written;
  return written === true || written === 'yes' ? 'starttls' : 'none';
}

function identityOf(path: string, type: 'client' | 'component', { local, domain, resource }: Jid) {
  if (type === 'component') {
    if (local !== undefined || resource !== undefined)
      throw wrong(`${path}.username`, 'expected the domain of the component');
    return { kind: 'component', domain } as const;
  }
  if (local === undefined) throw wrong(`${path}.username`, 'expected the JID of the account: user@domain');
  return { kind: 'client', user: local, domain, resource: resource ?? 'arion' } as const;
}

function portOf(type: 'client' | 'component', tls: StreamOptions['tls']): number {
  if (type === 'component') return 5347;
  return tls === 'direct' ? 5223 : 5222;
}

function peerOf(
  id: string,
  { jid: written, account: named, subscribe = true }: Static<typeof Peer>,
  accounts: ReadonlyMap<string, AccountObject>,
  defaultAccount: AccountObject | undefined,
): PeerObject {
  if (accounts.has(id)) throw wrong(`peer.${id}`, 'there is an account of that name');
  const jid = parseJid(written);
  if (jid === undefined || jid.resource !== undefined) throw wrong(`peer.${id}.jid`, `"${written}" is no bare JID`);
  const account = named === undefined ? defaultAccount : accounts.get(named);
  if (account === undefined)
    throw wrong(`peer.${id}.account`, named === undefined ? 'is missing' : `no account is named "${named}"`);
  return { id, jid: bareOf(jid), account, subscribe: subscribe === true || subscribe === 'yes' };
}

function read(path: string, file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (cause) {
    throw wrong(path, (cause as Error).message, cause);
  }
}

const wrong = (path: string, message: string, cause?: unknown): Fault =>
  new Fault('invalid', `xmpp.${path}: ${message}`, { code: 'configuration', ...(cause !== undefined && { cause }) });
