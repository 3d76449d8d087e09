// The registrar: takes REGISTER, and keeps where an address of record can be reached (RFC 3261 10.3, RFC 5626 6).
import { Fault } from '../../errors.ts';
import { contactAllowed } from './acl.ts';
import type { Clock } from '../../core/clock.ts';
import type { Registered } from './contact.ts';
import { parseDigest } from './digest.ts';
import type { Location } from './location.ts';
import { divide, parseNameAddress } from './name-address.ts';
import type { AorObject, EndpointObject, PjsipObjects } from './objects/index.ts';
import { expirationOf, parseContacts, rebind, rewritten, type Asked, type AskedContact } from './registration.ts';
import type { Service } from './service.ts';
import type { SipHeader, SipRequest } from './stack.ts';
import { parseUri, schemeOf } from './uri.ts';

export interface RegistrarParts {
  readonly objects: PjsipObjects;
  readonly location: Location;
  readonly clock: Clock;
  /** Whether a contact of that address of record has been found to be out of reach. */
  readonly isUnreachable: (aor: string, contact: Registered) => boolean;
}

/** Seconds between two signs of life that a telephone gives over its connection at the latest (RFC 5626 4.4). */
const FLOW_TIMER = 120;

/** How much of a User-Agent is kept. */
const LONGEST_AGENT = 255;

export const registrar = (parts: RegistrarParts): Service => ({
  name: 'registrar',
  methods: ['REGISTER'],
  async handle(request, sender) {
    if (sender === undefined) throw new Fault('forbidden', 'A registration belongs to no dialog');
    const to = parseNameAddress(request.headers.get('To') ?? '');
    if (to === undefined) throw new Fault('invalid', 'The To header is malformed');
    if (!isSip(to.uri) || !isSip(request.uri)) {
      await request.respond(416);
      return;
    }
    const aor = aorOf(request, to.uri, sender.object, parts.objects);
    const refused = unsupported(request, aor);
    if (refused.length > 0) {
      await request.respond(420, { headers: [['Unsupported', refused.join(', ')]] });
      return;
    }
    const asked = read(request, aor, sender.object, parts);
    if (asked === 'no flow') {
      await request.respond(439, { reason: 'First Hop Lacks Outbound Support' });
      return;
    }
    const isUnreachable = (contact: Registered): boolean => parts.isUnreachable(aor.id, contact);
    await parts.location.change(aor.id, (now) => {
      // It may have been taken away while others had their turn.
      if (!parts.objects.aors.has(aor.id)) throw new Fault('not-found', `${aor.id} is no address of record any longer`);
      return rebind(aor, now, asked, { now: parts.clock.now(), isUnreachable });
    });
    await request.respond(200, { headers: confirmation(request, aor, asked, parts) });
  },
});

const isSip = (uri: string): boolean => ['sip', 'sips'].includes(schemeOf(uri) ?? '');

/** Which of the endpoint's addresses of record is meant: by the user of To, or of the credentials, as the endpoint lets itself be recognised. */
function aorOf(
  { headers }: SipRequest,
  to: string,
  object: EndpointObject,
  { aors, domainAliases }: PjsipObjects,
): AorObject {
  if (object.aors.length === 0) throw new Fault('forbidden', `Endpoint ${object.id} has no address of record`);
  const uri = parseUri(to);
  if (uri === undefined) throw new Fault('invalid', 'The To header is malformed');
  const named = (user: string | undefined, domain: string): string[] => {
    if (user === undefined) return [];
    const alias = domainAliases.get(domain);
    return [`${user}@${domain}`, ...(alias === undefined ? [] : [`${user}@${alias}`]), user];
  };
  const names = object.identify_by.flatMap((way) => {
    if (way === 'username') return named(uri.user, uri.host);
    if (way !== 'auth_username') return [];
    return parseDigest(headers.all('Authorization')).flatMap((each) =>
      named(each.get('username') ?? '', each.get('realm') ?? ''),
    );
  });
  const name = names.find((each) => object.aors.includes(each));
  const aor = name === undefined ? undefined : aors.get(name);
  if (aor === undefined) throw new Fault('not-found', `${to} is no address of record of endpoint ${object.id}`);
  if (aor.max_contacts === 0) throw new Fault('forbidden', `Nobody may register at ${aor.id}`);
  return aor;
}

const optionsOf = ({ headers }: SipRequest, name: string): string[] =>
  headers.all(name).flatMap((each) => divide(each.toLowerCase(), ','));

