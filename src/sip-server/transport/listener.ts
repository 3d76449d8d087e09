// One listening socket for connections, and those that are accepted by it or opened on its behalf.
import { createServer as createHttpServer } from 'node:http';
import { createServer as createHttpsServer } from 'node:https';
import { connect, createServer, isIP, isIPv6, type Server, type Socket } from 'node:net';
import { createServer as createTlsServer, TLSSocket } from 'node:tls';
import type { Timer } from '../timers.ts';
import type { Connection, ConnectionParts, Ends } from './connection.ts';
import type { Connections } from './connections.ts';
import type { Flow, Place } from './flow.ts';
import type { ListenEntry } from './listen.ts';
import { StreamConnection } from './stream-connection.ts';
import { connectSecurely, identityProblem, listeningOptions, type TlsSettings } from './tls.ts';
import { acceptUpgrades, httpOptions } from './upgrade.ts';
import { WebSocketConnection } from './websocket-connection.ts';

export interface ListenerParts extends ConnectionParts {
  readonly connections: Connections;
  readonly tls: TlsSettings | undefined;
  /** Our address as that remote place sees it. */
  readonly localTowards: (bound: Place, remote: string) => Place;
}

export class Listener {
  readonly protocol: Exclude<ListenEntry['protocol'], 'udp'>;
  readonly #parts: ListenerParts;
  readonly #server: Server;
  /** Sockets on which TLS or the upgrade to WebSocket is not finished, by both their ends. */
  readonly #unfinished = new Map<string, Timer>();
  #place: Place;

