// Which of our addresses a remote place sees when we listen on all of them.
import type { networkInterfaces } from 'node:os';
import { BlockList, isIP, isIPv6 } from 'node:net';

export const isWildcard = (address: string): boolean => address === '0.0.0.0' || address === '::';

const isLoopback = (address: string): boolean => address.startsWith('127.') || address === '::1';

/** The address of the interface in the remote place's network, else the first that is not loopback. */
export function localAddressTowards(remote: string, interfaces: ReturnType<typeof networkInterfaces>): string {
  const family = isIPv6(remote) ? 'IPv6' : 'IPv4';
  const loopback = family === 'IPv6' ? '::1' : '127.0.0.1';
  if (isLoopback(remote)) return loopback;
  const own = Object.values(interfaces).flatMap((each) => each ?? []);
  const candidates = own.filter(
    (each) => each.family === family && !each.internal && !each.address.startsWith('fe80:'),
  );
  const near = candidates.find(({ address, cidr }) => {
    const network = new BlockList();
    network.addSubnet(address, Number(cidr?.split('/')[1] ?? 128), family === 'IPv6' ? 'ipv6' : 'ipv4');
    return network.check(remote, family === 'IPv6' ? 'ipv6' : 'ipv4');
  });
  return (near ?? candidates[0])?.address ?? loopback;
}

/** Whether a socket bound to `bound` is reached at `address`. */
export const isOwnAddress = (
  address: string,
  bound: string,
  interfaces: ReturnType<typeof networkInterfaces>,
): boolean =>
  address === bound ||
  (isWildcard(bound) &&
    isIPv6(address) === isIPv6(bound) &&
    (isLoopback(address) || Object.values(interfaces).some((each) => each?.some((own) => own.address === address))));

/** Addresses that mean something only in a network of their own (RFC 1122, 1918, 3927, 4193, 6598). */
const privateNetworks = new BlockList();
privateNetworks.addSubnet('127.0.0.0', 8, 'ipv4');
privateNetworks.addSubnet('10.0.0.0', 8, 'ipv4');
privateNetworks.addSubnet('172.16.0.0', 12, 'ipv4');
privateNetworks.addSubnet('192.168.0.0', 16, 'ipv4');
privateNetworks.addSubnet('169.254.0.0', 16, 'ipv4');
privateNetworks.addSubnet('100.64.0.0', 10, 'ipv4');
privateNetworks.addAddress('::1', 'ipv6');
privateNetworks.addSubnet('fc00::', 7, 'ipv6');
privateNetworks.addSubnet('fe80::', 10, 'ipv6');

/** Whether a host means somebody only to those next to him: a private address, or a name that DNS knows nothing of. */
export function isUnroutable(host: string): boolean {
  const family = isIP(host);
  if (family === 0) return /(^[^.]+|\.(invalid|local))$/i.test(host);
  return privateNetworks.check(host, family === 4 ? 'ipv4' : 'ipv6');
}

/** How well a socket bound to `bound` suits a remote place: loopback talks to loopback only. */
export function suits(bound: string, remote: string): number {
  if (isIPv6(bound) !== isIPv6(remote)) return 0;
  if (isWildcard(bound)) return 2;
  return isLoopback(bound) === isLoopback(remote) ? 3 : 1;
}
