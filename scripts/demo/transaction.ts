// One request of the telephone and the responses to it (RFC 3261 17.1), sent again where UDP needs it.
import type { SipLine } from './sip-text.ts';
import { SipText } from './sip-text.ts';
import type { Deferred } from './waiting.ts';
import { deferred, within } from './waiting.ts';

export interface TransactionOptions {
  readonly request: SipText;
  readonly send: (text: string) => void;
  /** True on UDP: without an answer the request is sent again. */
  readonly repeats: boolean;
  /** Milliseconds until the final response must be there. */
  readonly deadline: number;
  readonly onProvisional?: ((response: SipText) => void) | undefined;
  /** Each 2xx to an INVITE, the repeated ones too: the ACK is the caller's (RFC 3261 13.2.2.4). */
  readonly onAccepted?: ((response: SipText) => void) | undefined;
}

const t1 = 500;
const t2 = 4_000;

export class Transaction {
  readonly request: SipText;
  readonly provisionals: SipText[] = [];
  /** The final response; fails when none came in time. */
  readonly final: Promise<SipText>;
  readonly #options: TransactionOptions;
  readonly #answer: Deferred<SipText> = deferred();
  #timer: NodeJS.Timeout | undefined;

  constructor(options: TransactionOptions) {
    this.request = options.request;
    this.#options = options;
    const { method, uri } = this.request;
    this.final = within(this.#answer.promise, options.deadline, `final response to ${method} ${uri}`).finally(() =>
      this.#stop(),
    );
    // Whoever awaits `final` meets the failure; whoever does not, had no interest in it.
    this.final.catch(() => undefined);
    options.send(this.request.raw);
    if (options.repeats) this.#repeatAfter(t1);
  }

  /** True when the response belongs to this transaction (RFC 3261 17.1.3). */
  owns(response: SipText): boolean {
    return response.method === this.request.method && branchOf(response) === branchOf(this.request);
  }

  accept(response: SipText): void {
    const isInvite = this.request.method === 'INVITE';
    if (response.status < 200) {
      if (isInvite) this.#stop();
      this.provisionals.push(response);
      this.#options.onProvisional?.(response);
      return;
    }
    if (isInvite && response.status < 300) this.#options.onAccepted?.(response);
    if (isInvite && response.status >= 300) this.#options.send(this.#ackFor(response).raw);
    this.#answer.resolve(response);
  }

  fail(reason: Error): void {
    this.#answer.reject(reason);
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
    const routes = request.headers('Route').map((value): SipLine => ['Route', value]);
    return new SipText(`ACK ${request.uri} SIP/2.0`, [
      ['Via', request.header('Via')],
      ['Max-Forwards', '70'],
      ...routes,
      ['From', request.header('From')],
      ['To', response.header('To')],
      ['Call-ID', request.header('Call-ID')],
      ['CSeq', `${request.sequence} ACK`],
    ]);
  }
}

const branchOf = (message: SipText): string | undefined => message.parameter('Via', 'branch');
