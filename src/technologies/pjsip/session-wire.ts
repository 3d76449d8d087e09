// The requests that we send within the dialog of one call.
import { Fault } from '../../errors.ts';
import type { Log } from './log.ts';
import { answerOf } from './session-dialling.ts';
import { described } from './session-parts.ts';
import type { ClientTransaction, OutgoingRequest, SipHeader, SipResponse } from './stack.ts';

export interface WireParts {
  readonly send: (request: OutgoingRequest) => ClientTransaction;
  readonly abilities: readonly SipHeader[];
  readonly log: Log;
  /** The dialog, once there is one. */
  readonly dialogId: () => Promise<string | undefined>;
}

export class Wire {
  readonly #parts: WireParts;

  constructor(parts: WireParts) {
    this.#parts = parts;
  }

  /**
   * Resolves with its final response, or one that stands for why there is none. Fails with a Fault 'conflict' when there is
   * no dialog.
   */
  async request(method: string, parts: Pick<OutgoingRequest, 'headers' | 'body'>): Promise<SipResponse> {
    const dialogId = await this.#parts.dialogId();
    if (dialogId === undefined) throw new Fault('conflict', 'The call has no dialog');
    return answerOf(this.#parts.send({ ...parts, method, dialogId }));
  }

  invite(headers: readonly SipHeader[], description: string | undefined): Promise<SipResponse> {
    return this.request('INVITE', described([...this.#parts.abilities, ...headers], description));
  }

  /** Of a 2xx to our INVITE. */
  async acknowledge(description: string | undefined): Promise<void> {
    const dialogId = await this.#parts.dialogId();
    if (dialogId === undefined) return;
    await this.#unlessLost('An ACK', this.#parts.send({ ...described([], description), method: 'ACK', dialogId }).sent);
  }

  /** The dialog is over as soon as it is sent, whatever is answered (RFC 3261 15.1.1). */
  async bye(): Promise<void> {
    const dialogId = await this.#parts.dialogId();
    if (dialogId === undefined) return;
    await this.#unlessLost('A BYE', this.#parts.send({ method: 'BYE', dialogId }).final);
  }

  async #unlessLost(what: string, sent: Promise<unknown>): Promise<void> {
    try {
      await sent;
    } catch (error) {
      if (!(error instanceof Fault)) throw error;
      // The stack has ended the dialog already, as after a 200 that was faster than a CANCEL.
      if (error.kind !== 'invalid') this.#parts.log('warn', `${what} was not sent: ${error.message}`);
    }
  }
}
