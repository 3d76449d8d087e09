// Addresses as From, To and Contact carry them: a display name, a URI, parameters (RFC 3261 20.10, 25.1).
import { parseUri, type SipUri } from './uri.ts';

export interface NameAddress {
  /** The display name without its quotes; empty when there is none. */
  readonly name: string;
  /** As it stood, without brackets: of any scheme, and not looked into. */
  readonly uri: string;
  /** Of the header, not of the URI. Names in lower case; one without a value has ''. */
  readonly params: ReadonlyMap<string, string>;
}

const none: ReadonlyMap<string, string> = new Map();
const QUOTED = /^\s*"((?:[^"\\]|\\.)*)"\s*<([^<>]*)>(.*)$/s;
const BRACKETED = /^([^"<>]*)<([^<>]*)>(.*)$/s;
const BARE = /^\s*([^\s"<>;,?]+)\s*(.*)$/s;

/** One address: `"Name" <uri>;params`, `Name <uri>;params` or `uri;params`. Undefined when it is none of these. */
export function parseNameAddress(text: string): NameAddress | undefined {
  const found = (text.includes('"') ? QUOTED.exec(text) : null) ?? BRACKETED.exec(text);
  if (found !== null) {
    const [, name = '', uri = '', rest = ''] = found;
    const params = parseParams(rest);
    const shown = text.trimStart().startsWith('"') ? name.replace(/\\(.)/gs, '$1') : name.trim();
    return uri.trim() === '' || params === undefined ? undefined : { name: shown, uri: uri.trim(), params };
  }
  const bare = BARE.exec(text);
  const params = bare === null ? undefined : parseParams(bare[2] ?? '');
  return bare === null || params === undefined ? undefined : { name: '', uri: bare[1] ?? '', params };
}

/** An address, and its URI if that is one of SIP's. */
export interface SipNameAddress extends NameAddress {
  readonly sip: SipUri | undefined;
}

export function parseSipAddress(text: string): SipNameAddress | undefined {
  const address = parseNameAddress(text);
  return address && { sip: parseUri(address.uri), ...address };
}

export function formatNameAddress({ name, uri, params }: NameAddress): string {
  const shown = name === '' ? '' : `${quote(name)} `;
  if (params.size === 0) return `${shown}<${uri}>`;
  return `${shown}<${uri}>${[...params].map(([key, value]) => (value === '' ? `;${key}` : `;${key}=${value}`)).join('')}`;
}

export const quote = (text: string): string => `"${text.replace(/["\\]/g, '\\$&')}"`;

/** Divides at a character, but not within quotes or angle brackets. */
export function divide(text: string, at: ',' | ';'): string[] {
  if (!text.includes(at)) return text.trim() === '' ? [] : [text.trim()];
  const parts: string[] = [];
  let start = 0;
  let isQuoted = false;
  let isBracketed = false;
  for (let index = 0; index < text.length; index++) {
    const character = text[index];
    if (isQuoted && character === '\\') index += 1;
    else if (character === '"' && !isBracketed) isQuoted = !isQuoted;
    else if (isQuoted) continue;
    else if (character === '<') isBracketed = true;
    else if (character === '>') isBracketed = false;
    else if (character === at && !isBracketed) {
      parts.push(text.slice(start, index).trim());
      start = index + 1;
    }
  }
  return [...parts, text.slice(start).trim()].filter((part) => part !== '');
}

/** `;a=1;b="x;y";c`: undefined when it is not that. */
export function parseParams(text: string): ReadonlyMap<string, string> | undefined {
  const rest = text.trim();
  if (rest === '') return none;
  if (!rest.startsWith(';')) return undefined;
  const params = new Map<string, string>();
  for (const part of divide(rest, ';')) {
    const found = /^([^\s=";,<>]+)(?:\s*=\s*("(?:[^"\\]|\\.)*"|[^\s";,]+))?$/s.exec(part);
    if (found === null) return undefined;
    params.set((found[1] ?? '').toLowerCase(), found[2] ?? '');
  }
  return params;
}
