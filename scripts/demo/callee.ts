// The telephone as the one who is called upon: it answers requests, and keeps them until they are asked for.
import { createHash } from 'node:crypto';
import type { SipLine } from './sip-text.ts';
import { SipText } from './sip-text.ts';
import { Mailbox } from './waiting.ts';

export interface Answer {
  readonly status: number;
  readonly reason?: string;
  readonly headers?: readonly SipLine[];
  readonly body?: string;
}

/** What to answer; `undefined` when someone will call `respond` later. */
export type Answering = (request: SipText) => Answer | undefined;

export interface CalleeOptions {
  readonly user: string;
  readonly send: (text: string) => void;
  /** The URI for Contact. */
  readonly contact: string;
  /** The SDP with which an INVITE within a call is answered. */
  readonly description: string;
}

const reasons: Readonly<Record<number, string>> = {
  100: 'Trying',
  180: 'Ringing',
  200: 'OK',
  202: 'Accepted',
  404: 'Not Found',
  405: 'Method Not Allowed',
  486: 'Busy Here',
  487: 'Request Terminated',
  503: 'Service Unavailable',
};
const accepted = ['MESSAGE', 'OPTIONS', 'BYE', 'CANCEL', 'NOTIFY', 'INFO', 'UPDATE'];
/** How many answers are kept for repeated requests; a real telephone keeps them for 32 s (RFC 3261 17.2.2). */
const remembered = 256;

export class Callee {
  readonly #options: CalleeOptions;
  readonly #answering = new Map<string, Answering>(accepted.map((method) => [method, () => ({ status: 200 })]));
  readonly #requests = new Map<string, Mailbox<SipText>>();
  /** By what makes a request the same one; empty while it is not answered. */
  readonly #answers = new Map<string, string>();
  /** INVITEs without a final response: what a CANCEL ends. */
  readonly #open = new Map<string, SipText>();

  constructor(options: CalleeOptions) {
    this.#options = options;
    this.answerCalls({ status: 486 });
    this.#answering.set('ACK', () => undefined);
  }

  answer(method: string, answering: Answering): void {
    this.#answering.set(method, answering);
  }

  /** How new calls are answered; `undefined` leaves it to a later `respond`. What comes within a call is taken. */
  answerCalls(answer: Answer | undefined): void {
    const headers: SipLine[] = [['Content-Type', 'application/sdp']];
    const taken = { status: 200, headers, body: this.#options.description };
    this.answer('INVITE', (invite) => (isWithinCall(invite) ? taken : answer));
  }

  next(method: string, deadline: number): Promise<SipText> {
    return this.#mailbox(method).next(deadline, `${method} for ${this.#options.user}`);
  }

  /** False when it is a repetition, which gets the same answer again. */
  receive(request: SipText): boolean {
    const earlier = this.#answers.get(keyOf(request));
    if (earlier !== undefined) {
      if (earlier !== '') this.#options.send(earlier);
      return false;
    }
    this.#remember(request, '');
    if (request.method === 'INVITE') this.#open.set(branchOf(request), request);
    this.#mailbox(request.method).put(request);
    const answering = this.#answering.get(request.method) ?? ((): Answer => ({ status: 405 }));
    const answer = answering(request);
    if (answer !== undefined) this.respond(request, answer);
    const cancelled = request.method === 'CANCEL' ? this.#open.get(branchOf(request)) : undefined;
    if (cancelled !== undefined) this.respond(cancelled, { status: 487 });
    return true;
  }

  respond(
    request: SipText,
    { status, reason = reasons[status] ?? 'Answer', headers = [], body = '' }: Answer,
  ): SipText {
    const same = (name: string): SipLine[] => request.headers(name).map((value) => [name, value]);
    const isTagged = status === 100 || request.parameter('To', 'tag') !== undefined;
    const makesDialog = request.method === 'INVITE' && status > 100 && status < 300;
    const response = new SipText(
      `SIP/2.0 ${status} ${reason}`,
      [
        ...['Via', 'Record-Route', 'From'].flatMap(same),
        ['To', isTagged ? request.header('To') : `${request.header('To')};tag=${this.#tagFor(request)}`],
        ...['Call-ID', 'CSeq'].flatMap(same),
        ...(makesDialog ? [['Contact', `<${this.#options.contact}>`] as const] : []),
        ...headers,
      ],
      body,
    );
    this.#remember(request, response.raw);
    if (request.method === 'INVITE' && status >= 200) this.#open.delete(branchOf(request));
    this.#options.send(response.raw);
    return response;
  }

  close(reason: Error): void {
    for (const mailbox of this.#requests.values()) mailbox.close(reason);
  }

  #mailbox(method: string): Mailbox<SipText> {
    const known = this.#requests.get(method);
    if (known !== undefined) return known;
    const mailbox = new Mailbox<SipText>();
    this.#requests.set(method, mailbox);
    return mailbox;
  }

  #remember(request: SipText, answer: string): void {
    this.#answers.set(keyOf(request), answer);
    const [oldest] = this.#answers.keys();
    if (this.#answers.size > remembered && oldest !== undefined) this.#answers.delete(oldest);
  }

  /** Made from the dialog, so that each response within it carries the same one. */
  #tagFor(request: SipText): string {
    return createHash('sha256')
      .update(`${this.#options.user} ${this.#options.contact} ${request.header('Call-ID')}`)
      .digest('hex')
      .slice(0, 12);
  }
}

export const isWithinCall = (request: SipText): boolean => request.parameter('To', 'tag') !== undefined;
const branchOf = (request: SipText): string => request.parameter('Via', 'branch') ?? '';
const keyOf = (request: SipText): string => `${request.method} ${branchOf(request)}`;
