// Sessions that end unless they are refreshed (RFC 4028): who refreshes, our own refreshes, and what happens when none comes.
import type { Dialog, Session } from '../dialogs.ts';
import { paramOf, parseParams } from '../grammar/lists.ts';
import {
  headerOf,
  headersOf,
  ourHeader,
  type Header,
  type SipMessage,
  type SipRequest,
  type SipResponse,
} from '../message.ts';
import { composeWithin } from './compose-request.ts';
import type { Incoming } from './incoming.ts';
import { launch } from './launch.ts';
import { offered } from './offers.ts';
import { endDialog } from './own-bye.ts';
import { freshToken, type Stack } from './stack.ts';
import { towardsDialog } from './towards-dialog.ts';

/** Seconds; RFC 4028 5 allows no less. */
const shortest = 90;

export const minSe = ourHeader('Min-SE', String(shortest));

const carries = (method: string): boolean => method === 'INVITE' || method === 'UPDATE';

interface Wish {
  /** Seconds. */
  readonly interval: number;
  readonly refresher: string | undefined;
}

function wishOf(message: { readonly headers: readonly Header[] }): Wish | undefined {
  const [, digits, params] = /^(\d{1,10})\s*((?:;.*)?)$/.exec(headerOf(message, 'session-expires') ?? '') ?? [];
  if (digits === undefined) return undefined;
  return { interval: Number(digits), refresher: paramOf(parseParams(params ?? '') ?? [], 'refresher')?.toLowerCase() };
}

const knowsTimer = (request: SipRequest): boolean =>
  headersOf(request, 'supported').some(({ value }) => /(^|,)\s*timer\s*(,|$)/i.test(value));

/** Whether a request must be told (with Min-SE) that its sessions are too short; outside dialogs only one who would understand. */
export function isTooShort(request: SipRequest, isWithinDialog: boolean): boolean {
  const wish = carries(request.method) ? wishOf(request) : undefined;
  return wish !== undefined && wish.interval < shortest && (isWithinDialog || knowsTimer(request));
}

/** What our 2xx says of the session, when the application says nothing and the request names a refresher (or the session has one). */
export function sessionHeaders(
  { request, dialog }: Incoming,
  parts: { readonly headers: readonly Header[] },
): Header[] {
  const wish = carries(request.method) ? wishOf(request) : undefined;
  if (wish === undefined || wish.interval < shortest || headerOf(parts, 'session-expires') !== undefined) return [];
  const former = dialog?.session && (dialog.session.isOurs ? 'uas' : 'uac');
  const refresher = wish.refresher ?? former;
  if (refresher !== 'uac' && refresher !== 'uas') return [];
  const header = ourHeader('Session-Expires', `${wish.interval};refresher=${refresher}`);
  return refresher === 'uac' ? [header, ourHeader('Require', 'timer')] : [header];
}

/** The session that a 2xx to INVITE or UPDATE agrees on; `isOurRequest` when the other side has answered. */
export function agree(stack: Stack, dialog: Dialog, method: string, response: SipMessage, isOurRequest: boolean): void {
  if (!carries(method) || !stack.dialogs.has(dialog)) return;
  const wish = wishOf(response);
  const former = dialog.session;
  if (wish !== undefined) {
    const interval = Math.max(wish.interval, shortest);
    return arm(stack, dialog, interval, wish.refresher !== (isOurRequest ? 'uas' : 'uac'));
  }
  // Whoever has agreed to be refreshed by us loses nothing by it; whoever should refresh and says so no more will not.
  if (former?.isOurs === true) return arm(stack, dialog, former.interval, true);
  former?.timer.cancel();
  dialog.session = undefined;
}

function arm(stack: Stack, dialog: Dialog, interval: number, isOurs: boolean): void {
  dialog.session?.timer.cancel();
  const { refresh: underWay, held = [] } = dialog.session ?? {};
  const timer = isOurs
    ? stack.timers.after(interval * 500 + spread(stack, 10_000) - 5_000, () => refresh(stack, dialog))
    : stack.timers.after(interval * 1_000, () => endDialog(stack, dialog, 'Session timer expired'));
  dialog.session = { interval, isOurs, timer, refresh: underWay, held };
}

/** Milliseconds, between 0 and that many. */
const spread = (stack: Stack, most: number): number =>
  (parseInt(stack.settings.uuid().slice(0, 7), 16) / 16 ** 7) * most;

/** RFC 3261 14.1: later than the one who made the call, so that the two do not meet again; here for any hindrance. */
function refreshLater(stack: Stack, dialog: Dialog, session: Session): void {
  session.timer = stack.timers.after(2_100 + spread(stack, 1_900), () => refresh(stack, dialog));
}

function refresh(stack: Stack, dialog: Dialog): void {
  const { session, description } = dialog;
  if (session === undefined || dialog.owner === undefined) return;
  const { inviting, answering, updating, awaitedAck, owedAck, ourOffer, theirOffer } = dialog;
  const isBusy = inviting ?? answering ?? updating ?? awaitedAck ?? ourOffer ?? theirOffer;
  const isUnacknowledged = owedAck !== undefined && owedAck.repeat === undefined;
  if (isBusy !== undefined || isUnacknowledged) return refreshLater(stack, dialog, session);
  towardsDialog(stack, dialog, (destination) => {
    if (!stack.dialogs.has(dialog) || dialog.session !== session) return;
    if (destination.kind !== 'flow') return endDialog(stack, dialog, 'Session timer expired');
    const headers = [
      ourHeader('Session-Expires', `${session.interval};refresher=uac`),
      minSe,
      ourHeader('Supported', 'timer'),
      ...(description === undefined ? [] : [description.type]),
    ];
    // Without a description an INVITE would ask for one.
    const method = description === undefined ? 'UPDATE' : 'INVITE';
    const draft = { method, uri: dialog.target, headers, body: description?.body ?? Buffer.alloc(0) };
    const request = composeWithin(dialog, draft, destination.flow, freshToken(stack), (dialog.localSeq += 1));
    if (typeof request === 'string') return;
    const settled = (status: number, response?: SipResponse): void => refreshed(stack, dialog, status, response);
    session.refresh = launch(stack, {
      request,
      way: destination,
      owner: undefined,
      dialog,
      dialogId: dialog.id,
      settled,
    });
    offered(dialog, session.refresh);
  });
}

/** Our refresh has its final response; a 2xx to it was acknowledged already. */
function refreshed(stack: Stack, dialog: Dialog, status: number, response: SipResponse | undefined): void {
  const { session } = dialog;
  if (session === undefined || !stack.dialogs.has(dialog)) return;
  session.refresh = undefined;
  const least = status === 422 && response !== undefined ? Number(headerOf(response, 'min-se')) : NaN;
  if (least > session.interval) dialog.session = { ...session, interval: least };
  if (least > session.interval || status === 491) refreshLater(stack, dialog, dialog.session!);
  else if (status >= 300) endDialog(stack, dialog, 'Session timer expired');
  else if (response !== undefined) agree(stack, dialog, 'INVITE', response, true);
  for (const run of session.held.splice(0)) run();
}

const mostHeld = 20;

/** Whether an INVITE of the application waits until a refresh of ours is over; it is tried again then. */
export function holdForRefresh(dialog: Dialog, method: string, again: () => void): boolean {
  const { session } = dialog;
  if (method !== 'INVITE' || session?.refresh === undefined || session.held.length >= mostHeld) return false;
  session.held.push(again);
  return true;
}
