// The rules of one registration, without its wire: what it asks for, and what becomes of the contacts (RFC 3261 10.3).
import { Fault } from '../../errors.ts';
import { contactId, type Registered } from './location.ts';
import { divide, parseNameAddress } from './name-address.ts';
import type { AorObject } from './objects/index.ts';
import { parseUri, sameUri, schemeOf, type SipUri } from './uri.ts';

export interface AskedContact {
  readonly text: string;
  readonly uri: SipUri;
  /** In seconds; 0 to remove it. */
  readonly expires: number;
}

export interface Asked {
  /** All of them are to go; or these are to come, to stay or to go; with none of them it only asks. */
  readonly contacts: 'remove all' | readonly AskedContact[];
  readonly path: string;
  readonly callId: string;
  readonly cseq: number;
}

/** The seconds that a contact gets: what its own parameter says, else the header, else the default; within the limits, unless it is 0. */
export function expirationOf(parameter: string | undefined, header: string | undefined, aor: AorObject): number {
  const asked = parameter ?? header?.trim() ?? '';
  const seconds = /^\d+$/.test(asked) ? Number(asked) : aor.default_expiration;
  return seconds === 0 ? 0 : Math.min(Math.max(seconds, aor.minimum_expiration), aor.maximum_expiration);
}

/** Contacts that are no SIP URIs are passed over. Fails with a Fault 'invalid'. */
export function parseContacts(
  lines: readonly string[],
  expires: string | undefined,
  aor: AorObject,
): Asked['contacts'] {
  const parts = lines.flatMap((line) => divide(line, ','));
  if (parts.includes('*')) {
    if (parts.length > 1) throw new Fault('invalid', 'A Contact of * stands alone');
    if (expirationOf(undefined, expires, aor) !== 0) throw new Fault('invalid', 'A Contact of * needs Expires: 0');
    return 'remove all';
  }
  return parts.flatMap((part): AskedContact[] => {
    const address = parseNameAddress(part);
    if (address === undefined) throw new Fault('invalid', 'A Contact is malformed');
    const scheme = schemeOf(address.uri);
    if (scheme !== undefined && scheme !== 'sip' && scheme !== 'sips') return [];
    const uri = parseUri(address.uri);
    if (uri === undefined) throw new Fault('invalid', 'A Contact is malformed');
    return [{ text: address.uri, uri, expires: expirationOf(address.params.get('expires'), expires, aor) }];
  });
}

/**
 * What is registered afterwards. A request that comes late or twice changes nothing: one of the same Call-ID whose CSeq
 * is not higher. Fails with a Fault 'forbidden' when it would be too many.
 */
export function rebind(
  aor: AorObject,
  before: readonly Registered[],
  asked: Asked,
  now: number,
): readonly Registered[] {
  const { contacts, path, callId, cseq } = asked;
  const isLate = (contact: Registered | undefined): boolean =>
    contact !== undefined && contact.callId === callId && contact.cseq >= cseq;
  if (contacts === 'remove all') return before.filter(isLate);

  const known = before.map(({ id, uri }) => ({ id, uri: parseUri(uri) }));
  const wanted = new Map<string, Registered | 'gone'>();
  for (const { text, uri, expires } of contacts) {
    const found = known.find((each) => each.uri !== undefined && sameUri(each.uri, uri));
    if (isLate(before.find(({ id }) => id === found?.id))) return before;
    const id = found?.id ?? contactId(text);
    if (found === undefined) known.push({ id, uri });
    wanted.set(id, expires === 0 ? 'gone' : { id, uri: text, path, expiresAt: now + expires * 1000, callId, cseq });
  }
  const coming = [...wanted.values()].filter((each) => each !== 'gone');
  const staying = before.filter(({ id }) => !wanted.has(id));
  const room = aor.max_contacts - coming.length;
  const isMore = coming.some(({ id }) => before.every((each) => each.id !== id));
  if (isMore && room < (aor.remove_existing ? 0 : staying.length))
    throw new Fault('forbidden', `More contacts than ${aor.max_contacts} at ${aor.id}`);
  return [...(aor.remove_existing ? longestLived(staying, Math.max(room, 0)) : staying), ...coming];
}

const longestLived = (contacts: readonly Registered[], count: number): Registered[] =>
  [...contacts].sort((one, other) => other.expiresAt - one.expiresAt).slice(0, count);
