// Which channels live, kept on disk: those that the death of the process has ended are told as ended at the next start.
//
// It hears of channels as every subscriber does. One batch of records is under way at a time; a channel that changes
// meanwhile is written once more, as it is then, and one that comes and goes meanwhile is not written at all.
import { parseEndpointId, type ChannelId, type EndpointId } from '../ids.ts';
import type { Bus, Message, Subscription, Topic } from '../stasis/index.ts';
import type { Applications } from './applications.ts';
import { TEMPORARY_FAILURE } from './causes.ts';
import type { Channel } from './channel.ts';
import type { Channels } from './channels.ts';
import type { Endpoints } from './endpoints.ts';
import type { ChannelSnapshot, EndReason, Fact } from './facts.ts';
import type { Store, StoreWrite } from './store.ts';

export interface LivingChannelsParts {
  readonly bus: Bus;
  readonly everything: Topic<Fact>;
  readonly channels: Channels;
  readonly endpoints: Endpoints;
  readonly applications: Applications;
  /** How many channels may wait for their records. Beyond it one that has none gets none, and is counted. */
  readonly limit?: number;
}

export interface LivingChannelsMetrics {
  /** Those whose records are being written included. */
  readonly waiting: number;
  readonly limit: number;
  readonly refused: number;
}

/** A record: the channel as it was known last, whose it was, and the application that it was in. */
interface Living {
  readonly v: 1;
  readonly channel: ChannelSnapshot;
  readonly endpoint?: EndpointId;
  readonly application?: string;
}

const PREFIX = 'channel:';
const LIMIT = 20_000;
/** How many records are written at once. */
const BATCH = 500;
const REASON: EndReason = 'service-restarted';

/** What a record was made of: a snapshot is another one as soon as anything of it is. */
interface Written {
  readonly channel: ChannelSnapshot;
  readonly application: string | undefined;
}

export class LivingChannels {
  readonly #parts: LivingChannelsParts;
  readonly #limit: number;
  /** Of what the records are that are on disk or on their way. */
  readonly #written = new Map<ChannelId, Written | undefined>();
  /** Channels whose record may be another than that. */
  readonly #waiting = new Set<ChannelId>();
  #store: Store | undefined;
  #subscription: Subscription<Fact> | undefined;
  #underWay = 0;
  #isWriting = false;
  /** What is written now, or was written last. */
  #writing = Promise.resolve();
  #isFailing = false;
  #refused = 0;

  constructor(parts: LivingChannelsParts) {
    this.#parts = parts;
    this.#limit = parts.limit ?? LIMIT;
  }

  /**
   * Tells the end of the channels that the last process has left behind, and keeps those that live from now on. Endpoints
   * and applications must be there. `settled` resolves when what was published until then is where it must not get
   * lost: only then the records go, so that a death in between tells twice rather than never.
   */
  async load(store: Store, settled: () => Promise<void> = async () => {}): Promise<void> {
    this.#store = store;
    const lost: (readonly [key: string, text: string])[] = [];
    for await (const entry of store.range(PREFIX)) lost.push(entry);
    this.#follow();
    while (lost.length > 0) {
      const some = lost.splice(0, BATCH);
      for (const [key, text] of some) this.#tell(key, text);
      await settled();
      await store.batch(some.map(([key]) => ({ kind: 'delete', key })));
    }
  }

  /** Writes what has been heard, and hears no more. */
  async close(): Promise<void> {
    await this.#subscription?.drained();
    this.#subscription?.unsubscribe();
    this.#write();
    await this.#writing;
  }

