// A request that we send, and the responses to it.
import { Fault } from '../../errors.ts';
import type {
  ClientTransaction,
  OutgoingRequest,
  SentRequest,
  SipAddress,
  SipHeader,
  SipResponse,
} from '../../technologies/pjsip/stack.ts';
import { SipHeaders } from '../../technologies/pjsip/stack.ts';
import type { Bodies } from './bodies.ts';
import type { Connection } from './connection.ts';
import { connectionLost, faultOf } from './faults.ts';
import type { PagerMode } from './pager-mode.ts';
import type { SrfAgent, SrfClient, SrfMessage, SrfRequest } from './srf.ts';
import { checkDialogId, checkMethod, checkUri, keptDialogId, requestHeaders } from './text.ts';

/** What the server replaces by the remote target of the dialog. */
const remoteTarget = 'sip:placeholder';

export interface SendingParts {
  readonly srf: SrfClient;
  readonly connection: Connection;
  readonly pagerMode: PagerMode;
  readonly bodies: Bodies;
  /** Told of each request as it went out, before any response to it. */
  readonly onSent: (request: SrfRequest) => void;
  /** Told of the final response before anyone else, and before anything that came after it. */
  readonly onFinal: (response: SipResponse) => void;
}

interface Deferred<T> {
  readonly promise: Promise<T>;
  readonly resolve: (value: T) => void;
  readonly reject: (reason: Fault) => void;
}

function deferred<T>(): Deferred<T> {
  let settle: Omit<Deferred<T>, 'promise'> | undefined;
  const promise = new Promise<T>((resolve, reject) => (settle = { resolve, reject }));
  // A caller may look at `sent` alone, or at `final` alone; the other one's failure is then no news.
  promise.catch(() => undefined);
  return { promise, resolve: (value) => settle?.resolve(value), reject: (reason) => settle?.reject(reason) };
}

/** Sends the request; whatever is wrong with it shows in `sent` and `final`. */
export function send(request: OutgoingRequest, parts: SendingParts): ClientTransaction {
  const { srf, connection, pagerMode, bodies, onSent } = parts;
  const transaction = new Transaction(request, parts);
  try {
    const options = { ...checked(request, bodies), proxy: request.nextHop };
    const { agent } = connection;
    if (agent === undefined) throw connectionLost();
    connection.gather();
    const follow = (error: unknown, sent?: SrfRequest): void => {
      if (sent === undefined) return transaction.failed(faultOf(error, request.method));
      transaction.follow(sent);
      onSent(sent);
    };
    if (request.method === 'ACK') sendAck(options, transaction, agent);
    else if (request.method === 'MESSAGE') pagerMode.request(agent, options, follow);
    else srf.request(options, follow);
  } catch (error) {
    if (!(error instanceof Fault)) throw error;
    transaction.failed(error);
  }
  return transaction;
}

function checked(request: OutgoingRequest, bodies: Bodies) {
  const { method, uri = remoteTarget, nextHop, dialogId, headers = [] } = request;
  checkMethod(method);
  checkUri(uri);
  if (nextHop !== undefined) checkUri(nextHop);
  if (dialogId !== undefined) checkDialogId(dialogId);
  if (method === 'CANCEL') throw new Fault('invalid', 'a CANCEL is sent by the transaction of its INVITE');
  if (uri === remoteTarget && dialogId === undefined) throw new Fault('invalid', `a ${method} without a Request-URI`);
  if (method === 'ACK' && dialogId === undefined) throw new Fault('invalid', 'an ACK outside of a dialog');
  return { method, uri, stackDialogId: dialogId, ...bodies.write(requestHeaders(headers), request) };
}

function sendAck(options: ReturnType<typeof checked>, transaction: Transaction, agent: SrfAgent): void {
  const { stackDialogId = '', uri, headers, body } = options;
  const [socket] = agent.mapServer.keys();
  if (socket === undefined) throw connectionLost();
  agent.sendAck('ACK', stackDialogId, { uri }, { socket }, { headers, body }, (error, sent) => {
    if (sent === undefined) transaction.failed(faultOf(error, 'ACK'));
    else transaction.withoutResponse(sent);
  });
}

