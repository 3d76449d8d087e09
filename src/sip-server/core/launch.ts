// Sending a request of ours as a transaction, and hearing that it failed.
import type { Client } from '../control/client.ts';
import { fabricated } from '../control/leaders.ts';
import type { Dialog } from '../dialogs.ts';
import { serialise, type Header, type SipRequest } from '../message.ts';
import type { Flow } from '../transport/flow.ts';
import { composeCancel, fabricate } from './compose-request.ts';
import type { OpenInvite, Outgoing } from './outgoing.ts';
import { freshTag, type Stack } from './stack.ts';

export interface LaunchParts {
  readonly request: SipRequest;
  readonly flow: Flow;
  readonly owner: Client | undefined;
  readonly dialog: Dialog | undefined;
  readonly dialogId: string;
}

const reasons = { 408: 'Request Timeout', 503: 'Service Unavailable' } as const;

export function launch(stack: Stack, { request, flow, owner, dialog, dialogId }: LaunchParts): Outgoing {
  const octets = serialise(request);
  const outgoing: Outgoing = {
    id: stack.settings.uuid(),
    request,
    octets,
    flow,
    owner,
    dialog,
    isWithinDialog: dialog !== undefined,
    dialogId,
    cancel: undefined,
    owedAck: undefined,
  };
  if (request.method === 'INVITE' && dialog !== undefined) dialog.inviting = outgoing;
  stack.outgoing.launch(outgoing, {
    failed: (status) => fail(stack, outgoing, status),
    sendCancel: () => sendCancel(stack, outgoing),
  });
  return outgoing;
}

/** Tells the application that no response will come, in the shape of a response. */
function fail(stack: Stack, outgoing: Outgoing, status: 408 | 503): void {
  const { request, flow, owner, id, dialogId } = outgoing;
  settle(stack, outgoing, status);
  const response = fabricate(request, status, reasons[status], freshTag(stack));
  owner?.notify(fabricated(flow.protocol, stack.timers.now(), id, dialogId), serialise(response));
}

/** What a final response that is no success means to the dialog: an INVITE takes back the one it began, a BYE ends its own. */
export function settle(stack: Stack, outgoing: Outgoing, status: number): void {
  const { dialog, request, isWithinDialog } = outgoing;
  if (dialog === undefined) return;
  if (request.method === 'BYE' && status !== 401 && status !== 407) stack.dialogs.remove(dialog);
  if (request.method !== 'INVITE') return;
  if (dialog.inviting === outgoing) dialog.inviting = undefined;
  if (status >= 300 && !isWithinDialog) stack.dialogs.remove(dialog);
}

/** Asks the other side to stop (RFC 3261 9.1): now, or as soon as it has said anything at all. */
export function callOff({ outgoing, machine }: OpenInvite, headers: readonly Header[] = []): SipRequest {
  outgoing.cancel ??= composeCancel(outgoing.request, { headers }, outgoing.flow);
  machine.cancel();
  return outgoing.cancel;
}

function sendCancel(stack: Stack, { cancel, flow }: Outgoing): void {
  if (cancel !== undefined) launch(stack, { request: cancel, flow, owner: undefined, dialog: undefined, dialogId: '' });
}
