// A request as a proxy sends it on (RFC 3261 16.6), and a response as it comes back through (16.7 step 3).
import { viaHeader, type Exit } from '../core/compose-request.ts';
import { ourContact } from '../core/compose-response.ts';
import { parseNameAddress, parseNameAddresses, formatNameAddress } from '../grammar/name-address.ts';
import { split } from '../grammar/lists.ts';
import { headerOf, headersOf, ourHeader, type Header, type SipRequest, type SipResponse } from '../message.ts';

export interface Forwarding {
  /** As received, with the Routes that are left. */
  readonly request: SipRequest;
  /** The Request-URI that it goes out with. */
  readonly uri: string;
  /** How it came in. */
  readonly entrance: Exit;
  /** For our Record-Route; undefined when later requests do not come through here. */
  readonly callMark: string | undefined;
  readonly loopMark: string;
  /** Headers of the application's, in place of those of the same name. */
  readonly extra: readonly Header[];
}

export function composeForwarded(forwarding: Forwarding, exit: Exit, branch: string): SipRequest {
  const { request, uri, loopMark, extra } = forwarding;
  const replaced = new Set(['max-forwards', ...extra.map(({ key }) => key)]);
  const kept = request.headers.filter(({ key }) => !replaced.has(key));
  const length = headerOf(request, 'content-length') === undefined ? [lengthOf(request)] : [];
  const headers = [
    viaHeader(exit, `${branch}.${loopMark}`),
    ...kept.filter(({ key }) => key === 'via'),
    ...recordRoutes(forwarding, exit),
    ourHeader('Max-Forwards', String(hopsLeft(request) - 1)),
    ...kept.filter(({ key }) => key !== 'via'),
    ...extra,
    ...length,
  ];
  return { ...request, uri, headers };
}

const lengthOf = ({ body }: SipRequest): Header => ourHeader('Content-Length', String(body.length));

/** RFC 3261 16.6 step 3: whoever sends none gets 70, of which one hop is this. */
export const hopsLeft = (request: SipRequest): number => Number(headerOf(request, 'max-forwards') ?? 71);

/** Two when the sides differ, so that each sees an address that it can reach (RFC 5658); Path for a REGISTER (RFC 3327). */
function recordRoutes({ request, entrance, callMark }: Forwarding, exit: Exit): Header[] {
  if (callMark === undefined) return [];
  const params = request.method === 'REGISTER' ? ';lr' : `;lr;of=${callMark}`;
  const values = [...new Set([ourContact(exit), ourContact(entrance)])].map((contact) =>
    contact.replace('>', `${params}>`),
  );
  return values.map((value) => ourHeader(request.method === 'REGISTER' ? 'Path' : 'Record-Route', value));
}

/** Every Route value, in order. */
export const routesOf = (request: SipRequest): string[] =>
  headersOf(request, 'route').flatMap(({ value }) => (parseNameAddresses(value) ?? []).map(formatNameAddress));

/** The request without the Routes at its top that are ours. */
export function withoutOwnRoutes(request: SipRequest, isOurs: (uri: string) => boolean): SipRequest {
  const routes = routesOf(request);
  const first = routes.findIndex((route) => !isOurs(parseNameAddress(route)!.uri));
  return first === 0 || routes.length === 0 ? request : withRoutes(request, first < 0 ? [] : routes.slice(first));
}

export const withRoutes = (request: SipRequest, routes: readonly string[]): SipRequest => ({
  ...request,
  headers: [
    ...request.headers.filter(({ key }) => key !== 'route'),
    ...routes.map((route) => ourHeader('Route', route)),
  ],
});

/** The response without our Via; undefined when it was for nobody else. */
export function withoutOurVia(response: SipResponse): SipResponse | undefined {
  const index = response.headers.findIndex(({ key }) => key === 'via');
  const rest = split(response.headers[index]?.value ?? '', ',')?.slice(1) ?? [];
  const via = rest.length === 0 ? [] : [ourHeader('Via', rest.join(', '))];
  const headers = response.headers.toSpliced(index, 1, ...via);
  return headers.some(({ key }) => key === 'via') ? { ...response, headers } : undefined;
}