class Transaction implements ClientTransaction {
  readonly #sent = deferred<SentRequest>();
  readonly #final = deferred<SipResponse>();
  readonly #request: OutgoingRequest;
  readonly #connection: Connection;
  readonly #bodies: Bodies;
  readonly #onFinal: SendingParts['onFinal'];
  readonly #forget: () => void;
  #srfRequest: SrfRequest | undefined;
  #isOver = false;
  /** The headers of the CANCEL, once it is wanted. */
  #cancel: Record<string, string> | undefined;

  constructor(request: OutgoingRequest, { connection, bodies, onFinal }: SendingParts) {
    this.#request = request;
    this.#connection = connection;
    this.#bodies = bodies;
    this.#onFinal = onFinal;
    this.#forget = connection.onLost(() => this.#lost());
  }

  get sent(): Promise<SentRequest> {
    return this.#sent.promise;
  }

  get final(): Promise<SipResponse> {
    return this.#final.promise;
  }

  cancel(headers: readonly SipHeader[] = []): void {
    if (this.#request.method !== 'INVITE') throw new Fault('invalid', `a ${this.#request.method} cannot be cancelled`);
    this.#cancel = requestHeaders(headers);
    if (this.#srfRequest !== undefined && !this.#isOver) this.#sendCancel(this.#srfRequest, this.#cancel);
  }

  failed(fault: Fault): void {
    this.#sent.reject(fault);
    this.#final.reject(fault);
    this.#end();
  }

  /** Called by srf in the same turn as the confirmation, so that no response is missed. */
  follow(sent: SrfRequest): void {
    this.#srfRequest = sent;
    sent.on('response', (response) => this.#accept(readResponse(response, this.#bodies)));
    this.#sent.resolve(readSent(sent, this.#bodies));
    if (this.#cancel !== undefined) this.#sendCancel(sent, this.#cancel);
  }

  /** The port wants a final response of everything; an ACK has none. */
  withoutResponse(sent: Pick<SrfRequest, 'raw'>): void {
    this.#sent.resolve(readSent(sent, this.#bodies));
    this.#finish(made(408, 'No Response To An ACK'));
  }

  #accept(response: SipResponse): void {
    if (response.status >= 200) {
      this.#onFinal(response);
      return this.#finish(response);
    }
    // In its turn after those who wait for `sent`: both may have come in one read.
    queueMicrotask(() => this.#request.onProvisional?.(response));
  }

  #finish(response: SipResponse): void {
    this.#final.resolve(response);
    this.#end();
  }

  #lost(): void {
    if (this.#srfRequest === undefined) this.failed(connectionLost());
    else this.#finish(made(503, 'Connection To The SIP Server Lost'));
  }

  #end(): void {
    this.#isOver = true;
    this.#forget();
  }

  /** A refusal only says that the final response is already on its way. */
  #sendCancel(sent: SrfRequest, headers: Record<string, string>): void {
    this.#connection.gather();
    sent.cancel({ headers }, () => undefined);
  }
}

const made = (status: number, reason: string): SipResponse => ({
  status,
  reason,
  headers: new SipHeaders(),
  body: '',
  source: undefined,
  dialogId: undefined,
});

function readSent({ raw }: Pick<SrfRequest, 'raw'>, bodies: Bodies): SentRequest {
  const { startLine, ...message } = bodies.read(raw);
  return { uri: startLine.split(' ')[1] ?? '', ...message };
}

function readResponse(response: SrfMessage, bodies: Bodies): SipResponse {
  const { startLine, ...message } = bodies.read(response.raw);
  const [, status = '', reason = ''] = /^\S+ +(\d{3}) ?(.*)$/.exec(startLine) ?? [];
  const { protocol, source_address: address, source_port: port, stackDialogId } = response;
  const source: SipAddress | undefined = address === '' ? undefined : { protocol, address, port };
  return { status: Number(status), reason, ...message, source, dialogId: keptDialogId(stackDialogId) };
}
