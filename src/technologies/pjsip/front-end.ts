// The way of every request from the network: identify, authenticate, then the service of its method.
import type { Endpoint } from '../../core/endpoint.ts';
import { Fault, type FaultKind } from '../../errors.ts';
import type { Authenticate } from './auth.ts';
import type { Identify } from './identify.ts';
import { inWords, type Log } from './log.ts';
import { parseNameAddress } from './name-address.ts';
import type { EndpointObject } from './objects/index.ts';
import type { Sender } from './service.ts';
import type { Services } from './services.ts';
import type { ResponseParts, SipRequest } from './stack.ts';

export interface FrontEndParts {
  readonly identify: Identify;
  readonly authenticate: Authenticate;
  readonly services: Services;
  readonly endpointOf: (object: EndpointObject) => Endpoint;
  /** No new work is taken. */
  readonly isStopping: () => boolean;
  /** Told each request of which nobody knows who sent it. */
  readonly onUnidentified: (request: SipRequest) => void;
  readonly log: Log;
}

const statusOf: Readonly<Record<FaultKind, number>> = {
  invalid: 400,
  // A 401 would need a challenge, which is the authenticator's business.
  unauthorized: 403,
  forbidden: 403,
  'not-found': 404,
  conflict: 491,
  precondition: 480,
  unprocessable: 404,
  'too-large': 413,
  'unsupported-media': 415,
  unsupported: 501,
  unavailable: 503,
};

/** Takes a request, and sees to it that it is answered whatever happens, unless it needs no answer. The promise never fails. */
export type FrontEnd = (request: SipRequest) => Promise<void>;

export function frontEnd(parts: FrontEndParts): FrontEnd {
  return async (request) => {
    try {
      await receive(request, parts);
    } catch (error) {
      const status = error instanceof Fault ? statusOf[error.kind] : 500;
      if (status === 500) parts.log('error', `A bug in answering ${request.method}: ${inWords(error)}`);
      if (!request.isOwn) await answer(request, status, {}, parts.log);
    }
  };
}

async function receive(request: SipRequest, parts: FrontEndParts): Promise<void> {
  if (request.method === 'ACK') return;
  if (request.dialogId !== undefined || request.isOwn) return dispatch(request, undefined, parts);
  if (isStray(request)) return answer(request, 481, {}, parts.log);
  if (parts.isStopping()) throw new Fault('unavailable', 'No new work is taken');
  const sender = await senderOf(request, parts);
  if (sender !== undefined) await dispatch(request, sender, parts);
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

/** Undefined when it has been answered with a challenge. */
async function senderOf(request: SipRequest, parts: FrontEndParts): Promise<Sender | undefined> {
  const object = parts.identify(request);
  if (object === undefined) parts.onUnidentified(request);
  const outcome = await parts.authenticate(request, object?.auth);
  if (outcome === 'failed' && object !== undefined)
    parts.log(
      'warn',
      `Wrong credentials for endpoint ${object.id} from ${request.source.address}:${request.source.port}`,
    );
  const isLetIn = outcome === 'success' || outcome === 'not-required';
  return isLetIn && object !== undefined ? { object, endpoint: parts.endpointOf(object) } : undefined;
}

/** Belongs to a dialog or a transaction that is not there (RFC 3261 12.2.2, 9.2). A REGISTER may carry a tag, and some do. */
function isStray({ method, headers }: SipRequest): boolean {
  if (method === 'BYE' || method === 'CANCEL' || method === 'PRACK') return true;
  return method !== 'REGISTER' && parseNameAddress(headers.get('To') ?? '')?.params.has('tag') === true;
}

/** It may have been answered already, or be beyond answering: then that is all that can be done. */
async function answer(request: SipRequest, status: number, parts: ResponseParts, log: Log): Promise<void> {
  try {
    await request.respond(status, parts);
  } catch (error) {
    log('warn', `${request.method} could not be answered with ${status}: ${inWords(error)}`);
  }
}
