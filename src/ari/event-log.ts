// What one application is told, in order: each event is written into the journal, then given to whoever follows.
import type { Application } from '../core/application.ts';
import type { Fact } from '../core/facts.ts';
import type { JournalPage, JournalStream } from '../core/journal.ts';
import { Fault } from '../errors.ts';
import type { Message, Subscription } from '../stasis/index.ts';
import type { Place } from './bookmarks.ts';
import type { EventTexts, RecordKind } from './event-text.ts';
import { OwnTexts } from './own-texts.ts';
import { lossOf, PassingEvent, record, type Follows, type Mark, type Told } from './passing.ts';
import { RecordedTexts } from './recorded-texts.ts';

/** As many events may wait for the journal, whatever it says itself. */
export const WAITING_EVENTS = 20_000;
/** After so many records the bookmark of the tail is set anew; it stays as many behind. */
const TAIL = 10_000;
const PAGE = 500;

export interface EventLogOptions {
  readonly application: Application;
  /** Nothing when there can be none. */
  readonly stream: Promise<JournalStream | undefined>;
  readonly texts: EventTexts;
  /** The id of the message that was published last. */
  readonly lastId: () => number;
  /** Milliseconds since 1970. */
  readonly now: () => number;
  readonly place: Place;
  /** Something comes to be recorded that was published. */
  readonly onBusy: (log: EventLog) => void;
  /** Events were not recorded. */
  readonly onLost: () => void;
  readonly onError: (error: unknown) => void;
}

export class EventLog implements Told {
  readonly application: Application;
  /** How far those who follow it have come. */
  readonly place: Place;
  readonly own: OwnTexts;
  /** The cursor of the last event that has passed. */
  position = '';
  readonly #options: EventLogOptions;
  readonly #opened: Promise<void>;
  #stream: JournalStream | undefined;
  #isOpen = false;
  #hasEnded = false;
  #subscription: Subscription<Fact>;
  #follower: Follows | undefined;
  /** Whether events that ARI does not have are kept: for the last who followed, or, as long as there was none, for whoever may come. */
  #keepsExtensions = true;
  #passing: (PassingEvent | Mark | undefined)[] = [];
  #head = 0;
  /** What is to be done when all is handled that was published up to a message. */
  readonly #marks: { readonly id: number; readonly run: () => void }[] = [];
  /** Events that the journal did not take, and that are not recorded as lost yet. */
  #unrecorded = 0;
  #refusals = 0;
  #sinceTail = 0;
  #nextTail = '';
  /** Of an earlier life of the process. */
  #recordedTexts: RecordedTexts | undefined;

  constructor(options: EventLogOptions) {
    this.#options = options;
    this.application = options.application;
    this.place = options.place;
    this.own = new OwnTexts(options);
    this.#subscription = this.#subscribe();
    this.#opened = options.stream.then((stream) => this.#open(stream));
  }

  /** Events that wait for the journal. */
  get waiting(): number {
    return this.#passing.length - this.#head;
  }

  /** Events that were lost, and that nobody can read of in the journal yet; Infinity when nobody knows how many. */
  get unrecorded(): number {
    return this.#unrecorded;
  }

  /** The cursor of the last record. */
  get last(): string {
    return this.#stream?.last ?? '';
  }

  /** A cursor that was sent. An earlier one than before changes nothing. */
  acknowledge(cursor: string): void {
    this.place.acknowledge(cursor, this.last);
  }

  async read(after: string): Promise<JournalPage> {
    await this.#opened;
    return this.#stream?.read(after, PAGE) ?? { gap: { reason: 'not-kept' }, records: [] };
  }

