// A SipStack without a network: a test gives requests in, sees what was answered and sent, and answers what was sent.
import { Fault } from '../../src/errors.ts';
import {
  SipHeaders,
  type BodyEncoding,
  type ClientTransaction,
  type OutgoingRequest,
  type ResponseParts,
  type SentRequest,
  type SipAddress,
  type SipHeader,
  type SipMessage,
  type SipRequest,
  type SipResponse,
  type SipStack,
} from '../../src/technologies/pjsip/stack.ts';

export interface Incoming {
  readonly method: string;
  readonly uri?: string;
  readonly headers?: readonly SipHeader[];
  readonly body?: string;
  readonly bodyEncoding?: BodyEncoding | undefined;
  readonly source?: Partial<SipAddress>;
  readonly dialogId?: string;
  readonly isOwn?: boolean;
}

export interface Answer {
  readonly status: number;
  readonly headers: SipHeaders;
  readonly body: string;
  readonly bodyEncoding?: BodyEncoding | undefined;
}

export interface Received {
  /** All that was answered so far. */
  readonly answers: Answer[];
  /** The final answer, when it comes. */
  readonly final: Promise<Answer>;
  cancel(headers?: readonly SipHeader[]): void;
  ack(body?: string): void;
}

export interface Sent extends OutgoingRequest {
  /** As it went out: with Call-ID, From and CSeq, if it had none. */
  readonly message: SentRequest;
  readonly isCancelled: boolean;
  respond(status: number, parts?: ResponseParts & { readonly dialogId?: string }): void;
  /** Nobody answers: the stack makes the response up. */
  fail(status: 408 | 503 | 513): void;
}

export interface FakeStack extends SipStack {
  readonly sent: Sent[];
  /** Resolves as soon as that many requests have been sent, with the last of them. */
  sentCount(count: number): Promise<Sent>;
  receive(request: Incoming): Received;
  /** Ends the connection from there; only of a stack that tells of its connections. */
  closeFlow(flow: SipAddress): void;
  /** Every request that is sent from now on fails so. */
  failWith(fault: Fault | undefined): void;
}

const here: SipAddress = { protocol: 'udp', address: '127.0.0.1', port: 5060 };
const there: SipAddress = { protocol: 'udp', address: '127.0.0.1', port: 5999 };

const nameOf = ({ protocol, address, port }: SipAddress): string => `${protocol}/${address}:${port}`;

export interface FakeStackOptions {
  /** It tells of its connections. */
  readonly flows?: boolean;
  readonly binaryBodies?: boolean;
}

export function fakeStack({ flows = false, binaryBodies = false }: FakeStackOptions = {}): FakeStack {
  let onRequest: ((request: SipRequest) => void) | undefined;
  let failure: Fault | undefined;
  let count = 0;
  const sent: Sent[] = [];
  const waiting: { readonly count: number; readonly resolve: (sent: Sent) => void }[] = [];
  const closed = new Set<string>();
  const watchers = new Set<(flow: SipAddress) => void>();
  return {
    ...(flows && {
      flows: {
        isOpen: (flow) => !closed.has(nameOf(flow)),
        onFlowClosed(handler) {
          watchers.add(handler);
          return () => watchers.delete(handler);
        },
      },
    }),
    closeFlow(flow) {
      closed.add(nameOf(flow));
      for (const watcher of watchers) watcher(flow);
    },
    sent,
    addresses: [here],
    binaryBodies,
    isConnected: true,
    async start(handler) {
      onRequest = handler;
    },
    async stop() {
      onRequest = undefined;
    },
    failWith(fault) {
      failure = fault;
    },
    sentCount: (wanted) =>
      new Promise((resolve) => {
        const already = sent[wanted - 1];
        if (already !== undefined) resolve(already);
        else waiting.push({ count: wanted, resolve });
      }),
    receive(incoming) {
      if (onRequest === undefined) throw new Error('a request before the stack was started');
      const { request, received } = makeIncoming(incoming, ++count, binaryBodies);
      onRequest(request);
      return received;
    },
    send(request) {
      const { transaction, entry } = makeOutgoing(request, ++count, failure ?? refusal(request, binaryBodies));
      if (entry !== undefined) {
        sent.push(entry);
        for (const each of waiting) if (each.count === sent.length) each.resolve(entry);
      }
      return transaction;
    },
  };
}

const refusal = ({ bodyEncoding }: Pick<ResponseParts, 'bodyEncoding'>, binaryBodies: boolean): Fault | undefined =>
  bodyEncoding === undefined || binaryBodies ? undefined : new Fault('unsupported-media', 'no text');

