// All channels: made here, found here, told of here.
import { notFound } from '../errors.ts';
import { channelId, type ChannelId } from '../ids.ts';
import { Cache, type Bus, type Topic } from '../stasis/index.ts';
import { Channel } from './channel.ts';
import type { Endpoint } from './endpoint.ts';
import type { ChannelSnapshot, ChannelState, Fact, Party } from './facts.ts';
import type { ChannelDriver } from './technology.ts';

export interface NewChannel {
  /** Left out, the channel belongs to no endpoint, and is heard of only by subscribers of itself and of everything. */
  readonly endpoint?: Endpoint;
  /** The name up to the number that is put behind it: "PJSIP/alice". */
  readonly name: string;
  readonly state: ChannelState;
  readonly caller?: Party;
  readonly connected?: Party;
  readonly context: string;
  readonly exten: string;
  readonly language?: string;
  readonly driver: ChannelDriver;
}

const nobody: Party = { name: '', number: '' };

export class Channels {
  /** All that happens to channels. */
  readonly all: Topic<Fact>;
  readonly cache: Cache<ChannelSnapshot>;
  readonly #bus: Bus;
  readonly #everything: Topic<Fact>;
  readonly #now: () => number;
  readonly #gone: (channel: Channel) => void;
  readonly #channels = new Map<ChannelId, Channel>();
  #made = 0;

  /** `gone` is called for each channel when it has ended and that was told. */
  constructor(bus: Bus, everything: Topic<Fact>, gone: (channel: Channel) => void, now: () => number = Date.now) {
    this.#bus = bus;
    this.#everything = everything;
    this.#gone = gone;
    this.#now = now;
    this.all = bus.topic('channels');
    this.cache = new Cache('channels:cached', bus);
  }

  /** The endpoint is told of it before the channel's own first snapshot. */
  create({ endpoint, name, driver, context, exten, ...given }: NewChannel): Channel {
    const createdAt = this.#now();
    const number = this.#made++;
    const id = channelId(`${Math.floor(createdAt / 1000)}.${number}`);
    const topic = this.#bus.topic<Fact>(`channel:${id}`);
    topic.forward(this.all);
    topic.forward(endpoint?.topic ?? this.#everything);
    endpoint?.addChannel(id);
    const snapshot: ChannelSnapshot = {
      id,
      name: `${name}-${number.toString(16).padStart(8, '0')}`,
      state: given.state,
      protocolId: '',
      caller: given.caller ?? nobody,
      connected: given.connected ?? nobody,
      accountcode: '',
      dialplan: { context, exten, priority: 1, appName: '', appData: '' },
      createdAt,
      language: given.language ?? 'en',
      reported: {},
    };
    const channel = new Channel(snapshot, topic, this.cache, driver, endpoint, () => {
      this.#channels.delete(id);
      endpoint?.removeChannel(id);
      this.#gone(channel);
      topic.close();
    });
    this.#channels.set(id, channel);
    return channel;
  }

  /** By its id alone. */
  find(id: string): Channel | undefined {
    return this.#channels.get(channelId(id));
  }

  /** By its id, else by its name. */
  findByIdOrName(text: string): Channel | undefined {
    return this.find(text) ?? this.list().find(({ snapshot }) => snapshot.name === text);
  }

  /** Fails with a Fault 'not-found'. */
  get(id: string): Channel {
    const channel = this.find(id);
    if (channel === undefined) throw notFound('Channel');
    return channel;
  }

  list(): Channel[] {
    return [...this.#channels.values()];
  }
}