  /** Fails with a TypeError when there is no certificate for it, and with OpenSSL's error when it cannot be read. */
  constructor({ protocol, address, port, path }: ListenEntry, parts: ListenerParts) {
    if (protocol === 'udp') throw new TypeError('UDP has no connections');
    this.protocol = protocol;
    this.#place = { address, port };
    this.#parts = parts;
    this.#server = this.#createServer(path);
    this.#server.on('connection', (socket: Socket) => this.#accept(socket));
    this.#server.on('tlsClientError', (error: Error, socket: Socket) => {
      parts.reporter.report('tcp-handshake', `${socket.remoteAddress ?? 'a client that is gone'}: ${error.message}`);
    });
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
    // The system has no memory left, say (without a file descriptor it closes what comes by itself); later ones are taken again.
    this.#server.on('error', (error) => this.#parts.reporter.report('tcp-accept', error.message));
    const bound = this.#server.address();
    if (bound !== null && typeof bound === 'object') this.#place = { address: host, port: bound.port };
  }

  /** The sockets themselves are closed by whoever holds them all. */
  stop(): Promise<void> {
    if (!this.#server.listening) return Promise.resolve();
    return new Promise((resolve) => this.#server.close(() => resolve()));
  }

  /** A new connection to that place; undefined when there are too many, or when only the other side can open one. */
  open(remote: Place, name: string | undefined): Flow | undefined {
    const { timers, limits, reporter, connections, tls } = this.#parts;
    if (this.protocol === 'ws' || this.protocol === 'wss' || !connections.hasRoomFor(remote.address)) return undefined;
    const isSecure = this.protocol === 'tls' && tls !== undefined;
    const socket = isSecure ? connectSecurely(tls, remote, name) : connect({ host: remote.address, port: remote.port });
    connections.hold(socket, remote.address);
    const timer = timers.after(limits.tcpConnectTime, () => socket.destroy(new Error('connecting took too long')));
    socket.once(isSecure ? 'secureConnect' : 'connect', () => timer.cancel());
    socket.once('close', () => timer.cancel());
    const ends = this.#ends(socket, remote, false);
    const leadsTo = (other: string | undefined): boolean =>
      other === name || (socket instanceof TLSSocket && isFor(socket, other ?? remote.address));
    const connection = new StreamConnection(socket, { ...ends, ...(isSecure && { leadsTo }) }, this.#parts);
    if (isSecure) {
      socket.once('error', (error) => {
        if (connection.isConnecting)
          reporter.report(
            'tls-failed',
            `${name ?? remote.address} at ${remote.address}:${remote.port}: ${error.message}`,
          );
      });
    }
    connections.add(connection);
    return connection;
  }

  #createServer(path: string | undefined): Server {
    const { tls, limits } = this.#parts;
    const isSecure = this.protocol === 'tls' || this.protocol === 'wss';
    if (isSecure && tls === undefined) throw new TypeError(`"${this.protocol}" needs a key and a certificate`);
    if (this.protocol === 'tcp') return createServer();
    const secured = tls && listeningOptions(tls);
    if (this.protocol === 'tls') {
      return createTlsServer(secured ?? {}, (socket) =>
        this.#establish(socket, (ends) => new StreamConnection(socket, ends, this.#parts)),
      );
    }
    const server =
      this.protocol === 'wss' ? createHttpsServer({ ...secured, ...httpOptions }) : createHttpServer(httpOptions);
    acceptUpgrades(server, {
      path,
      messageSize: limits.messageSize,
      established: (webSocket, socket) =>
        this.#establish(socket, (ends) => new WebSocketConnection(webSocket, socket, ends, this.#parts)),
    });
    return server;
  }

  /** A socket that has just been accepted; nothing was read from it. */
  #accept(socket: Socket): void {
    const { connections, timers, limits, reporter } = this.#parts;
    const { remoteAddress } = socket;
    // A reset that comes before anything else listens is nothing to report.
    socket.on('error', () => undefined);
    if (remoteAddress === undefined || !connections.hasRoomFor(plain(remoteAddress))) {
      socket.destroy();
      return;
    }
    connections.hold(socket, plain(remoteAddress));
    if (this.protocol === 'tcp')
      return this.#establish(socket, (ends) => new StreamConnection(socket, ends, this.#parts));
    const key = bothEnds(socket);
    const timer = timers.after(limits.tcpHandshakeTime, () => {
      reporter.report('tcp-handshake', `${remoteAddress}: it took too long`);
      socket.destroy();
    });
    this.#unfinished.set(key, timer);
    socket.once('close', () => {
      timer.cancel();
      if (this.#unfinished.get(key) === timer) this.#unfinished.delete(key);
    });
  }

  /** SIP can begin. */
  #establish(socket: Socket, make: (ends: Ends) => Connection): void {
    const { remoteAddress, remotePort } = socket;
    const key = bothEnds(socket);
    this.#unfinished.get(key)?.cancel();
    this.#unfinished.delete(key);
    if (remoteAddress === undefined || remotePort === undefined || socket.destroyed) {
      socket.destroy();
      return;
    }
    const ends = this.#ends(socket, { address: plain(remoteAddress), port: remotePort }, true);
    // Whoever opened it is reached at its address; a name it must have proved (RFC 5923 8).
    const leadsTo = (name: string | undefined): boolean =>
      name === undefined || isIP(name) !== 0 || (socket instanceof TLSSocket && isFor(socket, name));
    this.#parts.connections.add(make({ ...ends, ...(socket instanceof TLSSocket && { leadsTo }) }));
  }

  #ends(socket: Socket, remote: Place, isAccepted: boolean): Ends {
    const reached = isAccepted && socket.localAddress !== undefined ? plain(socket.localAddress) : this.#place.address;
    const local = this.#parts.localTowards({ ...this.#place, address: reached }, remote.address);
    return { protocol: this.protocol, local, remote, isAccepted };
  }
}

/** Without the zone of a link-local address. */
const plain = (address: string): string => address.split('%')[0]!;

const bothEnds = ({ localAddress, localPort, remoteAddress, remotePort }: Socket): string =>
  `${localAddress}|${localPort}|${remoteAddress}|${remotePort}`;

/** Whether the certificate that was shown, and that we trust, is for that name. */
const isFor = (socket: TLSSocket, name: string): boolean =>
  socket.authorized && identityProblem(name, socket.getPeerCertificate()) === undefined;
