// Names this product in all that leaves: User-Agent in requests, Server in responses (RFC 3261 20.35, 20.41).
import { answeredBy } from './answered-by.ts';
import type { SipHeader, SipRequest, SipStack } from './stack.ts';

/** The stack, naming the product wherever no one else is named. */
export function naming(stack: SipStack, product: string): SipStack {
  const named = (header: string, headers: readonly SipHeader[] = []): readonly SipHeader[] =>
    headers.some(([name]) => name.toLowerCase() === header.toLowerCase()) ? headers : [...headers, [header, product]];
  const answering = (request: SipRequest): SipRequest =>
    answeredBy(request, (status, parts = {}) =>
      request.respond(status, { ...parts, headers: named('Server', parts.headers) }),
    );
  return {
    ...(stack.flows !== undefined && { flows: stack.flows }),
    binaryBodies: stack.binaryBodies === true,
    start: (onRequest) => stack.start((request) => onRequest(answering(request))),
    stop: () => stack.stop(),
    get addresses() {
      return stack.addresses;
    },
    get isConnected() {
      return stack.isConnected;
    },
    send: (request) => stack.send({ ...request, headers: named('User-Agent', request.headers) }),
  };
}
