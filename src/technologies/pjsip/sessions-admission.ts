// Whether a new INVITE becomes a call, and which: the checks, in the order in which chan_pjsip makes them.
import type { Party } from '../../core/facts.ts';
import type { Route, Routing } from '../../core/routing.ts';
import { isSip } from './destination.ts';
import { divide } from './name-address.ts';
import type { EndpointObject } from './objects/index.ts';
import { ACCEPT, negotiate, type Negotiated } from './session-driver.ts';
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
      readonly route: Route;
      readonly caller: Party;
      readonly media: Negotiated;
    };

/** Where a call without a user goes, as in Asterisk. */
const NO_USER = 's';

export function admit(
  invite: SipRequest,
  object: EndpointObject,
  routing: Routing,
  supported: readonly string[],
): Admission {
  const required = invite.headers.all('Require').flatMap((line) => divide(line, ','));
  const unsupported = required.filter((each) => !supported.includes(each.toLowerCase()));
  if (unsupported.length > 0) return refuse(420, [['Unsupported', unsupported.join(', ')]]);

  if (!isSip(invite.uri)) return refuse(416);
  const target = parseUri(invite.uri);
  const caller = object.callerid ?? callerOf(invite, object);
  if (target === undefined || caller === undefined) return refuse(400);

  const exten = target.user ?? NO_USER;
  const found = routing.lookup(object.context, exten);
  if (found.kind !== 'found') return refuse(found.kind === 'partial' && object.allow_overlap ? 484 : 404);

  const media = negotiate(invite, object.allow);
  if (media.media === 'unsupported') return refuse(415, [ACCEPT]);
  if (media.media === 'unacceptable') return refuse(488);
  return { kind: 'admitted', exten, domain: target.host.replace(/^\[|\]$/g, ''), route: found.route, caller, media };
}

const refuse = (status: number, headers: readonly SipHeader[] = []): Admission => ({
  kind: 'refused',
  status,
  headers,
});
