// A request that came in, and the answers to it.
import { Fault } from '../../errors.ts';
import type {
  BodyEncoding,
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
import type { SrfAnswer, SrfParts, SrfRequest, SrfText } from './srf.ts';
import { checkReason, keptDialogId, readAddress, responseHeaders } from './text.ts';

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

type Described = Omit<SipRequest, 'isOwn' | 'respond' | 'onCancel' | 'onAck'>;

function described(request: SrfRequest, bodies: Bodies): Described {
  const { startLine, headers, body, bodyEncoding } = bodies.read(request.raw);
  const afterMethod = startLine.indexOf(' ');
  const afterUri = startLine.indexOf(' ', afterMethod + 1);
  const { protocol, source_address, source_port, receivedOn, stackDialogId } = request;
  return {
    method: startLine.slice(0, afterMethod),
    uri: startLine.slice(afterMethod + 1, afterUri),
    headers,
    body,
    bodyEncoding,
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

/** What may yet become of an INVITE. */
class Calling {
  readonly cancel = new Once<SipMessage>();
  readonly ack = new Once<SipMessage>();
  /** It has its final answer: it can no longer be given up. */
  readonly answered: () => void;

  constructor(request: SrfRequest, connection: Connection, bodies: Bodies) {
    // The server drops a call that nobody owns any more: to us that is a caller who gave up.
    this.answered = connection.onLost(() => this.cancel.happens(lost));
    request.on('cancel', (cancel) => {
      this.answered();
      this.cancel.happens(bodies.read(cancel.raw));
    });
  }
}

/** What was sent, read when somebody asks. */
class Sent implements SentResponse {
  readonly dialogId: string | undefined;
  readonly #raw: string;
  readonly #bodies: Bodies;
  #message: SipMessage | undefined;

  constructor(raw: string, bodies: Bodies, dialogId: string | undefined) {
    this.#raw = raw;
    this.#bodies = bodies;
    this.dialogId = dialogId;
  }

  get headers(): SipHeaders {
    return this.#read().headers;
  }

  get body(): string {
    return this.#read().body;
  }

  get bodyEncoding(): BodyEncoding | undefined {
    return this.#read().bodyEncoding;
  }

  #read(): SipMessage {
    return (this.#message ??= this.#bodies.read(this.#raw));
  }
}

/** One request, its answers, and what became of it. */
export class ServerTransaction {
  readonly request: SipRequest;
  readonly #answer: SrfAnswer;
  readonly #connection: Connection;
  readonly #dialogs: Dialogs;
  readonly #bodies: Bodies;
  readonly #calling: Calling | undefined;
  #isOver = false;

  constructor(request: SrfRequest, answer: SrfAnswer, { connection, dialogs, bodies }: ReceivingParts) {
    this.#answer = answer;
    this.#connection = connection;
    this.#dialogs = dialogs;
    this.#bodies = bodies;
    const calling = request.method === 'INVITE' ? new Calling(request, connection, bodies) : undefined;
    this.#calling = calling;
    this.request = {
      ...described(request, bodies),
      isOwn: false,
      respond: async (status, parts = {}) => this.#respond(status, parts),
      onCancel: (handler) => calling?.cancel.listen(handler),
      onAck: (handler) => calling?.ack.listen(handler),
    };
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
        if (sent !== undefined) return resolve(this.#confirm(status, sent.raw));
        if (status >= 200) this.#reopen();
        reject(faultOf(error, `response ${status}`));
      });
    });
  }

  #send(status: number, reason: string | undefined, parts: SrfParts, done: (error: unknown, sent?: SrfText) => void) {
    this.#connection.gather();
    try {
      this.#answer.send(status, reason, parts, done);
    } catch (error) {
      // srf knows a list of statuses, and throws for all others.
      done(new Fault('invalid', `${status} is no status that can be sent`, { cause: error }));
    }
  }

  #confirm(status: number, raw: string): SentResponse {
    const dialogId = keptDialogId(this.#answer.stackDialogId);
    const calling = this.#calling;
    if (status >= 200) calling?.answered();
    if (calling !== undefined && status >= 200 && status < 300 && dialogId !== undefined) {
      this.#dialogs.opened(dialogId, (ack) => calling.ack.happens(ack));
    }
    return new Sent(raw, this.#bodies, dialogId);
  }

  /** What was refused did not go out: the transaction still waits for its answer, though srf takes it for answered. */
  #reopen(): void {
    this.#isOver = false;
    this.#answer.finished = false;
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
