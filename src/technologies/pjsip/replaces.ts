// Replaces: the dialog whose place another one is to take (RFC 3891), and what Refer-To asks for (RFC 3515, RFC 5589).
import { divide, parseNameAddress, parseParams } from './name-address.ts';
import type { SipHeaders } from './stack.ts';
import { formatUri, parseUri } from './uri.ts';

export interface Replaces {
  readonly callId: string;
  /** Ours, as whoever is to be replaced sees it. */
  readonly toTag: string;
  readonly fromTag: string;
  /** Only if it is not answered yet. */
  readonly earlyOnly: boolean;
  /** As it stood. */
  readonly text: string;
}

/** Undefined when it is not well-formed. */
export function parseReplaces(text: string): Replaces | undefined {
  const semicolon = text.indexOf(';');
  const callId = text.slice(0, semicolon === -1 ? undefined : semicolon).trim();
  const params = parseParams(semicolon === -1 ? '' : text.slice(semicolon));
  const [toTag, fromTag] = [params?.get('to-tag'), params?.get('from-tag')];
  if (params === undefined || !/^[^\s<>@,;"]+(@[^\s<>@,;"]+)?$/.test(callId) || !toTag || !fromTag) return undefined;
  return { callId, toTag, fromTag, earlyOnly: params.has('early-only'), text };
}

/** What an INVITE has of it: 'bad' for two of them, one that cannot be read, or one together with Join (RFC 3891 3, RFC 3911). */
export function replacesOf(headers: SipHeaders): Replaces | 'bad' | undefined {
  const [text, ...more] = headers.all('Replaces').flatMap((line) => divide(line, ','));
  if (text === undefined) return undefined;
  if (more.length > 0 || headers.get('Join') !== undefined) return 'bad';
  return parseReplaces(text) ?? 'bad';
}

/** Where a REFER wants the far end's peer to go. */
export interface Referred {
  /** The user of the URI; empty when it has none. */
  readonly exten: string;
  /** The URI, without what is asked of the INVITE to it. */
  readonly uri: string;
  readonly replaces?: Replaces;
}

/** Undefined unless there is one Refer-To, of a SIP or SIPS URI, whose Replaces, if it has one, can be read. */
export function referredTo(headers: SipHeaders): Referred | undefined {
  const [line, ...more] = headers.all('Refer-To');
  const uri = line === undefined || more.length > 0 ? undefined : parseUri(parseNameAddress(line)?.uri ?? '');
  if (uri === undefined) return undefined;
  const text = uri.headers.get('replaces');
  const replaces = text === undefined ? undefined : parseReplaces(text);
  if (text !== undefined && replaces === undefined) return undefined;
  const referred = { exten: uri.user ?? '', uri: formatUri({ ...uri, headers: new Map() }) };
  return replaces === undefined ? referred : { ...referred, replaces };
}
