// The registrar: takes REGISTER, and keeps where an address of record can be reached (RFC 3261 10.3).
import { Fault } from '../../errors.ts';
import type { Clock } from './clock.ts';
import { parseDigest } from './digest.ts';
import type { Location, Registered } from './location.ts';
import { divide, parseNameAddress } from './name-address.ts';
import type { AorObject, EndpointObject } from './objects/index.ts';
import { expirationOf, parseContacts, rebind, type Asked } from './registration.ts';
import type { Service } from './service.ts';
import type { SipHeader, SipRequest } from './stack.ts';
import { parseUri, schemeOf } from './uri.ts';

export interface RegistrarParts {
  readonly aors: ReadonlyMap<string, AorObject>;
  readonly location: Location;
  readonly clock: Clock;
}

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
    const aor = aorOf(request, to.uri, sender.object, parts.aors);
    const refused = unsupported(request, aor);
    if (refused.length > 0) {
      await request.respond(420, { headers: [['Unsupported', refused.join(', ')]] });
      return;
    }
    const asked = read(request, aor);
    await parts.location.change(aor.id, (now) => rebind(aor, now, asked, parts.clock.now()));
    await request.respond(200, { headers: confirmation(request, aor, asked, parts) });
  },
});

const isSip = (uri: string): boolean => ['sip', 'sips'].includes(schemeOf(uri) ?? '');

/** Which of the endpoint's addresses of record is meant: by the user of To, or of the credentials, as the endpoint lets itself be recognised. */
function aorOf(
  { headers }: SipRequest,
  to: string,
  object: EndpointObject,
  aors: ReadonlyMap<string, AorObject>,
): AorObject {
  if (object.aors.length === 0) throw new Fault('forbidden', `Endpoint ${object.id} has no address of record`);
  const uri = parseUri(to);
  if (uri === undefined) throw new Fault('invalid', 'The To header is malformed');
  const names = object.identify_by.flatMap((way) => {
    if (way === 'username') return uri.user === undefined ? [] : [`${uri.user}@${uri.host}`, uri.user];
    if (way !== 'auth_username') return [];
    return parseDigest(headers.all('Authorization')).flatMap((each) => {
      const user = each.get('username') ?? '';
      return [`${user}@${each.get('realm') ?? ''}`, user];
    });
  });
  const name = names.find((each) => object.aors.includes(each));
  const aor = name === undefined ? undefined : aors.get(name);
  if (aor === undefined) throw new Fault('not-found', `${to} is no address of record of endpoint ${object.id}`);
  if (aor.max_contacts === 0) throw new Fault('forbidden', `Nobody may register at ${aor.id}`);
  return aor;
}

/** The extensions that are required and not there; and Path, when it came without the telephone's knowledge (RFC 3327 5.3). */
function unsupported({ headers }: SipRequest, aor: AorObject): string[] {
  const optionsOf = (name: string): string[] => headers.all(name).flatMap((each) => divide(each, ','));
  const refused = optionsOf('Require').filter((each) => !(aor.support_path && each.toLowerCase() === 'path'));
  const hasPath = aor.support_path && headers.get('Path') !== undefined;
  const knowsPath = optionsOf('Supported').some((each) => each.toLowerCase() === 'path');
  return hasPath && !knowsPath ? [...refused, 'path'] : refused;
}

function read({ headers }: SipRequest, aor: AorObject): Asked {
  const callId = headers.get('Call-ID');
  const cseq = /^\s*(\d{1,10})\s/.exec(headers.get('CSeq') ?? '')?.[1];
  if (callId === undefined || cseq === undefined) throw new Fault('invalid', 'Call-ID or CSeq is malformed');
  return {
    contacts: parseContacts(headers.all('Contact'), headers.get('Expires'), aor),
    path: aor.support_path ? headers.all('Path').join(', ') : '',
    callId,
    cseq: Number(cseq),
  };
}

/** All contacts with what is left of their time, the static ones without. */
function confirmation(
  { headers }: SipRequest,
  aor: AorObject,
  { path }: Asked,
  { location, clock }: RegistrarParts,
): SipHeader[] {
  const now = clock.now();
  const left = ({ expiresAt }: Registered): number => Math.ceil((expiresAt - now) / 1000);
  const expires = headers.get('Expires');
  return [
    ['Date', new Date(now).toUTCString()],
    ...location.registered(aor.id).map((each): SipHeader => ['Contact', `<${each.uri}>;expires=${left(each)}`]),
    ...aor.contact.map((uri): SipHeader => ['Contact', `<${uri}>`]),
    ...(path === '' ? [] : [['Path', path] as const]),
    ...(expires === undefined ? [] : [['Expires', String(expirationOf(undefined, expires, aor))] as const]),
  ];
}
