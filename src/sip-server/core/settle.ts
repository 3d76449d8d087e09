// What the final response to a request of ours means to its dialog.
import type { SipResponse } from '../message.ts';
import type { Outgoing } from './outgoing.ts';
import type { Stack } from './stack.ts';
import { endsBy } from './subscription-state.ts';

/** `response` is undefined when the status is our own, because none came. A BYE ends its dialog; a failure takes back what the request began. */
export function settle(stack: Stack, outgoing: Outgoing, status: number, response?: SipResponse): void {
  const { dialog, request, isWithinDialog } = outgoing;
  if (dialog === undefined) return;
  const isChallenge = status === 401 || status === 407;
  if (status >= 300 && dialog.ourOffer === outgoing.id) dialog.ourOffer = undefined;
  if (dialog.inviting === outgoing) dialog.inviting = undefined;
  const isEnd = isWithinDialog
    ? (request.method === 'BYE' && !isChallenge) || (dialog.method !== 'INVITE' && endsBy(request, status))
    : status >= 300;
  if (isEnd) stack.dialogs.remove(dialog);
  outgoing.settled?.(status, response);
}
