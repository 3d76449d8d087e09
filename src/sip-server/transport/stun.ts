// Keep-alives of telephones behind a NAT: a STUN Binding request, answered with where it came from (RFC 8489, RFC 5626 4.4.2).
import { isIPv6 } from 'node:net';
import type { Place } from './flow.ts';

const bindingRequest = 0x0001;
const bindingResponse = 0x0101;
const bindingError = 0x0111;
const cookie = 0x2112a442;
const xorMappedAddress = 0x0020;
const errorCode = 0x0009;
const unknownAttributes = 0x000a;

/** RFC 8489 5: no SIP message begins with an octet below 64. */
export const isStun = (octets: Buffer): boolean =>
  octets.length >= 20 && octets[0]! < 64 && octets.readUInt32BE(4) === cookie;

/**
 * The answer to a Binding request; undefined to anything else. It is 12 octets longer than the request, 24 over IPv6, whoever asks and
 * whatever else he says: that is little for one who forges addresses.
 */
export function answerStun(octets: Buffer, from: Place): Buffer | undefined {
  const size = octets.readUInt16BE(2);
  if (octets.readUInt16BE(0) !== bindingRequest || size !== octets.length - 20) return undefined;
  const unknown = unknownTypes(octets);
  if (unknown === undefined) return undefined;
  if (unknown.length === 0) {
    return message(octets, bindingResponse, [attribute(xorMappedAddress, mappedAddress(octets, from))]);
  }
  const types = Buffer.alloc(2 * unknown.length);
  for (const [index, type] of unknown.entries()) types.writeUInt16BE(type, 2 * index);
  const code = Buffer.from([0, 0, 4, 20]);
  return message(octets, bindingError, [attribute(errorCode, code), attribute(unknownAttributes, types)]);
}

/** Attributes that one must understand and we do not (RFC 8489 14); undefined when they are cut short. We understand none. */
function unknownTypes(octets: Buffer): number[] | undefined {
  const unknown: number[] = [];
  for (let at = 20; at < octets.length;) {
    if (at + 4 > octets.length) return undefined;
    const type = octets.readUInt16BE(at);
    at += 4 + 4 * Math.ceil(octets.readUInt16BE(at + 2) / 4);
    if (at > octets.length) return undefined;
    if (type < 0x8000) unknown.push(type);
  }
  return unknown;
}

/** RFC 8489 14.2: hidden by the cookie and the transaction's id from NATs that replace addresses wherever they see one. */
function mappedAddress(request: Buffer, { address, port }: Place): Buffer {
  const octets = addressOctets(address);
  for (let index = 0; index < octets.length; index++) octets[index]! ^= request[4 + index]!;
  const value = Buffer.alloc(4);
  value[1] = octets.length === 4 ? 1 : 2;
  value.writeUInt16BE(port ^ (cookie >>> 16), 2);
  return Buffer.concat([value, octets]);
}

function addressOctets(address: string): Buffer {
  if (!isIPv6(address)) return Buffer.from(address.split('.').map(Number));
  // The URL parser writes an embedded IPv4 address as two groups.
  const [head = '', tail] = new URL(`http://[${address}]`).hostname.slice(1, -1).split('::');
  const groups = (text: string | undefined): string[] => (text ? text.split(':') : []);
  const [before, after] = [groups(head), groups(tail)];
  const all = [...before, ...Array<string>(8 - before.length - after.length).fill('0'), ...after];
  const octets = Buffer.alloc(16);
  for (const [index, group] of all.entries()) octets.writeUInt16BE(parseInt(group, 16), 2 * index);
  return octets;
}

function attribute(type: number, value: Buffer): Buffer {
  const octets = Buffer.alloc(4 + 4 * Math.ceil(value.length / 4));
  octets.writeUInt16BE(type, 0);
  octets.writeUInt16BE(value.length, 2);
  value.copy(octets, 4);
  return octets;
}

function message(request: Buffer, type: number, attributes: readonly Buffer[]): Buffer {
  const body = Buffer.concat(attributes);
  const header = Buffer.from(request.subarray(0, 20));
  header.writeUInt16BE(type, 0);
  header.writeUInt16BE(body.length, 2);
  return Buffer.concat([header, body]);
}