/** The extensions that are required and not there; and Path, when it came without the telephone's knowledge (RFC 3327 5.3). */
function unsupported(request: SipRequest, aor: AorObject): string[] {
  const offered = supported(aor);
  const refused = optionsOf(request, 'Require').filter((each) => !offered.includes(each));
  const hasPath = aor.support_path && request.headers.get('Path') !== undefined;
  return hasPath && !optionsOf(request, 'Supported').includes('path') ? [...refused, 'path'] : refused;
}

const supported = ({ support_path: hasPath }: AorObject): string[] => [...(hasPath ? ['path'] : []), 'outbound'];

/** Fails with a Fault 'invalid', or 'forbidden' for a contact that may not be. */
function read(
  request: SipRequest,
  aor: AorObject,
  object: EndpointObject,
  { objects, clock }: RegistrarParts,
): Asked | 'no flow' {
  const { headers, source } = request;
  const callId = headers.get('Call-ID');
  const cseq = /^\s*(\d{1,10})\s/.exec(headers.get('CSeq') ?? '')?.[1];
  if (callId === undefined || cseq === undefined) throw new Fault('invalid', 'Call-ID or CSeq is malformed');
  const agent = headers.get('User-Agent')?.slice(0, LONGEST_AGENT);
  const path = aor.support_path ? headers.all('Path').join(', ') : '';
  const common = {
    ...{ path, callId, cseq: Number(cseq), endpoint: object.id, source, registeredAt: clock.now() },
    ...(agent !== undefined && { agent }),
  };
  const contacts = parseContacts(headers.all('Contact'), headers.get('Expires'), aor);
  if (contacts === 'remove all') return { contacts, common };
  for (const { text, uri, expires } of contacts) {
    if (expires > 0 && !contactAllowed(objects, object, uri))
      throw new Fault('forbidden', `${text} may not be a contact of endpoint ${object.id}`);
  }
  const flows = withFlows(request, contacts, path);
  if (flows === 'no flow') return flows;
  return { contacts: object.rewrite_contact ? flows.map((each) => rewritten(each, source)) : flows, common };
}

/** What a reg-id asks for counts only if the telephone, and a proxy before it, know of flows (RFC 5626 6). */
function withFlows(request: SipRequest, contacts: readonly AskedContact[], path: string): AskedContact[] | 'no flow' {
  const asking = contacts.filter(({ regId }) => regId !== undefined);
  if (asking.length === 0) return [...contacts];
  if (!optionsOf(request, 'Supported').includes('outbound')) return contacts.map(({ regId: _, ...plain }) => plain);
  if (asking.filter(({ expires }) => expires > 0).length > 1)
    throw new Fault('invalid', 'One registration is for one flow');
  if (isFirstHop(request)) return [...contacts];
  const nearest = parseUri(parseNameAddress(divide(path, ',').at(-1) ?? '')?.uri ?? '');
  return nearest?.params.has('ob') === true ? [...contacts] : 'no flow';
}

const isFirstHop = ({ headers }: SipRequest): boolean =>
  headers.all('Via').flatMap((each) => divide(each, ',')).length <= 1;

/** All contacts with what is left of their time, the static ones without. */
function confirmation(
  request: SipRequest,
  aor: AorObject,
  { contacts, common: { path, source } }: Asked,
  { location, clock }: RegistrarParts,
): SipHeader[] {
  const now = clock.now();
  const expires = request.headers.get('Expires');
  const isFlow = contacts !== 'remove all' && contacts.some(({ regId }) => regId !== undefined);
  const hasTimer = isFlow && isFirstHop(request) && source?.protocol !== 'udp';
  return [
    ['Date', new Date(now).toUTCString()],
    ...location.registered(aor.id).map((each): SipHeader => ['Contact', contactOf(each, now)]),
    ...aor.contact.map((uri): SipHeader => ['Contact', `<${uri}>`]),
    ...(path === '' ? [] : [['Path', path] as const]),
    ...(expires === undefined ? [] : [['Expires', String(expirationOf(undefined, expires, aor))] as const]),
    ['Supported', supported(aor).join(', ')],
    ...(isFlow ? [['Require', 'outbound'] as const] : []),
    ...(hasTimer ? [['Flow-Timer', String(FLOW_TIMER)] as const] : []),
  ];
}

function contactOf({ uri, written, instance, regId, expiresAt }: Registered, now: number): string {
  const flow = regId === undefined ? '' : `;+sip.instance="${instance}";reg-id=${regId}`;
  return `<${written ?? uri}>;expires=${Math.ceil((expiresAt - now) / 1000)}${flow}`;
}
