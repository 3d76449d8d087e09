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
    this.change({ dialplan: { ...this.#snapshot.dialplan, ...position } }, operation);
  }

  /** As `setDialplan`, without telling: Asterisk tells no step of a channel that is not on its way through the routing. */
  showDialplan(position: Partial<DialplanPosition>): void {
    this.#snapshot = { ...this.#snapshot, dialplan: { ...this.#snapshot.dialplan, ...position } };
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
    const { [variable]: _, ...others } = this.#snapshot.reported;
    if (value === undefined && _ !== undefined) this.change({ reported: others }, operation);
    else if (value !== undefined && (report || _ !== undefined))
      this.change({ reported: { ...others, [variable]: value } }, operation);
    const channel = this.#snapshot;
    this.topic.publish({ type: 'ChannelVariableSet', channel, variable, value: value ?? '', ...caused(operation) });
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
    const now = { ...this.#snapshot, ...changes };
    if (JSON.stringify(now) === JSON.stringify(this.#snapshot)) return;
    this.#snapshot = now;
    this.topic.publish({ type: 'ChannelChanged', change: this.#cache.put(this.id, now), ...caused(operation) });
  }

  /** It is no longer there for anyone who looks. */
  protected forget(): void {
    this.#cache.delete(this.id);
  }
}
