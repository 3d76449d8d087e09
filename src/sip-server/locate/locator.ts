// From a SIP URI to the places where it is served, in the order in which they are to be tried (RFC 3263 4).
import { isIP } from 'node:net';
import type { SipUri } from '../grammar/uri.ts';
import type { Timers } from '../timers.ts';
import type { Protocol } from '../transport/flow.ts';
import { Names, type Lookup, type Resolver } from './names.ts';
import { inOrder } from './order.ts';
import { namedProtocols, preferred, protocolOfService, serviceName } from './protocols.ts';
import { defaultPorts, type Reach, type Target } from './target.ts';

/** No protocol in common; or places, none of them when the name leads nowhere. */
export type Located = 'unavailable' | readonly Target[];

export interface LocatorParts {
  readonly reach: Reach;
  readonly resolver: Resolver;
  readonly lookup: Lookup;
  readonly timers: Timers;
  readonly random: () => number;
  /** Searches under way; beyond, a name leads nowhere. */
  readonly limit: number;
  /** ms for one search. */
  readonly time: number;
  /** A search was refused because of `limit`. */
  readonly onRefused: (host: string) => void;
}

/** Places that one URI may lead to. */
const targetsPerUri = 16;

/** The name and port under which a place is looked for. */
interface Wanted {
  readonly protocol: Protocol;
  readonly host: string;
  readonly port: number;
}

export class Locator {
  readonly #parts: LocatorParts;
  #underWay = 0;

  constructor(parts: LocatorParts) {
    this.#parts = parts;
  }

  /** Calls back at once when no name needs to be looked up. */
  locate(uri: SipUri, found: (located: Located) => void): void {
    const { reach, timers, limit, time, onRefused } = this.#parts;
    const host = uri.maddr ?? uri.host;
    const named = namedProtocols(uri);
    const usable = (named ?? preferred(uri)).filter((protocol) => reach.canReach(protocol));
    if (usable.length === 0) return found('unavailable');
    // Neither an address nor a port leaves anything to ask DNS about the protocol.
    const fixed = named === undefined ? usable.slice(0, 1) : usable;
    if (isIP(host) !== 0) {
      const targets = fixed.map((protocol) => this.#target(uri, protocol, host, uri.port ?? defaultPorts[protocol]));
      const reachable = targets.filter(({ protocol }) => reach.canReach(protocol, host));
      return found(reachable.length === 0 ? 'unavailable' : reachable);
    }
    if (this.#underWay >= limit) {
      onRefused(host);
      return found([]);
    }
    this.#underWay += 1;
    const finish = (located: readonly Target[]): void => {
      if (isFinished) return;
      isFinished = true;
      this.#underWay -= 1;
      deadline.cancel();
      found(located);
    };
    let isFinished = false;
    const targets: Target[] = [];
    const deadline = timers.after(time, () => finish([...targets]));
    const protocols = uri.port === undefined ? usable : fixed;
    void this.#search(uri, host, protocols, named !== undefined, targets).then(() => finish(targets));
  }

  /** Whoever waits for a name hears that it leads nowhere. */
  stop(): void {
    this.#parts.resolver.cancel?.();
  }

  /** Puts what it finds into `targets`, in order. */
  async #search(
    uri: SipUri,
    host: string,
    protocols: readonly Protocol[],
    isNamed: boolean,
    targets: Target[],
  ): Promise<void> {
    const names = new Names(this.#parts.resolver, this.#parts.lookup);
    const services = uri.port === undefined ? await this.#services(names, host, protocols, isNamed) : [];
    const wanted =
      services.length > 0
        ? services
        : (isNamed ? protocols : protocols.slice(0, 1)).map((protocol) => ({
            protocol,
            host,
            port: uri.port ?? defaultPorts[protocol],
          }));
    for (const each of wanted.slice(0, targetsPerUri)) {
      for (const address of await this.#addresses(names, each)) {
        if (targets.length < targetsPerUri) targets.push(this.#target(uri, each.protocol, address, each.port));
      }
    }
  }

  /** What the domain's records name, by NAPTR if it has some of ours, else by the SRV names of each protocol. */
  async #services(
    names: Names,
    domain: string,
    protocols: readonly Protocol[],
    isNamed: boolean,
  ): Promise<readonly Wanted[]> {
    const pointers = isNamed ? [] : await names.naptr(domain);
    const chosen = pointers.flatMap(({ flags, service, replacement }) => {
      const protocol = flags.toLowerCase() === 's' ? protocolOfService(service) : undefined;
      return protocol !== undefined && protocols.includes(protocol) ? [{ protocol, name: replacement }] : [];
    });
    const searches =
      chosen.length > 0
        ? chosen
        : protocols.flatMap((protocol) => {
            const name = serviceName(protocol, domain);
            return name === undefined ? [] : [{ protocol, name }];
          });
    const found = await Promise.all(
      searches.map(async ({ protocol, name }) =>
        inOrder(await names.srv(name), this.#parts.random).map((record) => ({
          protocol,
          host: record.name.toLowerCase(),
          port: record.port,
        })),
      ),
    );
    // RFC 2782: the target "." says that the service is not offered.
    return found.flat().filter(({ host, port }) => host !== '' && host !== '.' && port > 0);
  }

  async #addresses(names: Names, { protocol, host }: Wanted): Promise<readonly string[]> {
    const { reach } = this.#parts;
    const families = { has4: reach.canReach(protocol, '0.0.0.0'), has6: reach.canReach(protocol, '::') };
    const addresses = await names.addresses(host, families);
    return addresses.filter((address) => reach.canReach(protocol, address));
  }

  #target({ host }: SipUri, protocol: Protocol, address: string, port: number): Target {
    return { protocol, address, port, serverName: isIP(host) === 0 ? host : undefined };
  }
}