function makeIncoming(
  incoming: Incoming,
  id: number,
  binaryBodies: boolean,
): { readonly request: SipRequest; readonly received: Received } {
  const answers: Answer[] = [];
  let onCancel: ((cancel: SipMessage) => void) | undefined;
  let onAck: ((ack: SipMessage) => void) | undefined;
  let finish: (answer: Answer) => void = () => undefined;
  const final = new Promise<Answer>((resolve) => (finish = resolve));
  const dialogId = incoming.dialogId ?? `dialog-${id}`;
  const request: SipRequest = {
    method: incoming.method,
    uri: incoming.uri ?? 'sip:127.0.0.1',
    headers: withDefaults(incoming.headers ?? [], [
      ['Call-ID', `call-${id}`],
      ['From', `<sip:someone@127.0.0.1>;tag=from-${id}`],
      ['To', `<${incoming.uri ?? 'sip:127.0.0.1'}>`],
      ['CSeq', `1 ${incoming.method}`],
    ]),
    body: incoming.body ?? '',
    bodyEncoding: incoming.bodyEncoding,
    source: { ...there, ...incoming.source },
    receivedOn: here,
    dialogId: incoming.dialogId,
    isOwn: incoming.isOwn ?? false,
    async respond(status, { headers = [], body = '', bodyEncoding } = {}) {
      const fault = refusal({ bodyEncoding }, binaryBodies);
      if (fault !== undefined) throw fault;
      if (answers.some((each) => each.status >= 200)) throw new Fault('conflict', 'answered already');
      const answer = { status, headers: new SipHeaders(headers), body, ...(bodyEncoding && { bodyEncoding }) };
      answers.push(answer);
      if (status >= 200) finish(answer);
      const makesDialog = incoming.method === 'INVITE' && status > 100 && status < 300;
      return { ...answer, dialogId: makesDialog ? dialogId : incoming.dialogId };
    },
    onCancel: (handler) => (onCancel = handler),
    onAck: (handler) => (onAck = handler),
  };
  const received: Received = {
    answers,
    final,
    cancel(headers = []) {
      const answer = { status: 487, headers: new SipHeaders(), body: '' };
      answers.push(answer);
      finish(answer);
      onCancel?.({ headers: new SipHeaders(headers), body: '' });
    },
    ack: (body = '') => onAck?.({ headers: new SipHeaders(), body }),
  };
  return { request, received };
}

function makeOutgoing(
  request: OutgoingRequest,
  id: number,
  failure: Fault | undefined,
): { readonly transaction: ClientTransaction; readonly entry: Sent | undefined } {
  if (failure !== undefined) {
    const failed = Promise.reject(failure);
    failed.catch(() => undefined);
    return { transaction: { sent: failed, final: failed, cancel: () => undefined }, entry: undefined };
  }
  let finish: (response: SipResponse) => void = () => undefined;
  const final = new Promise<SipResponse>((resolve) => (finish = resolve));
  const message: SentRequest = {
    uri: request.uri ?? 'sip:target@192.0.2.9',
    headers: withDefaults(request.headers ?? [], [
      ['Call-ID', `call-${id}`],
      ['From', `<sip:127.0.0.1>;tag=from-${id}`],
      ['To', `<${request.uri ?? 'sip:127.0.0.1'}>`],
      ['CSeq', `1 ${request.method}`],
    ]),
    body: request.body ?? '',
    bodyEncoding: request.bodyEncoding,
  };
  let isCancelled = false;
  const entry: Sent = {
    ...request,
    message,
    get isCancelled() {
      return isCancelled;
    },
    respond(status, { reason = '', headers = [], body = '', bodyEncoding, dialogId } = {}) {
      const response: SipResponse = {
        status,
        reason,
        headers: new SipHeaders(headers),
        body,
        bodyEncoding,
        source: there,
        dialogId: dialogId ?? request.dialogId,
      };
      if (status < 200) request.onProvisional?.(response);
      else finish(response);
    },
    fail(status) {
      finish({ status, reason: '', headers: new SipHeaders(), body: '', source: undefined, dialogId: undefined });
    },
  };
  return { transaction: { sent: Promise.resolve(message), final, cancel: () => void (isCancelled = true) }, entry };
}

const withDefaults = (given: readonly SipHeader[], defaults: readonly SipHeader[]): SipHeaders => {
  const headers = new SipHeaders(given);
  return new SipHeaders([...given, ...defaults.filter(([name]) => headers.get(name) === undefined)]);
};
