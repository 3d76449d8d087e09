// A call that the telephone places (RFC 3261 13.2): its INVITE, its ACK, and how it ends.
import type { SipLine } from './sip-text.ts';
import { SipText, uriOf } from './sip-text.ts';
import type { Transaction, TransactionOptions } from './transaction.ts';
import { Mailbox, deferred, within } from './waiting.ts';

/** What a call needs of its telephone. */
export interface Line {
  /** Milliseconds that any wait may take. */
  readonly deadline: number;
  /** The lines that each request begins with: a Via with a new branch, and Max-Forwards. */
  opening(): SipLine[];
  begin(request: SipText, on?: Pick<TransactionOptions, 'onProvisional' | 'onAccepted'>): Transaction;
  /** The request again with credentials, if the response asks for them and they were not yet given. */
  withCredentials(request: SipText, response: SipText): SipText | undefined;
  send(text: string): void;
}

export class Call {
  readonly id: string;
  readonly provisionals: SipText[] = [];
  /** The final response, after a challenge was answered. The ACK has gone out. */
  readonly answered: Promise<SipText>;
  readonly #line: Line;
  readonly #answer: string | undefined;
  readonly #news = new Mailbox<SipText>();
  readonly #proceeding = new Mailbox<SipText>();
  readonly #bye = deferred<SipText>();
  #transaction: Transaction;
  #accepted: SipText | undefined;
  #ack: SipText | undefined;
  #sequence = 0;

  /** `answer` is the SDP that the ACK carries, for an INVITE without an offer. */
  constructor(line: Line, invite: SipText, answer?: string) {
    this.#line = line;
    this.#answer = answer;
    this.id = invite.header('Call-ID');
    this.#transaction = this.#begin(invite);
    this.answered = this.#untilAnswered();
    this.answered.catch(() => undefined); // whoever awaits it meets the failure
  }

  /** Waits for a provisional response of that status; fails when the final one comes first. */
  async progress(status: number): Promise<SipText> {
    for (;;) {
      const response = await this.#news.next(
        this.#line.deadline,
        `${status} to ${this.#transaction.request.startLine}`,
      );
      if (response.status === status) return response;
      if (response.status >= 200)
        throw new Error(`${status} was expected, but the call ended in ${response.startLine}`);
    }
  }

  /** Gives up the call before it is answered; resolves with the response to the CANCEL. `answered` tells the rest. */
  async cancel(): Promise<SipText> {
    // Nothing may be cancelled before the other side has shown that it knows of it (RFC 3261 9.1).
    while (this.#transaction.provisionals.length === 0) {
      await this.#proceeding.next(this.#line.deadline, 'provisional response before the CANCEL');
    }
    const { request } = this.#transaction;
    const same = (name: string): SipLine[] => request.headers(name).map((value) => [name, value]);
    return this.#line.begin(
      new SipText(`CANCEL ${request.uri} SIP/2.0`, [
        ['Via', request.header('Via')],
        ['Max-Forwards', '70'],
        ...['Route', 'From', 'To', 'Call-ID'].flatMap(same),
        ['CSeq', `${request.sequence} CANCEL`],
      ]),
    ).final;
  }

  /** Ends the answered call; resolves with the response to the BYE. */
  hangup(): Promise<SipText> {
    return this.request('BYE');
  }

  /** A request within the call; resolves with its final response. A 2xx to an INVITE has been acknowledged. */
  async request(method: string, lines: readonly SipLine[] = [], body = ''): Promise<SipText> {
    this.#sequence += 1;
    let request = this.#inDialog(method, this.#sequence, lines, body);
    for (;;) {
      const { sequence } = request;
      const onAccepted = (): void => this.#line.send(this.#inDialog('ACK', sequence, []).raw);
      const response = await this.#line.begin(request, { onAccepted }).final;
      const again = this.#line.withCredentials(request, response);
      if (again === undefined) return response;
      request = again;
      this.#sequence = again.sequence;
    }
  }

  /** The other side's BYE. Fails when none comes in time. */
  get ended(): Promise<SipText> {
    return within(this.#bye.promise, this.#line.deadline, 'BYE from the other side');
  }

  /** The telephone hands over a BYE that belongs to this call. */
  end(bye: SipText): void {
    this.#bye.resolve(bye);
  }

  async #untilAnswered(): Promise<SipText> {
    for (;;) {
      const response = await this.#transaction.final;
      const again = this.#line.withCredentials(this.#transaction.request, response);
      if (again === undefined) {
        this.#news.put(response);
        return response;
      }
      this.#transaction = this.#begin(again);
    }
  }

  #begin(invite: SipText): Transaction {
    this.#sequence = invite.sequence;
    return this.#line.begin(invite, {
      onProvisional: (response) => {
        this.provisionals.push(response);
        this.#news.put(response);
        this.#proceeding.put(response);
      },
      onAccepted: (response) => {
        this.#accepted = response;
        const type: SipLine[] = this.#answer === undefined ? [] : [['Content-Type', 'application/sdp']];
        this.#ack ??= this.#inDialog('ACK', invite.sequence, type, this.#answer);
        this.#line.send(this.#ack.raw);
      },
    });
  }

  /** A request in the dialog that the 2xx made (RFC 3261 12.2.1.1). */
  #inDialog(method: string, sequence: number, lines: readonly SipLine[], body = ''): SipText {
    const accepted = this.#accepted;
    if (accepted === undefined) throw new Error(`${method} in a call that is not answered`);
    const routes = accepted.headers('Record-Route').flatMap((value) => value.split(/\s*,\s*(?=<)/));
    return new SipText(
      `${method} ${uriOf(accepted.header('Contact'))} SIP/2.0`,
      [
        ...this.#line.opening(),
        ...routes.reverse().map((value): SipLine => ['Route', value]),
        ['From', accepted.header('From')],
        ['To', accepted.header('To')],
        ['Call-ID', this.id],
        ['CSeq', `${sequence} ${method}`],
        ...lines,
      ],
      body,
    );
  }
}

/** An offer of one audio stream from that host. */
export const audioOffer = (host: string): string =>
  [
    'v=0',
    `o=- 1 1 IN IP4 ${host}`,
    's=-',
    `c=IN IP4 ${host}`,
    't=0 0',
    'm=audio 4000 RTP/AVP 0 8 101',
    'a=rtpmap:0 PCMU/8000',
    'a=rtpmap:8 PCMA/8000',
    'a=rtpmap:101 telephone-event/8000',
    'a=sendrecv',
    '',
  ].join('\r\n');
