// Addresses and networks: which of them a packet's source belongs to.
import { BlockList, isIP } from 'node:net';

export interface Network {
  /** As it was written. */
  readonly text: string;
  contains(address: string): boolean;
}

/** An IPv4 address that came in IPv6's clothes is an IPv4 address (RFC 4291 2.5.5.2). */
const plain = (address: string): string => /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(address)?.[1] ?? address;

/** The bits of an address. IPv6 is written out by the URL parser, which knows all its short forms. */
function bitsOf(address: string): string {
  if (isIP(address) === 4)
    return address
      .split('.')
      .map((each) => Number(each).toString(2).padStart(8, '0'))
      .join('');
  const written = new URL(`http://[${address}]/`).hostname.slice(1, -1);
  const [head = '', tail] = written.split('::');
  const groups = (part: string): string[] => (part === '' ? [] : part.split(':'));
  const missing = tail === undefined ? 0 : 8 - groups(head).length - groups(tail).length;
  const all = [...groups(head), ...Array<string>(missing).fill('0'), ...groups(tail ?? '')];
  return all.map((each) => Number.parseInt(each, 16).toString(2).padStart(16, '0')).join('');
}

/** "24", or the mask "255.255.255.0": how many bits count. */
function prefixLength(text: string, family: 4 | 6): number | undefined {
  if (/^\d{1,3}$/.test(text)) return Number(text) <= (family === 4 ? 32 : 128) ? Number(text) : undefined;
  if (isIP(text) !== family) return undefined;
  const bits = /^(1*)0*$/.exec(bitsOf(text));
  return bits?.[1]?.length;
}

/** "192.0.2.1", "192.0.2.0/24", "192.0.2.0/255.255.255.0", and the same for IPv6; undefined if it is none of these. */
export function parseNetwork(text: string): Network | undefined {
  const [address = '', mask] = text.split('/', 2);
  const family = isIP(address);
  if (family !== 4 && family !== 6) return undefined;
  const name = family === 4 ? 'ipv4' : 'ipv6';
  const length = mask === undefined ? (family === 4 ? 32 : 128) : prefixLength(mask, family);
  if (length === undefined || text.split('/').length > 2) return undefined;
  const set = new BlockList();
  set.addSubnet(address, length, name);
  return {
    text,
    contains(source) {
      const from = plain(source);
      return isIP(from) === family && set.check(from, name);
    },
  };
}
