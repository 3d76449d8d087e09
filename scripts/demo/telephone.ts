// A simulated telephone: real SIP over UDP or TCP, with digest authentication; it calls, writes, and answers.
import { randomBytes } from 'node:crypto';
import type { Line } from './call.ts';
import { Call, audioOffer } from './call.ts';
import { Called } from './called.ts';
import type { Answer, Answering } from './callee.ts';
import { Callee, isWithinCall } from './callee.ts';
import { answerable, authorization, challengesOf } from './digest.ts';
import type { SipLine } from './sip-text.ts';
import { SipText, read } from './sip-text.ts';
import { Transaction } from './transaction.ts';
import { deferred, within } from './waiting.ts';
import type { CallParts, MessageParts, RequestParts, TelephoneOptions } from './telephone-parts.ts';
import type { HostPort, LogEntry, Wire } from './wire.ts';
import { openWire } from './wire.ts';

export { SipText } from './sip-text.ts';
export type { Call } from './call.ts';
export type { Called } from './called.ts';
export type { RequestParts, TelephoneOptions } from './telephone-parts.ts';

const random = (): string => randomBytes(8).toString('hex');

export class Telephone {
  readonly user: string;
  readonly #options: TelephoneOptions;
  readonly #wire: Wire;
  readonly #deadline: number;
  readonly #callee: Callee;
  readonly #line: Line;
  readonly #registration = `${random()}@telephone`;
  readonly #transactions = new Set<Transaction>();
  readonly #calls = new Map<string, Pick<Call, 'end'>>();
  readonly #watchers = new Set<(message: SipText) => void>();
  #sequence = 0;

  static async open(options: TelephoneOptions): Promise<Telephone> {
    const { transport = 'udp', server, ca, onLog } = options;
    return new Telephone(options, await openWire({ transport, server, ca, onLog }));
  }

  private constructor(options: TelephoneOptions, wire: Wire) {
    this.user = options.user;
    this.#options = options;
    this.#wire = wire;
    this.#deadline = options.deadline ?? 10_000;
    const { contact, description } = this;
    this.#callee = new Callee({ user: this.user, contact, description, send: (text) => this.send(text) });
    this.#line = {
      deadline: this.#deadline,
      opening: () => this.#opening(),
      begin: (request, on) => this.begin(request, on),
      withCredentials: (request, response) => this.#withCredentials(request, response),
      send: (text) => this.send(text),
    };
    wire.receive((text) => this.#receive(text));
  }

  /** Everything that went over the socket, in order. */
  get log(): readonly LogEntry[] {
    return this.#wire.log;
  }

  get address(): HostPort {
    return this.#wire.local;
  }

  /** Resolves when the connection has ended, by either side. */
  get closed(): Promise<void> {
    return within(this.#wire.closed, this.#deadline, 'end of the connection');
  }

  /** Its address of record: "sip:foo@127.0.0.1". */
  get aor(): string {
    return this.#uri(this.user);
  }

  /** Where it can be reached: "sip:foo@127.0.0.1:40000;transport=tcp". */
  get contact(): string {
    const { host, port } = this.#wire.local;
    const { transport } = this.#wire;
    return `sip:${this.user}@${host}:${port}${transport === 'udp' ? '' : `;transport=${transport}`}`;
  }

  get description(): string {
    return this.#options.description ?? audioOffer(this.#wire.media);
  }

  /** Resolves with the final response, after a challenge was answered. `expires` is in seconds. */
  register({
    expires = 3600,
    headers = [],
  }: { expires?: number; headers?: readonly SipLine[] } = {}): Promise<SipText> {
    const own: SipLine[] = [
      ['Call-ID', this.#registration],
      ['Contact', `<${this.contact}>`],
      ['Expires', `${expires}`],
    ];
    const uri = `sip:${this.#domain}`;
    return this.request({ method: 'REGISTER', to: this.user, uri, headers: [...own, ...headers] });
  }

  unregister(): Promise<SipText> {
    return this.register({ expires: 0 });
  }

  /** Resolves with the final response, after a challenge was answered. */
  message({ to, body, contentType = 'text/plain', headers = [] }: MessageParts): Promise<SipText> {
    return this.request({ method: 'MESSAGE', to, body, headers: [['Content-Type', contentType], ...headers] });
  }

  /** Places a call, with an offer unless `withoutSdp`: then the ACK carries the answer. */
  call({ to, sdp = this.description, withoutSdp = false, headers = [] }: CallParts): Call {
    const contact: SipLine = ['Contact', `<${this.contact}>`];
    const invite = withoutSdp
      ? this.#compose({ method: 'INVITE', to, headers: [contact, ...headers] })
      : this.#compose({
          method: 'INVITE',
          to,
          headers: [contact, ['Content-Type', 'application/sdp'], ...headers],
          body: sdp,
        });
    const call = new Call(this.#line, invite, withoutSdp ? sdp : undefined);
    this.#calls.set(call.id, call);
    return call;
  }

  /** From now on it can be called: `called` gives each call, which must then be answered. What comes within a call is taken. */
  expectCalls(): void {
    this.#callee.answerCalls(undefined);
  }

  /** The oldest call to it that was not yet asked for. */
  async called(): Promise<Called> {
    for (;;) {
      const invite = await this.next('INVITE');
      if (isWithinCall(invite)) continue;
      const line = {
        ...this.#line,
        respond: (request: SipText, answer: Answer) => this.respond(request, answer),
        nextAck: () => this.next('ACK'),
      };
      const call = new Called(line, invite, this.description);
      this.#calls.set(call.id, call);
      return call;
    }
  }

  /** Any request outside of a call; resolves with its final response, after a challenge was answered. */
  request(parts: RequestParts): Promise<SipText> {
    const response = this.#request(parts);
    response.catch(() => undefined); // whoever awaits it meets the failure
    return response;
  }

  async #request(parts: RequestParts): Promise<SipText> {
    let request = this.#compose(parts);
    for (;;) {
      const response = await this.begin(request).final;
      const again = parts.authenticates === false ? undefined : this.#withCredentials(request, response);
      if (again === undefined) return response;
      request = again;
    }
  }

