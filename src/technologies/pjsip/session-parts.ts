// What one call is made of, and what goes along with what happens to it.
import type { FarHangup } from '../../core/channel.ts';
import type { Clock } from '../../core/clock.ts';
import type { Party } from '../../core/facts.ts';
import type { DialNews, DialOutcome } from '../../core/technology.ts';
import type { Log } from './log.ts';
import { divide, parseNameAddress } from './name-address.ts';
import type { Negotiation } from './sdp/index.ts';
import type { EndpointObject } from './objects/index.ts';
import { ownText } from './own-text.ts';
import type { Call } from './session-driver.ts';
import type { SessionView } from './session-view.ts';
import {
  SipHeaders,
  type ClientTransaction,
  type OutgoingRequest,
  type SipAddress,
  type SipHeader,
  type SipRequest,
  type SipResponse,
} from './stack.ts';
import type { SessionSupplements } from './supplements/index.ts';

/** Their INVITE, and what of its offer is for a peer. */
export interface TheirInvite {
  readonly of: 'theirs';
  readonly request: SipRequest;
  readonly offered: string | undefined;
}

/** Ours: where it goes, and with which headers. */
export interface OurInvite extends Pick<OutgoingRequest, 'uri' | 'nextHop' | 'headers'> {
  readonly of: 'ours';
  /** The session description of another party that is offered, instead of one of our own. */
  readonly offer?: string | undefined;
}

/** What a call keeps of the INVITE that began it, for whoever asks: in strings of its own, since it may be kept for hours. */
export interface Begun {
  readonly of: 'theirs' | 'ours';
  readonly uri: string;
  /** Where it came in, if it is theirs. */
  readonly receivedOn: SipAddress | undefined;
  readonly callId: string;
  readonly from: string;
  readonly to: string;
}

export function begunOf(invite: TheirInvite | OurInvite): Begun {
  const isTheirs = invite.of === 'theirs';
  const headers = isTheirs ? invite.request.headers : new SipHeaders(invite.headers);
  const own = (name: string): string => ownText(headers.get(name) ?? '');
  return {
    of: invite.of,
    uri: ownText((isTheirs ? invite.request.uri : invite.uri) ?? ''),
    receivedOn: isTheirs ? invite.request.receivedOn : undefined,
    callId: own('Call-ID'),
    from: own('From'),
    to: own('To'),
  };
}

/** `to`: the To of the response that has made it, where whoever was called has put its tag. */
export type OnDialog = (dialogId: string, to: string | undefined) => void;

/** What all calls have in common: who keeps them, and what that gives them. */
export interface CallOwner {
  /** Sends a request to the endpoint, and says who we are when it asks. */
  readonly send: (endpoint: EndpointObject, request: OutgoingRequest) => ClientTransaction;
  /** What each of our INVITEs, and each 200 to one, says of us: Allow and Supported (RFC 3261 13.2.1, 13.3.1.4). */
  readonly abilities: readonly SipHeader[];
  /** The URI that a resource of the technology stands for, where the far end is sent elsewhere. Fails with a Fault. */
  readonly uriOf: (resource: string) => string;
  readonly clock: Clock;
  /** From 0 up to 1. */
  readonly random: () => number;
  readonly log: Log;
  /** Called when a call has got a dialog, once or more. */
  onDialog(call: Call, ...dialog: Parameters<OnDialog>): void;
  /** Called when its INVITE is about to be sent. */
  onDial(call: Call): void;
  /** Called for each re-INVITE that had to wait too long, or with too many others. */
  onBusy(): void;
  /** Called once, when nothing more is to come of it. */
  onEnd(call: Call): void;
}

export interface CallParts {
  readonly owner: CallOwner;
  /** What names it in each request of the far end. */
  readonly key: string;
  /** As supplements see it, and those who are asked: they have seen the INVITE already, if it is theirs. */
  readonly view: SessionView;
  readonly supplements: SessionSupplements;
  readonly negotiation: Negotiation;
}

/** What goes along with an input: the request or the response that it is, and what is said in return. */
export interface Along {
  readonly request?: SipRequest;
  readonly response?: SipResponse;
  readonly description?: string | undefined;
  readonly headers?: readonly SipHeader[];
}

export const SDP: SipHeader = ['Content-Type', 'application/sdp'];

/** A description as a body, with what says that it is one. */
export const described = (
  headers: readonly SipHeader[],
  description: string | undefined,
): { readonly headers: readonly SipHeader[]; readonly body?: string } =>
  description === undefined ? { headers } : { headers: [...headers, SDP], body: description };

/** Besides its status: what the far end says of why, and where it wants to be called instead, as a resource (RFC 3261 8.1.3.4). */
export function endOf(
  response: SipResponse | undefined,
  { far, endpoint }: Pick<SessionView, 'far' | 'endpoint'>,
): FarHangup & { readonly forward?: string } {
  if (response === undefined || response.status < 300) return {};
  const [contact = ''] = response.headers.all('Contact').flatMap((line) => divide(line, ','));
  const uri = response.status < 400 ? parseNameAddress(contact)?.uri : undefined;
  return { ...far, ...(uri !== undefined && { forward: `${endpoint.id}/${uri}` }) };
}

export const answeredOf = (description: string | undefined, connected: Party | undefined): DialOutcome => ({
  kind: 'answered',
  ...(description !== undefined && { description }),
  ...(connected !== undefined && { connected }),
});

/** Whoever dials. */
export interface Dialler {
  readonly news: (news: DialNews) => void;
  readonly outcome: (outcome: DialOutcome) => void;
}

export const newsOf = (kind: DialNews['kind'], description: string | undefined): DialNews =>
  kind === 'progress' && description !== undefined ? { kind, description } : { kind };
