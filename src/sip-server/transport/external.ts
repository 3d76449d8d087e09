// Which of our addresses others see when a NAT stands between us and them.
import { BlockList, isIP } from 'node:net';

/** `external` for whoever is outside of the local networks; undefined inside, and when there is no such address of that family. */
export type ExternalAddress = (remote: string) => string | undefined;

/** `networks`: "10.0.0.0/8", "10.0.0.0/255.0.0.0", "2001:db8::/32", "192.0.2.1". Fails with a TypeError. */
export function externalAddress(external: string | undefined, networks: readonly string[]): ExternalAddress {
  const local = new BlockList();
  for (const network of networks) addNetwork(local, network);
  if (external === undefined) return () => undefined;
  const family = isIP(external);
  if (family === 0) throw new TypeError(`"${external}" is no address to be seen at`);
  return (remote) => {
    const isSeen = isIP(remote) === family && !local.check(remote, family === 4 ? 'ipv4' : 'ipv6');
    return isSeen ? external : undefined;
  };
}

function addNetwork(list: BlockList, text: string): void {
  const [, address = '', prefix] = /^([^/]+)(?:\/([\d.]+))?$/.exec(text) ?? [];
  const family = isIP(address);
  const longest = family === 4 ? 32 : 128;
  const bits = prefix === undefined ? longest : prefixLength(prefix);
  if (family === 0 || !(bits <= longest)) throw new TypeError(`"${text}" is no network`);
  list.addSubnet(address, bits, family === 4 ? 'ipv4' : 'ipv6');
}

/** "8", or the IPv4 mask "255.0.0.0"; NaN for anything else. */
function prefixLength(text: string): number {
  if (isIP(text) !== 4) return /^\d{1,3}$/.test(text) ? Number(text) : NaN;
  const bits = text.split('.').map((each) => Number(each).toString(2).padStart(8, '0'));
  return /^(1*)0*$/.exec(bits.join(''))?.[1]!.length ?? NaN;
}
