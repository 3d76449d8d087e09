// Requests of the network: the table of server transactions, and for each that is not answered what its answer needs.
import type { Client } from '../control/client.ts';
import type { Dialog } from '../dialogs.ts';
import { tagOf } from '../grammar/name-address.ts';
import { topVia } from '../grammar/via.ts';
import { cseqOf, headerOf, type SipRequest } from '../message.ts';
import type { Metrics } from '../metrics.ts';
import type { Settings } from '../options.ts';
import type { Timer, Timers } from '../timers.ts';
import { InviteServerTransaction } from '../transaction/server-invite.ts';
import { ServerTransaction } from '../transaction/server.ts';
import { isReliable, type Flow } from '../transport/flow.ts';
import { freshTag } from './stack.ts';

/** A request that has no final response yet. */
export interface Incoming {
  /** The transaction id that applications know. */
  readonly id: string;
  readonly request: SipRequest;
  readonly cseq: number;
  readonly flow: Flow;
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
  /** Until the application shows a sign of life. */
  patience: Timer | undefined;
}

/** An answered transaction keeps only its machine, which keeps only the response's octets. */
interface Entry {
  readonly machine: ServerTransaction | InviteServerTransaction;
  incoming: Incoming | undefined;
}

export class IncomingRequests {
  readonly #settings: Settings;
  readonly #timers: Timers;
  readonly #metrics: Metrics;
  readonly #byKey = new Map<string, Entry>();
  readonly #byId = new Map<string, Incoming>();
  /** Unanswered requests outside dialogs, to notice one that comes twice by different ways (RFC 3261 8.2.2.2). */
  readonly #byOrigin = new Map<string, Incoming>();

  constructor(settings: Settings, timers: Timers, metrics: Metrics) {
    this.#settings = settings;
    this.#timers = timers;
    this.#metrics = metrics;
  }

  get isFull(): boolean {
    const { limits } = this.#metrics;
    return this.#byKey.size >= limits.serverTransactions || this.#byId.size >= limits.pendingRequests;
  }

  /** The machine that has seen this request already; for an ACK, that of its INVITE. */
  machineOf(request: SipRequest): ServerTransaction | InviteServerTransaction | undefined {
    return this.#byKey.get(transactionKey(request, request.method === 'ACK' ? 'INVITE' : request.method))?.machine;
  }

  /** The INVITE that a CANCEL is for: unanswered, answered, or undefined. */
  inviteOf(cancel: SipRequest): Incoming | 'answered' | undefined {
    const entry = this.#byKey.get(transactionKey(cancel, 'INVITE'));
    return entry && (entry.incoming ?? 'answered');
  }

  isMerged(request: SipRequest): boolean {
    return tagOf(headerOf(request, 'to')) === undefined && this.#byOrigin.has(originKey(request, request.method));
  }

  add(request: SipRequest, flow: Flow, size: number, dialog: Dialog | undefined): Incoming {
    const key = transactionKey(request, request.method);
    const parts = {
      timers: this.#timers,
      isReliable: isReliable(flow),
      send: (octets: Buffer) => flow.send(octets),
      ended: () => this.#forget(key),
    };
    const machine = request.method === 'INVITE' ? new InviteServerTransaction(parts) : new ServerTransaction(parts);
    const incoming: Incoming = {
      id: this.#settings.uuid(),
      request,
      cseq: cseqOf(request)?.number ?? 0,
      flow,
      size,
      machine,
      toTag: tagOf(headerOf(request, 'to')) ?? freshTag({ settings: this.#settings }),
      isTagged: false,
      owner: undefined,
      dialog,
      isWithinDialog: dialog !== undefined,
      patience: undefined,
    };
    this.#byKey.set(key, { machine, incoming });
    this.#byId.set(incoming.id, incoming);
    const origin = originKey(request, request.method);
    if (!this.#byOrigin.has(origin)) this.#byOrigin.set(origin, incoming);
    this.#count();
    return incoming;
  }

  get(id: string): Incoming | undefined {
    return this.#byId.get(id);
  }

  ofOwner(client: Client): Incoming[] {
    return [...this.#byId.values()].filter(({ owner }) => owner === client);
  }

  /** It has its final response: drops everything but the machine. */
  answered(incoming: Incoming): void {
    incoming.patience?.cancel();
    this.#byId.delete(incoming.id);
    const { request } = incoming;
    const origin = originKey(request, request.method);
    if (this.#byOrigin.get(origin) === incoming) this.#byOrigin.delete(origin);
    const entry = this.#byKey.get(transactionKey(request, request.method));
    if (entry !== undefined) entry.incoming = undefined;
    this.#count();
  }

  #forget(key: string): void {
    this.#byKey.delete(key);
    this.#count();
  }

  #count(): void {
    this.#metrics.gauges.serverTransactions = this.#byKey.size;
    this.#metrics.gauges.pendingRequests = this.#byId.size;
  }
}

/** RFC 3261 17.2.3: branch, sender and method; for a sender of the old kind (RFC 2543) what it has instead. */
function transactionKey(request: SipRequest, method: string): string {
  const via = topVia(request);
  const sender = `${via?.host.toLowerCase()}:${via?.port ?? 5060}`;
  if (via !== undefined && /^z9hG4bK./i.test(via.branch)) return `${via.branch}|${sender}|${method}`;
  return `${originKey(request, method)}|${via?.branch}|${sender}`;
}

const originKey = (request: SipRequest, method: string): string =>
  `${headerOf(request, 'call-id')}|${cseqOf(request)?.number}|${tagOf(headerOf(request, 'from'))}|${method}`;
