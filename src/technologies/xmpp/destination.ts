// Whom an address of ours means, by which account it is written to, and as whom.
import { Fault } from '../../errors.ts';
import { isComponent, type Account } from './accounts.ts';
import type { XmppObjects } from './config.ts';
import { bareOf, escapeLocal, formatJid, parseJid, type Jid } from './jid.ts';
import type { Peer, Peers } from './peers.ts';

export interface Destination {
  readonly account: Account;
  readonly to: Jid;
  /** If it is one that is known. */
  readonly peer: Peer | undefined;
}

export interface Directory {
  readonly objects: XmppObjects;
  readonly accounts: ReadonlyMap<string, Account>;
  readonly peers: Pick<Peers, 'get' | 'find'>;
}

/**
 * `peer`, `peer/resource`, `user@host`, `user@host/resource`, `account/user@host`; of an account alone its own JID. Whoever
 * is no peer is written to by the account that `from` names, else by the default one. Fails with a Fault 'not-found'.
 */
export function destinationOf(address: string, from: string, directory: Directory): Destination {
  const found = named(address, directory) ?? addressed(address, from, directory);
  if (found !== undefined) return found;
  throw new Fault('not-found', `"${address}" leads to no peer and no JID`, { code: 'destination-not-found' });
}

function named(address: string, { accounts, peers }: Directory): Destination | undefined {
  const slash = address.indexOf('/');
  const [name, rest] = slash === -1 ? [address] : [address.slice(0, slash), address.slice(slash + 1)];
  const peer = peers.get(address) ?? (rest === undefined ? undefined : peers.get(name));
  if (peer !== undefined) {
    const resource = peer.object.id === address || rest === undefined ? '' : `/${rest}`;
    return towards(accounts.get(peer.object.account.id), `${peer.object.jid}${resource}`, peer);
  }
  const account = accounts.get(name);
  if (account === undefined) return undefined;
  if (rest !== undefined) return ofAccount(account, rest, peers);
  // A component is all of its domain, and nobody in it.
  return isComponent(account) ? undefined : towards(account, account.object.jid, undefined);
}

/** A JID; of a peer of the account that was named or of any other the peer's account counts. */
function addressed(address: string, from: string, { objects, accounts, peers }: Directory): Destination | undefined {
  const jid = parseJid(address);
  if (jid === undefined || jid.local === undefined) return undefined;
  const chosen = accounts.get(withoutScheme(from));
  if (chosen !== undefined) return ofAccount(chosen, address, peers);
  for (const each of accounts.values()) {
    const peer = peers.find(each.object, bareOf(jid));
    if (peer !== undefined) return { account: each, to: jid, peer };
  }
  const account = objects.defaultAccount && accounts.get(objects.defaultAccount.id);
  return account && { account, to: jid, peer: undefined };
}

function ofAccount(account: Account, address: string, peers: Directory['peers']): Destination | undefined {
  const jid = parseJid(address);
  return jid && towards(account, address, peers.find(account.object, bareOf(jid)));
}

function towards(account: Account | undefined, address: string, peer: Peer | undefined): Destination | undefined {
  const to = parseJid(address);
  return account && to && { account, to, peer };
}

const withoutScheme = (text: string): string => text.replace(/^(xmpp|pjsip|sips?|tel):/i, '');

/**
 * As whom a component writes: a JID in its domain, or a name there, be it the user of another address. A client is always
 * itself, which its server says. Fails with a Fault 'invalid' when that is no address.
 */
export function senderOf({ object, ...account }: Account, from: string): string | undefined {
  if (!isComponent({ object, ...account })) return undefined;
  const [, inBrackets] = /<([^<>]*)>\s*$/.exec(from) ?? [];
  const text = withoutScheme((inBrackets ?? from).trim()).replace(/[;?].*$/s, '');
  if (text === '' || text === object.id || text === object.jid) return object.jid;
  const jid = parseJid(text);
  if (jid !== undefined && jid.domain === object.jid) return formatJid(jid);
  const at = text.lastIndexOf('@');
  const local = escapeLocal(at === -1 ? text : text.slice(0, at));
  const made = parseJid(`${local}@${object.jid}`);
  if (made === undefined) throw new Fault('invalid', `The from "${from}" is not an address`);
  return formatJid(made);
}
