// One handler's mailbox: messages one at a time, in the order of their publication, never inside publish().
import type { Message, Payload } from './message.ts';

/** A handler that returns a promise is awaited before its next message. */
export type Handler<M extends Payload> = (message: Message<M>) => void | Promise<void>;

export interface SubscriptionOptions<M extends Payload> {
  /** For logs and metrics; the topic's name and a number, if left out. */
  readonly name?: string;
  /** Only these types are delivered; the final message always is. All types, if left out. */
  readonly types?: readonly (M['type'] | 'SubscriptionChanged')[];
  /**
   * How many messages may wait, 100,000 if left out. Beyond it the subscription is given up and `onOverflow` is told;
   * where that is left out, it is an error that the bus is told of.
   */
  readonly limit?: number;
  readonly onOverflow?: () => void;
  /** A message came into the mailbox when all before it had been handled. Called within publish(): it may note that, and no more. */
  readonly onWaiting?: () => void;
}

export interface SubscriptionMetrics {
  readonly name: string;
  readonly topic: string;
  readonly queue: number;
  readonly limit: number;
  readonly delivered: number;
  readonly dropped: number;
}

/** What a subscription asks of the topic and the bus that made it. */
export interface SubscriptionHost {
  leave(): void;
  onError(error: unknown): void;
  /** Counts it, since its own figures go with it. */
  onGivenUp(): void;
}

/** How many messages one turn delivers before timers and sockets get theirs. */
const BATCH = 1_000;
const DEFAULT_LIMIT = 100_000;

export class Subscription<M extends Payload> {
  readonly name: string;
  readonly topic: string;
  readonly #handler: Handler<M>;
  readonly #host: SubscriptionHost;
  readonly #options: SubscriptionOptions<M>;
  readonly #types: ReadonlySet<string> | undefined;
  readonly #limit: number;
  #queue: Message<M>[] = [];
  #head = 0;
  #isDraining = false;
  /** Messages delivered since the mailbox was last empty. */
  #inTurn = 0;
  #isClosed = false;
  #final: Message<M> | undefined;
  #delivered = 0;
  #dropped = 0;
  #waiters: { readonly after: number; readonly resolve: () => void }[] = [];
  #finished = 0;
  #accepted = 0;

  constructor(
    name: string,
    topic: string,
    handler: Handler<M>,
    host: SubscriptionHost,
    options: SubscriptionOptions<M>,
  ) {
    this.name = name;
    this.topic = topic;
    this.#handler = handler;
    this.#host = host;
    this.#options = options;
    this.#types = options.types && new Set(options.types);
    this.#limit = options.limit ?? DEFAULT_LIMIT;
  }

  /** Stops listening. What already waits is still delivered, then the final message, then nothing more. */
  unsubscribe(): void {
    if (!this.#isClosed) this.#host.leave();
  }

  /** Waits until everything that was accepted so far has been handled. */
  drained(): Promise<void> {
    if (this.isDrained) return Promise.resolve();
    return new Promise((resolve) => this.#waiters.push({ after: this.#accepted, resolve }));
  }

  /** Whether no message but the last can ever come here: it is but a sign that someone listens. */
  get isDeaf(): boolean {
    return this.#types?.size === 0;
  }

  /** Whether everything that was accepted so far has been handled. */
  get isDrained(): boolean {
    return this.#finished >= this.#accepted;
  }

  get metrics(): SubscriptionMetrics {
    return {
      name: this.name,
      topic: this.topic,
      queue: this.#queue.length - this.#head,
      limit: this.#limit,
      delivered: this.#delivered,
      dropped: this.#dropped,
    };
  }

  /** For topics only: takes a message into the mailbox. */
  accept(message: Message<M>): void {
    if (this.#isClosed) return;
    if (this.#types !== undefined && !this.#types.has(message.type)) return;
    if (this.#queue.length - this.#head >= this.#limit) {
      this.#dropped += 1;
      this.#host.leave();
      this.#host.onGivenUp();
      this.#overflowed();
      return;
    }
    this.#enqueue(message);
  }

  /** For topics only: the last message, which passes every filter and limit. */
  acceptFinal(message: Message<M>): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#final = message;
    this.#enqueue(message);
  }

  #overflowed(): void {
    const { onOverflow } = this.#options;
    if (onOverflow !== undefined) onOverflow();
    else this.#host.onError(new Error(`the subscription ${this.name} was given up: ${this.#limit} messages waited`));
  }

  #enqueue(message: Message<M>): void {
    if (this.isDrained) this.#options.onWaiting?.();
    this.#queue.push(message);
    this.#accepted += 1;
    if (this.#isDraining) return;
    this.#isDraining = true;
    this.#inTurn = 0;
    queueMicrotask(this.#drain);
  }

  readonly #drain = (): void => {
    while (this.#head < this.#queue.length) {
      const message = this.#queue[this.#head++]!;
      if (this.#head === this.#queue.length) {
        this.#queue = [];
        this.#head = 0;
      }
      const handled = this.#handle(message);
      if (handled !== undefined) return void handled.catch(this.#host.onError).then(() => this.#goOn(message));
      if (this.#hasEndedWith(message)) return;
      if (++this.#inTurn % BATCH === 0) return void setImmediate(this.#drain);
    }
    this.#isDraining = false;
  };

  #handle(message: Message<M>): Promise<void> | undefined {
    try {
      const handled = this.#handler(message);
      // One whose value nobody asked for may return anything.
      return handled instanceof Promise ? handled : undefined;
    } catch (error) {
      this.#host.onError(error);
      return undefined;
    }
  }

  #goOn(message: Message<M>): void {
    if (this.#hasEndedWith(message)) return;
    if (++this.#inTurn % BATCH === 0) setImmediate(this.#drain);
    else this.#drain();
  }

  /** The message was handled. Says whether nothing can come behind it. */
  #hasEndedWith(message: Message<M>): boolean {
    this.#delivered += 1;
    this.#finish();
    if (message !== this.#final) return false;
    this.#isDraining = false;
    return true;
  }

  #finish(): void {
    this.#finished += 1;
    if (this.#waiters.length === 0) return;
    const due = this.#waiters.filter(({ after }) => after <= this.#finished);
    this.#waiters = this.#waiters.filter(({ after }) => after > this.#finished);
    for (const { resolve } of due) resolve();
  }
}