  /** Hands the events of what is published from now on to someone, instead of to the one before; who is ready for them in `begin`. */
  follow(follower: Follows, begin: () => void): void {
    this.#whenPassed(() => {
      this.#follower?.replaced();
      this.#follower = follower;
      this.#keepsExtensions = follower.extensions;
      begin();
    });
  }

  /** It gets nothing more. */
  unfollow(follower: Follows): void {
    if (this.#follower === follower) this.#follower = undefined;
  }

  /** Resolves when the events of all that was published so far are recorded. Fails with a Fault 'unavailable' when one is not. */
  async settled(): Promise<void> {
    if (this.isBusy) await this.#settle();
  }

  /** Whether something that was published is not recorded yet. */
  get isBusy(): boolean {
    return this.waiting > 0 || !this.#isOpen || !this.#subscription.isDrained;
  }

  /** The cursor behind those events. Fails in the same way, and when there is no journal to follow. */
  async cursor(): Promise<string> {
    const cursor = await this.#settle();
    if (this.#stream === undefined) throw this.#unavailable();
    return cursor;
  }

  /** Takes nothing more; resolves when all that was taken has passed. */
  async close(): Promise<void> {
    this.#hasEnded = true;
    this.#subscription.unsubscribe();
    await new Promise<void>((resolve) => this.#whenPassed(resolve));
  }

  async #settle(): Promise<string> {
    const before = this.#refusals;
    const cursor = await new Promise<string>((resolve) => this.#whenPassed(() => resolve(this.position)));
    if (this.#refusals !== before) throw this.#unavailable();
    return cursor;
  }

  #unavailable(): Fault {
    const { name } = this.application;
    return new Fault('unavailable', `Events of ${name} cannot be recorded`, { code: 'journal-unavailable' });
  }

  #subscribe(): Subscription<Fact> {
    return this.application.topic.subscribe((message) => this.#take(message), {
      name: `events:${this.application.name}`,
      onOverflow: () => this.#follower?.missed(),
      onWaiting: () => this.#options.onBusy(this),
    });
  }

  #open(stream: JournalStream | undefined): void {
    this.#stream = stream;
    this.#isOpen = true;
    if (stream === undefined) return;
    this.position = stream.last;
    this.#nextTail = stream.last;
    const tail = this.place.begin(stream.last);
    if (tail < stream.last)
      this.#recordedTexts = new RecordedTexts(tail, stream.last, (after) => stream.read(after, PAGE));
  }

  #take(message: Message<Fact>): void | Promise<void> {
    if (!this.#isOpen) return this.#opened.then(() => this.#take(message));
    this.#passMarks(message.id);
    if (message.type === 'SubscriptionChanged') {
      if (message.change === 'unsubscribe' && message.subscription === this.#subscription.name) this.#left();
      return undefined;
    }
    if (this.#recordedTexts !== undefined && message.type === 'TextReceived' && message.text.id !== undefined)
      return this.#takeText(message, message.text.id, this.#recordedTexts);
    return this.#record(message);
  }

  /** One that was recorded before the process died, and is told again since nobody could know, is not recorded twice. */
  async #takeText(message: Message<Fact>, id: string, recorded: RecordedTexts): Promise<void> {
    if (!(await recorded.has(id))) this.#record(message);
  }

  #record(message: Message<Fact>): void {
    // Who subscribes to a message by itself need not ask for the events that ARI does not have.
    const isAskedFor =
      message.type === 'MessageChanged' && this.application.isSubscribed('message', message.message.id);
    // Most who hear of messages want no word of their states: these are not even translated for them.
    if (message.type === 'MessageChanged' && !isAskedFor && !this.#keepsExtensions) return;
    for (const { event, kind: usual, json } of this.#options.texts.of(message)) {
      const kind = isAskedFor ? 'e' : usual;
      if (kind === 'x' && !this.#keepsExtensions) continue;
      if (this.application.wants(event)) this.#append(kind, json, 1);
    }
  }

  #append(kind: RecordKind, json: Buffer, count: number): void {
    if (this.#unrecorded > 0 && kind !== 'l') this.#recordLoss();
    if (this.waiting >= WAITING_EVENTS) return this.#overflow(count);
    const event = new PassingEvent(kind, json, this.own.added, count, this);
    this.#passing.push(event);
    if (this.#stream === undefined) this.#unkept(event);
    else record(event, this.#stream);
  }

  /** In the place of the events: whoever reads the journal learns there that they are missing. */
  #recordLoss(): void {
    const count = this.#unrecorded;
    this.#unrecorded = 0;
    this.#append('l', this.own.loss(lossOf(count)).json, count);
  }

  recorded(): void {
    this.#flush();
  }

  refused(event: PassingEvent, error: unknown): void {
    if (!(error instanceof Fault)) this.#options.onError(error);
    this.#refusals += 1;
    this.#lose(event.count);
    event.isThrough = true;
    this.#flush();
  }

  /** There is no journal for it at all: whoever listens has it nevertheless, as in ARI; where nobody does it is lost. */
  #unkept(event: PassingEvent): void {
    if (this.#follower === undefined) this.#refusals += 1;
    this.#lose(event.count);
    event.isThrough = true;
    this.#flush();
  }

  #overflow(count: number): void {
    this.#refusals += 1;
    this.#lose(count);
    this.#follower?.missed();
  }

  /** The mailbox was given up since too much waited in it: what came meanwhile is lost. How much that was, nobody knows. */
  #left(): void {
    if (this.#hasEnded) return;
    this.#subscription = this.#subscribe();
    this.#lose(Infinity);
    this.#refusals += 1;
  }

  #lose(count: number): void {
    this.#unrecorded += count;
    this.#options.onLost();
  }

  #whenPassed(run: () => void): void {
    const id = this.#options.lastId();
    this.#marks.push({ id, run });
    void Promise.all([this.#subscription.drained(), this.#opened]).then(() => this.#passMarks(id + 1));
  }

  /** Those that were made before the message with this id. */
  #passMarks(id: number): void {
    while (this.#marks.length > 0 && this.#marks[0]!.id < id) {
      const { run } = this.#marks.shift()!;
      this.#passing.push({ run, isThrough: true });
    }
    this.#flush();
  }

  #flush(): void {
    while (this.#passing[this.#head]?.isThrough === true) {
      const event = this.#passing[this.#head]!;
      // Held any longer, it would be old garbage.
      this.#passing[this.#head++] = undefined;
      if ('run' in event) {
        event.run();
        continue;
      }
      if (event.cursor !== undefined) this.#passed(event.cursor);
      this.#follower?.offer(event);
    }
    if (this.#head < 1_000 && this.#head < this.#passing.length) return;
    this.#head -= this.#passing.splice(0, this.#head).length;
  }

  #passed(cursor: string): void {
    this.position = cursor;
    if (++this.#sinceTail < TAIL) return;
    this.#sinceTail = 0;
    this.place.setTail(this.#nextTail);
    this.#nextTail = cursor;
  }
}
