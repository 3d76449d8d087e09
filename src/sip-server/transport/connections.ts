// All connections: how many there may be, and the one that leads to a place.
import type { Socket } from 'node:net';
import type { Metrics } from '../metrics.ts';
import type { Limits } from '../options.ts';
import type { Reporter } from '../reporter.ts';
import { networkOf } from '../shield/network.ts';
import type { Connection } from './connection.ts';
import type { Place, Protocol } from './flow.ts';

/** The other end of a connection. */
export interface FlowEnd extends Place {
  readonly protocol: Protocol;
}

export interface ConnectionsParts {
  readonly limits: Pick<Limits, 'tcpConnections' | 'tcpConnectionsPerAddress'>;
  readonly gauges: Pick<Metrics['gauges'], 'tcpConnections'>;
  readonly reporter: Reporter;
  readonly onFlowOpened: (flow: FlowEnd) => void;
  readonly onFlowClosed: (flow: FlowEnd) => void;
}

export class Connections {
  readonly #parts: ConnectionsParts;
  readonly #sockets = new Set<Socket>();
  /** By network: one customer has many addresses of IPv6. */
  readonly #perAddress = new Map<string, number>();
  readonly #byPlace = new Map<string, Set<Connection>>();
  #isStopping = false;

  constructor(parts: ConnectionsParts) {
    this.#parts = parts;
  }

  /** Whether one more with that address is allowed. */
  hasRoomFor(address: string): boolean {
    if (this.#isStopping) return false;
    const { limits, reporter } = this.#parts;
    const isFull = this.#sockets.size >= limits.tcpConnections;
    if (!isFull && (this.#perAddress.get(networkOf(address)) ?? 0) < limits.tcpConnectionsPerAddress) return true;
    reporter.report('tcp-refused', `${address}, ${isFull ? 'there are too many' : 'it has too many'}`);
    return false;
  }

  /** Counts a socket until it closes, whatever it becomes. */
  hold(socket: Socket, address: string): void {
    this.#sockets.add(socket);
    const network = networkOf(address);
    this.#perAddress.set(network, (this.#perAddress.get(network) ?? 0) + 1);
    this.#parts.gauges.tcpConnections = this.#sockets.size;
    socket.once('close', () => {
      this.#sockets.delete(socket);
      this.#parts.gauges.tcpConnections = this.#sockets.size;
      const left = this.#perAddress.get(network)! - 1;
      if (left > 0) this.#perAddress.set(network, left);
      else this.#perAddress.delete(network);
    });
  }

  /** From now on requests to its other end can use it. */
  add(connection: Connection): void {
    const { protocol, remote } = connection;
    const key = keyOf(protocol, remote);
    const there = this.#byPlace.get(key) ?? new Set();
    if (there.size === 0) this.#parts.onFlowOpened({ protocol, ...remote });
    this.#byPlace.set(key, there.add(connection));
    connection.onClose(() => {
      there.delete(connection);
      if (there.size > 0) return;
      this.#byPlace.delete(key);
      if (!this.#isStopping) this.#parts.onFlowClosed({ protocol, ...remote });
    });
  }

  /** `name`: whom the certificate at the other end must be for, if it is not the address that counts. */
  find(protocol: string, remote: Place, name: string | undefined): Connection | undefined {
    for (const each of this.#byPlace.get(keyOf(protocol, remote)) ?? [])
      if (each.isOpen && each.leadsTo(name)) return each;
    return undefined;
  }

  stop(): void {
    this.#isStopping = true;
    for (const socket of this.#sockets) socket.destroy();
  }
}

const keyOf = (protocol: string, { address, port }: Place): string => `${protocol}|${address}|${port}`;
