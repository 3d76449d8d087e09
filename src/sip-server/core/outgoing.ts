// Requests of ours: the table of client transactions.
import type { Client } from '../control/client.ts';
import type { Dialog, OwedAck } from '../dialogs.ts';
import { topVia } from '../grammar/via.ts';
import { cseqOf, type SipRequest, type SipResponse } from '../message.ts';
import { countRequest, type Metrics } from '../metrics.ts';
import type { Timers } from '../timers.ts';
import { InviteClientTransaction } from '../transaction/client-invite.ts';
import { ClientTransaction } from '../transaction/client.ts';
import type { Target } from '../locate/target.ts';
import { Over } from '../transaction/over.ts';
import { isReliable, type Flow } from '../transport/flow.ts';
import type { Exit } from './compose-request.ts';

export interface Outgoing {
  /** The transaction id that applications know. */
  readonly id: string;
  /** As it went out last. */
  request: SipRequest;
  octets: Buffer;
  flow: Flow;
  /** Where it goes when this way fails. */
  others: readonly Target[];
  /** As in `Way`. */
  readonly lacksUdp: boolean;
  /** Whether there was any response by this way. */
  isHeard: boolean;
  readonly recompose: (exit: Exit, branch: string) => SipRequest;
  /** Undefined for a request of the server's own, and once the application has left. */
  owner: Client | undefined;
  /** The dialog that it belongs to, or has begun. */
  dialog: Dialog | undefined;
  readonly isWithinDialog: boolean;
  /** What applications are told; "" for most requests outside dialogs. */
  readonly dialogId: string;
  /** Who hears of the responses instead of an application. */
  readonly relay: Relay | undefined;
  /** The CANCEL that follows an INVITE, once somebody has asked for it. */
  cancel: SipRequest | undefined;
  /** The ACK that its 2xx demands. */
  owedAck: OwedAck | undefined;
  /** Set for a request that the server makes in an application's dialog: it gets the final response, or 408 or 503 without one. */
  readonly settled?: ((status: number, response?: SipResponse) => void) | undefined;
}

/** The proxy that forwarded a request. */
export interface Relay {
  /** From the network, with our Via. */
  response(response: SipResponse, flow: Flow, size: number): void;
  /** No response will come; this one is made up. */
  failed(response: SipResponse): void;
}

/** One way on which a request was sent: a transaction of its own. */
interface Entry {
  readonly outgoing: Outgoing;
  /** What went out this way, and which. */
  readonly request: SipRequest;
  readonly flow: Flow;
  readonly machine: ClientTransaction | InviteClientTransaction;
  readonly branch: string;
  readonly forgetClose: () => void;
}

/** An INVITE that has no final response. */
export interface OpenInvite {
  readonly outgoing: Outgoing;
  readonly machine: InviteClientTransaction;
}

export interface OutgoingHandlers {
  /** No response came, or the request could not be sent. */
  readonly failed: (status: 408 | 503) => void;
  readonly sendCancel: () => void;
}

export class OutgoingRequests {
  readonly #timers: Timers;
  readonly #metrics: Metrics;
  readonly #byBranch = new Map<string, Entry>();
  readonly #byId = new Map<string, Entry>();
  /** The keys of those that have their final response, which may come again (timer K). */
  readonly #over: Over;

  constructor(timers: Timers, metrics: Metrics) {
    this.#timers = timers;
    this.#metrics = metrics;
    // Nobody chooses our branches, so nobody can make their hashes equal.
    this.#over = new Over(timers, timers.T4, 0, () => this.#count());
  }

  get isFull(): boolean {
    return this.#byBranch.size + this.#over.size >= this.#metrics.limits.clientTransactions;
  }

  /** Starts the transaction: the request goes out now. Returns how to give this way up. */
  launch(outgoing: Outgoing, { failed, sendCancel }: OutgoingHandlers): () => void {
    const { flow, octets, request } = outgoing;
    const branch = transactionKey(request);
    const broken = (): void => {
      if (machine.fail()) failed(503);
    };
    const parts = {
      timers: this.#timers,
      isReliable: isReliable(flow),
      send: () => flow.send(octets, broken),
      timedOut: () => failed(408),
      ended: () => this.#forget(entry),
      handOver: () => {
        this.#over.add(branch, '', nothing);
        this.#forget(entry);
      },
    };
    const machine =
      request.method === 'INVITE'
        ? new InviteClientTransaction({ ...parts, sendCancel })
        : new ClientTransaction(parts);
    const entry: Entry = { outgoing, request, flow, machine, branch, forgetClose: flow.onClose(broken) };
    this.#byBranch.set(branch, entry);
    this.#byId.set(outgoing.id, entry);
    this.#count();
    countRequest(this.#metrics.requestsOut, request.method);
    machine.start();
    return broken;
  }

  /** Whether it repeats a final response. */
  isOver(response: SipResponse): boolean {
    return this.#over.find(transactionKey(response)) !== undefined;
  }

  of(response: SipResponse): Entry | undefined {
    return this.#byBranch.get(transactionKey(response));
  }

  /** The INVITE of that id that can still be cancelled. */
  openInvite(id: string): OpenInvite | undefined {
    const { outgoing, machine } = this.#byId.get(id) ?? {};
    return outgoing && machine instanceof InviteClientTransaction && machine.isOpen ? { outgoing, machine } : undefined;
  }

  ofOwner(client: Client): Outgoing[] {
    return [...this.#byId.values()].map(({ outgoing }) => outgoing).filter(({ owner }) => owner === client);
  }

  #forget(entry: Entry): void {
    entry.forgetClose();
    const { id } = entry.outgoing;
    if (this.#byId.get(id) === entry) this.#byId.delete(id);
    if (this.#byBranch.get(entry.branch) === entry) this.#byBranch.delete(entry.branch);
    this.#count();
  }

  #count(): void {
    this.#metrics.gauges.clientTransactions = this.#byBranch.size + this.#over.size;
  }
}

/** RFC 3261 17.1.3: the branch, and the method since a CANCEL has that of its INVITE. */
const transactionKey = (message: SipRequest | SipResponse): string =>
  message.kind === 'response' && message.reading !== undefined
    ? `${message.reading.via.branch}|${message.reading.cseq.method}`
    : `${topVia(message)?.branch}|${cseqOf(message)?.method}`;

const nothing = Buffer.alloc(0);
