// Ways that are known from what came: a later request to a registered contact goes back as its registration came (RFC 5626 5.3),
// and one to the place that a connection answers for goes over that connection (RFC 5923).
import type { SipUri } from '../grammar/uri.ts';
import { isReliable, type Flow, type Place, type Protocol } from './flow.ts';
import { isUnroutable } from './local-address.ts';

/** What one connection may tie to itself; a peer that registers more reaches the newest contacts elsewhere. */
const tiesPerFlow = 1_000;
/** Ties over UDP that are remembered; the oldest is forgotten first, and its contact is reached from any socket of ours. */
const datagramTies = 200_000;

export class Aliases {
  readonly #flows = new Map<string, Flow>();
  readonly #tied = new Map<Flow, Set<string>>();
  readonly #datagrams = new Map<string, Flow>();
  readonly #hasChoice: boolean;

  /** `hasChoice`: there are several UDP sockets, so that it matters by which one a telephone behind a NAT is reached. */
  constructor(hasChoice = false) {
    this.#hasChoice = hasChoice;
  }

  /**
   * Ties a contact that was registered over this flow to it; over UDP it unties what a connection had. Nobody gets the requests
   * for somebody else's host by calling it his own.
   */
  tie(contact: SipUri, flow: Flow): void {
    if (contact.host === flow.remote.address || isUnroutable(contact.host)) this.#tie(contactKey(contact), flow);
    if (!isReliable(flow) && this.#hasChoice) this.#remember(placeKey(flow.protocol, flow.remote), flow);
  }

  /** The connection is also the way to another port of the same address, as its Via says with "alias" (RFC 5923 8.1). */
  tiePlace(port: number, flow: Flow): void {
    this.#tie(placeKey(flow.protocol, { address: flow.remote.address, port }), flow);
  }

  flowTo(uri: SipUri): Flow | undefined {
    return this.#open(contactKey(uri));
  }

  flowToPlace(protocol: Protocol, remote: Place): Flow | undefined {
    const key = placeKey(protocol, remote);
    return this.#open(key) ?? this.#datagrams.get(key);
  }

  #open(key: string): Flow | undefined {
    const flow = this.#flows.get(key);
    return flow?.isOpen ? flow : undefined;
  }

  #tie(key: string, flow: Flow): void {
    const former = this.#flows.get(key);
    if (former !== undefined) this.#tied.get(former)?.delete(key);
    this.#flows.delete(key);
    if (!isReliable(flow) || !flow.isOpen) return;
    let keys = this.#tied.get(flow);
    if (keys === undefined) {
      this.#tied.set(flow, (keys = new Set()));
      flow.onClose(() => this.#forget(flow));
    }
    if (keys.size >= tiesPerFlow) return;
    keys.add(key);
    this.#flows.set(key, flow);
  }

  #remember(key: string, flow: Flow): void {
    this.#datagrams.delete(key);
    this.#datagrams.set(key, flow);
    for (const oldest of this.#datagrams.keys()) {
      if (this.#datagrams.size <= datagramTies) return;
      this.#datagrams.delete(oldest);
    }
  }

  #forget(flow: Flow): void {
    for (const key of this.#tied.get(flow) ?? []) this.#flows.delete(key);
    this.#tied.delete(flow);
  }
}

const contactKey = ({ user, host, port }: SipUri): string => `${user ?? ''}@${host}:${port ?? ''}`;
const placeKey = (protocol: Protocol, { address, port }: Place): string => `${protocol}|${address}|${port}`;
