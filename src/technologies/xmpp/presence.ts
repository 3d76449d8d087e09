// Where the peers are (RFC 6121): what we ask and tell when a session begins, and what is made of what they tell.
import type { Clock } from '../../core/clock.ts';
import { isComponent, isOwn, type Account } from './accounts.ts';
import { bareOf, formatJid, parseJid, type Jid } from './jid.ts';
import type { Peer, Peers } from './peers.ts';
import { DISCO, RECEIPTS, ROSTER } from './namespaces.ts';
import type { Refusals } from './refusals.ts';
import { childOf, childrenOf, element, stanza, textOf, type XmlElement } from './xml.ts';

export interface PresenceParts {
  readonly peers: Peers;
  readonly refusals: Refusals;
  /** It is now somewhere where receipts are given. */
  readonly onReceipts: (peer: Peer) => void;
  readonly clock: Clock;
  readonly onError: (error: unknown) => void;
}

/** So long a server may take to say that a peer lets us know where he is, in milliseconds. */
const SILENCE = 10_000;

export class Presence {
  readonly #parts: PresenceParts;
  /** The peers that were asked in this session to let us know where they are. */
  readonly #asked = new Set<Peer>();
  /** By account: when it is over to wait for those who say nothing. */
  readonly #silences = new Map<string, () => void>();

  constructor(parts: PresenceParts) {
    this.#parts = parts;
  }

  opened(account: Account, resumed: boolean): void {
    const { peers, onError } = this.#parts;
    peers.endpointOf(account.object).setReachable(true);
    const all = peers.of(account.object);
    for (const peer of all) if (!peer.object.subscribe) peer.shares ??= false;
    for (const peer of all) peers.changed(peer);
    if (resumed) return;
    for (const peer of all) this.#asked.delete(peer);
    if (isComponent(account)) this.#introduce(account, all);
    else this.#readRoster(account, all).catch(onError);
  }

  /** Its connection has ended, but where they were is remembered as long as the session may go on. */
  closed({ object }: Account): void {
    const { peers } = this.#parts;
    for (const peer of peers.of(object)) peers.changed(peer);
    peers.endpointOf(object).setReachable(false);
  }

  lost({ object }: Account): void {
    this.#parts.peers.forget(object);
  }

