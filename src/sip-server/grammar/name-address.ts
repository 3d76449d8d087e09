// Values such as `"Alice" <sip:alice@a.example>;tag=1`: From, To, Contact, Route (RFC 3261 20.10).
import { afterQuoted, formatParams, paramOf, parseParams, split, token, type Param } from './lists.ts';
import { isUri } from './uri.ts';

export interface NameAddress {
  /** As written, quotes included; "" if there is none. */
  readonly display: string;
  readonly uri: string;
  readonly params: readonly Param[];
}

/** Undefined when malformed. Without brackets, parameters belong to the header and the URI may not have "?" or ",". */
export function parseNameAddress(value: string): NameAddress | undefined {
  const open = value.indexOf('<', value.startsWith('"') ? Math.max(0, afterQuoted(value, 0)) : 0);
  if (open < 0) return parseAddressSpec(value);
  const close = value.indexOf('>', open);
  const display = value.slice(0, open).trim();
  const uri = value.slice(open + 1, close);
  const params = parseParams(value.slice(close + 1).trim());
  return close > 0 && params !== undefined && isDisplayName(display) && isUri(uri)
    ? { display, uri, params }
    : undefined;
}

function parseAddressSpec(value: string): NameAddress | undefined {
  const semicolon = value.indexOf(';');
  const uri = (semicolon < 0 ? value : value.slice(0, semicolon)).trim();
  const params = parseParams(semicolon < 0 ? '' : value.slice(semicolon));
  return params !== undefined && isUri(uri) && !/[?,]/.test(uri) ? { display: '', uri, params } : undefined;
}

const isDisplayName = (text: string): boolean =>
  text === '' ||
  (text.startsWith('"')
    ? afterQuoted(text, 0) === text.length
    : text.split(/\s+/).every((word) => word === '' || token.test(word)));

/** Every address of a list such as Contact or Route; undefined when one is malformed. */
export function parseNameAddresses(value: string): NameAddress[] | undefined {
  const parts = split(value, ',');
  if (parts === undefined) return undefined;
  const all: NameAddress[] = [];
  for (const part of parts) {
    const address = parseNameAddress(part);
    if (address === undefined) return undefined;
    all.push(address);
  }
  return all;
}

/** The tag of a From or To value; undefined when there is none, or none that is a token. */
export function tagOf(value: string | undefined): string | undefined {
  const params = value === undefined ? undefined : parseNameAddress(value)?.params;
  const tag = params && paramOf(params, 'tag');
  return tag !== undefined && token.test(tag) ? tag : undefined;
}

/** Always with brackets, so that a parameter of the URI cannot become one of the header. */
export function formatNameAddress({ display, uri, params }: NameAddress): string {
  return `${display}${display === '' ? '' : ' '}<${uri}>${formatParams(params)}`;
}

/** The same value with this tag in place of any other. */
export function withTag(value: string, tag: string): string {
  // Nothing but the address in its brackets.
  if (value.charCodeAt(0) === 0x3c && value.indexOf('>') === value.length - 1) return `${value};tag=${tag}`;
  const address = parseNameAddress(value);
  if (address === undefined) return `${value};tag=${tag}`;
  return formatNameAddress({
    ...address,
    params: [...address.params.filter(([name]) => name.toLowerCase() !== 'tag'), ['tag', tag]],
  });
}
