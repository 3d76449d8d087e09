// Everything that listens, and the way from a SIP URI to a flow.
import { isIP } from 'node:net';
import { hostPort, type SipUri } from '../grammar/uri.ts';
import type { Metrics } from '../metrics.ts';
import type { Settings } from '../options.ts';
import type { Timers } from '../timers.ts';
import { Aliases } from './aliases.ts';
import type { Flow, Place, Protocol, Receiver } from './flow.ts';
import { isOwnAddress, isWildcard, localAddressTowards, suits } from './local-address.ts';
import { TcpTransport } from './tcp.ts';
import { UdpTransport } from './udp.ts';

export interface ListeningAddress extends Place {
  readonly protocol: Protocol;
}

/** Where a request goes; or that its host name has no address; or why it will never go there. */
export type Destination =
  | { readonly kind: 'flow'; readonly flow: Flow }
  | { readonly kind: 'unresolved' }
  | { readonly kind: 'refused'; readonly reason: string };

const unavailable: Destination = { kind: 'refused', reason: 'requested protocol/transport not available' };

export class Transports {
  readonly aliases = new Aliases();
  readonly #settings: Settings;
  readonly #interfaces: Settings['interfaces'];
  readonly #transports: readonly (UdpTransport | TcpTransport)[];

  constructor(settings: Settings, metrics: Metrics, timers: Timers, receive: Receiver) {
    this.#settings = settings;
    const { limits } = settings;
    const interfaces = remembered(settings.interfaces, timers);
    const localTowards = (bound: Place, remote: string): Place =>
      isWildcard(bound.address) ? { ...bound, address: localAddressTowards(remote, interfaces()) } : bound;
    this.#interfaces = interfaces;
    this.#transports = settings.listen.map((text) => {
      const { protocol, ...place } = parseListen(text);
      if (protocol === 'udp')
        return new UdpTransport(place, { backlog: limits.udpBacklog, metrics, localTowards, receive });
      return new TcpTransport(place, { limits, metrics, timers, localTowards, receive });
    });
  }

  get addresses(): ListeningAddress[] {
    return this.#transports.map(({ protocol, place }) => ({ protocol, ...place }));
  }

  async start(): Promise<void> {
    for (const transport of this.#transports) await transport.start();
  }

  async stop(): Promise<void> {
    await Promise.all(this.#transports.map((transport) => transport.stop()));
  }

  /** Finds the way to that URI; calls back at once when no name needs to be looked up. */
  towards(uri: SipUri, found: (destination: Destination) => void): void {
    const transport = uri.transport ?? (this.#transports.some(({ protocol }) => protocol === 'udp') ? 'udp' : 'tcp');
    if (uri.scheme === 'sips' || (transport !== 'udp' && transport !== 'tcp')) return found(unavailable);
    const registered = this.aliases.flowTo(uri);
    if (registered !== undefined) return found({ kind: 'flow', flow: registered });
    const port = uri.port ?? 5060;
    if (isIP(uri.host) !== 0) return found(this.#destination(transport, { address: uri.host, port }));
    this.#settings.lookup(uri.host).then(
      (answers) => {
        const places = answers.map(({ address }) => this.#destination(transport, { address, port }));
        found(places.find(({ kind }) => kind === 'flow') ?? places[0] ?? { kind: 'unresolved' });
      },
      () => found({ kind: 'unresolved' }),
    );
  }

  /** The flow to an address that is known to be reachable this way, such as the source of an earlier message. */
  flowTo(protocol: Protocol, remote: Place): Flow | undefined {
    return this.#best(protocol, remote.address)?.flowTo(remote);
  }

  /** Where we would send from, for a request that never finds its way. */
  get anyPlace(): Place {
    const { address, port } = this.#transports[0]!.place;
    return isWildcard(address) ? { address: localAddressTowards('127.0.0.1', {}), port } : { address, port };
  }

  #destination(protocol: Protocol, remote: Place): Destination {
    if (this.#isOurs(protocol, remote)) return { kind: 'refused', reason: 'can not send request to myself' };
    const flow = this.flowTo(protocol, remote);
    return flow === undefined ? unavailable : { kind: 'flow', flow };
  }

  #best(protocol: Protocol, remote: string): UdpTransport | TcpTransport | undefined {
    const fitting = this.#transports
      .map((transport) => ({
        transport,
        fit: transport.protocol === protocol ? suits(transport.place.address, remote) : 0,
      }))
      .filter(({ fit }) => fit > 0);
    return fitting.sort((one, other) => other.fit - one.fit)[0]?.transport;
  }

  #isOurs(protocol: Protocol, { address, port }: Place): boolean {
    return this.#transports.some(
      ({ protocol: own, place }) =>
        own === protocol && place.port === port && isOwnAddress(address, place.address, this.#interfaces()),
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

/** "udp/127.0.0.1:5060", as the drachtio protocol lists addresses. */
export const advertised = ({ protocol, address, port }: ListeningAddress): string =>
  `${protocol}/${hostPort(address, port)}`;

function parseListen(text: string): ListeningAddress {
  const [, protocol, rest] = /^(udp|tcp):\/\/(.+?)\/?$/.exec(text) ?? [];
  const port = rest === undefined ? undefined : /:(\d{1,5})$/.exec(rest.replace(/\[.*\]/, ''))?.[1];
  const host = rest?.slice(0, port === undefined ? undefined : -port.length - 1).replace(/^\[(.*)\]$/, '$1') ?? '';
  if ((protocol !== 'udp' && protocol !== 'tcp') || isIP(host) === 0 || Number(port ?? 0) > 65535) {
    throw new TypeError(`"${text}" is no address to listen on: expected something like "udp://127.0.0.1:5060"`);
  }
  return { protocol, address: host, port: Number(port ?? 5060) };
}