  /** Sends a request as it is, and follows its responses. */
  begin(request: SipText, on: Parameters<Line['begin']>[1] = {}): Transaction {
    const transaction = new Transaction({
      request,
      send: (text) => this.send(text),
      repeats: this.#wire.transport === 'udp',
      deadline: this.#deadline,
      ...on,
    });
    this.#transactions.add(transaction);
    // An INVITE stays known: its answer may be repeated, and wants its ACK each time.
    if (request.method !== 'INVITE') {
      const forget = (): void => void this.#transactions.delete(transaction);
      transaction.final.then(forget, forget);
    }
    return transaction;
  }

  /** Sends bytes as they are, be they SIP or not. */
  send(bytes: string | Uint8Array): void {
    this.#wire.send(bytes);
  }

  /** The next message from now on that `wanted` says yes to. */
  received(wanted: (message: SipText) => boolean, what = 'message of the kind that was waited for'): Promise<SipText> {
    const { promise, resolve } = deferred<SipText>();
    const watcher = (message: SipText): void => {
      if (wanted(message)) resolve(message);
    };
    this.#watchers.add(watcher);
    return within(promise, this.#deadline, what).finally(() => this.#watchers.delete(watcher));
  }

  /** The oldest incoming request of that method that was not yet asked for. Repetitions count once. */
  next(method: string): Promise<SipText> {
    return this.#callee.next(method, this.#deadline);
  }

  nextMessage(): Promise<SipText> {
    return this.next('MESSAGE');
  }

  /**
   * How requests of that method are answered from now on; `undefined` leaves it to a later `respond`.
   * Until told otherwise: INVITE 486, MESSAGE, OPTIONS, BYE, CANCEL, NOTIFY, INFO and UPDATE 200, all others 405.
   */
  answer(method: string, answering: Answering): void {
    this.#callee.answer(method, answering);
  }

  respond(request: SipText, answer: Answer): SipText {
    return this.#callee.respond(request, answer);
  }

  /** Whoever still waits meets an error. */
  async close(): Promise<void> {
    const reason = new Error(`telephone ${this.user} was closed`);
    for (const transaction of this.#transactions) transaction.fail(reason);
    this.#callee.close(reason);
    await this.#wire.close();
  }

  get #domain(): string {
    return this.#options.domain ?? this.#options.server.host;
  }

  #uri(to: string): string {
    return /^(?:sips?|tel):/i.test(to) ? to : `sip:${to}@${this.#domain}`;
  }

  #opening(): SipLine[] {
    const { host, port } = this.#wire.local;
    const sentBy = `${this.#wire.transport.toUpperCase()} ${host}:${port}`;
    return [
      ['Via', `SIP/2.0/${sentBy};branch=z9hG4bK${random()};rport`],
      ['Max-Forwards', '70'],
    ];
  }

  #compose({ method, to, uri = this.#uri(to), headers = [], body = '' }: RequestParts): SipText {
    this.#sequence += 1;
    const own: SipLine[] = [
      ...this.#opening(),
      ['From', `<${this.aor}>;tag=${random()}`],
      ['To', `<${this.#uri(to)}>`],
      ['Call-ID', `${random()}@telephone`],
      ['CSeq', `${this.#sequence} ${method}`],
    ];
    const given = new Set(headers.map(([name]) => name.toLowerCase()));
    const lines = [...own.filter(([name]) => !given.has(name.toLowerCase())), ...headers];
    return new SipText(`${method} ${uri} SIP/2.0`, lines, body);
  }

  /** The request again, as RFC 3261 22.2 wants it; undefined when that would not help. */
  #withCredentials(request: SipText, response: SipText): SipText | undefined {
    const { password } = this.#options;
    const [asks, answers] =
      response.status === 407 ? ['Proxy-Authenticate', 'Proxy-Authorization'] : ['WWW-Authenticate', 'Authorization'];
    if (![401, 407].includes(response.status) || password === undefined || request.header(answers) !== '')
      return undefined;
    const challenge = answerable(challengesOf(response.headers(asks)));
    if (challenge === undefined) return undefined;
    const { method, uri } = request;
    const value = authorization(challenge, { username: this.user, password, method, uri, cnonce: random() });
    this.#sequence = Math.max(this.#sequence, request.sequence) + 1;
    const kept = request.lines.filter(([name]) => !['Via', 'Max-Forwards', 'CSeq'].includes(name));
    const lines: SipLine[] = [...this.#opening(), ...kept, ['CSeq', `${this.#sequence} ${method}`], [answers, value]];
    return new SipText(request.startLine, lines, request.body);
  }

  #receive(text: string): void {
    const message = read(text);
    for (const watcher of this.#watchers) watcher(message);
    if (message.isResponse) {
      for (const transaction of this.#transactions) if (transaction.owns(message)) transaction.accept(message);
      return;
    }
    if (this.#callee.receive(message) && message.method === 'BYE')
      this.#calls.get(message.header('Call-ID'))?.end(message);
  }
}
