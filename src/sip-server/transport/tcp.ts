// One listening TCP socket, and the connections accepted by it or opened on its behalf.
import { connect, createServer, isIPv6, type Server, type Socket } from 'node:net';
import type { Flow, Place } from './flow.ts';
import { TcpConnection, type TcpParts } from './tcp-connection.ts';

export class TcpTransport {
  readonly protocol = 'tcp';
  readonly #parts: TcpParts;
  readonly #server: Server;
  readonly #connections = new Map<string, TcpConnection>();
  #place: Place;

  constructor(place: Place, parts: TcpParts) {
    this.#place = place;
    this.#parts = parts;
    this.#server = createServer((socket) => this.#accept(socket));
  }

  get place(): Place {
    return this.#place;
  }

  async start(): Promise<void> {
    const { address: host, port } = this.#place;
    await new Promise<void>((resolve, reject) => {
      this.#server.once('error', reject);
      this.#server.listen({ host, port, ipv6Only: isIPv6(host) }, () => {
        this.#server.off('error', reject);
        resolve();
      });
    });
    const bound = this.#server.address();
    if (bound !== null && typeof bound === 'object') this.#place = { address: host, port: bound.port };
  }

  stop(): Promise<void> {
    for (const connection of this.#connections.values()) connection.destroy();
    if (!this.#server.listening) return Promise.resolve();
    return new Promise((resolve) => this.#server.close(() => resolve()));
  }

  /** The connection to that place, opened now if there is none; undefined when there are too many. */
  flowTo(remote: Place): Flow | undefined {
    const existing = this.#connections.get(key(remote));
    if (existing?.isOpen) return existing;
    if (this.#isFull()) return undefined;
    const socket = connect({ host: remote.address, port: remote.port });
    const connection = this.#adopt(socket, remote, false);
    const { timers, limits } = this.#parts;
    const timer = timers.after(limits.tcpConnectTime, () => socket.destroy(new Error('connecting took too long')));
    socket.once('connect', () => timer.cancel());
    socket.once('close', () => timer.cancel());
    return connection;
  }

  #isFull(): boolean {
    const { gauges, limits, drops } = this.#parts.metrics;
    if (gauges.tcpConnections < limits.tcpConnections) return false;
    drops['tcp-refused'] += 1;
    return true;
  }

  #accept(socket: Socket): void {
    const { remoteAddress, remotePort } = socket;
    if (remoteAddress === undefined || remotePort === undefined || this.#isFull()) {
      socket.destroy();
      return;
    }
    this.#adopt(socket, { address: remoteAddress.split('%')[0]!, port: remotePort }, true);
  }

  #adopt(socket: Socket, remote: Place, isAccepted: boolean): TcpConnection {
    const local = this.#parts.localTowards(this.#place, remote.address);
    const connection = new TcpConnection(socket, local, remote, isAccepted, this.#parts);
    this.#connections.set(key(remote), connection);
    this.#parts.metrics.gauges.tcpConnections += 1;
    connection.onClose(() => {
      this.#parts.metrics.gauges.tcpConnections -= 1;
      if (this.#connections.get(key(remote)) === connection) this.#connections.delete(key(remote));
    });
    return connection;
  }
}

const key = ({ address, port }: Place): string => `${address}|${port}`;