  get metrics(): LivingChannelsMetrics {
    return { waiting: this.#waiting.size + this.#underWay, limit: this.#limit, refused: this.#refused };
  }

  #follow(): void {
    const hear = (message: Message<Fact>): void => {
      if (message.type !== 'ChannelChanged') return;
      const { was, now } = message.change;
      this.#note((now ?? was).id);
    };
    // What was not heard shows in the channels as they are now.
    const options = { name: 'living channels', types: ['ChannelChanged'], onOverflow: () => this.#follow() } as const;
    this.#subscription = this.#parts.everything.subscribe(hear, options);
    for (const id of [...this.#written.keys(), ...this.#parts.channels.list().map((each) => each.id)]) this.#note(id);
  }

  #note(id: ChannelId): void {
    // What is written must be deleted one day, whatever waits.
    if (this.#waiting.size >= this.#limit && !this.#waiting.has(id) && !this.#written.has(id)) {
      this.#refused += 1;
      return;
    }
    this.#waiting.add(id);
    this.#write();
  }

  #write(): void {
    if (!this.#isWriting) this.#writing = this.#writeAll();
  }

  async #writeAll(): Promise<void> {
    this.#isWriting = true;
    let isWritten = true;
    while (isWritten && this.#waiting.size > 0) {
      const ids = [...this.#waiting].slice(0, BATCH);
      for (const id of ids) this.#waiting.delete(id);
      const writes = ids.flatMap((id) => this.#writeOf(id));
      this.#underWay = writes.length;
      isWritten = writes.length === 0 || (await this.#batch(writes));
      this.#underWay = 0;
      if (isWritten) continue;
      for (const id of ids) {
        // Whether it has happened all the same is not known.
        this.#written.set(id, undefined);
        this.#waiting.add(id);
      }
    }
    this.#isWriting = false;
  }

  /** Says whether it succeeded; if not, it is tried again with the next change. A row of failures is told once. */
  async #batch(writes: readonly StoreWrite[]): Promise<boolean> {
    try {
      await this.#store!.batch(writes);
      this.#isFailing = false;
    } catch (cause) {
      if (!this.#isFailing) this.#parts.bus.onError(new Error('Living channels cannot be written', { cause }));
      this.#isFailing = true;
    }
    return !this.#isFailing;
  }

  #writeOf(id: ChannelId): StoreWrite[] {
    const channel = this.#parts.channels.find(id);
    const key = PREFIX + id;
    if (channel === undefined) return this.#written.delete(id) ? [{ kind: 'delete', key }] : [];
    const { snapshot, application } = channel;
    const written = this.#written.get(id);
    if (written?.channel === snapshot && written.application === application) return [];
    this.#written.set(id, { channel: snapshot, application });
    return [{ kind: 'put', key, value: recordOf(channel) }];
  }

  /** The application that it was in hears first that it has left, as at every end. */
  #tell(key: string, text: string): void {
    const living = read(text);
    const { bus, applications, channels, everything } = this.#parts;
    if (living === undefined) return bus.onError(new Error(`The record of ${key} cannot be read; it is dropped`));
    const { channel, endpoint, application } = living;
    const topic = bus.topic<Fact>(key);
    topic.forward(channels.all);
    topic.forward(this.#topicOf(endpoint) ?? everything);
    if (application !== undefined)
      applications.findLingering(application)?.left({ id: channel.id, snapshot: channel }, REASON);
    for (const each of applications.list()) if (each.isSubscribed('channel', channel.id)) topic.forward(each.topic);
    const hangup = { cause: TEMPORARY_FAILURE };
    topic.publish({ type: 'ChannelChanged', change: { was: channel }, hangup, reason: REASON });
    applications.channelGone(channel.id);
    topic.close();
  }

  /** Where its endpoint is heard of; without it, where its technology is. */
  #topicOf(id: EndpointId | undefined): Topic<Fact> | undefined {
    const key = id && parseEndpointId(id);
    return key && (this.#parts.endpoints.find(key)?.topic ?? this.#parts.endpoints.technology(key.tech));
  }
}

function recordOf({ snapshot, endpoint, application }: Channel): string {
  const living: Living = {
    v: 1,
    channel: snapshot,
    ...(endpoint && { endpoint: endpoint.id }),
    ...(application !== undefined && { application }),
  };
  return JSON.stringify(living);
}

/** Undefined for what is damaged, or was written by a later version. */
function read(text: string): Living | undefined {
  try {
    const living = JSON.parse(text) as Partial<Living> | null;
    return living?.v === 1 && typeof living.channel?.id === 'string' ? (living as Living) : undefined;
  } catch {
    return undefined;
  }
}
