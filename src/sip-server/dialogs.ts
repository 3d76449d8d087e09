// Dialogs (RFC 3261 12): their state, and how a message finds its own.
import type { Client } from './control/client.ts';
import type { Incoming } from './core/incoming.ts';
import type { Outgoing } from './core/outgoing.ts';
import { fromTagOf, toTagOf } from './grammar/tags.ts';
import { headerOf, type Header, type SipRequest } from './message.ts';
import type { Metrics } from './metrics.ts';
import type { Timer } from './timers.ts';
import type { UnacknowledgedSuccess } from './transaction/server-invite.ts';
import type { Flow } from './transport/flow.ts';

export interface Dialog {
  /** As applications know it: the Call-ID and the From tag of the request that made it. Branches of one INVITE share it. */
  readonly id: string;
  readonly callId: string;
  /** What it is for: a call, or a subscription. */
  readonly method: 'INVITE' | 'SUBSCRIBE' | 'REFER';
  readonly localTag: string;
  /** "" for a peer of the old kind without one; undefined while nobody has answered our SUBSCRIBE or REFER. */
  remoteTag: string | undefined;
  /** From and To of our requests. */
  readonly local: string;
  remote: string;
  /** Route values of our requests, in order. */
  routes: readonly string[];
  /** The Request-URI of our requests. */
  target: string;
  localSeq: number;
  /** The highest CSeq of the other side. */
  remoteSeq: number | undefined;
  /** The Contact of our requests. */
  readonly contact: string;
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
  /** Their UPDATE that has no final response. */
  updating?: Incoming | undefined;
  /** The id of the transaction in which we, or they, have made an offer that is not answered (RFC 3264). */
  ourOffer?: string | undefined;
  theirOffer?: string | undefined;
  /** The last session description that we gave, for a refresh of the session. */
  description?: Description | undefined;
  /** The last reliable provisional response that we heard (RFC 3262 4). */
  heardReliably?: { readonly cseq: number; readonly rseq: number } | undefined;
  /** The RAck of a PRACK that may still come though its INVITE has its final response (RFC 3262 3). */
  latePrack?: string | undefined;
  session?: Session | undefined;
  subscription?: Subscription | undefined;
}

/** A body with its Content-Type. */
export interface Description {
  readonly type: Header;
  readonly body: Buffer;
}

/** Our 2xx to the other side's INVITE, until its ACK. */
export interface AwaitedAck {
  readonly cseq: number;
  /** The id of the INVITE's transaction. */
  readonly invite: string;
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

/** A session that ends unless it is refreshed (RFC 4028). */
export interface Session {
  /** Seconds. */
  readonly interval: number;
  /** Whether refreshing it falls to us. */
  readonly isOurs: boolean;
  /** Until our refresh, or until theirs is overdue. */
  timer: Timer;
  /** Our refresh that is under way, and the application's INVITEs that wait for it. */
  refresh?: Outgoing | undefined;
  readonly held: (() => void)[];
}

/** A subscription that ends unless it is refreshed (RFC 6665). */
export interface Subscription {
  /** Whether it is ours to notify. */
  readonly isNotifier: boolean;
  /** The Event of its NOTIFY requests. */
  readonly event: string;
  timer: Timer;
}

export const dialogId = (callId: string, fromTag: string): string => `${callId};from-tag=${fromTag}`;

/** Branches of one INVITE that are remembered; of more, the oldest is forgotten. */
const mostBranches = 20;

export class Dialogs {
  readonly #metrics: Metrics;
  readonly #byId = new Map<string, Dialog>();
  /** By Call-ID and our tag: one dialog, or the branches of an INVITE of ours that is not answered. */
  readonly #branches = new Map<string, Dialog[]>();

  constructor(metrics: Metrics) {
    this.#metrics = metrics;
  }

  get isFull(): boolean {
    return this.#byId.size >= this.#metrics.limits.dialogs;
  }

  /** From now on it is the one that its id means. */
  add(dialog: Dialog): void {
    const former = this.#byId.get(dialog.id);
    if (former?.subscription !== undefined && keyOf(former) !== keyOf(dialog)) this.remove(former);
    this.#byId.set(dialog.id, dialog);
    const branches = this.#branches.get(keyOf(dialog));
    if (branches === undefined) this.#branches.set(keyOf(dialog), [dialog]);
    else if (!branches.includes(dialog) && branches.push(dialog) > mostBranches) branches.shift();
    this.#count();
  }

  /** It is answered: the other branches are no more. */
  confirm(dialog: Dialog): void {
    this.add(dialog);
    this.#branches.set(keyOf(dialog), [dialog]);
  }

  get(id: string): Dialog | undefined {
    return this.#byId.get(id);
  }

  /** Whether it has not ended. */
  has(dialog: Dialog): boolean {
    return this.#byId.get(dialog.id) === dialog;
  }

  find(callId: string, localTag: string, remoteTag: string | undefined): Dialog | undefined {
    return this.#branches.get(tagKey(callId, localTag))?.find((dialog) => dialog.remoteTag === remoteTag);
  }

  /** The branch of that dialog's INVITE in which this reliable response came, else the dialog itself. */
  branchOf(dialog: Dialog, rseq: number): Dialog {
    const branches = this.#branches.get(keyOf(dialog)) ?? [];
    if (dialog.heardReliably?.rseq === rseq) return dialog;
    return branches.findLast(({ heardReliably }) => heardReliably?.rseq === rseq) ?? dialog;
  }

  /** The dialog that a request from the network belongs to. The first NOTIFY may come before our SUBSCRIBE is answered (RFC 6665 4.4.1). */
  of(request: SipRequest): Dialog | undefined {
    const localTag = toTagOf(request);
    if (localTag === undefined) return undefined;
    const callId = headerOf(request, 'call-id')!;
    const dialog = this.find(callId, localTag, fromTagOf(request) ?? '');
    return dialog ?? (request.method === 'NOTIFY' ? this.find(callId, localTag, undefined) : undefined);
  }

  /** Ends it, and the other branches with it. */
  remove(dialog: Dialog): void {
    const branches = this.#branches.get(keyOf(dialog)) ?? [];
    if (branches.includes(dialog)) {
      this.#branches.delete(keyOf(dialog));
      const current = this.#byId.get(dialog.id);
      if (current !== undefined && branches.includes(current)) this.#byId.delete(dialog.id);
    }
    dialog.awaitedAck?.success.stop();
    dialog.awaitedAck = undefined;
    dialog.subscription?.timer.cancel();
    const held = dialog.session?.held.splice(0) ?? [];
    dialog.session?.timer.cancel();
    dialog.session = undefined;
    this.#count();
    for (const run of held) run();
  }

  ofOwner(client: Client): Dialog[] {
    return [...this.#byId.values()].filter(({ owner }) => owner === client);
  }

  #count(): void {
    this.#metrics.gauges.dialogs = this.#byId.size;
  }
}

const tagKey = (callId: string, tag: string): string => `${callId}\n${tag}`;

const keyOf = ({ callId, localTag }: Dialog): string => tagKey(callId, localTag);
