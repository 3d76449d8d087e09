// Where requests in a dialog go when the other side's Contact cannot be reached from here.
import type { SipUri } from '../grammar/uri.ts';
import { isReliable, type Flow } from '../transport/flow.ts';
import { isUnroutable } from '../transport/local-address.ts';

/**
 * A connection that is there is used, since it may be the only way to a peer that does not listen.
 * A datagram goes to where the last one came from only if the Contact names a private address that did not send it.
 */
export function wayBack(flow: Flow, contact: SipUri | undefined): Flow | undefined {
  if (isReliable(flow) || contact === undefined) return flow;
  const { host } = contact;
  if (host === flow.remote.address) return undefined;
  return isUnroutable(host) ? flow : undefined;
}
