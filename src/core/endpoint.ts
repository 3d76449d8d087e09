// Someone reachable through a technology: "PJSIP/alice". Every change goes through it, and it tells.
import { endpointId, type ChannelId, type EndpointId, type EndpointKey } from '../ids.ts';
import type { Cache, Topic } from '../stasis/index.ts';
import type { ChannelState, ContactStatus, EndpointSnapshot, Fact, TextMessage } from './facts.ts';
import type { RegistrationChange, RegistrationSnapshot } from './registrations.ts';

/** The topics that an endpoint needs: one for itself, and those that what it tells is forwarded to. */
export interface EndpointTopics {
  /** What the endpoint tells of itself, without its channels. */
  readonly own: Topic<Fact>;
  /** The endpoint and its channels. */
  readonly endpoint: Topic<Fact>;
  readonly technology: Topic<Fact>;
  /** What every endpoint tells of itself. */
  readonly all: Topic<Fact>;
}

export class Endpoint {
  readonly id: EndpointId;
  readonly key: EndpointKey;
  /** The endpoint and its channels: the channels' topics are forwarded here. */
  readonly topic: Topic<Fact>;
  readonly #topics: EndpointTopics;
  readonly #cache: Cache<EndpointSnapshot>;
  readonly #states = new Map<ChannelState, number>();
  #snapshot: EndpointSnapshot;
  #isGone = false;

  constructor(key: EndpointKey, topics: EndpointTopics, cache: Cache<EndpointSnapshot>) {
    this.id = endpointId(key);
    this.key = key;
    this.topic = topics.endpoint;
    this.#topics = topics;
    this.#cache = cache;
    topics.own.forward(topics.endpoint);
    topics.own.forward(topics.all);
    topics.endpoint.forward(topics.technology);
    this.#snapshot = { id: this.id, ...key, state: 'unknown', channels: [] };
    this.#tell(this.#snapshot);
  }

  get snapshot(): EndpointSnapshot {
    return this.#snapshot;
  }

  setState(state: EndpointSnapshot['state']): void {
    if (state !== this.#snapshot.state) this.#tell({ ...this.#snapshot, state });
  }

  /** A change of reachability, as the technology sees it: the state, then the peer. Nothing if unchanged. */
  setReachable(isReachable: boolean): void {
    const state = isReachable ? 'online' : 'offline';
    if (state === this.#snapshot.state) return;
    this.setState(state);
    const status = isReachable ? 'Reachable' : 'Unreachable';
    this.#topics.own.publish({ type: 'PeerStatusChanged', endpoint: this.#snapshot, status });
  }

  contactChanged(contact: ContactStatus): void {
    this.#topics.own.publish({ type: 'ContactStatusChanged', endpoint: this.#snapshot, contact });
  }

  registrationChanged(registration: RegistrationSnapshot, change: RegistrationChange): void {
    this.#topics.own.publish({ type: 'RegistrationChanged', registration, change, endpoint: this.#snapshot });
  }

  textReceived(text: TextMessage): void {
    this.#topics.own.publish({ type: 'TextReceived', endpoint: this.#snapshot, text });
  }

  /** What it tells of itself, without its channels. */
  get topicOfItself(): Topic<Fact> {
    return this.#topics.own;
  }

  /** How many of its channels are in which state; of those in which there are some. */
  get channelStates(): ReadonlyMap<ChannelState, number> {
    return this.#states;
  }

  /** Its channel's topic leads here from now on; the snapshot lists it. Told even if the state is the same. */
  addChannel(id: ChannelId, state: ChannelState): void {
    this.#count(state, 1);
    this.#tell(listing(this.#snapshot, [...this.#snapshot.channels, id]));
  }

  /** For its channels alone: before that is told. */
  channelChanged(was: ChannelState, now: ChannelState): void {
    this.#count(was, -1);
    this.#count(now, 1);
  }

  removeChannel(id: ChannelId, state: ChannelState): void {
    this.#count(state, -1);
    const { channels } = this.#snapshot;
    this.#tell(listing(this.#snapshot, channels.toSpliced(channels.indexOf(id), 1)));
  }

  #count(state: ChannelState, more: 1 | -1): void {
    const count = (this.#states.get(state) ?? 0) + more;
    if (count === 0) this.#states.delete(state);
    else this.#states.set(state, count);
  }

  /** It is there no longer, which is the last that is told of it. Its channels go on without it. */
  close(): void {
    this.#isGone = true;
    const change = this.#cache.delete(this.id);
    if (change !== undefined) this.#topics.own.publish({ type: 'EndpointChanged', change });
    this.#topics.own.close();
    this.#topics.endpoint.close();
  }

  #tell(now: EndpointSnapshot): void {
    this.#snapshot = now;
    if (this.#isGone) return;
    this.#topics.own.publish({ type: 'EndpointChanged', change: this.#cache.put(this.id, now) });
  }
}

const listing = (
  { id, tech, resource, state }: EndpointSnapshot,
  channels: readonly ChannelId[],
): EndpointSnapshot => ({ id, tech, resource, state, channels });
