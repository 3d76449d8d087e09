// Requests of ours: the table of client transactions.
import type { Client } from '../control/client.ts';
import type { Dialog, OwedAck } from '../dialogs.ts';
import { topVia } from '../grammar/via.ts';
import { cseqOf, type SipRequest, type SipResponse } from '../message.ts';
import { countRequest, type Metrics } from '../metrics.ts';
import type { Timers } from '../timers.ts';
import { InviteClientTransaction } from '../transaction/client-invite.ts';
import { ClientTransaction } from '../transaction/client.ts';
import { isReliable, type Flow } from '../transport/flow.ts';

export interface Outgoing {
  /** The transaction id that applications know. */
  readonly id: string;
  readonly request: SipRequest;
  readonly octets: Buffer;
  readonly flow: Flow;
  /** Undefined for a request of the server's own, and once the application has left. */
  owner: Client | undefined;
  /** The dialog that it belongs to, or has begun. */
  dialog: Dialog | undefined;
  readonly isWithinDialog: boolean;
  /** What applications are told; "" for most requests outside dialogs. */
  readonly dialogId: string;
  /** The CANCEL that follows an INVITE, once somebody has asked for it. */
  cancel: SipRequest | undefined;
  /** The ACK that its 2xx demands. */
  owedAck: OwedAck | undefined;
}

interface Entry {
  readonly outgoing: Outgoing;
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

  constructor(timers: Timers, metrics: Metrics) {
    this.#timers = timers;
    this.#metrics = metrics;
  }

  get isFull(): boolean {
    return this.#byId.size >= this.#metrics.limits.clientTransactions;
  }

  /** Starts the transaction: the request goes out now. */
  launch(outgoing: Outgoing, { failed, sendCancel }: OutgoingHandlers): void {
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
      ended: () => this.#forget(outgoing.id, branch),
    };
    const machine =
      request.method === 'INVITE'
        ? new InviteClientTransaction({ ...parts, sendCancel })
        : new ClientTransaction(parts);
    const entry: Entry = { outgoing, machine, branch, forgetClose: flow.onClose(broken) };
    this.#byBranch.set(branch, entry);
    this.#byId.set(outgoing.id, entry);
    this.#metrics.gauges.clientTransactions = this.#byId.size;
    countRequest(this.#metrics.requestsOut, request.method);
    machine.start();
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

  #forget(id: string, branch: string): void {
    const entry = this.#byId.get(id);
    entry?.forgetClose();
    this.#byId.delete(id);
    if (this.#byBranch.get(branch) === entry) this.#byBranch.delete(branch);
    this.#metrics.gauges.clientTransactions = this.#byId.size;
  }
}

/** RFC 3261 17.1.3: the branch, and the method since a CANCEL has that of its INVITE. */
const transactionKey = (message: SipRequest | SipResponse): string =>
  `${topVia(message)?.branch}|${cseqOf(message)?.method}`;
