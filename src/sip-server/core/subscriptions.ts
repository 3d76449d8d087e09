// Subscriptions (RFC 6665, RFC 3515): the dialogs that SUBSCRIBE and REFER begin, and their end, be it that nobody refreshes them.
import { unsolicited } from '../control/leaders.ts';
import type { Dialog } from '../dialogs.ts';
import { parseNameAddress } from '../grammar/name-address.ts';
import { headerOf, ourHeader, serialise, type SipRequest, type SipResponse } from '../message.ts';
import type { Flow } from '../transport/flow.ts';
import { dialogOfOutgoing, meet } from './begin-dialog.ts';
import type { Incoming } from './incoming.ts';
import type { Outgoing } from './outgoing.ts';
import { conclude } from './own-bye.ts';
import type { Stack } from './stack.ts';
import { expiresOf, refersSilently, stateOf } from './subscription-state.ts';

/** Seconds, when nobody says how long: RFC 6665 leaves it to the event package, and a REFER tells with its first NOTIFY. */
const ordinary = { SUBSCRIBE: 3600, REFER: 300 } as const;

export const isSubscription = ({ method }: { readonly method: string }): boolean =>
  method === 'SUBSCRIBE' || method === 'REFER';

/** Our SUBSCRIBE or REFER goes out: its first NOTIFY may come before its response. */
export function expectNotify(stack: Stack, outgoing: Outgoing): void {
  outgoing.dialog = dialogOfOutgoing(outgoing);
  stack.dialogs.add(outgoing.dialog);
}

/** It was accepted, or a refresh of it. */
export function subscribed(stack: Stack, outgoing: Outgoing, response: SipResponse, flow: Flow): void {
  const { dialog, request, isWithinDialog } = outgoing;
  // The last NOTIFY may have come before.
  if (dialog === undefined || !stack.dialogs.has(dialog) || !isSubscription(dialog)) return;
  if (!isWithinDialog) {
    if (refersSilently(response)) return stack.dialogs.remove(dialog);
    if (dialog.remoteTag === undefined) meet(dialog, response, flow);
    if (outgoing.owner === undefined) return stack.dialogs.remove(dialog);
  } else if (request.method !== 'SUBSCRIBE') return;
  watch(stack, dialog, request, expiresOf(response) ?? expiresOf(request), false);
}

/** We have accepted the other side's, or a refresh of it. */
export function subscribedBy(stack: Stack, { request, isWithinDialog, dialog }: Incoming, response: SipResponse): void {
  if (dialog === undefined || !isSubscription(dialog) || !isSubscription(request)) return;
  if (isWithinDialog && request.method !== 'SUBSCRIBE') return;
  watch(stack, dialog, request, expiresOf(response) ?? expiresOf(request), true);
}

/** A NOTIFY of the other side: it may be the first of its dialog, or the last. */
export function notifiedBy(stack: Stack, dialog: Dialog, incoming: Incoming): void {
  const { request, flow } = incoming;
  if (!isSubscription(dialog)) return;
  if (dialog.remoteTag === undefined) meet(dialog, request, flow);
  const state = stateOf(request);
  if (state === 'terminated') {
    stack.dialogs.remove(dialog);
    incoming.dialog = undefined;
  } else if (state !== undefined) watch(stack, dialog, request, state, false);
}

/** A NOTIFY of ours was accepted. */
export function notified(stack: Stack, { dialog, request }: Outgoing): void {
  const state = stateOf(request);
  if (dialog === undefined || !isSubscription(dialog) || !stack.dialogs.has(dialog)) return;
  if (typeof state === 'number') watch(stack, dialog, request, state, true);
}

/** Ends it when nobody has refreshed it for that many seconds, and a transaction's time. */
function watch(stack: Stack, dialog: Dialog, by: SipRequest, seconds: number | undefined, isNotifier: boolean): void {
  const { timers } = stack;
  dialog.subscription?.timer.cancel();
  const usual = dialog.method === 'REFER' ? ordinary.REFER : ordinary.SUBSCRIBE;
  const event = dialog.subscription?.event ?? headerOf(by, 'event') ?? 'refer';
  const timer = timers.after((seconds ?? usual) * 1_000 + timers.patience, () => expire(stack, dialog));
  dialog.subscription = { isNotifier, event, timer };
}

/** Whoever notifies says so; the application hears it either way. */
function expire(stack: Stack, dialog: Dialog): void {
  const { isNotifier, event } = dialog.subscription!;
  const headers = [ourHeader('Event', event), ourHeader('Subscription-State', 'terminated;reason=timeout')];
  if (isNotifier) return conclude(stack, dialog, 'NOTIFY', headers);
  stack.dialogs.remove(dialog);
  const notify: SipRequest = {
    kind: 'request',
    method: 'NOTIFY',
    uri: parseNameAddress(dialog.contact)?.uri ?? dialog.target,
    headers: [
      ourHeader('From', dialog.remote),
      ourHeader('To', dialog.local),
      ourHeader('Call-ID', dialog.callId),
      ourHeader('CSeq', `${(dialog.remoteSeq ?? 0) + 1} NOTIFY`),
      ...headers,
      ourHeader('Content-Length', '0'),
    ],
    body: Buffer.alloc(0),
  };
  const octets = serialise(notify);
  const exit = { protocol: 'udp', local: stack.transports.anyPlace } as const;
  dialog.owner?.notify(unsolicited(octets.length, exit, stack.timers.now(), dialog.id), octets);
}
