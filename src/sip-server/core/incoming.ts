// Requests of the network: the table of server transactions, and for each that is not answered what its answer needs.
import type { Client } from '../control/client.ts';
import type { Dialog } from '../dialogs.ts';
import { fromTagOf, toTagOf } from '../grammar/tags.ts';
import { topVia } from '../grammar/via.ts';
import { cseqOf, headerOf, type SipRequest } from '../message.ts';
import type { Metrics } from '../metrics.ts';
import type { Settings } from '../options.ts';
import { GuardedFlow } from '../shield/guarded-flow.ts';
import type { Shield } from '../shield/shield.ts';
import { placeKey, type Source } from '../shield/sources.ts';
import type { Timer, Timers } from '../timers.ts';
import { Over } from '../transaction/over.ts';
import { InviteServerTransaction } from '../transaction/server-invite.ts';
import { ServerTransaction } from '../transaction/server.ts';
import { isReliable, type Flow } from '../transport/flow.ts';
import type { Reliable } from './reliable.ts';
import type { Transports } from '../transport/transports.ts';
import { responseWay } from './response-way.ts';
import { freshTag } from './stack.ts';

/** A request that has no final response yet. */
export interface Incoming {
  /** The transaction id that applications know. */
  readonly id: string;
  /** The transaction's. */
  readonly key: string;
  readonly request: SipRequest;
  readonly cseq: number;
  readonly flow: Flow;
  readonly source: Source;
  readonly size: number;
  readonly machine: ServerTransaction | InviteServerTransaction;
  /** The tag that our responses put into To. */
  toTag: string;
  /** Whether a response with that tag has gone out. */
  isTagged: boolean;
  owner: Client | undefined;
  /** The dialog that it came in, or that it has begun. */
  dialog: Dialog | undefined;
  /** When it came in a dialog, that is not its to remove. */
  readonly isWithinDialog: boolean;
  /** The forwarding that has taken it over. */
  proxied?: { cancel(): void } | undefined;
  /** Until the application shows a sign of life. */
  patience: Timer | undefined;
  /** Of an INVITE, once a provisional response went out reliably. */
  reliable?: Reliable | undefined;
}

/** Of an answered INVITE only its machine is kept, which keeps only the response's octets; of a success its origin too. */
interface Entry {
  readonly machine: ServerTransaction | InviteServerTransaction;
  incoming: Incoming | undefined;
  origin: string | undefined;
}

export interface IncomingParts {
  readonly settings: Settings;
  readonly timers: Timers;
  readonly metrics: Metrics;
  readonly shield: Shield;
  readonly transports: Transports;
}

export class IncomingRequests {
  readonly #settings: Settings;
  readonly #timers: Timers;
  readonly #metrics: Metrics;
  readonly #shield: Shield;
  readonly #transports: Transports;
  readonly #byKey = new Map<string, Entry>();
  readonly #byId = new Map<string, Incoming>();
  /** The transaction keys of requests that are not over, to notice one that comes twice by different ways (RFC 3261 8.2.2.2). */
  readonly #byOrigin = new Map<string, string>();
  /** Answered ones whose response may have to be repeated (timer J), and the origins of successes among them. */
  readonly #over: Over;

  constructor({ settings, timers, metrics, shield, transports }: IncomingParts) {
    this.#settings = settings;
    this.#timers = timers;
    this.#metrics = metrics;
    this.#shield = shield;
    this.#transports = transports;
    this.#over = new Over(timers, timers.patience, parseInt(settings.uuid().slice(0, 8), 16), () => this.#count());
  }

  /** Whether there is no room for one more request of that source. Strangers find none first, and dialogs last. */
  isFullFor(flow: Flow, isWithinDialog: boolean): boolean {
    const { limits } = this.#metrics;
    const share = isWithinDialog ? 1 : this.#shield.shareOf(flow);
    const transactions = this.#byKey.size + this.#over.size;
    return transactions >= share * limits.serverTransactions || this.#byId.size >= share * limits.pendingRequests;
  }

  /** The machine that has seen this request already; for an ACK, that of its INVITE. */
  machineOf(request: SipRequest): ServerTransaction | InviteServerTransaction | undefined {
    return this.#byKey.get(transactionKey(request, request.method === 'ACK' ? 'INVITE' : request.method))?.machine;
  }

  /** Whether the request was answered before; its response is repeated, if it comes from where it came from before. */
  repeats(request: SipRequest, flow: Flow): boolean {
    const answered = this.#over.find(transactionKey(request, request.method));
    if (answered === undefined) return false;
    if (answered.place === placeKey(flow.remote)) flow.send(answered.octets);
    return true;
  }

  /** The INVITE that a CANCEL is for: unanswered, answered, or undefined. */
  inviteOf(cancel: SipRequest): Incoming | 'answered' | undefined {
    const entry = this.#byKey.get(transactionKey(cancel, 'INVITE'));
    return entry && (entry.incoming ?? 'answered');
  }

