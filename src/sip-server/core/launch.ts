// Sending a request of ours as a transaction, by the next way when one fails (RFC 3263 4.3), and hearing that all have failed.
import type { Client } from '../control/client.ts';
import { fabricated } from '../control/leaders.ts';
import type { Dialog } from '../dialogs.ts';
import { serialise, type Header, type SipRequest, type SipResponse } from '../message.ts';
import type { Flow } from '../transport/flow.ts';
import { composeCancel, fabricate, rerouted, type Exit } from './compose-request.ts';
import type { OpenInvite, Outgoing, Relay } from './outgoing.ts';
import { settle } from './settle.ts';
import { freshTag, freshToken, type Stack } from './stack.ts';
import { nextWay, type Way } from './towards.ts';

export interface LaunchParts {
  /** As it leaves by the first way. */
  readonly request: SipRequest;
  readonly way: Way;
  readonly owner: Client | undefined;
  readonly dialog: Dialog | undefined;
  readonly dialogId: string;
  readonly relay?: Relay;
  readonly settled?: (status: number, response?: SipResponse) => void;
  /** How it looks by another way; left out when only its own Via and Contact tell. */
  readonly recompose?: (exit: Exit, branch: string) => SipRequest;
}

const reasons = { 408: 'Request Timeout', 503: 'Service Unavailable', 513: 'Message Too Large' } as const;

export function launch(stack: Stack, parts: LaunchParts): Outgoing {
  const { request, way, owner, dialog, dialogId, relay } = parts;
  const outgoing: Outgoing = {
    id: stack.settings.uuid(),
    request,
    octets: serialise(request),
    flow: way.flow,
    others: way.others,
    lacksUdp: way.lacksUdp === true,
    isHeard: false,
    recompose: parts.recompose ?? ((exit, branch) => rerouted(outgoing.request, outgoing.flow, exit, branch)),
    owner,
    dialog,
    isWithinDialog: dialog !== undefined,
    dialogId,
    relay,
    cancel: undefined,
    owedAck: undefined,
    settled: parts.settled,
  };
  if (request.method === 'INVITE' && dialog !== undefined) dialog.inviting = outgoing;
  const larger = stack.bySize.instead(way, outgoing.octets.length);
  if (larger !== undefined) take(stack, outgoing, larger);
  attempt(stack, outgoing, larger !== undefined || (outgoing.lacksUdp && way.flow.isConnecting === true));
  return outgoing;
}

/** Tries the next way, unnoticed by whoever sent the request; false when there is none, or nobody wants it any more. */
export function tryNext(stack: Stack, outgoing: Outgoing): boolean {
  const way = outgoing.cancel === undefined ? nextWay(stack, outgoing.others) : undefined;
  if (way === undefined) return false;
  take(stack, outgoing, way);
  attempt(stack, outgoing, false);
  return true;
}

function take(stack: Stack, outgoing: Outgoing, { flow, others }: Pick<Way, 'flow' | 'others'>): void {
  const request = outgoing.recompose(flow, freshToken(stack));
  Object.assign(outgoing, { request, octets: serialise(request), flow, others, isHeard: false });
}

/** `isForSize`: somebody who does not take the connection is not told of by its end alone, which may be long in coming. */
function attempt(stack: Stack, outgoing: Outgoing, isForSize: boolean): void {
  const { flow } = outgoing;
  const giveUp = stack.outgoing.launch(outgoing, {
    failed: (status) => {
      if (isForSize && flow.isConnecting === true) stack.bySize.failed(flow.remote);
      // RFC 3263 4.3: an answer of any kind, and this is the server that has the request.
      if (!outgoing.isHeard && tryNext(stack, outgoing)) return;
      const isTooLarge = outgoing.lacksUdp && flow.isConnecting === true;
      fail(stack, outgoing, isTooLarge ? 513 : status);
    },
    sendCancel: () => sendCancel(stack, outgoing),
  });
  if (!isForSize) return;
  stack.timers.after(stack.settings.limits.sizeConnectTime, () => {
    if (flow.isConnecting === true) giveUp();
  });
}

/** Tells the application that no response will come, in the shape of a response. */
function fail(stack: Stack, outgoing: Outgoing, status: 408 | 503 | 513): void {
  const { request, flow, owner, id, dialogId, relay } = outgoing;
  settle(stack, outgoing, status);
  const response = fabricate(request, status, reasons[status], freshTag(stack));
  if (relay !== undefined) return relay.failed(response);
  owner?.notify(fabricated(flow.protocol, stack.timers.now(), id, dialogId), serialise(response));
}

/** Asks the other side to stop (RFC 3261 9.1): now, or as soon as it has said anything at all. */
export function callOff({ outgoing, machine }: OpenInvite, headers: readonly Header[] = []): SipRequest {
  outgoing.cancel ??= composeCancel(outgoing.request, { headers }, outgoing.flow);
  machine.cancel();
  return outgoing.cancel;
}

/** Calls off our INVITE in a dialog that is over. */
export function callOffInvite(stack: Stack, { inviting }: Dialog): void {
  const open = inviting && stack.outgoing.openInvite(inviting.id);
  if (open !== undefined) callOff(open);
}

function sendCancel(stack: Stack, { cancel, flow }: Outgoing): void {
  if (cancel !== undefined) launchAlone(stack, cancel, flow, '');
}

/** A request of the server's own, whose outcome nobody hears of. */
function launchAlone(stack: Stack, request: SipRequest, flow: Flow, dialogId: string): void {
  launch(stack, { request, way: { flow, others: [], isNamed: true }, owner: undefined, dialog: undefined, dialogId });
}
