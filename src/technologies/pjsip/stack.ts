// The port to whoever speaks SIP on the wire. It owns transactions, retransmission and the bookkeeping of dialogs;
// this room decides what to answer and what to send.

/** One header line; names are compared without regard to case, compact forms are already written out. */
export type SipHeader = readonly [name: string, value: string];

/** The header lines of a message, in their order. A repeated header is as many lines (RFC 3261 7.3.1). */
export class SipHeaders implements Iterable<SipHeader> {
  readonly #lines: readonly SipHeader[];
  /** The names of the lines in lower case, as soon as one is asked for: a request is asked a dozen times. */
  #names: readonly string[] | undefined;
  #read: { readonly name: string; readonly how: (value: string) => unknown; readonly as: unknown }[] | undefined;

  constructor(lines: Iterable<SipHeader> = []) {
    this.#lines = [...lines];
  }

  /** The first line of that name. */
  get(name: string): string | undefined {
    return this.#lines[this.#find(name.toLowerCase(), 0)]?.[1];
  }

  /** Every line of that name, in order. A line may itself hold several values, divided by commas. */
  all(name: string): string[] {
    const wanted = name.toLowerCase();
    const found: string[] = [];
    for (let at = this.#find(wanted, 0); at !== -1; at = this.#find(wanted, at + 1)) found.push(this.#lines[at]![1]);
    return found;
  }

  /** The first line of that name, read so: once for all who ask for it, by that name in that case. */
  read<T>(name: string, how: (value: string) => T): T | undefined {
    const read = (this.#read ??= []);
    for (const each of read) if (each.name === name && each.how === how) return each.as as T;
    const value = this.get(name);
    const as = value === undefined ? undefined : how(value);
    read.push({ name, how, as });
    return as;
  }

  #find(wanted: string, from: number): number {
    this.#names ??= this.#lines.map(([each]) => each.toLowerCase());
    return this.#names.indexOf(wanted, from);
  }

  [Symbol.iterator](): Iterator<SipHeader> {
    return this.#lines[Symbol.iterator]();
  }
}

/** Where a message came from, or where the stack listens. */
export interface SipAddress {
  /** "udp", "tcp", "tls", "ws", "wss". */
  readonly protocol: string;
  readonly address: string;
  readonly port: number;
}

/** How a `body` is written that is no valid UTF-8; without it, `body` is the text itself. */
export type BodyEncoding = 'base64';

export interface SipMessage {
  readonly headers: SipHeaders;
  readonly body: string;
  readonly bodyEncoding?: BodyEncoding | undefined;
}

export interface SipResponse extends SipMessage {
  readonly status: number;
  readonly reason: string;
  /** Where it came from; undefined when the stack made it itself (timeout, unreachable). */
  readonly source: SipAddress | undefined;
  /** Set as soon as the response belongs to a dialog. */
  readonly dialogId: string | undefined;
}

/** What `respond` sent. */
export interface SentResponse extends SipMessage {
  /** Set when the response made or belongs to a dialog. */
  readonly dialogId: string | undefined;
}

export interface ResponseParts {
  readonly reason?: string;
  readonly headers?: readonly SipHeader[];
  readonly body?: string;
  readonly bodyEncoding?: BodyEncoding | undefined;
}

/** A request from the network, or one that the stack made itself because a dialog ended (`isOwn`). */
export interface SipRequest extends SipMessage {
  readonly method: string;
  readonly uri: string;
  readonly source: SipAddress;
  /** The local address that received it, if the stack tells. */
  readonly receivedOn: SipAddress | undefined;
  /** Set when it came in a dialog that the stack knows. */
  readonly dialogId: string | undefined;
  /** The stack's own BYE, e.g. after an ACK that never came (RFC 3261 13.3.1.4). It needs no answer. */
  readonly isOwn: boolean;
  /**
   * Answers. Resolves when the response went out, with what was sent (Contact and To tag are the stack's).
   * Fails with a Fault 'conflict' when the transaction is over, 'unavailable' when it cannot be sent.
   * In `headers` a name may stand several times: several lines leave, in that order, where the wire allows it.
   */
  respond(status: number, parts?: ResponseParts): Promise<SentResponse>;
  /** An INVITE only: called once if a CANCEL comes before the final response. The stack has answered both already. */
  onCancel(handler: (cancel: SipMessage) => void): void;
  /** An INVITE only: called once when the ACK to our 2xx comes. */
  onAck(handler: (ack: SipMessage) => void): void;
}

export interface OutgoingRequest {
  readonly method: string;
  /** The Request-URI. Within a dialog it may be left out: the remote target. */
  readonly uri?: string;
  /** Where to send it, if not where the Request-URI says: "sip:127.0.0.1:5080;transport=tcp". */
  readonly nextHop?: string;
  /** Within this dialog. */
  readonly dialogId?: string;
  readonly headers?: readonly SipHeader[];
  readonly body?: string;
  readonly bodyEncoding?: BodyEncoding | undefined;
  readonly onProvisional?: (response: SipResponse) => void;
}

/** What left, by `send`. */
export interface SentRequest extends SipMessage {
  /** The Request-URI; within a dialog it may be the remote target. */
  readonly uri: string;
}

export interface ClientTransaction {
  /** When it went out, with what was sent. Fails with a Fault 'unavailable' when it could not, 'invalid' when it never will. */
  readonly sent: Promise<SentRequest>;
  /** The final response; 408 or 503 of the stack's own if none came. Fails only if `sent` failed. */
  readonly final: Promise<SipResponse>;
  /** An INVITE only (RFC 3261 9.1). The 487 comes as the final response. `headers`: of the CANCEL, its Reason above all. */
  cancel(headers?: readonly SipHeader[]): void;
}

export interface SipStack {
  /** Opens the sockets. No request is read before this: have everything in place. */
  start(onRequest: (request: SipRequest) => void): Promise<void>;
  stop(): Promise<void>;
  /** Where it listens, once started. */
  readonly addresses: readonly SipAddress[];
  /** False while the connection to the SIP server is down. */
  readonly isConnected: boolean;
  /** Whether bodies may be any bytes. Without it `send` and `respond` fail with a Fault 'unsupported-media' for a `bodyEncoding`. */
  readonly binaryBodies?: boolean;
  /**
   * The connections below TCP, TLS and WebSocket, if the stack tells of them; a drachtio-server does not. A flow is named
   * by where it comes from: the `source` of its requests.
   */
  readonly flows?: SipFlows;
  send(request: OutgoingRequest): ClientTransaction;
}

export interface SipFlows {
  /** False for a connection that has ended, also if its end has been told before. */
  isOpen(flow: SipAddress): boolean;
  /** Tells the end of each connection, until what is returned is called. */
  onFlowClosed(handler: (flow: SipAddress) => void): () => void;
}
