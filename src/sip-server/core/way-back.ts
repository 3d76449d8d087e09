// Where requests in a dialog go when the other side's Contact cannot be reached from here.
import { BlockList, isIPv4, isIPv6 } from 'node:net';
import type { SipUri } from '../grammar/uri.ts';
import { isReliable, type Flow } from '../transport/flow.ts';

/** Addresses that mean something only in a network of their own (RFC 1918, 3927, 4193, 6598). */
const privateNetworks = new BlockList();
privateNetworks.addSubnet('10.0.0.0', 8, 'ipv4');
privateNetworks.addSubnet('172.16.0.0', 12, 'ipv4');
privateNetworks.addSubnet('192.168.0.0', 16, 'ipv4');
privateNetworks.addSubnet('169.254.0.0', 16, 'ipv4');
privateNetworks.addSubnet('100.64.0.0', 10, 'ipv4');
privateNetworks.addSubnet('fc00::', 7, 'ipv6');
privateNetworks.addSubnet('fe80::', 10, 'ipv6');

/**
 * A connection that is there is used, since it may be the only way to a peer that does not listen.
 * A datagram goes to where the last one came from only if the Contact names a private address that did not send it.
 */
export function wayBack(flow: Flow, contact: SipUri | undefined): Flow | undefined {
  if (isReliable(flow) || contact === undefined) return flow;
  const { host } = contact;
  if (host === flow.remote.address) return undefined;
  const isPrivate =
    (isIPv4(host) && privateNetworks.check(host)) || (isIPv6(host) && privateNetworks.check(host, 'ipv6'));
  return isPrivate || host.endsWith('.invalid') ? flow : undefined;
}
