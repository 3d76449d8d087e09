// The port where applications connect, and which of them gets a new request.
import { createHash, timingSafeEqual } from 'node:crypto';
import { createServer, type Server } from 'node:net';
import { standardMethods } from '../metrics.ts';
import { Client, type Backend, type ClientParts } from './client.ts';

export class Clients {
  readonly #parts: ClientParts;
  readonly #server: Server;
  readonly #clients = new Set<Client>();
  /** How many requests of each routed method were handed out: they go round. */
  readonly #turns = new Map<string, number>();

  constructor(parts: Omit<ClientParts, 'backend'>, backend: Omit<Backend, 'isSecret'>) {
    const { metrics, settings } = parts;
    this.#parts = {
      ...parts,
      backend: {
        addresses: () => backend.addresses(),
        sip: (...command) => backend.sip(...command),
        isSecret: (text) => timingSafeEqual(digest(text), digest(Buffer.from(settings.secret).toString('latin1'))),
        gone: (client) => {
          this.#clients.delete(client);
          metrics.gauges.clients = this.#clients.size;
          backend.gone(client);
        },
      },
    };
    this.#server = createServer((socket) => {
      if (this.#clients.size >= settings.limits.clients) {
        metrics.drops['client-refused'] += 1;
        socket.destroy();
        return;
      }
      this.#clients.add(new Client(socket, this.#parts));
      metrics.gauges.clients = this.#clients.size;
    });
  }

  get port(): number {
    const bound = this.#server.address();
    return bound !== null && typeof bound === 'object' ? bound.port : 0;
  }

  async start(): Promise<void> {
    await new Promise<void>((resolve, reject) => {
      this.#server.once('error', reject);
      this.#server.listen(this.#parts.settings.control, () => {
        this.#server.off('error', reject);
        resolve();
      });
    });
  }

  stop(): Promise<void> {
    for (const client of this.#clients) {
      // Now, not when the socket has closed: what they owe must still be answered.
      this.#parts.backend.gone(client);
      client.destroy();
    }
    if (!this.#server.listening) return Promise.resolve();
    return new Promise((resolve) => this.#server.close(() => resolve()));
  }

  /** The next client that has a route for this method, else the next that takes any method. */
  choose(method: string): Client | undefined {
    return this.#nextWith(method.toLowerCase()) ?? this.#nextWith('*');
  }

  #nextWith(route: string): Client | undefined {
    const willing = [...this.#clients].filter((client) => client.isReady && client.routes.has(route));
    if (willing.length === 0) return undefined;
    const turn = (this.#turns.get(route) ?? 0) + 1;
    if (this.#turns.has(route) || route === '*' || standardMethods.includes(route.toUpperCase()))
      this.#turns.set(route, turn);
    return willing[turn % willing.length];
  }
}

const digest = (text: string): Buffer => createHash('sha256').update(text, 'latin1').digest();
