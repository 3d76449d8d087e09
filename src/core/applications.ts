// All applications: they come with the first one who listens, and go when nobody listens and nothing is subscribed.
import { Fault, notFound } from '../errors.ts';
import type { Bus, Subscription, SubscriptionOptions } from '../stasis/index.ts';
import { Application, passes, type EventFilter, type Listener } from './application.ts';
import type { EndpointSnapshot, Fact } from './facts.ts';
import { EVERY, type Source, type Sources } from './sources.ts';

/** One listener's hold on one application. */
export interface Registration {
  readonly application: Application;
  /** The listener's mailbox. */
  readonly subscription: Subscription<Fact>;
  /** The listener goes. Twice is once, and after having been replaced it changes nothing. */
  close(): void;
}

export interface RegistrationOptions extends Pick<SubscriptionOptions<Fact>, 'limit' | 'onOverflow'> {
  /** Everything, of every kind. Counts only when the application is not known yet, as in ARI. */
  readonly subscribeAll?: boolean;
}

export class Applications {
  readonly #bus: Bus;
  readonly #sources: Sources;
  readonly #applications = new Map<string, { readonly application: Application; hasAll: boolean }>();

  constructor(bus: Bus, sources: Sources) {
    this.#bus = bus;
    this.#sources = sources;
  }

  /** Makes the application, if it is not known, and hands its events to the listener, instead of to the one before. */
  register(name: string, listener: Listener, options: RegistrationOptions = {}): Registration {
    const { subscribeAll = false, ...limits } = options;
    const known = this.#applications.get(name);
    const entry = known ?? { application: this.#make(name), hasAll: false };
    this.#applications.set(name, entry);
    const { application } = entry;
    if (subscribeAll && known === undefined) {
      entry.hasAll = true;
      for (const source of this.#sources.all())
        application.subscribe(source.kind, EVERY[source.kind], () => source.follow(application.topic));
    }
    const subscription = application.listen(listener, { name: `application:${name}`, ...limits });
    return { application, subscription, close: () => this.#unregister(name, subscription) };
  }

  find(name: string): Application | undefined {
    return this.#applications.get(name)?.application;
  }

  /** Fails with a Fault 'not-found'. */
  get(name: string): Application {
    const application = this.find(name);
    if (application === undefined) throw notFound('Application');
    return application;
  }

  /** Those without a listener included. */
  list(): Application[] {
    return [...this.#applications.values()].map(({ application }) => application);
  }

  /**
   * Subscribes to sources such as "endpoint:PJSIP/foo", one after the other: those before one that fails stay, as in ARI.
   * Fails with a Fault 'invalid' for an unknown scheme, 'unprocessable' for an object that does not exist.
   */
  subscribe(name: string, eventSources: readonly string[]): Application {
    const application = this.get(name);
    const sources = eventSources.map((each) => this.#sources.parse(each));
    for (const source of sources) {
      if (!source.exists) throw unprocessable(`Event source does not exist: ${source.text}`, 'event-source-not-found');
      application.subscribe(source.kind, keyOf(source), () => source.follow(application.topic));
    }
    return application;
  }

  /** The reverse. Fails with 'invalid' as `subscribe` does, and with 'unprocessable' when it was not subscribed. */
  unsubscribe(name: string, eventSources: readonly string[]): Application {
    const application = this.get(name);
    const sources = eventSources.map((each) => this.#sources.parse(each));
    for (const source of sources) {
      if (application.unsubscribe(source.kind, keyOf(source))) continue;
      throw unprocessable(`Application not subscribed to event source: ${source.text}`, 'not-subscribed');
    }
    this.#sweep(name);
    return application;
  }

  setFilter(name: string, change: Partial<EventFilter>): Application {
    const application = this.get(name);
    application.filter = { ...application.filter, ...change };
    return application;
  }

  /** Whether anyone would be told, now, of a text message from this endpoint. */
  hearsTexts({ id, tech }: EndpointSnapshot): boolean {
    return [...this.#applications.values()].some(
      ({ application }) =>
        application.isActive &&
        passes(application.filter, 'TextMessageReceived') &&
        [EVERY.endpoint, tech, id].some((source) => application.isSubscribed('endpoint', source)),
    );
  }

  /** A channel has ended: nobody can be subscribed to it any longer. */
  channelGone(id: string): void {
    for (const [name, { application }] of this.#applications) {
      application.forget('channel', id);
      this.#sweep(name);
    }
  }

  /** An endpoint was removed: likewise. */
  endpointGone(id: string): void {
    for (const [name, { application }] of this.#applications) {
      application.forget('endpoint', id);
      this.#sweep(name);
    }
  }

  #make(name: string): Application {
    return new Application(name, this.#bus.topic<Fact>(`application:${name}`));
  }

  #unregister(name: string, subscription: Subscription<Fact>): void {
    const entry = this.#applications.get(name);
    if (entry === undefined || !entry.application.unlisten(subscription)) {
      subscription.unsubscribe();
      return;
    }
    if (entry.hasAll) for (const { kind } of this.#sources.all()) entry.application.forget(kind, EVERY[kind]);
    entry.hasAll = false;
    this.#sweep(name);
  }

  /** An application that nobody listens for and that is subscribed to nothing is gone, and its filter with it. */
  #sweep(name: string): void {
    const application = this.find(name);
    if (application === undefined || application.isActive || application.hasSubscriptions) return;
    this.#applications.delete(name);
    application.close();
  }
}

/** The id under which an application keeps a source. */
const keyOf = ({ kind, id }: Source): string => (id === '' ? EVERY[kind] : id);

const unprocessable = (message: string, code: string): Fault => new Fault('unprocessable', message, { code });
