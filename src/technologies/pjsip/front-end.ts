// The way of every request from the network: in its turn, identify, authenticate, then the service of its method.
import type { Endpoint } from '../../core/endpoint.ts';
import { Fault } from '../../errors.ts';
import { endpointAllows, sourceAllowed } from './acl.ts';
import type { CheckAuthentication } from './auth.ts';
import type { Identifiers } from './identify.ts';
import { inWords, type Log } from './log.ts';
import { parseSipAddress } from './name-address.ts';
import type { EndpointObject, PjsipObjects } from './objects/index.ts';
import type { Sender } from './service.ts';
import type { Services } from './services.ts';
import type { ResponseParts, SipRequest } from './stack.ts';
import { statusOf } from './statuses.ts';
import { believed } from './trust.ts';
import type { Unidentified } from './unidentified.ts';
import type { Works } from './work.ts';

export interface FrontEndParts {
  readonly objects: Pick<PjsipObjects, 'acls'>;
  readonly identifiers: Pick<Identifiers, 'identify'>;
  readonly checkAuthentication: CheckAuthentication;
  readonly services: Services;
  readonly works: Works;
  readonly endpointOf: (object: EndpointObject) => Endpoint;
  /** False while no new work is taken. */
  readonly isOpen: () => boolean;
  readonly unidentified: Pick<Unidentified, 'count' | 'warn'>;
  readonly log: Log;
}

/** In seconds: when who was refused, because there is too much to do, may try again. */
const RETRY_AFTER = '10';

/** Takes a request, and sees to it that it is answered whatever happens, unless it needs no answer. The promise never fails. */
export type FrontEnd = (request: SipRequest) => Promise<void>;

export function frontEnd(parts: FrontEndParts): FrontEnd {
  return async (request) => {
    if (request.method === 'ACK') return;
    try {
      // What the stack itself says cannot be refused, nor said again.
      if (request.isOwn) await dispatch(request, undefined, parts);
      else await parts.works.run(workOf(request), () => receive(request, parts));
    } catch (error) {
      const status = error instanceof Fault ? statusOf[error.kind] : 500;
      if (status === 500) parts.log('error', `A bug in answering ${request.method}: ${inWords(error)}`);
      const headers: ResponseParts = status === 503 ? { headers: [['Retry-After', RETRY_AFTER]] } : {};
      if (!request.isOwn) await answer(request, status, headers, parts.log);
    }
  };
}

/** What belongs together: a dialog; and outside of one what a sender does under one Call-ID. */
const workOf = ({ dialogId, headers, source }: SipRequest): string =>
  dialogId === undefined ? `call ${source.address} ${headers.get('Call-ID')}` : `dialog ${dialogId}`;

async function receive(request: SipRequest, parts: FrontEndParts): Promise<void> {
  if (!hasCSeq(request)) throw new Fault('invalid', 'The CSeq is missing, malformed or of another method');
  if (request.dialogId !== undefined) return dispatch(request, undefined, parts);
  if (isStray(request)) return answer(request, 481, {}, parts.log);
  if (!parts.isOpen()) throw new Fault('unavailable', 'No new work is taken');
  const sender = await senderOf(request, parts);
  if (sender === undefined) return;
  const shown = believed(request, sender.object);
  if (shown !== request)
    parts.unidentified.warn(request, `Endpoint ${sender.object.id}, which is not trusted, names somebody else`);
  await dispatch(shown, sender, parts);
}

/** RFC 3261 8.1.1.5: below 2**31, and of this request's method. */
function hasCSeq({ method, headers }: SipRequest): boolean {
  const [, number, named] = /^\s*(\d{1,10})\s+(\S+)\s*$/.exec(headers.get('CSeq') ?? '') ?? [];
  return named === method && Number(number) < 2 ** 31;
}

async function dispatch(
  request: SipRequest,
  sender: Sender | undefined,
  { services, log }: FrontEndParts,
): Promise<void> {
  const service = services.find(request.method);
  if (service !== undefined) return service.handle(request, sender);
  if (request.isOwn) return;
  await answer(request, services.refusal(request.method), { headers: [['Allow', services.allow]] }, log);
}

/** Undefined when it has been answered. */
async function senderOf(request: SipRequest, parts: FrontEndParts): Promise<Sender | undefined> {
  const { checkAuthentication, unidentified, log } = parts;
  const object = permitted(request, parts);
  const outcome = await checkAuthentication(request, object);
  if (outcome === 'failed' && object !== undefined)
    unidentified.warn(request, `Wrong credentials for endpoint ${object.id}`);
  if (outcome !== 'success' && outcome !== 'not-required') return undefined;
  if (object !== undefined) return { object, endpoint: parts.endpointOf(object) };
  // Nothing is asked of anyone, but a service has to know whom it serves.
  await answer(request, 403, {}, log);
  return undefined;
}

/** Who sent it, if that is known and may come from there. It shows to nobody for which of these reasons it is undefined. */
function permitted(
  request: SipRequest,
  { objects, identifiers, unidentified }: FrontEndParts,
): EndpointObject | undefined {
  const { address } = request.source;
  if (!sourceAllowed(objects, address)) {
    unidentified.warn(request, 'An acl denies requests');
    return undefined;
  }
  const object = identifiers.identify(request);
  if (object === undefined) unidentified.count(request);
  else if (!endpointAllows(object, address)) {
    unidentified.warn(request, `Endpoint ${object.id} denies requests`);
    return undefined;
  }
  return object;
}

/** Belongs to a dialog or a transaction that is not there (RFC 3261 12.2.2, 9.2). A REGISTER may carry a tag, and some do. */
function isStray({ method, headers }: SipRequest): boolean {
  if (method === 'BYE' || method === 'CANCEL' || method === 'PRACK') return true;
  return method !== 'REGISTER' && headers.read('To', parseSipAddress)?.params.has('tag') === true;
}

/** It may have been answered already, or be beyond answering: then that is all that can be done. */
async function answer(request: SipRequest, status: number, parts: ResponseParts, log: Log): Promise<void> {
  try {
    await request.respond(status, parts);
  } catch (error) {
    log('warn', `${request.method} could not be answered with ${status}: ${inWords(error)}`);
  }
}
