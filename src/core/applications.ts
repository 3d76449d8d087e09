// All applications: they come with the first one who listens, and go when nobody listens and nothing is subscribed.
//
// One that goes is hidden at first: for a while it is still told what it followed by `subscribeAll`, and that is recorded,
// so that a listener who resumes has missed nothing. For everyone else it is gone. One that is persistent does not go.
import { Fault, notFound } from '../errors.ts';
import type { Bus, Subscription, SubscriptionOptions } from '../stasis/index.ts';
import { Application, type Listener, type SourceKind } from './application.ts';
import type { EventFilter } from './event-filter.ts';
import type { EndpointSnapshot, Fact } from './facts.ts';
import { Followers } from './followers.ts';
import { KeptApplications } from './kept-applications.ts';
import { keyOf, KnownApplication } from './known-application.ts';
import type { Lingering, Recorder } from './recorder.ts';
import { EVERY, type Sources } from './sources.ts';
import type { Store } from './store.ts';

/** One listener's hold on one application. */
export interface Registration {
  readonly application: Application;
  /** The listener's mailbox. */
  readonly subscription: Subscription<Fact>;
  /** The listener goes. Twice is once, and after having been replaced it changes nothing. */
  close(): void;
}

export interface RegistrationOptions extends Pick<SubscriptionOptions<Fact>, 'types' | 'limit' | 'onOverflow'> {
  /** Everything, of every kind. Counts only when the application is not known yet, as in ARI. */
  readonly subscribeAll?: boolean;
  /** Goes on where the listener before left off, if that was not long ago, instead of starting afresh. */
  readonly resumes?: boolean;
  /** Makes it persistent. */
  readonly persist?: boolean;
}

export class Applications {
  readonly #bus: Bus;
  readonly #sources: Sources;
  readonly #onInterest: () => void;
  readonly #entries = new Map<string, KnownApplication>();
  readonly #followers = new Followers<Application>();
  #recorder: Recorder | undefined;
  #lingering: Lingering = { lingers: 0, after: () => () => undefined };
  #kept: KeptApplications | undefined;

  /** `onInterest` is called when one may hear what it did not hear before. */
  constructor(bus: Bus, sources: Sources, { onInterest = () => {} }: { readonly onInterest?: () => void } = {}) {
    this.#bus = bus;
    this.#sources = sources;
    this.#onInterest = onInterest;
  }

  /** From now on what they are told is recorded, and those that go linger. */
  recordBy(recorder: Recorder, lingering: Lingering): void {
    this.#recorder = recorder;
    this.#lingering = lingering;
  }