  isMerged(request: SipRequest): boolean {
    if (toTagOf(request) !== undefined) return false;
    const origin = originKey(request, request.method);
    return this.#byOrigin.has(origin) || this.#over.find(origin) !== undefined;
  }

  add(request: SipRequest, flow: Flow, size: number, dialog: Dialog | undefined): Incoming {
    const key = transactionKey(request, request.method);
    const place = placeKey(flow.remote);
    // None of these may hold the request.
    const parts = {
      timers: this.#timers,
      isReliable: isReliable(flow),
      send: responseWay(this.#transports, request, flow),
      repeats: (status: number) => !(flow instanceof GuardedFlow) || flow.repeats(status),
      ended: () => this.#forget(key),
      handOver: (status: number, octets: Buffer) => this.#handOver(key, place, status, octets),
    };
    const source = this.#shield.sourceOf(flow);
    source.pending += 1;
    const machine = request.method === 'INVITE' ? new InviteServerTransaction(parts) : new ServerTransaction(parts);
    const incoming: Incoming = {
      id: this.#settings.uuid(),
      key,
      request,
      cseq: (request.reading?.cseq ?? cseqOf(request))?.number ?? 0,
      flow,
      source,
      size,
      machine,
      toTag: toTagOf(request) ?? freshTag({ settings: this.#settings }),
      isTagged: false,
      owner: undefined,
      dialog,
      isWithinDialog: dialog !== undefined,
      patience: undefined,
    };
    const origin = originKey(request, request.method);
    this.#byKey.set(key, { machine, incoming, origin });
    this.#byId.set(incoming.id, incoming);
    if (!this.#byOrigin.has(origin)) this.#byOrigin.set(origin, key);
    this.#count();
    return incoming;
  }

  get(id: string): Incoming | undefined {
    return this.#byId.get(id);
  }

  ofOwner(client: Client): Incoming[] {
    return [...this.#byId.values()].filter(({ owner }) => owner === client);
  }

  /** A request that is forwarded may come back changed: such a spiral is no merging (RFC 3261 16.3). */
  mayComeAgain({ key }: Incoming): void {
    const entry = this.#byKey.get(key);
    if (entry !== undefined) this.#forgetOrigin(key, entry);
  }

  /**
   * It has its final response: drops everything but what repeats it. What failed may come again, by another way; and so may a
   * MESSAGE, whose sender may not have heard of our answer: whoever keeps messages knows it again.
   */
  answered(incoming: Incoming, isSuccess: boolean): void {
    incoming.patience?.cancel();
    if (this.#byId.delete(incoming.id)) incoming.source.pending -= 1;
    const { key } = incoming;
    const entry = this.#byKey.get(key);
    if (entry !== undefined) {
      entry.incoming = undefined;
      if (!isSuccess || incoming.request.method === 'MESSAGE') this.#forgetOrigin(key, entry);
    }
    this.#count();
  }

  #forgetOrigin(key: string, entry: Entry): void {
    if (entry.origin !== undefined && this.#byOrigin.get(entry.origin) === key) this.#byOrigin.delete(entry.origin);
    entry.origin = undefined;
  }

  #forget(key: string): void {
    const entry = this.#byKey.get(key);
    if (entry !== undefined) this.#forgetOrigin(key, entry);
    this.#byKey.delete(key);
    this.#count();
  }

  /** A request other than INVITE has its final response: all that is kept of it is in a slab. */
  #handOver(key: string, place: string, status: number, octets: Buffer): void {
    this.#over.add(key, place, octets);
    const entry = this.#byKey.get(key);
    const { origin, incoming } = entry ?? {};
    if (origin !== undefined && status < 300 && incoming?.request.method !== 'MESSAGE') this.#over.mark(origin);
    this.#forget(key);
  }

  #count(): void {
    this.#metrics.gauges.serverTransactions = this.#byKey.size + this.#over.size;
    this.#metrics.gauges.pendingRequests = this.#byId.size;
  }
}

/** RFC 3261 17.2.3: branch, sender and method; for a sender of the old kind (RFC 2543) what it has instead. */
function transactionKey(request: SipRequest, method: string): string {
  const via = request.reading?.via ?? topVia(request);
  const sender = `${via?.host.toLowerCase()}:${via?.port ?? 5060}`;
  if (via !== undefined && /^z9hG4bK./i.test(via.branch)) return `${via.branch}|${sender}|${method}`;
  return `${originKey(request, method)}|${via?.branch}|${sender}`;
}

const originKey = (request: SipRequest, method: string): string =>
  `${headerOf(request, 'call-id')}|${(request.reading?.cseq ?? cseqOf(request))?.number}|${fromTagOf(request)}|${method}`;
