// A call that the telephone is called by (RFC 3261 13.3): how it answers, and how it ends.
import type { Answer } from './callee.ts';
import type { Line } from './call.ts';
import type { SipLine } from './sip-text.ts';
import { SipText, uriOf } from './sip-text.ts';
import { deferred, within } from './waiting.ts';

/** What a call needs of the telephone that is called. */
export interface CalledLine extends Line {
  respond(request: SipText, answer: Answer): SipText;
  nextAck(): Promise<SipText>;
}

export class Called {
  readonly id: string;
  readonly invite: SipText;
  readonly #line: CalledLine;
  readonly #description: string;
  readonly #bye = deferred<SipText>();
  #answer: SipText | undefined;
  #sequence = 0;

  /** `description` is the SDP that it answers with. */
  constructor(line: CalledLine, invite: SipText, description: string) {
    this.#line = line;
    this.#description = description;
    this.invite = invite;
    this.id = invite.header('Call-ID');
  }

  /** A provisional response; with `sdp` it carries that. */
  progress(status: number, sdp?: string): void {
    this.#respond(status, [], sdp);
  }

  /** Resolves with the ACK. */
  async answer(sdp = this.#description): Promise<SipText> {
    this.#answer = this.#respond(200, [], sdp);
    for (;;) {
      const ack = await this.#line.nextAck();
      if (ack.header('Call-ID') === this.id && ack.sequence === this.invite.sequence) return ack;
    }
  }

  /** A final response that ends it. */
  reject(status: number, headers: readonly SipLine[] = []): void {
    this.#respond(status, headers);
  }

  /** A request within the call; resolves with its final response. A 2xx to an INVITE has been acknowledged. */
  async request(method: string, lines: readonly SipLine[] = [], body = ''): Promise<SipText> {
    this.#sequence += 1;
    const sequence = this.#sequence;
    const onAccepted = (): void => this.#line.send(this.#inDialog('ACK', sequence, []).raw);
    return this.#line.begin(this.#inDialog(method, sequence, lines, body), { onAccepted }).final;
  }

  hangup(): Promise<SipText> {
    return this.request('BYE');
  }

  /** The other side's BYE. Fails when none comes in time. */
  get ended(): Promise<SipText> {
    return within(this.#bye.promise, this.#line.deadline, 'BYE from the other side');
  }

  /** The telephone hands over a BYE that belongs to this call. */
  end(bye: SipText): void {
    this.#bye.resolve(bye);
  }

  #respond(status: number, headers: readonly SipLine[], sdp?: string): SipText {
    const type: SipLine[] = sdp === undefined ? [] : [['Content-Type', 'application/sdp']];
    return this.#line.respond(this.invite, { status, headers: [...headers, ...type], body: sdp ?? '' });
  }

  /** A request in the dialog that our 2xx made (RFC 3261 12.2.1.1). */
  #inDialog(method: string, sequence: number, lines: readonly SipLine[], body = ''): SipText {
    const { invite } = this;
    if (this.#answer === undefined) throw new Error(`${method} in a call that is not answered`);
    const routes = invite.headers('Record-Route').flatMap((value) => value.split(/\s*,\s*(?=<)/));
    return new SipText(
      `${method} ${uriOf(invite.header('Contact'))} SIP/2.0`,
      [
        ...this.#line.opening(),
        ...routes.map((value): SipLine => ['Route', value]),
        ['From', this.#answer.header('To')],
        ['To', invite.header('From')],
        ['Call-ID', this.id],
        ['CSeq', `${sequence} ${method}`],
        ...lines,
      ],
      body,
    );
  }
}