  /**
   * A server keeps no roster for a component. For who lets us know already that is confirmed at once (RFC 6121 3.1.3); who
   * says nothing may be there at any time. Nobody knows that we are there before we say so.
   */
  #introduce(account: Account, all: readonly Peer[]): void {
    const { object, link } = account;
    for (const peer of all) {
      this.#subscribe(account, peer);
      this.#answer(account, undefined, object.jid, peer.object.jid);
    }
    const { since } = link;
    this.#silences.get(object.id)?.();
    const end = (): void => {
      if (link.isOpen && link.since === since) for (const peer of all) this.#saysNothing(peer);
    };
    this.#silences.set(object.id, this.#parts.clock.after(SILENCE, end));
  }

  #saysNothing(peer: Peer): void {
    peer.shares ??= false;
    this.#parts.peers.changed(peer);
  }

  close(): void {
    for (const callOff of this.#silences.values()) callOff();
  }

  async #readRoster(account: Account, all: readonly Peer[]): Promise<void> {
    const { object, link } = account;
    const answer = await link.ask({ type: 'get', child: element(ROSTER, 'query') }).catch(() => undefined);
    if (answer === undefined) return;
    const query = childOf(answer, 'query', ROSTER);
    // What came of peers before is not forgotten: who stands nowhere in the roster shares nothing.
    for (const peer of all) if (peer.object.subscribe) peer.shares = false;
    for (const item of query === undefined ? [] : childrenOf(query, 'item', ROSTER)) this.#item(account, item);
    for (const peer of all) {
      this.#parts.peers.changed(peer);
      if (peer.shares === false) this.#subscribe(account, peer);
    }
    link.tell(stanza('presence', {}, [stanza('priority', {}, [String(object.priority)])]));
  }

  /** Says whether the stanza was a push of our own roster (RFC 6121 2.1.6), which nobody else can send. */
  pushed(account: Account, { attrs: { from } }: XmlElement, query: XmlElement): boolean {
    const sender = parseJid(from ?? account.object.jid);
    if (isComponent(account) || sender === undefined || bareOf(sender) !== account.object.jid) {
      this.#parts.refusals.count('spoofed');
      return false;
    }
    for (const item of childrenOf(query, 'item', ROSTER)) this.#item(account, item);
    return true;
  }

  #item({ object }: Account, { attrs: { jid = '', subscription } }: XmlElement): void {
    const parsed = parseJid(jid);
    const peer = parsed && this.#parts.peers.find(object, bareOf(parsed));
    if (peer === undefined || !peer.object.subscribe) return;
    peer.shares = subscription === 'to' || subscription === 'both';
    if (peer.shares) this.#parts.peers.changed(peer);
    else this.#parts.peers.left(peer, undefined);
  }

  received(account: Account, presence: XmlElement): void {
    const { peers, refusals } = this.#parts;
    const { from = account.object.jid, to = account.object.jid, type } = presence.attrs;
    const [sender, recipient] = [parseJid(from), parseJid(to)];
    if (sender === undefined || recipient === undefined) return refusals.count('malformed');
    if (!isOwn(account, recipient)) return refusals.count('not-ours');
    // What else is connected as ourselves.
    if (isOwn(account, sender)) return;
    const peer = peers.find(account.object, bareOf(sender));
    if (peer !== undefined) return this.#of(account, peer, sender, presence, bareOf(recipient));
    refusals.count('stranger');
    if (type === 'subscribe') this.#answer(account, 'unsubscribed', bareOf(recipient), bareOf(sender));
  }

  #of(account: Account, peer: Peer, sender: Jid, presence: XmlElement, self: string): void {
    const { peers } = this.#parts;
    switch (presence.attrs['type']) {
      case undefined:
        return this.#arrived(account, peer, sender, presence);
      case 'unavailable':
        // Servers say it, too, of who has not agreed yet that we know: see `subscribed`.
        return peers.left(peer, sender.resource);
      case 'subscribed':
        return this.#subscribed(account, peer);
      case 'unsubscribed':
        peer.shares = false;
        peers.left(peer, undefined);
        return this.#subscribe(account, peer);
      case 'subscribe':
        this.#answer(account, 'subscribed', self, peer.object.jid);
        return this.#answer(account, undefined, self, peer.object.jid);
      case 'unsubscribe':
        return this.#answer(account, 'unsubscribed', self, peer.object.jid);
      case 'probe':
        return this.#answer(account, undefined, self, peer.object.jid);
      default:
        // An error says nothing of where the peer is; its server may not be there now.
        return;
    }
  }

  /** Of a component nobody else asks where the peer is; and nobody may ask before he has agreed. */
  #subscribed(account: Account, peer: Peer): void {
    if (!peer.object.subscribe) return;
    peer.shares = true;
    this.#parts.peers.changed(peer);
    if (isComponent(account)) this.#answer(account, 'probe', account.object.jid, peer.object.jid);
  }

  #arrived(account: Account, peer: Peer, { resource }: Jid, presence: XmlElement): void {
    const { peers, refusals } = this.#parts;
    if (resource === undefined || !peer.object.subscribe) return;
    const said = childOf(presence, 'priority');
    const priority = said === undefined ? 0 : Number.parseInt(textOf(said), 10) || 0;
    const isNew = peers.arrived(peer, resource, priority);
    if (isNew === undefined) refusals.count('limit');
    if (isNew) this.#askForReceipts(account, peer, resource).catch(this.#parts.onError);
  }

  /** XEP-0184 7: who gives receipts says so. */
  async #askForReceipts(account: Account, peer: Peer, resource: string): Promise<void> {
    const to = formatJid({ ...parseJid(peer.object.jid)!, resource });
    const from = isComponent(account) ? account.object.jid : undefined;
    const question = { type: 'get', to, ...(from !== undefined && { from }), child: element(DISCO, 'query') } as const;
    const answer = await account.link.ask(question).catch(() => undefined);
    const info = answer && childOf(answer, 'query', DISCO);
    if (info === undefined || !childrenOf(info, 'feature', DISCO).some(({ attrs }) => attrs['var'] === RECEIPTS))
      return;
    this.gaveReceipt(peer, resource);
  }

  gaveReceipt(peer: Peer, resource: string): void {
    const { peers, onReceipts } = this.#parts;
    if (peers.gaveReceipt(peer, resource)) onReceipts(peer);
  }

  /** Once in a session: a user who does not want it is not asked again and again. */
  #subscribe(account: Account, peer: Peer): void {
    if (!peer.object.subscribe || this.#asked.has(peer)) return;
    this.#asked.add(peer);
    this.#answer(account, 'subscribe', account.object.jid, peer.object.jid);
  }

  #answer(account: Account, type: string | undefined, from: string, to: string): void {
    account.link.tell(stanza('presence', { type, to, from: isComponent(account) ? from : undefined }));
  }
}
