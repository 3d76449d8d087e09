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
  readonly #parts: AnsweringParts;
  #sent: Promise<SentResponse> | undefined;

  constructor(parts: AnsweringParts) {
    this.#parts = parts;
  }

  /** Fails with a Fault when the transaction is over, or nothing can be sent; a refusal is then only logged. */
  async respond(status: number, parts: ResponseParts): Promise<void> {
    const { invite, log, onDialog } = this.#parts;
    const sent = invite.respond(status, parts);
    if (status < 300) this.#sent = sent;
    try {
      const { dialogId, headers } = await sent;
      if (status < 300 && dialogId !== undefined) onDialog(dialogId, headers.get('To'));
    } catch (error) {
      if (!(error instanceof Fault)) throw error;
      if (status < 300) throw error;
      log('warn', `${status} to an INVITE was not sent: ${error.message}`);
    }
  }

  /** The dialog that the last response has made. */
  get dialogId(): Promise<string | undefined> {
    return Promise.resolve(this.#sent).then((sent) => sent?.dialogId);
  }
}
