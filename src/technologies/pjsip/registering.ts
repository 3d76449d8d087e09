// The rules of a registration of ours, without its wire: our contact, what it was granted, and when it is refreshed.
import { divide, parseNameAddress } from './name-address.ts';
import type { RegistrationObject } from './objects/index.ts';
import type { SipResponse } from './stack.ts';
import { formatUri, parseUri, sameUri, sipUri } from './uri.ts';

/** Where requests go, if nothing else is said of a protocol: RFC 3261 18.1.1, 26.2.2. */
export function transportOf({ server_uri: server, outbound_proxy: proxy }: RegistrationObject): string {
  const uri = parseUri(proxy ?? server);
  return uri?.params.get('transport')?.toLowerCase() ?? (uri?.scheme === 'sips' ? 'tls' : 'udp');
}

/** For "localhost" the stack puts in the address and port that it sends from. */
export function contactOf(object: RegistrationObject): string {
  const transport = transportOf(object);
  const uri = sipUri(object.contact_user, 'localhost');
  return formatUri(transport === 'udp' ? uri : { ...uri, params: new Map([['transport', transport]]) });
}

/** Before it expires: a tenth of the time earlier, and at least 5 seconds if that leaves half of it. */
export const refreshAfter = (granted: number): number =>
  Math.max(1, granted - Math.min(Math.max(granted / 10, 5), granted / 2));

/** What our contact got, among those that the answer lists, else what the answer says of all (RFC 3261 10.2.4). */
export function grantedTo(uri: string, response: SipResponse): number | undefined {
  const ours = parseUri(uri);
  const listed = response.headers.all('Contact').flatMap((line) => divide(line, ','));
  for (const each of listed) {
    const contact = parseNameAddress(each);
    const theirs = parseUri(contact?.uri ?? '');
    const seconds = Number.parseInt(contact?.params.get('expires') ?? '', 10);
    if (ours !== undefined && theirs !== undefined && sameUri(ours, theirs) && seconds > 0) return seconds;
  }
  return secondsIn(response, 'Expires');
}

/** Above 0. Retry-After may have a comment and parameters behind it. */
export function secondsIn({ headers }: SipResponse, name: string): number | undefined {
  const seconds = Number.parseInt(headers.get(name) ?? '', 10);
  return seconds > 0 ? seconds : undefined;
}
