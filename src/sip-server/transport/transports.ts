// Everything that listens, and the way from an address to a flow.
import { isIPv6 } from 'node:net';
import { paramOf } from '../grammar/lists.ts';
import { topVia } from '../grammar/via.ts';
import { defaultPorts } from '../locate/target.ts';
import { headersOf, type SipRequest } from '../message.ts';
import type { Metrics } from '../metrics.ts';
import type { Settings } from '../options.ts';
import type { Reporter } from '../reporter.ts';
import type { Timers } from '../timers.ts';
import { Aliases } from './aliases.ts';
import { Connection } from './connection.ts';
import { Connections } from './connections.ts';
import { externalAddress, type ExternalAddress } from './external.ts';
import type { Flow, Place, Protocol, Receiver } from './flow.ts';
import { parseListen, type ListeningAddress } from './listen.ts';
import { Listener } from './listener.ts';
import { isOwnAddress, isWildcard, localAddressTowards, suits } from './local-address.ts';
import { StreamConnection } from './stream-connection.ts';
import { UdpTransport } from './udp.ts';

export interface TransportsParts {
  readonly settings: Settings;
  readonly metrics: Metrics;
  readonly timers: Timers;
  readonly reporter: Reporter;
  readonly receive: Receiver;
}

export class Transports {
  readonly aliases: Aliases;
  readonly #interfaces: Settings['interfaces'];
  readonly #external: ExternalAddress;
  readonly #externalAddress: string | undefined;
  readonly #connections: Connections;
  readonly #transports: readonly (UdpTransport | Listener)[];

  constructor({ settings, metrics, timers, reporter, receive }: TransportsParts) {
    const { limits, tls, onFlowOpened, onFlowClosed } = settings;
    const entries = settings.listen.map(parseListen);
    const interfaces = remembered(settings.interfaces, timers);
    const localTowards = (bound: Place, remote: string): Place => {
      const own = () => (isWildcard(bound.address) ? localAddressTowards(remote, interfaces()) : bound.address);
      return { address: this.#external(remote) ?? own(), port: bound.port };
    };
    this.aliases = new Aliases(entries.filter(({ protocol }) => protocol === 'udp').length > 1);
    this.#interfaces = interfaces;
    this.#external = externalAddress(settings.externalAddress, settings.localNetworks);
    this.#externalAddress = settings.externalAddress;
    const { gauges } = metrics;
    this.#connections = new Connections({ limits, gauges, reporter, onFlowOpened, onFlowClosed });
    const parts = { limits, reporter, timers, localTowards, receive, tls, connections: this.#connections };
    this.#transports = entries.map((entry) =>
      entry.protocol === 'udp'
        ? new UdpTransport(entry, { backlog: limits.udpBacklog, metrics, reporter, localTowards, receive })
        : new Listener(entry, parts),
    );
  }

  /** As the sockets are bound. */
  get addresses(): ListeningAddress[] {
    return this.#transports.map(({ protocol, place: { address, port } }) => ({ protocol, address, port }));
  }

  /** As the rest of the world sees them. */
  get externalAddresses(): ListeningAddress[] {
    const external = this.#externalAddress;
    const isSeen = (address: string): boolean => external !== undefined && isIPv6(external) === isIPv6(address);
    return this.addresses.map((each) => (isSeen(each.address) ? { ...each, address: external! } : each));
  }

  async start(): Promise<void> {
    for (const transport of this.#transports) await transport.start();
  }

  async stop(): Promise<void> {
    this.#connections.stop();
    await Promise.all(this.#transports.map((transport) => transport.stop()));
  }

  /** Whether a transport of ours reaches that address; without one, any address at all. */
  canReach(protocol: Protocol, address?: string): boolean {
    return address === undefined
      ? this.#transports.some((transport) => transport.protocol === protocol)
      : this.#best(protocol, address) !== undefined;
  }

  /**
   * The flow to that place: a connection that is there, even if the other side opened it, else a new one. `serverName`: whom the
   * certificate must be for; the address itself, when left out. Undefined when there is none and we cannot open one.
   */
  flowTo(protocol: Protocol, remote: Place, serverName?: string): Flow | undefined {
    const existing = this.#connections.find(protocol, remote, serverName);
    if (existing !== undefined) return existing;
    const tied = this.aliases.flowToPlace(protocol, remote);
    if (tied !== undefined && (!(tied instanceof Connection) || tied.leadsTo(serverName))) return tied;
    const transport = this.#best(protocol, remote.address);
    return transport instanceof UdpTransport ? transport.flowTo(remote) : transport?.open(remote, serverName);
  }

  /**
   * RFC 5923 8: whoever sent this over a connection may also be called over it, at the port of its Via. Over TCP only the address is
   * proved, so that counts for its own; over TLS a certificate must have been shown.
   */
  tieAlias(request: SipRequest, flow: Flow): void {
    const via = topVia(request);
    if (via === undefined || paramOf(via.params, 'alias') === undefined || !(flow instanceof StreamConnection)) return;
    if (!flow.isTrusted || headersOf(request, 'via').length > 1) return;
    this.aliases.tiePlace(via.port ?? defaultPorts[flow.protocol], flow);
  }

  /** Whether a connection to that place, or from it, is open. */
  isFlowOpen({ protocol, ...remote }: Place & { readonly protocol: string }): boolean {
    return this.#connections.find(protocol, remote, undefined) !== undefined;
  }

  /** Where we would send from, for a request that never finds its way. */
  get anyPlace(): Place {
    const { address, port } = this.#transports[0]!.place;
    return isWildcard(address) ? { address: localAddressTowards('127.0.0.1', {}), port } : { address, port };
  }

  #best(protocol: Protocol, remote: string): UdpTransport | Listener | undefined {
    const fitting = this.#transports
      .map((transport) => ({
        transport,
        fit: transport.protocol === protocol ? suits(transport.place.address, remote) : 0,
      }))
      .filter(({ fit }) => fit > 0);
    return fitting.sort((one, other) => other.fit - one.fit)[0]?.transport;
  }

  /** Whether a request that is sent there comes back to us. */
  isOwn(protocol: Protocol, { address, port }: Place): boolean {
    return this.#transports.some(
      ({ protocol: own, place }) =>
        own === protocol &&
        place.port === port &&
        (address === this.#externalAddress || isOwnAddress(address, place.address, this.#interfaces())),
    );
  }
}

/** Asking the system takes longer than the rest of a request; five seconds change little. */
function remembered(ask: Settings['interfaces'], timers: Timers): Settings['interfaces'] {
  let known: ReturnType<Settings['interfaces']> | undefined;
  let asked = -Infinity;
  return () => {
    if (known === undefined || timers.now() - asked > 5_000) {
      known = ask();
      asked = timers.now();
    }
    return known;
  };
}
