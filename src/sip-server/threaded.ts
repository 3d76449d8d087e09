// The SIP server in a thread of its own: its work, and the pauses of its garbage collector, hold nobody else up.
//
// Applications reach it as they reach any, by its control port. Only what that protocol has no word for goes by messages between the
// threads, which are in order among themselves, but not with the frames. So that nobody is told of a flow what has long changed,
// what has been said of flows is read before a question about one is answered.
import { MessageChannel, receiveMessageOnPort, Worker, type MessagePort } from 'node:worker_threads';
import type { FlowEnd, Log, Metrics, Place, SipServerOptions } from './index.ts';

/** What can be told another thread. */
export type ThreadOptions = Pick<
  SipServerOptions,
  'listen' | 'secret' | 'control' | 'tls' | 'externalAddress' | 'localNetworks' | 'hold' | 'limits' | 'timers'
>;

/** What it tells by itself. */
export type Told = Required<Pick<SipServerOptions, 'log' | 'onFlowClosed'>>;

export interface ThreadedOptions extends ThreadOptions, Told {
  /** What Node.js is told for the thread, if not the same as for this process: how the sources are read, if it is not compiled. */
  readonly execArgv?: readonly string[];
}

export type Order = 'start' | 'release' | 'count' | 'stop';

/** The answers to orders, in their order, and what is told by itself. */
export type Said =
  | { readonly type: 'done'; readonly value: { readonly controlPort: number } | Metrics | undefined }
  | { readonly type: 'failed'; readonly error: Error }
  | { readonly type: 'log'; readonly level: Parameters<Log>[0]; readonly text: string }
  | { readonly type: 'opened' | 'closed'; readonly flow: FlowEnd };

interface Awaited<T> {
  readonly resolve: (value: T) => void;
  readonly reject: (error: Error) => void;
}

/** In MB: what was made since the last collection of young objects. 48 were no faster. */
const YOUNG_GENERATION = 12;

export class ThreadedSipServer {
  readonly #worker: Worker;
  readonly #port: MessagePort;
  readonly #told: Told;
  readonly #orders: Awaited<never>[] = [];
  /** The connections that are open, as far as it has been told. */
  readonly #flows = new Set<string>();
  #controlPort = 0;
  /** Why there is no thread any more. */
  #end: Error | undefined;

  /** A wrong address or certificate, for which a SipServer cannot be made, fails at `start`. */
  constructor({ log, onFlowClosed, execArgv, ...options }: ThreadedOptions) {
    this.#told = { log, onFlowClosed };
    const { port1, port2 } = new MessageChannel();
    this.#port = port1;
    port1.on('message', (said: Said) => this.#hear(said));
    // Compiled, or as it is written: like this file.
    const file = import.meta.url.endsWith('.ts') ? './thread.ts' : './thread.js';
    this.#worker = new Worker(new URL(file, import.meta.url), {
      workerData: { options, port: port2 },
      transferList: [port2],
      ...(execArgv !== undefined && { execArgv: [...execArgv] }),
      resourceLimits: { maxYoungGenerationSizeMb: YOUNG_GENERATION },
    });
    // A defect there is a defect here: it ends the process.
    this.#worker.on('error', (error) => {
      this.#ended(error);
      throw error;
    });
    this.#worker.on('exit', () => this.#ended(new Error('the thread of the SIP server has ended')));
  }

  /** Opens its sockets. Fails with the system's error when an address is taken; then there is no thread any more. */
  async start(): Promise<void> {
    try {
      const { controlPort } = await this.#order<{ readonly controlPort: number }>('start');
      this.#controlPort = controlPort;
    } catch (error) {
      await this.stop();
      throw error;
    }
  }

  release(): void {
    void this.#order('release');
  }

  async stop(): Promise<void> {
    if (this.#end === undefined) await this.#order('stop');
    this.#port.close();
    await this.#worker.terminate();
  }

  /** Where applications connect. */
  get controlPort(): number {
    return this.#controlPort;
  }

  /** What it has counted until now. */
  count(): Promise<Metrics> {
    return this.#order('count');
  }

  isFlowOpen(flow: Place & { readonly protocol: string }): boolean {
    let message = receiveMessageOnPort(this.#port);
    for (; message !== undefined; message = receiveMessageOnPort(this.#port)) this.#hear(message.message as Said);
    return this.#flows.has(keyOf(flow));
  }

  async #order<T>(order: Order): Promise<T> {
    if (this.#end !== undefined) throw this.#end;
    this.#port.postMessage(order);
    return new Promise<T>((resolve, reject) => this.#orders.push({ resolve, reject }));
  }

  #ended(reason: Error): void {
    this.#end ??= reason;
    for (const { reject } of this.#orders.splice(0)) reject(reason);
  }

  #hear(said: Said): void {
    switch (said.type) {
      case 'done':
        return this.#orders.shift()?.resolve(said.value as never);
      case 'failed':
        return this.#orders.shift()?.reject(said.error);
      case 'log':
        return this.#told.log(said.level, said.text);
      case 'opened':
        return void this.#flows.add(keyOf(said.flow));
      case 'closed': {
        this.#flows.delete(keyOf(said.flow));
        // Also when it was heard on the way to an answer: in a turn of its own.
        queueMicrotask(() => this.#told.onFlowClosed(said.flow));
      }
    }
  }
}

const keyOf = ({ protocol, address, port }: Place & { readonly protocol: string }): string =>
  `${protocol}|${address}|${port}`;
