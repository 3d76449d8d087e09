// Whether a new INVITE becomes a call, and which: the checks, in the order in which chan_pjsip makes them.
import type { Route, Routing } from '../../core/routing.ts';
import { isSip } from './destination.ts';
import { divide } from './name-address.ts';
import type { EndpointObject } from './objects/index.ts';
import { sdpOf, type Negotiation } from './sdp/index.ts';
import { ACCEPT } from './session-requests.ts';
import type { SipHeader, SipRequest } from './stack.ts';
import { callerOf } from './trust.ts';
import { parseUri } from './uri.ts';

export type Admission =
  | { readonly kind: 'refused'; readonly status: number; readonly headers?: readonly SipHeader[] }
  | {
      readonly kind: 'admitted';
      readonly exten: string;
      /** The host of the Request-URI, without an IPv6 address's brackets. */
      readonly domain: string;
      /** Left out, it takes the place of another call. */
      readonly route?: Route;
      /** It has taken the offer, if there is one. */
      readonly negotiation: Negotiation;
      /** What of the offer is for a peer. */
      readonly offered: string | undefined;
    };

/** Where a call without a user goes, as in Asterisk. */
const NO_USER = 's';

export interface AdmissionParts {
  readonly routing: Routing;
  readonly supported: readonly string[];
  /** It is to take the place of another call, wherever its extension would lead. */
  readonly isReplacing: boolean;
  readonly negotiationOf: (invite: SipRequest, object: EndpointObject) => Negotiation;
}

export function admit(
  invite: SipRequest,
  object: EndpointObject,
  { routing, supported, negotiationOf, isReplacing }: AdmissionParts,
): Admission {
  const required = invite.headers.all('Require').flatMap((line) => divide(line, ','));
  const unsupported = required.filter((each) => !supported.includes(each.toLowerCase()));
  if (unsupported.length > 0) return refuse(420, [['Unsupported', unsupported.join(', ')]]);

  if (!isSip(invite.uri)) return refuse(416);
  const target = parseUri(invite.uri);
  if (target === undefined || callerOf(invite, object) === undefined) return refuse(400);

  const exten = target.user ?? NO_USER;
  const found = routing.lookup(object.context, exten);
  if (found.kind !== 'found' && !isReplacing)
    return refuse(found.kind === 'partial' && object.allow_overlap ? 484 : 404);

  const body = sdpOf(invite);
  if (body.kind === 'unsupported') return refuse(415, [ACCEPT]);
  const negotiation = negotiationOf(invite, object);
  const received = body.kind === 'sdp' ? negotiation.receive(body.text) : undefined;
  if (received?.kind === 'failed') return refuse(received.status);
  const domain = target.host.replace(/^\[|\]$/g, '');
  return {
    kind: 'admitted',
    ...{ exten, domain, negotiation },
    ...(!isReplacing && found.kind === 'found' && { route: found.route }),
    offered: received?.forPeer,
  };
}

const refuse = (status: number, headers: readonly SipHeader[] = []): Admission => ({
  kind: 'refused',
  status,
  headers,
});
