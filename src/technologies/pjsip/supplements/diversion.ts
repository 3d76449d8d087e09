// From whom a call was diverted: Diversion (RFC 5806), else History-Info (RFC 7044) as RFC 7544 compares them.
import { DatastoreKey } from '../datastores.ts';
import { divide, formatNameAddress, parseNameAddress, type NameAddress } from '../name-address.ts';
import type { SipHeaders } from '../stack.ts';
import { formatUri, parseUri, sipUri, type SipUri } from '../uri.ts';
import type { Supplement, SupplementedSession } from './supplement.ts';

export interface Diversion {
  /** Who diverted it last. */
  readonly name: string;
  readonly number: string;
  /** In the words of RFC 5806: "unconditional", "user-busy", "no-answer" ... */
  readonly reason: string;
  /** Whoever diverted it does not want to be shown. */
  readonly isPrivate: boolean;
  readonly count: number;
}

const DIVERSION = new DatastoreKey<Diversion>('diversion');

export const diversion: Supplement = {
  name: 'diversion',
  methods: ['INVITE'],

  incomingRequest(session, { headers }) {
    if (session.channel === undefined && session.direction === 'inbound') note(session, diversionOf(headers));
  },

  /** Being forwarded, or sent elsewhere. */
  incomingResponse(session, { status, headers }) {
    if (status === 181 || status === 302) note(session, diversionOf(headers));
  },

  outgoingRequest({ direction, endpoint, channel, host }, { headers }) {
    const number = channel?.snapshot.redirecting;
    if (direction !== 'outbound' || !endpoint.send_diversion || !number || channel?.snapshot.state === 'Up') return;
    if (headers.some(([name]) => name.toLowerCase() === 'diversion')) return;
    const uri = formatUri(sipUri(number, endpoint.from_domain ?? host));
    headers.push(['Diversion', formatNameAddress({ name: '', uri, params: new Map([['reason', 'unknown']]) })]);
  },

  read({ datastores }, expression) {
    const [, field] = /^REDIRECTING\(\s*(from-name|from-num|reason|count)\s*\)$/.exec(expression) ?? [];
    if (field === undefined) return undefined;
    const found = datastores.get(DIVERSION);
    switch (field) {
      case 'from-name':
        return found?.name ?? '';
      case 'from-num':
        return found?.number ?? '';
      case 'reason':
        return found?.reason ?? '';
      default:
        return String(found?.count ?? 0);
    }
  },
};

/** A number that is not to be shown stays here: whoever the call is given on to would see it. */
function note(session: SupplementedSession, found: Diversion | undefined): void {
  if (found === undefined) return;
  session.datastores.remove(DIVERSION);
  session.datastores.add(DIVERSION, found);
  if (!found.isPrivate && found.number !== '') session.setRedirecting(found.number);
}

/** Undefined when none is told. */
export function diversionOf(headers: SipHeaders): Diversion | undefined {
  const all = (name: string): string[] => headers.all(name).flatMap((line) => divide(line, ','));
  return ofDiversion(all('Diversion')) ?? ofHistory(all('History-Info'));
}

/** The topmost is the latest. */
function ofDiversion(values: readonly string[]): Diversion | undefined {
  const last = parseNameAddress(values[0] ?? '');
  if (last === undefined) return undefined;
  const param = (name: string): string => (last.params.get(name) ?? '').replace(/^"(.*)"$/, '$1').toLowerCase();
  const counts = values.map((each) => Number(parseNameAddress(each)?.params.get('counter') ?? 1));
  return {
    ...partyOf(last),
    reason: param('reason') || 'unknown',
    isPrivate: /^(full|uri|name)$/.test(param('privacy')),
    count: counts.reduce((sum, each) => sum + (Number.isSafeInteger(each) ? each : 1), 0),
  };
}

/** In the order of its way. Who was asked before the last that has a cause diverted it there (RFC 7544 3.2, RFC 4458). */
function ofHistory(values: readonly string[]): Diversion | undefined {
  const entries = values.flatMap((value): Entry[] => {
    const address = parseNameAddress(value);
    const uri = address && parseUri(address.uri);
    return address === undefined || uri === undefined ? [] : [{ address, uri }];
  });
  const diversions = entries.flatMap((entry, index) => {
    const next = entries[index + 1];
    const cause = next?.uri.params.get('cause') ?? (next && causeWithin(entry.uri));
    return cause === undefined ? [] : [{ ...entry, cause }];
  });
  const last = diversions.at(-1);
  if (last === undefined) return undefined;
  return {
    ...partyOf(last.address),
    reason: reasons[last.cause] ?? 'unknown',
    isPrivate: /history|id|user/i.test(last.uri.headers.get('privacy') ?? ''),
    count: diversions.length,
  };
}

interface Entry {
  readonly address: NameAddress;
  readonly uri: SipUri;
}

/** Why it went on from there, as RFC 4244 wrote it: a Reason within the URI. */
const causeWithin = ({ headers }: SipUri): string | undefined =>
  /^SIP\s*;.*cause\s*=\s*(\d{3})/i.exec(headers.get('reason') ?? '')?.[1];

/** RFC 7544 table 1. */
const reasons: Readonly<Record<string, string>> = {
  302: 'unconditional',
  408: 'no-answer',
  480: 'deflection',
  486: 'user-busy',
  487: 'deflection',
  503: 'unavailable',
};

const partyOf = ({ name, uri }: NameAddress): { readonly name: string; readonly number: string } => ({
  name,
  number: /^tel:([^;]+)/i.exec(uri)?.[1] ?? parseUri(uri)?.user ?? '',
});
