// Who is known, and where each can be reached now: the endpoints that the core knows, and the resources behind them.
import type { Endpoint } from '../../core/endpoint.ts';
import type { Endpoints } from '../../core/endpoints.ts';
import type { AccountObject, PeerObject, XmppObjects } from './config.ts';

interface Resource {
  readonly priority: number;
  /** It says, or has shown, that it gives receipts. */
  readonly givesReceipts: boolean;
}

export interface Peer {
  readonly object: PeerObject;
  readonly endpoint: Endpoint;
  /** Whether it lets us know where it is; undefined while nobody has said. */
  shares: boolean | undefined;
  /** Where it is, by resource. */
  readonly resources: Map<string, Resource>;
}

export interface PeersParts {
  readonly endpoints: Endpoints;
  readonly objects: XmppObjects;
  /** Whether the account has its connection. */
  readonly isOpen: (account: AccountObject) => boolean;
}

/** Beyond that many resources of one peer further ones do not count. */
const MAX_RESOURCES = 50;
const TECH = 'XMPP';

export class Peers {
  readonly #parts: PeersParts;
  readonly #byId = new Map<string, Peer>();
  readonly #byJid = new Map<string, Peer>();
  readonly #ofAccount = new Map<string, Endpoint>();

  constructor(parts: PeersParts) {
    this.#parts = parts;
  }

  /** Makes every endpoint: at first offline. */
  open(): void {
    const { endpoints, objects } = this.#parts;
    const make = (resource: string): Endpoint => {
      const endpoint = endpoints.create({ tech: TECH, resource });
      endpoint.setState('offline');
      return endpoint;
    };
    for (const id of objects.accounts.keys()) this.#ofAccount.set(id, make(id));
    for (const [id, object] of objects.peers) {
      const peer: Peer = { object, endpoint: make(id), shares: undefined, resources: new Map() };
      this.#byId.set(id, peer);
      this.#byJid.set(keyOf(object.account.id, object.jid), peer);
    }
  }

  endpointOf(account: AccountObject): Endpoint {
    return this.#ofAccount.get(account.id)!;
  }

  get(id: string): Peer | undefined {
    return this.#byId.get(id);
  }

  /** By its bare JID. */
  find(account: AccountObject, jid: string): Peer | undefined {
    return this.#byJid.get(keyOf(account.id, jid));
  }

  /** Those of an account. */
  of(account: AccountObject): Peer[] {
    return [...this.#byId.values()].filter(({ object }) => object.account.id === account.id);
  }

  get resources(): number {
    return [...this.#byId.values()].reduce((sum, { resources }) => sum + resources.size, 0);
  }

  /**
   * Where it shares that, it is there with a resource that takes messages; else it may be there whenever our connection is.
   * Nobody knows before somebody has said.
   */
  isReachable({ object, shares, resources }: Peer): boolean {
    if (!this.#parts.isOpen(object.account) || shares === undefined) return false;
    return !shares || [...resources.values()].some(({ priority }) => priority >= 0);
  }

  /** It is somewhere where receipts are given. */
  givesReceipts(peer: Peer): boolean {
    return this.isReachable(peer) && [...peer.resources.values()].some(({ givesReceipts }) => givesReceipts);
  }

  /** Says whether it is a new one; nothing when there are too many. */
  arrived(peer: Peer, resource: string, priority: number): boolean | undefined {
    const known = peer.resources.get(resource);
    if (known === undefined && peer.resources.size >= MAX_RESOURCES) return undefined;
    peer.shares = true;
    peer.resources.set(resource, { priority, givesReceipts: known?.givesReceipts ?? false });
    this.changed(peer);
    if (known === undefined) this.#tell(peer, resource, 'Reachable');
    return known === undefined;
  }

  left(peer: Peer, resource: string | undefined): void {
    const gone = resource === undefined ? [...peer.resources.keys()] : [resource];
    const were = gone.filter((each) => peer.resources.delete(each));
    this.changed(peer);
    for (const each of were) this.#tell(peer, each, 'Removed');
  }

  /** Says whether it is news. */
  gaveReceipt(peer: Peer, resource: string): boolean {
    const known = peer.resources.get(resource);
    if (known === undefined || known.givesReceipts) return false;
    peer.resources.set(resource, { ...known, givesReceipts: true });
    return true;
  }

  /** Whether it can be reached may have changed. */
  changed(peer: Peer): void {
    peer.endpoint.setReachable(this.isReachable(peer));
  }

  /** Nothing is known any more of where they are. */
  forget(account: AccountObject): void {
    for (const peer of this.of(account)) {
      this.left(peer, undefined);
      peer.shares = undefined;
      this.changed(peer);
    }
  }

  #tell({ object, endpoint }: Peer, resource: string, status: 'Reachable' | 'Removed'): void {
    endpoint.contactChanged({ uri: `xmpp:${object.jid}/${resource}`, status, aor: object.id, roundtrip: 0 });
  }
}

const keyOf = (account: string, jid: string): string => `${account}\0${jid}`;
