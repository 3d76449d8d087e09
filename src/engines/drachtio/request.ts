// A request that came in, and the answers to it.
import { Fault } from '../../errors.ts';
import type {
  ResponseParts,
  SentResponse,
  SipAddress,
  SipMessage,
  SipRequest,
} from '../../technologies/pjsip/stack.ts';
import { SipHeaders } from '../../technologies/pjsip/stack.ts';
import type { Bodies } from './bodies.ts';
import type { Connection } from './connection.ts';
import type { Dialogs } from './dialogs.ts';
import { connectionLost, faultOf } from './faults.ts';
import type { SrfParts, SrfRequest, SrfResponse } from './srf.ts';
import { checkReason, readAddress, responseHeaders } from './text.ts';

/** Something that happens once and is told once, also to a listener who comes later. */
class Once<T> {
  #happened: { readonly value: T } | undefined;
  #listener: ((value: T) => void) | undefined;

  happens(value: T): void {
    if (this.#happened !== undefined) return;
    this.#happened = { value };
    this.#listener?.(value);
  }

  listen(listener: (value: T) => void): void {
    this.#listener = listener;
    const happened = this.#happened;
    if (happened !== undefined) queueMicrotask(() => listener(happened.value));
  }
}

/** What the stack says of itself when the connection to the SIP server breaks. */
const lost: SipMessage = {
  headers: new SipHeaders([['Reason', 'SIP;cause=503;text="Connection to the SIP server lost"']]),
  body: '',
};

function described(request: SrfRequest, bodies: Bodies): Omit<SipRequest, 'isOwn' | 'respond' | 'onCancel' | 'onAck'> {
  const { startLine, ...message } = bodies.read(request.raw);
  const [method = '', uri = ''] = startLine.split(' ');
  const { protocol, source_address, source_port, receivedOn, stackDialogId } = request;
  return {
    method,
    uri,
    ...message,
    source: { protocol, address: source_address, port: source_port },
    receivedOn: receivedOn === undefined ? undefined : readAddress(protocol, receivedOn),
    dialogId: stackDialogId === '' ? undefined : stackDialogId,
  };
}

export interface ReceivingParts {
  readonly connection: Connection;
  readonly dialogs: Dialogs;
  readonly bodies: Bodies;
}

/** One request, its answers, and what became of it. */
export class ServerTransaction {
  readonly request: SipRequest;
  readonly #response: SrfResponse;
  readonly #connection: Connection;
  readonly #dialogs: Dialogs;
  readonly #bodies: Bodies;
  readonly #cancel = new Once<SipMessage>();
  readonly #ack = new Once<SipMessage>();
  readonly #forget: () => void;
  #isOver = false;

  constructor(request: SrfRequest, response: SrfResponse, { connection, dialogs, bodies }: ReceivingParts) {
    this.#response = response;
    this.#connection = connection;
    this.#dialogs = dialogs;
    this.#bodies = bodies;
    this.request = {
      ...described(request, bodies),
      isOwn: false,
      respond: async (status, parts = {}) => this.#respond(status, parts),
      onCancel: (handler) => this.#cancel.listen(handler),
      onAck: (handler) => this.#ack.listen(handler),
    };
    request.on('cancel', (cancel) => {
      this.#forget();
      this.#cancel.happens(bodies.read(cancel.raw));
    });
    // The server drops a call that nobody owns any more: to us that is a caller who gave up.
    this.#forget = this.#isInvite ? connection.onLost(() => this.#cancel.happens(lost)) : (): void => undefined;
  }

  get #isInvite(): boolean {
    return this.request.method === 'INVITE';
  }

  #respond(status: number, { reason, headers = [], ...message }: ResponseParts): Promise<SentResponse> {
    if (reason !== undefined) checkReason(reason);
    const parts = this.#bodies.write(responseHeaders(headers), message);
    if (this.#isOver) throw new Fault('conflict', `${status}: the request was already answered`);
    this.#isOver = status >= 200;
    return new Promise((resolve, reject) => {
      const forget = this.#connection.onLost(() => reject(connectionLost()));
      this.#send(status, reason, parts, (error, sent) => {
        forget();
        if (sent !== undefined) return resolve(this.#confirm(status, sent));
        if (status >= 200) this.#reopen();
        reject(faultOf(error, `response ${status}`));
      });
    });
  }

  #send(
    status: number,
    reason: string | undefined,
    parts: SrfParts,
    done: (error: unknown, sent?: SipMessage) => void,
  ) {
    try {
      this.#response.send(status, reason, parts, (error, sent) => done(error, sent && this.#bodies.read(sent.raw)));
    } catch (error) {
      // srf knows a list of statuses, and throws for all others.
      done(new Fault('invalid', `${status} is no status that can be sent`, { cause: error }));
    }
  }

  #confirm(status: number, { headers, body, bodyEncoding }: SipMessage): SentResponse {
    const dialogId = this.#response.stackDialogId || undefined;
    if (status >= 200) this.#forget();
    if (this.#isInvite && status >= 200 && status < 300 && dialogId !== undefined) {
      this.#dialogs.opened(dialogId, (ack) => this.#ack.happens(ack));
    }
    return { headers, body, bodyEncoding, dialogId };
  }

  /** What was refused did not go out: the transaction still waits for its answer, though srf takes it for answered. */
  #reopen(): void {
    this.#isOver = false;
    this.#response.finished = false;
  }
}

const own = {
  isOwn: true,
  respond: (): Promise<never> => Promise.reject(new Fault('conflict', 'the request of the stack itself has no answer')),
  onCancel: (): void => undefined,
  onAck: (): void => undefined,
} as const;

/** A request that the SIP server made because a dialog ended. */
export const ownRequest = (request: SrfRequest, bodies: Bodies): SipRequest => ({
  ...described(request, bodies),
  ...own,
});

/** The BYE for a dialog that ended with the connection to the SIP server, at `server`. */
export const lostDialog = (dialogId: string, server: SipAddress): SipRequest => ({
  ...lost,
  method: 'BYE',
  uri: '',
  source: server,
  receivedOn: undefined,
  dialogId,
  ...own,
});
