// SIP and SIPS URIs: read, written and compared (RFC 3261 19.1).

export interface SipUri {
  readonly scheme: 'sip' | 'sips';
  /** Without its escapes; undefined when there is none. */
  readonly user: string | undefined;
  readonly password: string | undefined;
  /** A name or an address; IPv6 in its brackets. */
  readonly host: string;
  readonly port: number | undefined;
  /** Names in lower case; one without a value has ''. */
  readonly params: ReadonlyMap<string, string>;
  readonly headers: ReadonlyMap<string, string>;
}

const none: ReadonlyMap<string, string> = new Map();
const SHAPE =
  /^(sips?):(?:([^@\s<>"]+)@)?(\[[\da-f:.]+\]|[\w.-]+)(?::(\d{1,5}))?((?:;[^;?\s<>"@]+)*)(?:\?([^?\s<>"@]+))?$/i;
const CONTROL = /[\u0000-\u001f\u007f]/;

/** A URI of the user at a host, with nothing else. */
export const sipUri = (user: string | undefined, host: string, port?: number): SipUri => ({
  scheme: 'sip',
  user,
  password: undefined,
  host,
  port,
  params: none,
  headers: none,
});

/** "sip" in "sip:foo@example.org", in lower case; undefined if it is not a URI at all. */
export const schemeOf = (text: string): string | undefined => /^([a-z][\w.+-]*):/i.exec(text)?.[1]?.toLowerCase();

/** Undefined when the text is not a well-formed SIP or SIPS URI. */
export function parseUri(text: string): SipUri | undefined {
  const found = CONTROL.test(text) ? null : SHAPE.exec(text);
  if (found === null) return undefined;
  const [, scheme = '', userinfo, host = '', port, params = '', headers] = found;
  const colon = userinfo?.indexOf(':') ?? -1;
  const user = unescape(colon === -1 ? userinfo : userinfo?.slice(0, colon));
  const password = unescape(colon === -1 ? undefined : userinfo?.slice(colon + 1));
  const named = params === '' ? none : pairsOf(params.slice(1).split(';'));
  const asked = headers === undefined ? none : pairsOf(headers.split('&'));
  if (user === null || user === '' || password === null || named === undefined || asked === undefined) return undefined;
  const number = port === undefined ? undefined : Number(port);
  if (number !== undefined && (number === 0 || number > 65_535)) return undefined;
  return {
    scheme: scheme.toLowerCase() as SipUri['scheme'],
    user,
    password,
    host,
    port: number,
    params: named,
    headers: asked,
  };
}

export function formatUri({ scheme, user, password, host, port, params, headers }: SipUri): string {
  const secret = password === undefined ? '' : `:${escape(password, PASSWORD)}`;
  const userinfo = user === undefined ? '' : `${escape(user, USER)}${secret}@`;
  const where = port === undefined ? host : `${host}:${port}`;
  const start = `${scheme}:${userinfo}${where}`;
  if (params.size + headers.size === 0) return start;
  const written = [...params].map((each) => `;${pair(each, PARAMETER)}`).join('');
  const asked = [...headers].map((each) => pair(each, HEADER)).join('&');
  return `${start}${written}${asked === '' ? '' : `?${asked}`}`;
}

/** Whether both lead to the same place, by the rules of RFC 3261 19.1.4. */
export function sameUri(one: SipUri, other: SipUri): boolean {
  return (
    one.scheme === other.scheme &&
    one.user === other.user &&
    one.password === other.password &&
    one.host.toLowerCase() === other.host.toLowerCase() &&
    one.port === other.port &&
    sameParams(one.params, other.params) &&
    sameParams(other.params, one.params) &&
    one.headers.size === other.headers.size &&
    [...one.headers].every(([name, value]) => other.headers.get(name) === value)
  );
}

/** A parameter of both must be equal; one of these may not stand in one alone; any other may. */
const TELLING: ReadonlySet<string> = new Set(['user', 'ttl', 'method', 'maddr', 'transport']);

const sameParams = (one: ReadonlyMap<string, string>, other: ReadonlyMap<string, string>): boolean =>
  [...one].every(([name, value]) => {
    const counterpart = other.get(name);
    if (counterpart === undefined) return !TELLING.has(name);
    return counterpart.toLowerCase() === value.toLowerCase();
  });

// What may stand without an escape (RFC 3261 25.1); all else is escaped.
const USER = /[^\w\-.!~*'()&=+$,;?/]/gu;
const PASSWORD = /[^\w\-.!~*'()&=+$,]/gu;
const PARAMETER = /[^\w\-.!~*'()[\]/:&+$]/gu;
const HEADER = /[^\w\-.!~*'()[\]/?:+$]/gu;

const escape = (text: string, unsafe: RegExp): string =>
  text.replace(unsafe, (each) =>
    [...new TextEncoder().encode(each)].map((byte) => `%${byte.toString(16).toUpperCase().padStart(2, '0')}`).join(''),
  );

const pair = ([name, value]: readonly [string, string], unsafe: RegExp): string =>
  value === '' ? escape(name, unsafe) : `${escape(name, unsafe)}=${escape(value, unsafe)}`;

/** Null when an escape is broken. Nearly everything has none, and is looked through faster than decoded. */
function unescape<T extends string | undefined>(text: T): T | null {
  if (text === undefined || !text.includes('%')) return text;
  try {
    return decodeURIComponent(text) as T;
  } catch {
    return null;
  }
}

/** Undefined when an escape is broken or a name stands twice (RFC 3261 19.1.1). */
function pairsOf(parts: readonly string[]): ReadonlyMap<string, string> | undefined {
  const pairs = new Map<string, string>();
  for (const part of parts) {
    const equals = part.indexOf('=');
    const name = unescape(equals === -1 ? part : part.slice(0, equals))?.toLowerCase();
    const value = unescape(equals === -1 ? '' : part.slice(equals + 1));
    if (name === undefined || name === '' || value === null || pairs.has(name)) return undefined;
    pairs.set(name, value);
  }
  return pairs;
}
