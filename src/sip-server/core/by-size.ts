// Large requests go by TCP, since a datagram beyond the path's MTU may be lost in pieces (RFC 3261 18.1.1); a MESSAGE never by UDP (RFC 3428 8).
import { hostPort } from '../grammar/uri.ts';
import type { Settings } from '../options.ts';
import type { Timers } from '../timers.ts';
import type { Place } from '../transport/flow.ts';
import type { Transports } from '../transport/transports.ts';
import { nextWay, type Way } from './towards.ts';

/** ms for which a place that did not take a connection is not asked again. */
const memory = 600_000;
/** Such places that are remembered; the oldest is forgotten first. */
const placesRemembered = 10_000;

export class BySize {
  readonly #settings: Settings;
  readonly #timers: Timers;
  readonly #transports: Transports;
  /** Places without TCP, and when they were found to be so. */
  readonly #deaf = new Map<string, number>();

  constructor(settings: Settings, timers: Timers, transports: Transports) {
    this.#settings = settings;
    this.#timers = timers;
    this.#transports = transports;
  }

  /** The way for a request of that many octets: by TCP first, and as it was when that fails; undefined when it stays as it is. */
  instead({ flow, others, isNamed }: Way, octets: number): Way | undefined {
    if (flow.protocol !== 'udp' || isNamed || octets <= this.#settings.limits.udpRequestSize) return undefined;
    if (this.#isDeaf(flow.remote)) return undefined;
    const connection = this.#transports.flowTo('tcp', flow.remote);
    if (connection === undefined) return undefined;
    const asBefore = { protocol: 'udp', ...flow.remote, serverName: undefined } as const;
    return { flow: connection, others: [asBefore, ...others], isNamed: false };
  }

  /**
   * The way for a MESSAGE outside of dialogs, whose sender nothing holds back when datagrams are lost; undefined when there
   * is none for its size. A place that took no connection before is asked again, since there is no other way.
   */
  withoutUdp(way: Way, octets: number): Way | undefined {
    if (octets <= this.#settings.limits.udpRequestSize) return way;
    const others = way.others.filter(({ protocol }) => protocol !== 'udp');
    const { flow, isNamed } = way;
    if (flow.protocol !== 'udp') return { flow, others, isNamed, lacksUdp: others.length < way.others.length };
    const connection = isNamed ? undefined : this.#transports.flowTo('tcp', flow.remote);
    const instead = connection && { flow: connection, others };
    const next = instead ?? nextWay({ transports: this.#transports }, others);
    return next && { ...next, isNamed, lacksUdp: true };
  }

  /** Nobody took the connection there. */
  failed({ address, port }: Place): void {
    const key = hostPort(address, port);
    this.#deaf.delete(key);
    this.#deaf.set(key, this.#timers.now());
    for (const oldest of this.#deaf.keys()) {
      if (this.#deaf.size <= placesRemembered) return;
      this.#deaf.delete(oldest);
    }
  }

  #isDeaf({ address, port }: Place): boolean {
    const since = this.#deaf.get(hostPort(address, port));
    return since !== undefined && this.#timers.now() - since < memory;
  }
}
