// The port where applications connect, and which of them gets a new request.
import { createHash, timingSafeEqual } from 'node:crypto';
import { connect, createServer, isIP, type Server, type Socket } from 'node:net';
import { connect as connectTls, createServer as createTlsServer } from 'node:tls';
import { standardMethods, type Metrics } from '../metrics.ts';
import { listeningOptions } from '../transport/tls.ts';
import { Client, type Backend, type ClientParts } from './client.ts';

/** Where an application listens for us. */
export interface Callee {
  readonly host: string;
  readonly port: number;
  readonly isTls: boolean;
}

export class Clients {
  readonly #parts: ClientParts;
  readonly #metrics: Metrics;
  readonly #server: Server;
  readonly #clients = new Set<Client>();
  /** Those that we have connected to. */
  readonly #called = new Set<Client>();
  /** How many requests of each routed method were handed out: they go round. */
  readonly #turns = new Map<string, number>();

  constructor(parts: Omit<ClientParts, 'backend'>, metrics: Metrics, backend: Omit<Backend, 'isSecret'>) {
    const { reporter, settings } = parts;
    this.#metrics = metrics;
    this.#parts = {
      ...parts,
      backend: {
        addresses: () => backend.addresses(),
        sip: (...command) => backend.sip(...command),
        proxy: (...command) => backend.proxy(...command),
        isSecret: (text) => timingSafeEqual(digest(text), digest(Buffer.from(settings.secret).toString('latin1'))),
        gone: (client) => {
          this.#clients.delete(client);
          this.#called.delete(client);
          this.#count();
          backend.gone(client);
        },
      },
    };
    const { clients: limit, authenticateTime } = settings.limits;
    const { tls } = settings.control;
    const accept = (socket: Socket): void => {
      this.#clients.add(new Client(socket, this.#parts));
      this.#count();
    };
    this.#server = tls
      ? createTlsServer({ ...listeningOptions(tls), handshakeTimeout: authenticateTime }, accept)
      : createServer(accept);
    this.#server.maxConnections = limit;
    this.#server.on('drop', () => reporter.report('client-refused', 'there are too many'));
    this.#server.on('tlsClientError', (error: Error) => reporter.report('client-refused', error.message));
  }

  get port(): number {
    const bound = this.#server.address();
    return bound !== null && typeof bound === 'object' ? bound.port : 0;
  }

  async start(): Promise<void> {
    await new Promise<void>((resolve, reject) => {
      this.#server.once('error', reject);
      const { host, port } = this.#parts.settings.control;
      this.#server.listen({ host, port }, () => {
        this.#server.off('error', reject);
        resolve();
      });
    });
    this.#server.on('error', (error) => this.#parts.reporter.report('client-failed', error.message));
  }

  stop(): Promise<void> {
    for (const client of [...this.#clients, ...this.#called]) {
      // Now, not when the socket has closed: what they owe must still be answered.
      this.#parts.backend.gone(client);
      client.destroy();
    }
    if (!this.#server.listening) return Promise.resolve();
    return new Promise((resolve) => this.#server.close(() => resolve()));
  }

  /** The next client that has a route for this method, else the next that takes any method; with a tag, of those that have it. */
  choose(method: string, tag?: string): Client | undefined {
    return this.#nextWith(method.toLowerCase(), tag) ?? this.#nextWith('*', tag);
  }

  /** Connects to an application that listens there; `arrived` gets it when it has authenticated, or undefined. */
  call({ host, port, isTls }: Callee, arrived: (client: Client | undefined) => void): void {
    if (this.#called.size >= this.#parts.settings.limits.outboundClients) {
      this.#parts.reporter.report('client-refused', `we have connected to too many: ${host}:${port}`);
      return arrived(undefined);
    }
    const { tls } = this.#parts.settings;
    const socket = isTls
      ? connectTls({ host, port, servername: isIP(host) === 0 ? host : '', ...(tls?.ca && { ca: tls.ca }) })
      : connect({ host, port });
    const client = new Client(socket, this.#parts, (isReady) => arrived(isReady ? client : undefined));
    this.#called.add(client);
    this.#count();
  }

  #count(): void {
    this.#metrics.gauges.clients = this.#clients.size + this.#called.size;
  }

  #nextWith(route: string, tag: string | undefined): Client | undefined {
    const willing = [...this.#clients].filter(
      (client) => client.isReady && client.routes.has(route) && (tag === undefined || client.tags.has(tag)),
    );
    if (willing.length === 0) return undefined;
    const turn = (this.#turns.get(route) ?? 0) + 1;
    if (this.#turns.has(route) || route === '*' || standardMethods.includes(route.toUpperCase()))
      this.#turns.set(route, turn);
    return willing[turn % willing.length];
  }
}

const digest = (text: string): Buffer => createHash('sha256').update(text, 'latin1').digest();
