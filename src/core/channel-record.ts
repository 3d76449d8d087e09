// What is known of a channel: every change goes through here, and is told.
import type { ChannelId } from '../ids.ts';
import type { Cache, Topic } from '../stasis/index.ts';
import {
  caused,
  type ChannelSnapshot,
  type ChannelState,
  type DialplanPosition,
  type Fact,
  type Party,
} from './facts.ts';

/** What else is set, or becomes known, of a call. */
export type CallDetails = Pick<ChannelSnapshot, 'redirecting' | 'accountcode' | 'language'>;

/** Where a method takes an operation, that is the id of the one that causes what it tells. */
export class ChannelRecord {
  readonly id: ChannelId;
  readonly topic: Topic<Fact>;
  readonly #cache: Cache<ChannelSnapshot>;
  readonly #variables = new Map<string, string>();
  #snapshot: ChannelSnapshot;

  constructor(snapshot: ChannelSnapshot, topic: Topic<Fact>, cache: Cache<ChannelSnapshot>) {
    this.id = snapshot.id;
    this.topic = topic;
    this.#cache = cache;
    this.#snapshot = snapshot;
    topic.publish({ type: 'ChannelChanged', change: cache.put(this.id, snapshot) });
  }

  get snapshot(): ChannelSnapshot {
    return this.#snapshot;
  }

  setState(state: ChannelState, operation?: string): void {
    this.change({ state }, operation);
  }

  /** Makes it visible under the technology's own name of the call. */
  setProtocolId(protocolId: string): void {
    this.change({ protocolId });
  }

  setDialplan(position: Partial<DialplanPosition>, operation?: string): void {
    this.change({ dialplan: moved(this.#snapshot.dialplan, position) }, operation);
  }

  /** As `setDialplan`, without telling: Asterisk tells no step of a channel that is not on its way through the routing. */
  showDialplan(position: Partial<DialplanPosition>): void {
    this.#snapshot = changed(this.#snapshot, { dialplan: moved(this.#snapshot.dialplan, position) });
    this.#cache.put(this.id, this.#snapshot);
  }

  setCaller(caller: Party, operation?: string): void {
    this.change({ caller }, operation);
  }

  /** Whom it talks to. */
  setConnected(connected: Party, operation?: string): void {
    this.change({ connected }, operation);
  }

  setDetails(details: Partial<CallDetails>, operation?: string): void {
    this.change(details, operation);
  }

  variable(name: string): string | undefined {
    return this.#variables.get(name);
  }

  /** What whom it calls gets from it, too: the variables whose names begin so, as in Asterisk. */
  get inherited(): Readonly<Record<string, string>> {
    return Object.fromEntries([...this.#variables].filter(([name]) => name.startsWith('__')));
  }

  /** Sets what nobody is told of: the channel has had it from its beginning. */
  keepVariable(variable: string, value: string): void {
    this.#variables.set(variable, value);
  }

  /** Without a value it is unset, which is told with an empty one. `report` shows it in later snapshots. */
  setVariable(
    variable: string,
    value: string | undefined,
    { report = false, operation }: { readonly report?: boolean; readonly operation?: string | undefined } = {},
  ): void {
    if (value === undefined) this.#variables.delete(variable);
    else this.#variables.set(variable, value);
    if (report || Object.hasOwn(this.#snapshot.reported, variable)) this.#report(variable, value, operation);
    const channel = this.#snapshot;
    this.topic.publish({ type: 'ChannelVariableSet', channel, variable, value: value ?? '', ...caused(operation) });
  }

  #report(variable: string, value: string | undefined, operation: string | undefined): void {
    const { [variable]: before, ...others } = this.#snapshot.reported;
    if (value !== undefined) this.change({ reported: { ...others, [variable]: value } }, operation);
    else if (before !== undefined) this.change({ reported: others }, operation);
  }

  /** The far end has pressed a key, for so many milliseconds. */
  dtmfReceived(digit: string, duration: number): void {
    this.topic.publish({ type: 'ChannelDtmfReceived', channel: this.#snapshot, digit, duration });
  }

  /** The far end has put us on hold, or takes us up again. */
  setHeld(isHeld: boolean): void {
    this.topic.publish({ type: isHeld ? 'ChannelHeld' : 'ChannelUnheld', channel: this.#snapshot });
  }

  /** Snapshots that are equal are not told. */
  protected change(changes: Partial<ChannelSnapshot>, operation?: string): void {
    const was = this.#snapshot;
    let isOther = false;
    for (const name in changes)
      isOther ||= differs(changes[name as keyof ChannelSnapshot], was[name as keyof ChannelSnapshot]);
    if (!isOther) return;
    const now = changed(was, changes);
    this.#snapshot = now;
    this.topic.publish({ type: 'ChannelChanged', change: this.#cache.put(this.id, now), ...caused(operation) });
  }

  /** It is no longer there for anyone who looks. */
  protected forget(): void {
    this.#cache.delete(this.id);
  }
}

/** What is no object is compared as it is: to write both snapshots whole costs more than all else of a change. */
const differs = (one: unknown, other: unknown): boolean =>
  one !== other && (typeof one !== 'object' || JSON.stringify(one) !== JSON.stringify(other));

/** A copy alone, and then its changes: with both in one literal V8 of Node.js 20 makes four times the garbage. */
const changed = (was: ChannelSnapshot, changes: Partial<ChannelSnapshot>): ChannelSnapshot =>
  Object.assign({ ...was }, changes);

const moved = (was: DialplanPosition, position: Partial<DialplanPosition>): DialplanPosition => ({
  context: position.context ?? was.context,
  exten: position.exten ?? was.exten,
  priority: position.priority ?? was.priority,
  appName: position.appName ?? was.appName,
  appData: position.appData ?? was.appData,
});
