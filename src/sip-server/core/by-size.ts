// Large requests go by TCP, since a datagram beyond the path's MTU may be lost in pieces (RFC 3261 18.1.1).
import { hostPort } from '../grammar/uri.ts';
import type { Settings } from '../options.ts';
import type { Timers } from '../timers.ts';
import type { Place } from '../transport/flow.ts';
import type { Transports } from '../transport/transports.ts';
import type { Way } from './towards.ts';

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
