// A request whose responses go through somebody else on their way.
import type { SipRequest } from './stack.ts';

/** The same request, but that it is answered by `respond`. Copied member by member: it need not be a plain object. */
export const answeredBy = (request: SipRequest, respond: SipRequest['respond']): SipRequest => ({
  method: request.method,
  uri: request.uri,
  headers: request.headers,
  body: request.body,
  bodyEncoding: request.bodyEncoding,
  source: request.source,
  receivedOn: request.receivedOn,
  dialogId: request.dialogId,
  isOwn: request.isOwn,
  respond,
  onCancel: (handler) => request.onCancel(handler),
  onAck: (handler) => request.onAck(handler),
});
