// One socket's place in the events of one application: what it missed, page by page as fast as it reads, then what happens.
import type { JournalGap } from '../core/journal.ts';
import { Fault } from '../errors.ts';
import { closed, readRecord } from './event-text.ts';
import type { EventLog } from './event-log.ts';
import type { Payload } from './socket-frame.ts';
import { lossOf, type Follows, type Loss, type PassingEvent } from './passing.ts';

/** The socket, as far as events need it. */
export interface Outlet {
  /**
   * Gives the socket up when too much waits in it. Says whether it was taken; `onHandedOver` is called when it is on
   * its way, whatever becomes of the socket.
   */
  send(payload: Payload, onHandedOver: () => void): boolean;
  /** The same, for one who can wait: until the promise resolves, if there is one. */
  sendPatiently(text: string, onHandedOver: () => void): Promise<void> | undefined;
  /** An event that is not one of the journal. */
  notify(text: string | undefined): void;
  /** It cannot be told all that it should be. */
  giveUp(): void;
  /** An event is on its way. */
  onSent(): void;
}

export interface FollowerOptions {
  readonly log: EventLog;
  readonly outlet: Outlet;
  /** Whether events that ARI does not have are wanted, too. */
  readonly extensions: boolean;
  /** The cursor behind which it goes on, "last", or what says it when the log is there; without it, from now on. */
  readonly since: string | (() => string) | undefined;
  readonly onError: (error: unknown) => void;
}

export class Follower implements Follows {
  /** The cursor of the last event that is on its way to the client, or of one behind it that is not for him. */
  position: string;
  /** The cursor of the last that the socket has taken, or that is not for him. */
  #taken: string;
  readonly #options: FollowerOptions;
  #state: 'waiting' | 'behind' | 'live' | 'closed' = 'waiting';

  constructor(options: FollowerOptions) {
    this.#options = options;
    const { since = '' } = options;
    this.position = typeof since === 'function' || since === 'last' ? '' : since;
    this.#taken = this.position;
    options.log.follow(this, () => this.#begin());
  }

  get extensions(): boolean {
    return this.#options.extensions;
  }

  get name(): string {
    return this.#options.log.application.name;
  }

  offer(event: PassingEvent): void {
    if (this.#state !== 'live') return;
    const { cursor, kind } = event;
    // The last page may have held it already.
    if (cursor !== undefined && cursor <= this.#taken) return;
    // A loss is for those who were not there.
    const isWanted = kind === 'e' || (kind === 'x' && this.#options.extensions);
    if (!isWanted) return cursor === undefined ? undefined : this.#passOver(cursor);
    if (this.#options.outlet.send(event, () => this.#sent(cursor))) this.#taken = cursor ?? this.#taken;
  }

  replaced(): void {
    if (this.#state === 'closed') return;
    this.#state = 'closed';
    this.#options.outlet.notify(this.#options.log.own.notice('ApplicationReplaced'));
  }

  missed(): void {
    if (this.#state === 'live') this.#options.outlet.giveUp();
  }

  /** Also of an event that an earlier socket carried. Fails with a Fault 'invalid' for a cursor that there is none of yet. */
  acknowledge(cursor: string): void {
    if (cursor > this.#options.log.last) {
      throw new Fault('invalid', 'Parameter cursor is none that was sent', { code: 'invalid-parameter' });
    }
    this.#options.log.acknowledge(cursor);
  }

  /** The peer has received what was sent up to this cursor. */
  received(cursor: string): void {
    if (cursor !== '') this.#options.log.place.setReceived(cursor);
  }

  close(): void {
    this.#state = 'closed';
    this.#options.log.unfollow(this);
  }

  #begin(): void {
    if (this.#state === 'closed') return this.#options.log.unfollow(this);
    const { log, since, outlet, onError } = this.#options;
    if (since === undefined) {
      this.#startAt(log.position);
      this.#state = 'live';
      return;
    }
    this.#state = 'behind';
    if (since === 'last') this.#startAt(log.place.acknowledged);
    else if (typeof since === 'function') this.#startAt(since());
    this.#catchUp().catch((error: unknown) => {
      if (this.#isClosed) return;
      if (!(error instanceof Fault)) onError(error);
      outlet.giveUp();
    });
  }

  /** Another call may have closed it: the compiler cannot know. */
  get #isClosed(): boolean {
    return this.#state === 'closed';
  }

  /** While it is behind, what passes is not taken: it will stand on a later page. */
  async #catchUp(): Promise<void> {
    const { log } = this.#options;
    while (!this.#isClosed) {
      const { last } = log;
      const { gap, records } = await log.read(this.#taken);
      if (this.#isClosed) return;
      if (gap !== undefined) await this.#tellGap(gap, records.length === 0 ? last : undefined);
      for (const { cursor, text } of records) {
        const sent = this.#replay(cursor, text);
        if (sent !== undefined) await sent;
        if (this.#isClosed) return;
      }
      if (records.length > 0) continue;
      if (gap === undefined && this.#taken < last) this.#passOver(last);
      if (this.#taken >= last && log.last === last) return this.#goLive();
    }
  }

  #replay(cursor: string, record: string): Promise<void> | undefined {
    const { kind, text } = readRecord(record);
    if (kind === 'x' && !this.#options.extensions) {
      this.#passOver(cursor);
      return undefined;
    }
    this.#taken = cursor;
    return this.#options.outlet.sendPatiently(closed(text, cursor), () => this.#sent(cursor));
  }

  /** `last` is where to go on when nothing else says it: nothing is behind the gap. */
  #tellGap({ from, to, count, reason }: JournalGap, last: string | undefined): Promise<void> | undefined {
    const next = to !== undefined && to > this.#taken ? to : last;
    this.#taken = next ?? this.#taken;
    const cursors = { ...(from !== undefined && { from }), ...(to !== undefined && { to }) };
    return this.#tellLoss({ ...cursors, ...(count !== undefined && { count }), reason }, next);
  }

  #goLive(): void {
    const { log } = this.#options;
    if (log.unrecorded > 0) void this.#tellLoss(lossOf(log.unrecorded), undefined);
    this.#state = 'live';
  }

  /** Whoever resumes from the cursor of it is not told again. */
  #tellLoss(loss: Loss, cursor: string | undefined): Promise<void> | undefined {
    const { log, outlet } = this.#options;
    return outlet.sendPatiently(closed(log.own.lossText(loss), cursor), () => this.#sent(cursor));
  }

  #startAt(cursor: string): void {
    this.position = cursor;
    this.#taken = cursor;
  }

  /** It is not for this client: whoever has had all before it may as well go on behind it. */
  #passOver(cursor: string): void {
    if (this.position === this.#taken) this.position = cursor;
    this.#taken = cursor;
  }

  #sent(cursor: string | undefined): void {
    this.#options.outlet.onSent();
    if (cursor !== undefined) this.position = cursor;
  }
}
