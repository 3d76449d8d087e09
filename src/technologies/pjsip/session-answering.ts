// The INVITE of the far end: what it is answered.
import { Fault } from '../../errors.ts';
import type { Log } from './log.ts';
import { divide } from './name-address.ts';
import type { OnDialog } from './session-parts.ts';
import type { ResponseParts, SentResponse, SipMessage, SipRequest } from './stack.ts';

export interface AnsweringParts {
  readonly invite: SipRequest;
  readonly log: Log;
  /** Called when there is a dialog, once or more. */
  readonly onDialog: OnDialog;
}

/** Whether each provisional response has to be acknowledged (RFC 3262 3). */
export const isReliable = ({ headers }: SipMessage): boolean =>
  headers
    .all('Require')
    .flatMap((line) => divide(line, ','))
    .some((each) => each.toLowerCase() === '100rel');

export class Answering {
  readonly #log: Log;
  readonly #onDialog: OnDialog;
  /** Until it has its final response: what is a call's for hours keeps no message. */
  #invite: SipRequest | undefined;
  /** The last response, while it is not known what has become of it. */
  #sent: Promise<SentResponse> | undefined;
  #dialogId: string | undefined;

  constructor({ invite, log, onDialog }: AnsweringParts) {
    this.#invite = invite;
    this.#log = log;
    this.#onDialog = onDialog;
  }

  get invite(): SipRequest | undefined {
    return this.#invite;
  }

  /** Fails with a Fault when the transaction is over, or nothing can be sent; a refusal is then only logged. */
  async respond(status: number, parts: ResponseParts): Promise<void> {
    if (this.#invite === undefined) throw new Fault('conflict', 'The INVITE has been answered');
    const sent = this.#invite.respond(status, parts);
    if (status < 300) this.#sent = sent;
    try {
      const { dialogId, headers } = await sent;
      if (status >= 200) this.#invite = undefined;
      if (this.#sent === sent) this.#known(dialogId);
      if (status < 300 && dialogId !== undefined) this.#onDialog(dialogId, headers.get('To'));
    } catch (error) {
      if (!(error instanceof Fault)) throw error;
      if (status < 300) throw error;
      this.#log('warn', `${status} to an INVITE was not sent: ${error.message}`);
    }
  }

  /** The dialog that the last response has made. */
  get dialogId(): Promise<string | undefined> {
    return this.#sent === undefined ? Promise.resolve(this.#dialogId) : this.#sent.then(({ dialogId }) => dialogId);
  }

  #known(dialogId: string | undefined): void {
    this.#sent = undefined;
    this.#dialogId = dialogId;
  }
}
