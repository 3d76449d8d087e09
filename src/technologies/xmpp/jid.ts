// Addresses of XMPP (RFC 7622): how they are read, compared and written.

export interface Jid {
  /** Undefined for that of a server or a component. */
  readonly local: string | undefined;
  readonly domain: string;
  readonly resource: string | undefined;
}

/** In bytes, of each part (RFC 7622 3.1). */
const LONGEST = 1023;
/** RFC 7622 3.3.1 */
const NOT_IN_LOCAL = /["&'/:<>@]/;
const BLANK_OR_CONTROL = /[\p{C}\p{Z}]/u;
const CONTROL = /\p{Cc}|\p{Cs}/u;
const DOMAIN = /^(\[[0-9a-f:.]+\]|[^\s"&'/:<>@.]+(\.[^\s"&'/:<>@.]+)*\.?)$/;

/** Undefined when the text is no JID. Locals and domains are in small letters in what is given: they are compared so. */
export function parseJid(text: string): Jid | undefined {
  const slash = text.indexOf('/');
  const [bare, resource] = slash === -1 ? [text, undefined] : [text.slice(0, slash), text.slice(slash + 1)];
  const at = bare.indexOf('@');
  const local = at === -1 ? undefined : bare.slice(0, at).normalize('NFC').toLowerCase();
  const domain = bare
    .slice(at + 1)
    .normalize('NFC')
    .toLowerCase();
  if (local !== undefined && (!fits(local) || NOT_IN_LOCAL.test(local) || BLANK_OR_CONTROL.test(local)))
    return undefined;
  if (!fits(domain) || BLANK_OR_CONTROL.test(domain) || !DOMAIN.test(domain)) return undefined;
  if (resource !== undefined && (!fits(resource) || CONTROL.test(resource))) return undefined;
  return { local, domain: domain.replace(/\.$/, ''), resource };
}

const fits = (part: string): boolean => part !== '' && Buffer.byteLength(part) <= LONGEST;

export const formatJid = ({ local, domain, resource }: Jid): string =>
  `${local === undefined ? '' : `${local}@`}${domain}${resource === undefined ? '' : `/${resource}`}`;

/** Without its resource. */
export const bareOf = ({ local, domain }: Jid): string => formatJid({ local, domain, resource: undefined });

/** What a local part cannot say, and how it is written in it (XEP-0106). */
const ESCAPES: ReadonlyMap<string, string> = new Map(
  [' ', '"', '&', "'", '/', ':', '<', '>', '@'].map((each) => [each, `\\${each.charCodeAt(0).toString(16)}`]),
);
const ESCAPED: ReadonlyMap<string, string> = new Map(
  [...ESCAPES, ['\\', '\\5c']].map(([plain, code]) => [code!, plain!]),
);

/** Any name as a local part. */
export const escapeLocal = (name: string): string =>
  name
    .replace(/\\(?=20|22|26|27|2f|3a|3c|3e|40|5c)/g, '\\5c')
    .replace(/[ "&'/:<>@]/g, (each) => ESCAPES.get(each) ?? each);

/** The name that a local part stands for. */
export const unescapeLocal = (local: string): string =>
  local.replace(/\\(20|22|26|27|2f|3a|3c|3e|40|5c)/g, (code) => ESCAPED.get(code) ?? code);
