// Provisional responses that are acknowledged (RFC 3262): ours until their PRACK comes, and the other side's in their order.
import type { DraftResponse } from '../control/command.ts';
import type { Dialog } from '../dialogs.ts';
import {
  cseqOf,
  headerOf,
  headersOf,
  ourHeader,
  type Header,
  type SipMessage,
  type SipRequest,
  type SipResponse,
} from '../message.ts';
import type { Incoming } from './incoming.ts';
import { isOffer } from './offers.ts';
import type { Stack } from './stack.ts';

/** Our reliable responses to one INVITE. */
export interface Reliable {
  /** The number of the last one. */
  rseq: number;
  /** That one, until its PRACK. */
  awaited: { readonly rack: string; readonly hasOffer: boolean; readonly stop: () => void } | undefined;
  /** Responses of the application that must not overtake it, in order: each is tried again. */
  readonly held: (() => void)[];
}

const mostHeld = 20;

const has100rel = (message: { readonly headers: readonly Header[] }, key: string): boolean =>
  headersOf(message, key).some(({ value }) => /(^|,)\s*100rel\s*(,|$)/i.test(value));

/** How a response of the application goes out; `impossible` when it asks for more than the other side can. */
export function wayOf(request: SipRequest, draft: DraftResponse): 'plain' | 'reliable' | 'impossible' {
  if (draft.status === 100 || draft.status >= 200) return 'plain';
  const isAsked = has100rel(draft, 'require');
  if (request.method !== 'INVITE') return isAsked ? 'impossible' : 'plain';
  if (has100rel(request, 'require')) return 'reliable';
  if (!isAsked) return 'plain';
  return has100rel(request, 'supported') ? 'reliable' : 'impossible';
}

/** RFC 3262 3: not two at once, and no 2xx before a description is acknowledged. */
export function mustFollow({ reliable }: Incoming, status: number, isReliable: boolean): boolean {
  if (reliable?.awaited === undefined) return false;
  return isReliable || (status >= 200 && status < 300 && reliable.awaited.hasOffer);
}

/** False when too many wait already. */
export function hold({ reliable }: Incoming, again: () => void): boolean {
  if (reliable === undefined || reliable.held.length >= mostHeld) return false;
  reliable.held.push(again);
  return true;
}

/** Tries again what was held; after a final response each learns that it is too late. */
export function release({ reliable }: Incoming): void {
  for (const again of reliable?.held.splice(0) ?? []) again();
}

/** The headers that make a response of ours reliable. */
export function reliableHeaders(
  stack: Stack,
  incoming: Incoming,
  parts: { readonly headers: readonly Header[] },
): Header[] {
  const first = (parseInt(stack.settings.uuid().slice(0, 7), 16) % 1_000_000_000) + 1;
  incoming.reliable ??= { rseq: first - 1, awaited: undefined, held: [] };
  incoming.reliable.rseq += 1;
  const number = ourHeader('RSeq', String(incoming.reliable.rseq));
  return has100rel(parts, 'require') ? [number] : [number, ourHeader('Require', '100rel')];
}

/** Repeats it at T1, twice that, and so on, until its PRACK comes; `timedOut` when none has come for 64 T1. */
export function awaitPrack(
  stack: Stack,
  incoming: Incoming,
  response: SipResponse,
  octets: Buffer,
  timedOut: () => void,
): void {
  const { timers } = stack;
  const reliable = incoming.reliable!;
  const repeating = timers.repeat(timers.T1, Infinity, () => incoming.flow.send(octets));
  const deadline = timers.after(timers.patience, timedOut);
  reliable.awaited = {
    rack: `${reliable.rseq} ${incoming.cseq} INVITE`,
    hasOffer: isOffer(response),
    stop: () => {
      repeating.cancel();
      deadline.cancel();
    },
  };
}

/** The INVITE has its final response: nothing is repeated any more, but a PRACK may still be on its way. */
export function leaveReliable({ reliable, dialog }: Incoming): void {
  reliable?.awaited?.stop();
  if (dialog !== undefined) dialog.latePrack = reliable?.awaited?.rack;
}

/** Whether the PRACK acknowledges what waits for it. */
export function takePrack(dialog: Dialog, prack: SipRequest): boolean {
  const rack = headerOf(prack, 'rack')?.trim().replace(/\s+/g, ' ');
  const { answering } = dialog;
  if (rack === undefined) return false;
  if (answering?.reliable?.awaited?.rack === rack) {
    answering.reliable.awaited.stop();
    answering.reliable.awaited = undefined;
    return true;
  }
  if (dialog.latePrack !== rack) return false;
  dialog.latePrack = undefined;
  return true;
}

/** The number of a reliable response; undefined for any other. */
export function rseqOf(response: SipResponse): number | undefined {
  const { status } = response;
  const rseq = headerOf(response, 'rseq');
  if (status <= 100 || status >= 200 || !has100rel(response, 'require')) return undefined;
  return rseq !== undefined && /^\d{1,10}$/.test(rseq) ? Number(rseq) : undefined;
}

/** False for a reliable response that came before, or too early: nobody must see it (RFC 3262 4). */
export function isInOrder(dialog: Dialog, response: SipResponse): boolean {
  const rseq = rseqOf(response);
  if (rseq === undefined) return true;
  const cseq = cseqOf(response)!.number;
  const { heardReliably } = dialog;
  if (heardReliably?.cseq === cseq && rseq !== heardReliably.rseq + 1) return false;
  dialog.heardReliably = { cseq, rseq };
  return true;
}

/** The reliable response that a PRACK of the application is for. */
export const rackedNumber = (prack: Pick<SipMessage, 'headers'>): number =>
  Number(/^\d+/.exec(headerOf(prack, 'rack') ?? '')?.[0]);
