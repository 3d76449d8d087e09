// The logs of all applications: each has one while it is known or lingers.
import type { Application } from '../core/application.ts';
import type { Journal, JournalStream } from '../core/journal.ts';
import type { Recorder } from '../core/recorder.ts';
import type { Store } from '../core/store.ts';
import { Fault } from '../errors.ts';
import type { Bus } from '../stasis/index.ts';
import { Bookmarks, Place } from './bookmarks.ts';
import { EventLog, WAITING_EVENTS } from './event-log.ts';
import { EventTexts } from './event-text.ts';

const STREAM = 'application:';

export interface EventLogsOptions {
  readonly journal: Journal;
  /** Where bookmarks are kept. */
  readonly store: Store;
  readonly bus: Bus;
  readonly entityId: string;
  /** Milliseconds since 1970. */
  readonly now: () => number;
}

export class EventLogs implements Recorder {
  readonly texts: EventTexts;
  readonly #options: EventLogsOptions;
  readonly #bookmarks: Bookmarks;
  readonly #logs = new Map<string, EventLog>();
  /** Those that may have something to record: of many applications only a few hear what somebody waits for. */
  readonly #busy = new Set<EventLog>();
  #lost = 0;
  /** The streams that are being removed: one of the same name waits for it. */
  readonly #ending = new Map<string, Promise<void>>();

  constructor(options: EventLogsOptions) {
    this.#options = options;
    this.texts = new EventTexts(options.entityId);
    this.#bookmarks = new Bookmarks(options.store, options.bus.onError);
  }

  begin(application: Application): void {
    const { name } = application;
    const { bus, now } = this.#options;
    const log = new EventLog({
      ...{ application, texts: this.texts, now, onError: bus.onError },
      stream: this.#open(name),
      lastId: () => bus.lastId,
      place: new Place(this.#bookmarks, name),
      onBusy: (busy) => this.#busy.add(busy),
      onLost: () => (this.#lost += 1),
    });
    this.#logs.set(name, log);
    this.#busy.add(log);
  }

  end({ name }: Application): void {
    const log = this.#logs.get(name);
    if (log === undefined) return;
    this.#logs.delete(name);
    const ended: Promise<void> = log
      .close()
      .then(() => this.#options.journal.remove(STREAM + name))
      .then(() => this.#bookmarks.delete(name))
      .catch(this.#options.bus.onError)
      .finally(() => {
        if (this.#ending.get(name) === ended) this.#ending.delete(name);
      });
    // Nobody waits for it any more, though it has just been told of its end.
    this.#busy.delete(log);
    this.#ending.set(name, ended);
  }

  async names(): Promise<string[]> {
    const names = await this.#options.journal.names();
    return names.filter((name) => name.startsWith(STREAM)).map((name) => name.slice(STREAM.length));
  }

  async settled(): Promise<void> {
    const settling: Promise<void>[] = [];
    for (const log of this.#busy)
      if (log.isBusy) settling.push(log.settled());
      else this.#busy.delete(log);
    await Promise.all(settling);
  }

  /** Of an application that is known. */
  of({ name }: Application): EventLog {
    const log = this.#logs.get(name);
    if (log === undefined) throw new Error(`the application ${name} has no log`);
    return log;
  }

  /** Events that wait for the journal, of the application where most do; and those that it did not take. */
  get waiting(): { readonly longest: number; readonly limit: number; readonly lost: number } {
    const longest = Math.max(0, ...[...this.#logs.values()].map(({ waiting }) => waiting));
    return { longest, limit: WAITING_EVENTS, lost: this.#lost };
  }

  /** Waits until what was told so far is in the journal. */
  async close(): Promise<void> {
    await Promise.all([...this.#logs.values()].map((log) => log.close()));
    await Promise.all(this.#ending.values());
    await this.#bookmarks.close();
  }

  /** Nothing when it cannot be opened: events are told without being kept, and whoever resumes is told so. */
  async #open(name: string): Promise<JournalStream | undefined> {
    await this.#ending.get(name);
    try {
      await this.#bookmarks.load(name);
      return await this.#options.journal.open(STREAM + name);
    } catch (error) {
      this.#options.bus.onError(error);
      if (error instanceof Fault) return undefined;
      throw error;
    }
  }
}