  /**
   * Finds those that are kept, when all endpoints are there; from then on they are kept. Those that are not persistent,
   * and those of which only a recording is left, linger. `log` is told of subscriptions that lead nowhere any more.
   * Fails with a Fault 'unsupported' for what was written in another form.
   */
  async load(store: Store, log: (text: string) => void = () => {}): Promise<void> {
    const kept = new KeptApplications(store);
    for await (const [name, each] of kept.load()) {
      if (this.#entries.has(name)) continue;
      const entry = this.#make(name);
      entry.restore(each, this.#sources, log);
      if (each.persistent) continue;
      entry.veil();
      this.#hide(name, entry);
    }
    for (const name of (await this.#recorder?.names()) ?? [])
      if (!this.#entries.has(name)) this.#hide(name, this.#make(name));
    this.#kept = kept;
  }

  /** Makes the application, if it is not known, and hands its events to the listener, instead of to the one before. */
  register(name: string, listener: Listener, options: RegistrationOptions = {}): Registration {
    const { subscribeAll = false, resumes = false, persist = false, ...limits } = options;
    const found = this.#entries.get(name);
    const isNew = found === undefined || found.isHidden;
    const entry = found ?? this.#make(name);
    const { application } = entry;
    entry.takeUp(resumes);
    if (subscribeAll && isNew && !entry.hasAll) entry.followAll(this.#sources);
    if (persist) application.isPersistent = true;
    const subscription = application.listen(listener, { name: `application:${name}`, ...limits });
    this.#changed(entry);
    return { application, subscription, close: () => this.#unregister(name, subscription) };
  }

  find(name: string): Application | undefined {
    const entry = this.#entries.get(name);
    return entry === undefined || entry.isHidden ? undefined : entry.application;
  }

  /** The same, or one that is hidden: for what it is to be told when it is resumed. */
  findLingering(name: string): Application | undefined {
    return this.#entries.get(name)?.application;
  }

  /** Fails with a Fault 'not-found'. */
  get(name: string): Application {
    return this.#get(name).application;
  }

  /** Those without a listener included. */
  list(): Application[] {
    return [...this.#entries.values()].filter(({ isHidden }) => !isHidden).map(({ application }) => application);
  }

  /** How many are hidden. */
  get hidden(): number {
    return this.#entries.size - this.list().length;
  }

  /** Makes it persistent, and makes it if it is not known. */
  persist(name: string): Application {
    const found = this.#entries.get(name);
    const entry = found ?? this.#make(name);
    if (entry.isHidden) entry.takeUp(false);
    entry.application.isPersistent = true;
    this.#changed(entry);
    return entry.application;
  }

  /** Ends that; if nobody listens, the application ends, too. Fails with a Fault 'not-found'. */
  unpersist(name: string): void {
    const entry = this.#get(name);
    if (!entry.application.isPersistent) return;
    entry.application.isPersistent = false;
    if (entry.application.isActive) this.#changed(entry);
    else this.#end(name, entry);
  }

  /** Ends it without waiting for those who might resume it, unless someone listens or it is persistent. */
  end(name: string): void {
    const entry = this.#entries.get(name);
    if (entry === undefined || entry.application.isActive || entry.application.isPersistent) return;
    this.#end(name, entry);
  }

  /**
   * Subscribes to sources such as "endpoint:PJSIP/foo", one after the other: those before one that fails stay, as in ARI.
   * Fails with a Fault 'invalid' for an unknown scheme, 'unprocessable' for an object that does not exist.
   */
  subscribe(name: string, eventSources: readonly string[]): Application {
    const entry = this.#get(name);
    const { application } = entry;
    const sources = eventSources.map((each) => this.#sources.parse(each));
    const missing = sources.find(({ exists }) => !exists);
    for (const source of missing === undefined ? sources : sources.slice(0, sources.indexOf(missing))) {
      entry.follow(source);
      this.#onInterest();
    }
    // Once for all of them: what is kept of it is written as a whole.
    if (missing !== sources[0]) this.#save(entry);
    if (missing !== undefined)
      throw unprocessable(`Event source does not exist: ${missing.text}`, 'event-source-not-found');
    return application;
  }

  /** The reverse. Fails with 'invalid' as `subscribe` does, and with 'unprocessable' when it was not subscribed. */
  unsubscribe(name: string, eventSources: readonly string[]): Application {
    const entry = this.#get(name);
    const { application } = entry;
    const sources = eventSources.map((each) => this.#sources.parse(each));
    const missing = sources.find((source) => !application.unsubscribe(source.kind, keyOf(source)));
    if (missing !== sources[0]) this.#save(entry);
    if (missing !== undefined)
      throw unprocessable(`Application not subscribed to event source: ${missing.text}`, 'not-subscribed');
    this.#sweep(name, entry);
    return application;
  }

  setFilter(name: string, change: Partial<EventFilter>): Application {
    const entry = this.#get(name);
    entry.application.filter = { ...entry.application.filter, ...change };
    this.#changed(entry);
    return entry.application;
  }

  /** Resolves when what was changed of it outlives the process. Fails with the Store's error. */
  async saved(name: string): Promise<void> {
    await this.#kept?.saved(name);
  }

  /** As `Recorder.settled`. */
  async settled(): Promise<void> {
    await this.#recorder?.settled();
  }

  /** Whether anyone would be told, now or later, of a text message from this endpoint. */
  hearsTexts({ id, tech, resource }: EndpointSnapshot): boolean {
    const event = { type: 'TextMessageReceived', endpoint: { technology: tech, resource } };
    for (const source of [EVERY.endpoint, tech, id])
      for (const application of this.#followers.of('endpoint', source))
        if ((application.isActive || application.isPersistent) && application.wants(event)) return true;
    return false;
  }

  /** A channel has ended: nobody can be subscribed to it any longer. */
  channelGone(id: string): void {
    this.#objectGone('channel', id);
  }

  /** An endpoint was removed: likewise. */
  endpointGone(id: string): void {
    this.#objectGone('endpoint', id);
  }

  /** A bridge was destroyed: likewise. */
  bridgeGone(id: string): void {
    this.#objectGone('bridge', id);
  }

  /** Nothing more will happen to a message: likewise. */
  messageEnded(id: string): void {
    this.#objectGone('message', id);
  }

  /** Waits for what is being written. Those that linger are found again by the next `load`. */
  async close(): Promise<void> {
    for (const entry of this.#entries.values()) entry.stopLingering();
    await this.#kept?.close();
  }

  #get(name: string): KnownApplication {
    const entry = this.#entries.get(name);
    if (entry === undefined || entry.isHidden) throw notFound('Application');
    return entry;
  }

  #make(name: string): KnownApplication {
    const application = new Application(name, this.#bus.topic<Fact>(`application:${name}`), this.#followers);
    const entry = new KnownApplication(application);
    this.#entries.set(name, entry);
    this.#recorder?.begin(application);
    return entry;
  }

  #unregister(name: string, subscription: Subscription<Fact>): void {
    const entry = this.#entries.get(name);
    if (entry === undefined || !entry.application.unlisten(subscription)) {
      subscription.unsubscribe();
      return;
    }
    if (!entry.application.isPersistent && entry.veil()) this.#linger(name, entry);
    this.#sweep(name, entry);
  }

  #objectGone(kind: SourceKind, id: string): void {
    for (const { name } of [...this.#followers.of(kind, id)]) {
      const entry = this.#entries.get(name)!;
      entry.application.forget(kind, id);
      this.#save(entry);
      this.#sweep(name, entry);
    }
  }

  /** An application that nobody listens for and that is subscribed to nothing is gone, and its filter with it. */
  #sweep(name: string, entry: KnownApplication): void {
    const { application, isHidden } = entry;
    if (isHidden || application.isActive || application.isPersistent || application.hasSubscriptions) return;
    this.#hide(name, entry);
  }

  #hide(name: string, entry: KnownApplication): void {
    entry.isHidden = true;
    this.#linger(name, entry);
  }

  #linger(name: string, entry: KnownApplication): void {
    entry.linger(this.#lingering, () => this.#end(name, entry));
  }

  #end(name: string, entry: KnownApplication): void {
    entry.stopLingering();
    if (this.#entries.get(name) !== entry) return;
    this.#entries.delete(name);
    entry.application.startAfresh();
    this.#recorder?.end(entry.application);
    entry.application.close();
    this.#kept?.delete(name).catch(this.#bus.onError);
  }

  #changed(entry: KnownApplication): void {
    this.#save(entry);
    this.#onInterest();
  }

  /** Whoever must know whether it was written asks `saved`. */
  #save(entry: KnownApplication): void {
    this.#kept?.put(entry.application.name, entry.keep()).catch(this.#bus.onError);
  }
}

const unprocessable = (message: string, code: string): Fault => new Fault('unprocessable', message, { code });
