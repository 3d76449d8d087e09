// Bodies that are no text. An application's frames are UTF-8, so such a body stands in them in base64, under a header of our own.
import { isUtf8 } from 'node:buffer';
import { cseqOf, headerOf, headersOf, ourHeader, serialise, type SipMessage } from '../message.ts';
import type { Draft } from './command.ts';

const name = 'X-Arion-Body-Encoding';
const key = name.toLowerCase();

/** What offers and answers travel in (RFC 3264). */
const negotiating: readonly (string | undefined)[] = ['INVITE', 'ACK', 'PRACK', 'UPDATE'];

/**
 * A session description, or what may have one among its parts, is told as text whatever it holds: a name in Latin-1, or a
 * part for somebody else, is no reason why a call should fail.
 */
const describesSession = (message: SipMessage): boolean =>
  negotiating.includes(cseqOf(message)?.method) &&
  /^(?:application\/sdp\b|multipart\/)/i.test(headerOf(message, 'content-type') ?? '');

/** The message as an application is told of it; `octets` are those of the wire. */
export function told(message: SipMessage, octets = serialise(message)): Buffer {
  if (message.body.length === 0 || isUtf8(message.body)) return octets;
  const isText = describesSession(message);
  const body = Buffer.from(message.body.toString(isText ? 'latin1' : 'base64'));
  const headers = [
    ...message.headers.filter((header) => header.key !== 'content-length'),
    ...(isText ? [] : [ourHeader(name, 'base64')]),
    ourHeader('Content-Length', String(body.length)),
  ];
  return serialise({ ...message, headers, body });
}

/** A message from the network, which is not to decide what an application decodes. */
export function unmarked(message: SipMessage): SipMessage {
  if (headerOf(message, key) === undefined) return message;
  return { ...message, headers: message.headers.filter((header) => header.key !== key) };
}

/** What an application wrote, with the octets that it means; a text says what is wrong with them. */
export function meant<D extends Draft>(draft: D): D | string {
  if (headerOf(draft, key) === undefined) return draft;
  if (headersOf(draft, key).some(({ value }) => value.toLowerCase() !== 'base64')) return 'unknown body encoding';
  const text = draft.body.toString('latin1');
  const body = Buffer.from(text, 'base64');
  // Node.js decodes whatever it can, and leaves out the rest.
  if (body.toString('base64') !== text) return 'malformed body encoding';
  return { ...draft, body, headers: draft.headers.filter((header) => header.key !== key) };
}
