// WebSockets that are opened from here, as in Asterisk's outbound_websocket: what goes over them is as over any other.
//
// A persistent one keeps its applications registered and persistent: while it is closed, their events wait in the journal,
// within its limits. When it is open again it goes on behind the last event that the peer has certainly received: one that
// it has acknowledged, or if it never acknowledges, one that was sent before a ping that it has answered. So each event
// comes at least once, and one that comes twice has the same cursor.
import type { Writable } from 'node:stream';
import type { WebSocket } from 'ws';
import type { Applications } from '../../core/applications.ts';
import { systemClock, type Clock } from '../../core/clock.ts';
import type { Summoner } from '../../core/summons.ts';
import { EventSocket, type Held, type SocketOptions } from '../websocket.ts';
import type { OutboundBinding } from './binding.ts';
import { CallWebSockets } from './calls.ts';
import { Hold } from './hold.ts';
import { Link } from './link.ts';
import { Reachability, type Log } from './reachability.ts';

export interface OutboundParts {
  readonly bindings: readonly OutboundBinding[];
  readonly log: Log;
  readonly after?: Clock['after'];
  /** How many calls may have a WebSocket of their own at once, 1,000 if left out. */
  readonly callLimit?: number;
}

/** What each of them needs to become a socket of events. */
export interface Opener {
  readonly applications: Applications;
  readonly log: Log;
  readonly after: Clock['after'];
  open(binding: OutboundBinding, held: Held, socket: WebSocket, connection: Writable): EventSocket;
  /** Resolves when all that was told to the application so far is sent, or cannot be. */
  settled(app: string): Promise<void>;
}

export interface OutboundMetrics {
  /** Persistent ones: how many there are, and how many are open. */
  readonly persistent: { readonly all: number; readonly open: number };
  readonly calls: { readonly open: number; readonly limit: number; readonly refused: number };
}

export class OutboundWebSockets {
  readonly #bindings: readonly OutboundBinding[];
  readonly #opener: Opener;
  readonly #summonBy: (summoner: Summoner) => void;
  readonly #links: Link[] = [];
  readonly #calls: CallWebSockets;

  /** Those that are open are in the set, too: whoever has it closes them when the server stops. */
  constructor(parts: OutboundParts, sockets: SocketOptions, open: Set<EventSocket>) {
    this.#bindings = parts.bindings;
    this.#opener = openerOf(parts, sockets, open);
    this.#summonBy = (summoner) => sockets.context.summons.summonBy(summoner);
    this.#calls = new CallWebSockets(ofKind(parts.bindings, 'per-call'), this.#opener, parts.callLimit);
  }

  get metrics(): OutboundMetrics {
    const open = this.#links.filter(({ isOpen }) => isOpen).length;
    return { persistent: { all: this.#links.length, open }, calls: this.#calls.metrics };
  }

  /** Registers the applications of persistent ones, and connects. When those that are kept have been found. */
  start(): void {
    this.#summonBy(this.#calls);
    for (const binding of ofKind(this.#bindings, 'persistent')) this.#persist(binding);
  }

  /** None is opened any more. */
  stop(): void {
    this.#calls.stop();
    for (const link of this.#links) link.stop();
  }

  #persist(binding: OutboundBinding): void {
    const { applications, log, after } = this.#opener;
    const { name, target, apps, subscribeAll } = binding;
    const hold = new Hold(applications, apps, { subscribeAll, resumes: true, persist: true });
    hold.take();
    const reachability = new Reachability(name, target.uri, log);
    const link = new Link({
      ...{ target, reachability, after },
      open: (socket, connection) => this.#opener.open(binding, hold.take(), socket, connection),
    });
    this.#links.push(link);
    void link.run().then(() => {
      if (!link.isStopping) reachability.givenUp();
      hold.release();
    });
  }
}

function openerOf(parts: OutboundParts, sockets: SocketOptions, all: Set<EventSocket>): Opener {
  const { log, after = systemClock.after } = parts;
  const { applications, eventLogs } = sockets.context;
  return {
    ...{ applications, log, after },
    open({ user, extensions }, held, socket, connection) {
      const how = { subscribeAll: false, extensions, since: new Map<string, string>(), persist: false };
      const opening = { kind: 'opening', credentials: { actsFor: user }, apps: [...held.keys()], ...how } as const;
      const events = new EventSocket(socket, connection, opening, sockets, held);
      all.add(events);
      void events.closed.then(() => all.delete(events));
      return events;
    },
    async settled(app) {
      const application = applications.findLingering(app);
      if (application === undefined) return;
      // What cannot be recorded has been told to whoever follows.
      const log = eventLogs.of(application);
      await log.settled().catch(() => undefined);
    },
  };
}

const ofKind = (bindings: readonly OutboundBinding[], kind: OutboundBinding['kind']): OutboundBinding[] =>
  bindings.filter((each) => each.kind === kind);
