// Offers and answers (RFC 3264): whose turn it is, and what must be told to a request that comes out of turn.
import type { Dialog } from '../dialogs.ts';
import { headerOf, ourHeader, type SipMessage, type SipRequest } from '../message.ts';
import type { Incoming } from './incoming.ts';
import type { Outgoing } from './outgoing.ts';

/** Whether it has a session description; an application may leave its type to us. */
export function isOffer(message: Pick<SipMessage, 'headers' | 'body'>): boolean {
  const type = headerOf(message, 'content-type');
  if (type !== undefined) return message.body.length > 0 && /^application\/sdp\s*(;|$)/i.test(type);
  return message.body.subarray(0, 3).toString('latin1') === 'v=0';
}

const carries = (method: string): boolean => method === 'INVITE' || method === 'UPDATE' || method === 'PRACK';

/** What a request in a dialog must be refused with, because another is not over (RFC 3261 14.2, RFC 3311 5.2). */
export function outOfTurn(dialog: Dialog, request: SipRequest): 491 | 500 | undefined {
  const { method } = request;
  if (method === 'INVITE') {
    if (dialog.answering !== undefined) return 500;
    if (dialog.inviting !== undefined || dialog.awaitedAck !== undefined) return 491;
  } else if (method !== 'UPDATE') return undefined;
  else if (dialog.updating !== undefined) return 500;
  if (!isOffer(request)) return undefined;
  if (dialog.ourOffer !== undefined) return 491;
  return dialog.theirOffer === undefined ? undefined : 500;
}

/** Whether a request of the application must not go out now (RFC 3261 14.1, RFC 3311 5.1). */
export function mustWait(dialog: Dialog, request: Pick<SipRequest, 'method' | 'headers' | 'body'>): boolean {
  const { method } = request;
  if (method === 'INVITE' && (dialog.inviting !== undefined || dialog.answering !== undefined)) return true;
  return (method === 'INVITE' || method === 'UPDATE') && isOffer(request) && dialog.ourOffer !== undefined;
}

/** A request of the other side is accepted for handling. */
export function offeredBy(dialog: Dialog, incoming: Incoming): void {
  const { request, id } = incoming;
  if (request.method === 'UPDATE') dialog.updating = incoming;
  if (!carries(request.method) || !isOffer(request)) return;
  if (request.method === 'PRACK' && dialog.ourOffer !== undefined) dialog.ourOffer = undefined;
  else dialog.theirOffer = id;
}

/** Our response to it, a final one or a reliable one. */
export function answeredBy(
  dialog: Dialog,
  incoming: Incoming,
  response: SipMessage & { readonly status: number },
): void {
  const { request, id } = incoming;
  const isFinal = response.status >= 200;
  if (isFinal && dialog.updating === incoming) dialog.updating = undefined;
  if (dialog.theirOffer === id && (isFinal || isOffer(response))) dialog.theirOffer = undefined;
  if (response.status >= 300) {
    if (dialog.ourOffer === id) dialog.ourOffer = undefined;
    return;
  }
  if (request.method === 'INVITE' && !isOffer(request) && isOffer(response)) dialog.ourOffer = id;
  remember(dialog, request.method, response);
}

/** A request of ours has gone out. */
export function offered(dialog: Dialog, { request, id }: Pick<Outgoing, 'request' | 'id'>): void {
  if (!carries(request.method) || !isOffer(request)) return;
  if (request.method === 'PRACK' && dialog.theirOffer !== undefined) dialog.theirOffer = undefined;
  else dialog.ourOffer = id;
}

/** The other side's response to it, a final one or a reliable one. */
export function answered(
  dialog: Dialog,
  { request, id }: Outgoing,
  response: SipMessage & { readonly status: number },
): void {
  const { status } = response;
  if (dialog.ourOffer === id && (status >= 200 || isOffer(response))) dialog.ourOffer = undefined;
  else if (request.method === 'INVITE' && status < 300 && !isOffer(request) && isOffer(response))
    dialog.theirOffer = id;
  if (status >= 200 && status < 300) remember(dialog, request.method, request);
}

/** Keeps a description of ours that is in force now: a refresh of the session repeats it. */
export function remember(dialog: Dialog, method: string, ours: Pick<SipMessage, 'headers' | 'body'>): void {
  if (!(carries(method) || method === 'ACK') || !isOffer(ours)) return;
  // In memory of its own: a copy in Node's pool would keep 8 KB of it as long as the dialog.
  const body = Buffer.allocUnsafeSlow(ours.body.length);
  ours.body.copy(body);
  dialog.description = {
    type: ourHeader('Content-Type', headerOf(ours, 'content-type')!),
    body,
  };
}
