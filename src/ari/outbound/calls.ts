// Applications that are reached by a WebSocket for each call: it is opened when the call comes, and closed after its end.
import type { Channel } from '../../core/channel.ts';
import type { Residence } from '../../core/residence.ts';
import type { Summoner } from '../../core/summons.ts';
import type { OutboundBinding } from './binding.ts';
import { Hold } from './hold.ts';
import type { Opener } from './index.ts';
import { Link } from './link.ts';
import { Reachability } from './reachability.ts';

/** As many WebSockets for calls may be wanted, open or not yet closed at once; a call beyond that is declined. */
const LIMIT = 1_000;
/** In milliseconds: how long a WebSocket stays when all is sent of a call that has ended. */
const AFTERWARDS = 3_000;
/** Of RFC 6455, section 7.4.1. */
const NORMAL = 1000;

interface Way {
  readonly binding: OutboundBinding;
  readonly reachability: Reachability;
}

export class CallWebSockets implements Summoner {
  readonly #opener: Opener;
  readonly #limit: number;
  /** By application. */
  readonly #ways = new Map<string, Way>();
  readonly #links = new Set<Link>();
  #refused = 0;
  #isStopping = false;

  constructor(bindings: readonly OutboundBinding[], opener: Opener, limit: number = LIMIT) {
    this.#opener = opener;
    this.#limit = limit;
    for (const binding of bindings) {
      const reachability = new Reachability(binding.name, binding.target.uri, opener.log);
      for (const app of binding.apps) this.#ways.set(app, { binding, reachability });
    }
  }

  get metrics() {
    return { open: this.#links.size, limit: this.#limit, refused: this.#refused };
  }

  canReach(app: string): boolean {
    return this.#ways.has(app);
  }

  async summon(app: string, channel: Channel): Promise<Residence | undefined> {
    const way = this.#ways.get(app);
    if (way === undefined) return undefined;
    if (this.#isStopping || this.#links.size >= this.#limit) {
      this.#refused += 1;
      return undefined;
    }
    return new Promise((resolve) => this.#open(way, `${app}:${channel.snapshot.name}`, channel, resolve));
  }

  /** None is opened any more. */
  stop(): void {
    this.#isStopping = true;
    for (const link of this.#links) link.stop();
  }

  #open(
    { binding, reachability }: Way,
    name: string,
    channel: Channel,
    found: (application: Residence | undefined) => void,
  ): void {
    const { after, applications } = this.#opener;
    const { target, subscribeAll } = binding;
    const hold = new Hold(applications, [name], { subscribeAll, resumes: true });
    let hasEntered = false;
    const link = new Link({
      ...{ target, reachability, after },
      open: (socket, connection) => {
        const held = hold.take();
        const events = this.#opener.open(binding, held, socket, connection);
        hasEntered ||= !channel.isEnded;
        found(held.get(name));
        return events;
      },
    });
    this.#links.add(link);
    const ended = channel.topic.subscribe(
      (fact) => {
        if (fact.type === 'ChannelChanged' && fact.change.now === undefined) void this.#end(link, name, hasEntered);
      },
      { name: `outbound:${name}`, types: ['ChannelChanged'] },
    );
    void link.run().then(() => {
      this.#links.delete(link);
      ended.unsubscribe();
      hold.release();
      // Nobody can resume it. If its call goes on, it stays with that.
      if (channel.isEnded) applications.end(name);
      found(undefined);
    });
  }

  /** The call has ended: its last events are sent before the WebSocket is closed. */
  async #end(link: Link, name: string, hasEntered: boolean): Promise<void> {
    if (hasEntered) {
      await this.#opener.settled(name);
      link.endWithThis();
      await link.pause(AFTERWARDS);
    }
    if (!link.isStopping) link.close(NORMAL, 'the call has ended');
  }
}
