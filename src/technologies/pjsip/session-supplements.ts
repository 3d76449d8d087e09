// The messages of one call on their way through its supplements.
import type { CallParts } from './session-parts.ts';
import type { ClientTransaction, OutgoingRequest, SipHeader, SipResponse } from './stack.ts';
import type { SessionSupplements } from './supplements/index.ts';

/** As the owner's `send`: what leaves has their headers, and they see each response before anyone else. */
export const supplemented =
  ({ owner, supplements, view }: CallParts): ((request: OutgoingRequest) => ClientTransaction) =>
  (request) => {
    const { method, onProvisional } = request;
    const hear = (response: SipResponse): void => {
      view.remote = response.source ?? view.remote;
      supplements.incomingResponse(response, method);
    };
    const transaction = owner.send(view.endpoint, {
      ...request,
      headers: headersOf(method, request.headers ?? [], supplements),
      ...(onProvisional !== undefined && {
        onProvisional(response) {
          hear(response);
          onProvisional(response);
        },
      }),
    });
    // Whoever waits for it meets its failure.
    if (method !== 'ACK') transaction.final.then(hear, () => undefined);
    return transaction;
  };

/** Those that a request of ours leaves with. */
export function headersOf(
  method: string,
  given: readonly SipHeader[],
  supplements: SessionSupplements,
): readonly SipHeader[] {
  const headers = [...given];
  supplements.outgoingRequest({ method, headers });
  return headers;
}
