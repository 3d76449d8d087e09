// The rules of one registration, without its wire: what it asks for, and what becomes of the contacts (RFC 3261 10.3).
import { createHash } from 'node:crypto';
import { Fault } from '../../errors.ts';
import { contactId, type Registered } from './contact.ts';
import type { Decision } from './location.ts';
import { divide, parseNameAddress } from './name-address.ts';
import type { AorObject } from './objects/index.ts';
import type { SipAddress } from './stack.ts';
import { formatUri, parseUri, sameUri, schemeOf, type SipUri } from './uri.ts';

export interface AskedContact {
  readonly text: string;
  readonly uri: SipUri;
  /** In seconds; 0 to remove it. */
  readonly expires: number;
  /** What the telephone wrote, where `text` is where it really is. */
  readonly written?: string;
  readonly instance?: string;
  /** One of several flows to the telephone (RFC 5626 4.2). */
  readonly regId?: number;
}

export interface Asked {
  /** All of them are to go; or these are to come, to stay or to go; with none of them it only asks. */
  readonly contacts: 'remove all' | readonly AskedContact[];
  /** What each of the contacts then has of this request. */
  readonly common: Pick<Registered, 'path' | 'callId' | 'cseq' | 'endpoint' | 'source' | 'agent' | 'registeredAt'>;
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
    const expiration = expirationOf(address.params.get('expires'), expires, aor);
    return [{ text: address.uri, uri, expires: expiration, ...flowParameters(address.params) }];
  });
}

/** RFC 5626 4.1 and 4.2: a reg-id says something only beside an instance. */
function flowParameters(params: ReadonlyMap<string, string>): Pick<AskedContact, 'instance' | 'regId'> {
  const instance = /^"(.+)"$/.exec(params.get('+sip.instance') ?? '')?.[1];
  if (instance === undefined) return {};
  const regId = params.get('reg-id');
  if (regId === undefined) return { instance };
  if (!/^[1-9]\d{0,9}$/.test(regId) || Number(regId) >= 2 ** 31) throw new Fault('invalid', 'A reg-id is malformed');
  return { instance, regId: Number(regId) };
}

/** The contact as one that is reached where its request came from, whatever it says of itself. */
export function rewritten(contact: AskedContact, { protocol, address, port }: SipAddress): AskedContact {
  const { transport: _, ...others } = Object.fromEntries(contact.uri.params);
  const params = new Map(Object.entries(protocol === 'udp' ? others : { ...others, transport: protocol }));
  const host = address.includes(':') ? `[${address}]` : address;
  const uri: SipUri = { ...contact.uri, host, port, params };
  return { ...contact, text: formatUri(uri), uri, written: contact.text };
}

/**
 * What is registered afterwards. A request that comes late or twice changes nothing: one of the same Call-ID whose CSeq
 * is not higher. Fails with a Fault 'forbidden' when it would be too many.
 */
export function rebind(
  aor: AorObject,
  before: readonly Registered[],
  asked: Asked,
  { now, isUnreachable }: { readonly now: number; readonly isUnreachable: (contact: Registered) => boolean },
): Decision {
  const { contacts, common } = asked;
  const isLate = (contact: Registered | undefined): boolean =>
    contact !== undefined && contact.callId === common.callId && contact.cseq >= common.cseq;
  if (contacts === 'remove all') return { contacts: before.filter(isLate), why: () => 'unregistered' };

  const known = before.map((each): Known => ({ ...each, parsed: parseUri(each.uri) }));
  const wanted = new Map<string, Registered | 'gone'>();
  for (const contact of contacts) {
    const found = known.find((each) => isSame(each, contact, common.callId));
    if (isLate(before.find(({ id }) => id === found?.id))) return { contacts: before, why: () => 'unregistered' };
    const { text, uri, expires, ...more } = contact;
    const id = found?.id ?? idOf(contact);
    if (found === undefined) known.push({ ...more, callId: common.callId, id, parsed: uri });
    wanted.set(id, expires === 0 ? 'gone' : { ...common, ...more, id, uri: text, expiresAt: now + expires * 1000 });
  }
  const coming = [...wanted.values()].filter((each) => each !== 'gone');
  const staying = before.filter(({ id }) => !wanted.has(id));
  const isMore = coming.some(({ id }) => before.every((each) => each.id !== id));
  const excess = Math.max(staying.length + coming.length - aor.max_contacts, 0);
  const candidates = removable(aor, staying, isUnreachable);
  if (isMore && candidates.length < excess)
    throw new Fault('forbidden', `More contacts than ${aor.max_contacts} at ${aor.id}`);
  const evicted = new Set(candidates.slice(0, excess));
  return {
    contacts: [...staying.filter((each) => !evicted.has(each)), ...coming],
    why: (gone) => (evicted.has(gone) ? 'evicted' : 'unregistered'),
  };
}

interface Known extends Pick<Registered, 'id' | 'callId' | 'written' | 'instance' | 'regId'> {
  readonly parsed: SipUri | undefined;
}

/** Flows are told apart by instance and number (RFC 5626 6); others by URI, or, where that is not what was written, by call. */
function isSame(known: Known, contact: AskedContact, callId: string): boolean {
  if (contact.regId !== undefined) return known.regId === contact.regId && known.instance === contact.instance;
  if (known.regId !== undefined) return false;
  if (known.parsed !== undefined && sameUri(known.parsed, contact.uri)) return true;
  return contact.written !== undefined && contact.written === known.written && callId === known.callId;
}

const idOf = ({ text, instance, regId }: AskedContact): string =>
  regId === undefined ? contactId(text) : createHash('md5').update(`${instance};${regId}`).digest('hex');

/** Which contacts may make room, the first to go first. */
function removable(
  aor: AorObject,
  contacts: readonly Registered[],
  isUnreachable: (contact: Registered) => boolean,
): Registered[] {
  const byExpiry = [...contacts].sort((one, other) => one.expiresAt - other.expiresAt);
  const unreachable = aor.remove_unavailable ? byExpiry.filter(isUnreachable) : [];
  return aor.remove_existing ? [...new Set([...unreachable, ...byExpiry])] : unreachable;
}
