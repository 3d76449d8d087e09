// The connection to the SIP server: made, watched, made again by srf when it breaks, and closed.
import type { Socket } from 'node:net';
import { Fault } from '../../errors.ts';
import type { SipAddress } from '../../technologies/pjsip/stack.ts';
import { Heartbeat } from './heartbeat.ts';
import type { SrfAgent, SrfClient } from './srf.ts';
import { readAddresses } from './text.ts';

export type Log = (level: 'info' | 'warn' | 'error', text: string) => void;

export interface ConnectionOptions {
  readonly host: string;
  readonly port: number;
  readonly secret: string;
  /** The words to route: methods in lower case, "*" for all that have no route of their own. */
  readonly routes: readonly string[];
  /** Told of the part below srf before anything has come. */
  readonly onAgent: (agent: SrfAgent) => void;
  readonly log: Log;
  /** Milliseconds that the first connection may take. */
  readonly patience: number;
  /** As the interval of a Heartbeat. */
  readonly heartbeat: number;
}

/** In milliseconds: how long srf waits at most between two attempts, and we for the server to say goodbye. */
const longestPause = 5_000;
const farewell = 1_000;

export class Connection {
  readonly #srf: SrfClient;
  readonly #options: ConnectionOptions;
  readonly #whenLost = new Set<() => void>();
  #agent: SrfAgent | undefined;
  #heartbeat: Heartbeat | undefined;
  #gathering: Socket | undefined;
  #isUp = false;
  #isClosing = false;
  #addresses: readonly SipAddress[] = [];

  constructor(srf: SrfClient, options: ConnectionOptions) {
    this.#srf = srf;
    this.#options = options;
  }

  get isUp(): boolean {
    return this.#isUp;
  }

  get addresses(): readonly SipAddress[] {
    return this.#addresses;
  }

  /** The part below srf. Only while the connection is up. */
  get agent(): SrfAgent | undefined {
    return this.#isUp ? this.#agent : undefined;
  }

  /**
   * To be said before each frame: those of a turn leave together. srf writes each by itself, and a system call for each
   * was a third of what it costs.
   */
  gather(): void {
    const [socket] = this.#agent?.mapServer.keys() ?? [];
    if (socket === undefined || socket === this.#gathering) return;
    this.#gathering = socket;
    socket.cork();
    // After all promises that are settled by now, and those that they settle.
    process.nextTick(() => {
      this.#gathering = undefined;
      socket.uncork();
    });
  }

  /** Told once, when the connection breaks. Whoever has no more use for it says so by what this returns. */
  onLost(handler: () => void): () => void {
    // A function of its own, so that the same handler may stand here twice.
    const each = (): void => handler();
    this.#whenLost.add(each);
    return () => void this.#whenLost.delete(each);
  }

  /** Keeps trying for as long as its patience lasts, but not with a wrong secret. */
  async open(): Promise<void> {
    const { host, port, secret, routes, onAgent, patience, heartbeat } = this.#options;
    let latest: Error | undefined;
    this.#srf.on('error', (error) => {
      latest = error;
      this.#options.log('warn', `the SIP server at ${host}:${port} cannot be reached: ${error.message}`);
    });
    this.#srf.connect({ host, port, secret, reconnect: { retryMaxDelay: longestPause } });
    const agent = this.#srf.app.client;
    this.#agent = agent;
    onAgent(agent);
    for (const word of routes) agent.route(word);
    agent.on('close', () => this.#lost());
    this.#heartbeat = new Heartbeat({
      agent,
      interval: heartbeat,
      isUp: () => this.#isUp,
      onSilence: () => this.#options.log('warn', `the SIP server at ${host}:${port} does not answer`),
    });
    try {
      await this.#firstTime(agent, patience, () => latest);
    } catch (error) {
      await this.close();
      throw error;
    }
  }

  async close(): Promise<void> {
    const agent = this.#agent;
    this.#isClosing = true;
    this.#heartbeat?.stop();
    if (agent === undefined) return;
    const [socket] = agent.mapServer.keys();
    if (socket === undefined) {
      // Between two attempts. srf has no word for giving up then.
      agent.wp.closing = true;
      clearTimeout(agent.wp.reconnectVars.retryTimer ?? undefined);
      agent.wp.socket?.destroy();
      return;
    }
    await new Promise<void>((resolve) => {
      const timer = setTimeout(() => socket.destroy(), farewell);
      socket.once('close', () => {
        clearTimeout(timer);
        resolve();
      });
      this.#srf.disconnect();
    });
  }

  #firstTime(agent: SrfAgent, patience: number, latest: () => Error | undefined): Promise<void> {
    const { host, port, log } = this.#options;
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        const reason = latest()?.message ?? 'no answer';
        reject(new Fault('unavailable', `the SIP server at ${host}:${port} cannot be reached: ${reason}`));
      }, patience);
      agent.on('connect', (error, advertised = '', version = '', local = advertised) => {
        if (error !== null) {
          clearTimeout(timer);
          const fault = new Fault('unauthorized', `the SIP server at ${host}:${port} refuses our secret`, {
            cause: error,
          });
          log('warn', fault.message);
          return reject(fault);
        }
        if (this.#isClosing) return this.#srf.disconnect();
        this.#isUp = true;
        this.#addresses = readAddresses(local);
        log('info', `connected to the SIP server at ${host}:${port} (${version}), which listens on ${local}`);
        this.#afterRoutes(agent, () => {
          clearTimeout(timer);
          resolve();
        });
      });
    });
  }

  /** srf asks for the routes and does not wait for the replies; the server replies in order, so a ping tells. */
  #afterRoutes(agent: SrfAgent, then: () => void): void {
    for (const [socket, { pendingRequests }] of agent.mapServer) {
      pendingRequests.set(agent.wp.send(socket, 'ping'), then);
    }
  }

  #lost(): void {
    if (this.#isUp && !this.#isClosing) this.#options.log('warn', 'the connection to the SIP server broke');
    this.#isUp = false;
    const handlers = [...this.#whenLost];
    this.#whenLost.clear();
    for (const handler of handlers) handler();
  }
}
