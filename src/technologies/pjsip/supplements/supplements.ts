// Asks the supplements of a session, in the order of their list, and sees to it that one that fails does not end the call.
import { answeredBy } from '../answered-by.ts';
import { inWords, type Log } from '../log.ts';
import type { ResponseParts, SentResponse, SipMessage, SipRequest, SipResponse } from '../stack.ts';
import type { OutgoingDraft, ResponseDraft, Supplement, SupplementedSession } from './supplement.ts';

/** All sessions' supplements. */
export class Supplements {
  readonly #list: readonly Supplement[];
  readonly #log: Log;

  constructor(list: readonly Supplement[], log: Log) {
    this.#list = list;
    this.#log = log;
  }

  /** Each of them begins. `end` of what it returns is to be called when nothing more is to come. */
  begin(session: SupplementedSession): SessionSupplements {
    return new SessionSupplements(this.#list, session, this.#log);
  }
}

/** Those of one session. None of its methods fails but `write` and `connectedChanged`. */
export class SessionSupplements {
  readonly #session: SupplementedSession;
  readonly #log: Log;
  /** One that cannot begin takes no part. */
  #list: readonly Supplement[];
  #hasEnded = false;

  /** Made by `Supplements.begin`. */
  constructor(list: readonly Supplement[], session: SupplementedSession, log: Log) {
    this.#session = session;
    this.#log = log;
    const begun = list.filter((each) => this.#try(each, 'the beginning', () => each.begin?.(session)));
    // Nearly always it is the list of all sessions.
    this.#list = begun.length === list.length ? list : begun;
  }

  /** Once, however often it is called: of each that began; then the datastores end, and nobody is asked any longer. */
  end(): void {
    if (this.#hasEnded) return;
    this.#hasEnded = true;
    for (const each of this.#list) this.#try(each, 'the end', () => each.end?.(this.#session));
    this.#session.datastores.end();
    this.#list = [];
  }

  /**
   * The request to go on with: what it is answered goes through the supplements. Undefined when one of them has answered
   * it; one that failed without having done so has it answered 500.
   */
  async incomingRequest(given: SipRequest): Promise<SipRequest | undefined> {
    let isAnswered = false;
    const respond = (status: number, parts: ResponseParts = {}): Promise<SentResponse> => {
      if (status >= 200) isAnswered = true;
      const headers = [...(parts.headers ?? [])];
      this.#outgoingResponse({ status, request: given, headers });
      return given.respond(status, { ...parts, headers });
    };
    const request = answeredBy(given, respond);
    for (const each of this.#seeing(given.method)) {
      try {
        await each.incomingRequest?.(this.#session, request);
      } catch (error) {
        this.#failed(each, given.method, error);
        // What the stack itself says needs no answer.
        if (given.isOwn) return request;
        if (!isAnswered) await this.#refuse(request);
        return undefined;
      }
      if (isAnswered) return undefined;
    }
    return request;
  }

  incomingCancel(cancel: SipMessage): void {
    this.#ask('CANCEL', (each) => each.incomingCancel?.(this.#session, cancel));
  }

  incomingResponse(response: SipResponse, method: string): void {
    this.#ask(method, (each) => each.incomingResponse?.(this.#session, response, method));
  }

  /** Of each request that is about to be sent: what they put into `headers` is to be sent. */
  outgoingRequest(draft: OutgoingDraft): void {
    this.#ask(draft.method, (each) => each.outgoingRequest?.(this.#session, draft));
  }

  /** Fails with a Fault when it was tried to tell the far end, and that failed. */
  async connectedChanged(): Promise<void> {
    for (const each of this.#list) await each.connectedChanged?.(this.#session);
  }

  read(expression: string): string | undefined {
    for (const each of this.#list) {
      const value = each.read?.(this.#session, expression);
      if (value !== undefined) return value;
    }
    return undefined;
  }

  /** Fails with a Fault 'invalid'. */
  write(expression: string, value: string): boolean {
    return this.#list.some((each) => each.write?.(this.#session, expression, value) === true);
  }

  #outgoingResponse(draft: ResponseDraft): void {
    this.#ask(draft.request.method, (each) => each.outgoingResponse?.(this.#session, draft));
  }

  #seeing(method: string): Supplement[] {
    return this.#list.filter(({ methods }) => methods === undefined || methods.includes(method));
  }

  #ask(method: string, ask: (each: Supplement) => void): void {
    for (const each of this.#seeing(method)) if (!this.#try(each, method, () => ask(each))) return;
  }

  /** Says whether it did not fail. */
  #try(each: Supplement, what: string, ask: () => void): boolean {
    try {
      ask();
      return true;
    } catch (error) {
      this.#failed(each, what, error);
      return false;
    }
  }

  async #refuse(request: SipRequest): Promise<void> {
    try {
      await request.respond(500);
    } catch (error) {
      this.#log('warn', `${request.method} could not be answered with 500: ${inWords(error)}`);
    }
  }

  #failed({ name }: Supplement, what: string, error: unknown): void {
    this.#log('error', `The supplement ${name} failed at ${what}: ${inWords(error)}`);
  }
}
