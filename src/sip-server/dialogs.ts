// Dialogs (RFC 3261 12): their state, and how a message finds its own.
import type { Client } from './control/client.ts';
import type { Incoming } from './core/incoming.ts';
import type { Outgoing } from './core/outgoing.ts';
import { tagOf } from './grammar/name-address.ts';
import { cseqOf, headerOf, type SipRequest } from './message.ts';
import type { Metrics } from './metrics.ts';
import type { UnacknowledgedSuccess } from './transaction/server-invite.ts';
import type { Flow } from './transport/flow.ts';

export interface Dialog {
  /** As applications know it: the Call-ID and the From tag of the request that made it. */
  readonly id: string;
  readonly callId: string;
  readonly localTag: string;
  remoteTag: string;
  /** From and To of our requests. */
  readonly local: string;
  remote: string;
  /** Route values of our requests, in order. */
  routes: readonly string[];
  /** The Request-URI of our requests. */
  target: string;
  localSeq: number;
  remoteSeq: number | undefined;
  /** The Contact of our requests. */
  readonly contact: string;
  isConfirmed: boolean;
  /** Undefined once the application has left. */
  owner: Client | undefined;
  /** How the other side is reached when its Contact must not be taken at its word. */
  way: Flow | undefined;
  awaitedAck?: AwaitedAck | undefined;
  owedAck?: OwedAck | undefined;
  /** Our INVITE that has no final response. */
  inviting?: Outgoing | undefined;
  /** Their INVITE that has no final response. */
  answering?: Incoming | undefined;
}

/** Our 2xx to the other side's INVITE, until its ACK. */
export interface AwaitedAck {
  readonly cseq: number;
  /** For the notification of the ACK. */
  readonly transaction: string;
  readonly success: UnacknowledgedSuccess;
}

/** The other side's 2xx to our INVITE. */
export interface OwedAck {
  readonly cseq: number;
  /** The application has cancelled, but the 2xx was faster: a BYE follows the ACK. */
  readonly isCancelled: boolean;
  /** Once the application has sent the ACK: what repeats it. */
  repeat?: () => void;
}

export const dialogId = (callId: string, fromTag: string): string => `${callId};from-tag=${fromTag}`;

export class Dialogs {
  readonly #metrics: Metrics;
  readonly #byId = new Map<string, Dialog>();
  readonly #byLocalTag = new Map<string, Dialog>();

  constructor(metrics: Metrics) {
    this.#metrics = metrics;
  }

  get isFull(): boolean {
    return this.#byId.size >= this.#metrics.limits.dialogs;
  }

  add(dialog: Dialog): void {
    this.#byId.set(dialog.id, dialog);
    this.#byLocalTag.set(tagKey(dialog.callId, dialog.localTag), dialog);
    this.#count();
  }

  get(id: string): Dialog | undefined {
    return this.#byId.get(id);
  }

  /** The dialog that a request from the network belongs to. One of ours that is not answered yet may still change its remote tag. */
  of(request: SipRequest): Dialog | undefined {
    const localTag = tagOf(headerOf(request, 'to'));
    const dialog = localTag && this.#byLocalTag.get(tagKey(headerOf(request, 'call-id')!, localTag));
    if (!dialog) return undefined;
    const mayFork = !dialog.isConfirmed && dialog.answering === undefined;
    const isTheirs = mayFork || (tagOf(headerOf(request, 'from')) ?? '') === dialog.remoteTag;
    return isTheirs ? dialog : undefined;
  }

  remove(dialog: Dialog): void {
    if (this.#byId.get(dialog.id) === dialog) this.#byId.delete(dialog.id);
    const key = tagKey(dialog.callId, dialog.localTag);
    if (this.#byLocalTag.get(key) === dialog) this.#byLocalTag.delete(key);
    dialog.awaitedAck?.success.stop();
    dialog.awaitedAck = undefined;
    this.#count();
  }

  ofOwner(client: Client): Dialog[] {
    return [...this.#byId.values()].filter(({ owner }) => owner === client);
  }

  #count(): void {
    this.#metrics.gauges.dialogs = this.#byId.size;
  }
}

const tagKey = (callId: string, tag: string): string => `${callId}\n${tag}`;

/** Whether a request is older than what the other side has sent already in this dialog (RFC 3261 12.2.2). */
export function isOutOfOrder(dialog: Dialog, request: SipRequest): boolean {
  return dialog.remoteSeq !== undefined && (cseqOf(request)?.number ?? 0) < dialog.remoteSeq;
}
