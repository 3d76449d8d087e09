// What is believed of who a request says that it comes from (RFC 3325 4, 5): its own endpoint, and nobody else.
//
// Credentials prove an endpoint; From and P-Asserted-Identity are only what it says. Where a From names somebody else, a
// service is shown the endpoint's own name instead; an asserted identity of somebody else is taken away. Who has
// `trust_id_inbound` is believed in both.
import type { Party } from '../../core/facts.ts';
import { divide, formatNameAddress, parseNameAddress, parseSipAddress, type NameAddress } from './name-address.ts';
import type { EndpointObject } from './objects/index.ts';
import { SipHeaders, type SipHeader, type SipMessage, type SipRequest } from './stack.ts';
import { formatUri, parseUri, sipUri, type SipUri } from './uri.ts';

export const ASSERTED = 'P-Asserted-Identity';
export const REMOTE = 'Remote-Party-ID';
/** Where identities are asserted: by the standard, and before it. */
const ASSERTIONS: readonly string[] = [ASSERTED.toLowerCase(), REMOTE.toLowerCase()];
/** The host of who wants to be nobody (RFC 3323 4.1.1.3). */
export const NOBODY = 'anonymous.invalid';

/** The request as a service may believe it, once its endpoint is proven. */
export function believed(request: SipRequest, object: EndpointObject): SipRequest {
  if (object.trust_id_inbound || isPlainlyOwn(request.headers, object)) return request;
  const lines = [...request.headers];
  const kept = lines
    .filter(([name, value]) => !ASSERTIONS.includes(name.toLowerCase()) || isAllOwn(value, object))
    .map((line): SipHeader => (line[0].toLowerCase() === 'from' ? [line[0], ownFrom(line[1], request, object)] : line));
  const isSame = kept.length === lines.length && kept.every(([, value], index) => value === lines[index]?.[1]);
  return isSame ? request : { ...request, headers: new SipHeaders(kept) };
}

/** The caller: who is asserted, else From; undefined when there is no address. */
export function callerOf(message: Pick<SipMessage, 'headers'>, object: EndpointObject): Party | undefined {
  return assertedOf(message, object) ?? partyOf(message.headers.get('From') ?? '', isPrivacyAsked(message.headers));
}

/**
 * Who a trusted endpoint asserts to be the far end: by P-Asserted-Identity, the first of several (RFC 3325 9.1), else by
 * Remote-Party-ID, which was before it. Undefined when it asserts nobody, or is not trusted.
 */
export function assertedOf({ headers }: Pick<SipMessage, 'headers'>, object: EndpointObject): Party | undefined {
  if (!object.trust_id_inbound) return undefined;
  const [asserted = ''] = divide(headers.get(ASSERTED) ?? '', ',');
  const [remote = ''] = divide(headers.get(REMOTE) ?? '', ',');
  const privacy = parseNameAddress(remote)?.params.get('privacy') ?? 'off';
  return partyOf(asserted, isPrivacyAsked(headers)) ?? partyOf(remote, !/^"?off"?$/i.test(privacy));
}

/** RFC 3323 4.2, RFC 3325 9.3: for the identity, the user, or all headers; but not when any says "none". */
function isPrivacyAsked(headers: SipHeaders): boolean {
  const asked = headers.all('Privacy').flatMap((line) => line.toLowerCase().split(/[;,\s]+/));
  return asked.some((each) => PRIVACIES.includes(each)) && !asked.includes('none');
}

const PRIVACIES: readonly string[] = ['id', 'user', 'header'];

function partyOf(text: string, isPrivate: boolean): Party | undefined {
  const address = parseNameAddress(text);
  if (address === undefined) return undefined;
  const telephone = /^tel:([^;]+)/i.exec(address.uri)?.[1];
  const uri = parseUri(address.uri);
  const number = telephone ?? uri?.user ?? '';
  const isHidden = isPrivate || uri?.host.toLowerCase() === NOBODY;
  return { name: address.name, number, ...(isHidden && { isPrivate: true }) };
}

/** As it came when it is the endpoint's own, or nobody's. What is no address is left to whoever reads it. */
function ownFrom(value: string, request: SipRequest, object: EndpointObject): string {
  const from = parseNameAddress(value);
  if (from === undefined) return value;
  const uri = parseUri(from.uri);
  const isNobody = uri?.host.toLowerCase() === NOBODY;
  if (isNobody && uri.user === 'anonymous' && /^(anonymous)?$/i.test(from.name)) return value;
  if (isNobody) return formatNameAddress({ ...from, name: 'Anonymous', uri: formatUri(sipUri('anonymous', NOBODY)) });
  if (isOwn(uri, object)) return value;
  return formatNameAddress({ ...ownAddress(request, object), params: from.params });
}

/** As nearly every request is: its one From is the endpoint's own, and nobody is asserted. */
function isPlainlyOwn(headers: SipHeaders, object: EndpointObject): boolean {
  if (headers.get(ASSERTED) !== undefined || headers.get(REMOTE) !== undefined) return false;
  const uri = headers.read('From', parseSipAddress)?.sip;
  return isOwn(uri, object) && uri?.host.toLowerCase() !== NOBODY && headers.all('From').length === 1;
}

/** By its name, one of its auths, an address of record, or the number or user that it is configured to have. */
function isOwn(uri: SipUri | undefined, { id, auth, aors, from_user: own, callerid }: EndpointObject): boolean {
  if (uri?.user === undefined) return false;
  const { user, host } = uri;
  const at = `${user}@${host}`;
  const isIt = (name: string | undefined): boolean => name === user || name === at;
  return isIt(id) || isIt(own) || isIt(callerid?.number) || aors.some(isIt) || auth.some((each) => isIt(each.username));
}

const isAllOwn = (value: string, object: EndpointObject): boolean =>
  divide(value, ',').every((each) => isOwn(parseUri(parseNameAddress(each)?.uri ?? ''), object));

function ownAddress({ receivedOn, source }: SipRequest, object: EndpointObject): Omit<NameAddress, 'params'> {
  const { id, from_user: own, from_domain: domain, callerid } = object;
  const here = (receivedOn ?? source).address;
  const [user = id, host = here.includes(':') ? `[${here}]` : here] = (own ?? id).split('@', 2);
  return { name: callerid?.name ?? '', uri: formatUri(sipUri(user, domain ?? host)) };
}
