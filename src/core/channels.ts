// All channels: made here, found here, told of here.
import { randomUUID } from 'node:crypto';
import { Fault, notFound } from '../errors.ts';
import { channelId, type ChannelId } from '../ids.ts';
import { Cache, type Bus, type Topic } from '../stasis/index.ts';
import { Channel, type Line } from './channel.ts';
import type { Endpoint } from './endpoint.ts';
import type { ChannelSnapshot, ChannelState, Fact, Party } from './facts.ts';
import type { OperationsParts } from './operations.ts';
import type { ChannelDriver } from './technology.ts';

export interface NewChannel {
  /** Chosen by a client; left out, it is made here. */
  readonly id?: string;
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
  /** As in the snapshot. */
  readonly redirecting?: string;
  /** It has them from its beginning, so that they are not told. */
  readonly variables?: ReadonlyMap<string, string>;
  readonly driver: ChannelDriver;
  /** Makes it an outbound leg, which does not go its way through the routing. */
  readonly line?: Line;
}

export interface ChannelsOptions {
  /** Milliseconds since 1970. */
  readonly now?: () => number;
  /** Names what is asked of a channel. */
  readonly newOperationId?: () => string;
  /** How many operations may wait for one channel; 100, if left out. */
  readonly operationsLimit?: number;
}

const nobody: Party = { name: '', number: '' };
/** In characters, as in Asterisk. */
const LONGEST_ID = 149;
const OPERATIONS_LIMIT = 100;

export class Channels {
  /** All that happens to channels. */
  readonly all: Topic<Fact>;
  readonly cache: Cache<ChannelSnapshot>;
  readonly #bus: Bus;
  readonly #everything: Topic<Fact>;
  readonly #now: () => number;
  readonly #gone: (channel: Channel) => void;
  readonly #channels = new Map<ChannelId, Channel>();
  readonly #operations: OperationsParts;
  #made = 0;
  #refused = 0;

  /** `gone` is called for each channel when it has ended and that was told. */
  constructor(
    bus: Bus,
    everything: Topic<Fact>,
    gone: (channel: Channel) => void,
    { now = Date.now, newOperationId = randomUUID, operationsLimit = OPERATIONS_LIMIT }: ChannelsOptions = {},
  ) {
    this.#bus = bus;
    this.#everything = everything;
    this.#gone = gone;
    this.#now = now;
    this.#operations = { newId: newOperationId, limit: operationsLimit, onRefused: () => (this.#refused += 1) };
    this.all = bus.topic('channels');
    this.cache = new Cache('channels:cached', bus);
  }

  /** The endpoint is told of it before the channel's own first snapshot. Fails as `checkId` does. */
  create({ endpoint, name, driver, context, exten, line, ...given }: NewChannel): Channel {
    if (given.id !== undefined) this.checkId(given.id);
    const createdAt = this.#now();
    const number = this.#made++;
    const id = channelId(given.id ?? `${Math.floor(createdAt / 1000)}.${number}`);
    const topic = this.#bus.topic<Fact>(`channel:${id}`);
    topic.forward(this.all);
    topic.forward(endpoint?.topic ?? this.#everything);
    endpoint?.addChannel(id, given.state);
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
      ...(given.redirecting !== undefined && { redirecting: given.redirecting }),
    };
    const gone = (): void => {
      this.#channels.delete(id);
      endpoint?.removeChannel(id, channel.snapshot.state);
      this.#gone(channel);
      topic.close();
    };
    const channel = new Channel(snapshot, topic, this.cache, driver, endpoint, this.#operations, gone, line);
    for (const [variable, value] of given.variables ?? []) channel.keepVariable(variable, value);
    this.#channels.set(id, channel);
    return channel;
  }

  /** Whether a channel may have that id. Fails with a Fault 'invalid' when it is too long, 'conflict' when another one has it. */
  checkId(id: string): void {
    if (id.length > LONGEST_ID) {
      throw new Fault('invalid', `Uniqueid length exceeds maximum of ${LONGEST_ID}`, { code: 'invalid-parameter' });
    }
    if (this.find(id) !== undefined) {
      throw new Fault('conflict', 'Channel with given unique ID already exists', { code: 'channel-exists' });
    }
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

  /** Of the operations that wait for one channel: where most do, and how many were refused. */
  get operations(): { readonly longest: number; readonly limit: number; readonly refused: number } {
    const longest = this.list().reduce((most, { waiting }) => Math.max(most, waiting), 0);
    return { longest, limit: this.#operations.limit, refused: this.#refused };
  }
}
