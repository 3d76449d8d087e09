// What one call is made of, and what goes along with what happens to it.
import type { FarHangup } from '../../core/channel.ts';
import type { Clock } from '../../core/clock.ts';
import type { Party } from '../../core/facts.ts';
import type { DialNews, DialOutcome } from '../../core/technology.ts';
import type { Log } from './log.ts';
import { divide, parseNameAddress } from './name-address.ts';
import type { Negotiation } from './sdp/index.ts';
import type { SessionView } from './session-view.ts';
import type { ClientTransaction, OutgoingRequest, SipHeader, SipRequest, SipResponse } from './stack.ts';
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

/** `to`: the To of the response that has made it, where whoever was called has put its tag. */
export type OnDialog = (dialogId: string, to: string | undefined) => void;

export interface CallParts {
  /** As supplements see it, and those who are asked: they have seen the INVITE already, if it is theirs. */
  readonly view: SessionView;
  readonly supplements: SessionSupplements;
  readonly invite: TheirInvite | OurInvite;
  readonly negotiation: Negotiation;
  /** Sends a request to the endpoint, and says who we are when it asks. */
  readonly send: (request: OutgoingRequest) => ClientTransaction;
  /** What each of our INVITEs, and each 200 to one, says of us: Allow and Supported (RFC 3261 13.2.1, 13.3.1.4). */
  readonly abilities: readonly SipHeader[];
  /** The URI that a resource of the technology stands for, where the far end is sent elsewhere. Fails with a Fault. */
  readonly uriOf: (resource: string) => string;
  readonly clock: Clock;
  /** From 0 up to 1. */
  readonly random: () => number;
  readonly log: Log;
  /** Called when it has got a dialog, once or more. */
  readonly onDialog: OnDialog;
  /** Called when its INVITE is about to be sent. */
  readonly onDial: () => void;
  /** Called for each re-INVITE that had to wait too long, or with too many others. */
  readonly onBusy: () => void;
  /** Called once, when nothing more is to come of it. */
  readonly onEnd: () => void;
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
