// One request of the telephone and the responses to it (RFC 3261 17.1), with retransmission where UDP needs it.
import type { SipLine } from './sip-text.ts';
import { SipText } from './sip-text.ts';
import { Mailbox, within } from './waiting.ts';

export interface TransactionOptions {
  readonly request: SipText;
  readonly send: (text: string) => void;
  /** True on UDP: without an answer the request is sent again. */
  readonly repeats: boolean;
  /** Milliseconds until the final response must be there. */
  readonly deadline: number;
}

const t1 = 500;
const t2 = 4_000;

export class Transaction {
  readonly request: SipText;
  readonly provisionals: SipText[] = [];
  /** The final response; fails when none came in time. */
  readonly final: Promise<SipText>;
  readonly #options: TransactionOptions;
  readonly #news = new Mailbox<SipText>();
  #timer: NodeJS.Timeout | undefined;
  #settle: { resolve: (response: SipText) => void; reject: (reason: Error) => void } | undefined;
  #failedAck: string | undefined;

  constructor(options: TransactionOptions) {
    this.request = options.request;
    this.#options = options;
    const answer = new Promise<SipText>((resolve, reject) => {
      this.#settle = { resolve, reject };
    });
    const { method, uri } = this.request;
    this.final = within(answer, options.deadline, `final response to ${method} ${uri}`).finally(() => this.#stop());
    // Whoever asks for `final` meets the failure; whoever does not, had no interest.
    this.final.catch(() => undefined);
    options.send(this.request.raw);
    if (options.repeats) this.#repeatAfter(t1);
  }

  /** True when the response belongs to this transaction (RFC 3261 17.1.3). */
  owns(response: SipText): boolean {
    return response.method === this.request.method && branchOf(response) === branchOf(this.request);
  }

  accept(response: SipText): void {
    if (response.status < 200) {
      this.provisionals.push(response);
      this.#news.put(response);
      if (this.request.method === 'INVITE') clearTimeout(this.#timer);
      return;
    }
    if (this.request.method === 'INVITE' && response.status >= 300) {
      this.#failedAck ??= this.#ackFor(response).raw;
      this.#options.send(this.#failedAck);
    }
    this.#news.put(response);
    this.#settle?.resolve(response);
  }

  /** The next response that was not yet asked for, provisional or final. */
  nextResponse(): Promise<SipText> {
    return this.#news.next(this.#options.deadline, `response to ${this.request.method} ${this.request.uri}`);
  }

  fail(reason: Error): void {
    this.#settle?.reject(reason);
    this.#news.close(reason);
  }

  #repeatAfter(delay: number): void {
    this.#timer = setTimeout(() => {
      this.#options.send(this.request.raw);
      this.#repeatAfter(this.request.method === 'INVITE' ? delay * 2 : Math.min(delay * 2, t2));
    }, delay);
  }

  #stop(): void {
    clearTimeout(this.#timer);
  }

  /** The ACK to a refusal is part of the transaction (RFC 3261 17.1.1.3). */
  #ackFor(response: SipText): SipText {
    const { request } = this;
    const same = (name: string): SipLine[] => request.headers(name).map((value) => [name, value]);
    return new SipText(`ACK ${request.uri} SIP/2.0`, [
      ['Via', request.header('Via')],
      ['Max-Forwards', '70'],
      ...same('Route'),
      ['From', request.header('From')],
      ['To', response.header('To')],
      ['Call-ID', request.header('Call-ID')],
      ['CSeq', `${request.sequence} ACK`],
    ]);
  }
}

const branchOf = (message: SipText): string | undefined => message.parameter('Via', 'branch');
