// Which of our addresses a remote place sees when we listen on all of them.
import type { networkInterfaces } from 'node:os';
import { BlockList, isIPv6 } from 'node:net';

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

/** How well a socket bound to `bound` suits a remote place: loopback talks to loopback only. */
export function suits(bound: string, remote: string): number {
  if (isIPv6(bound) !== isIPv6(remote)) return 0;
  if (isWildcard(bound)) return 2;
  return isLoopback(bound) === isLoopback(remote) ? 3 : 1;
}
