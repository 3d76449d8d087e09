// An INVITE of ours to one contact: sent, followed, called off.
import { Fault } from '../../errors.ts';
import { isReliable } from './session-answering.ts';
import type { OnDialog } from './session-parts.ts';
import { made } from './session-renegotiations.ts';
import type { ClientTransaction, OutgoingRequest, SipHeader, SipResponse } from './stack.ts';
import { statusOf } from './statuses.ts';

export interface DiallingParts {
  /** Where it goes, and with which headers. */
  readonly request: Pick<OutgoingRequest, 'uri' | 'nextHop' | 'headers'>;
  /** Sends a request to the endpoint, and says who we are when it asks. */
  readonly send: (request: OutgoingRequest) => ClientTransaction;
  /** Called with each response that belongs to a dialog. */
  readonly onDialog: OnDialog;
}

export interface Ears {
  readonly provisional: (response: SipResponse, isReliable: boolean) => void;
  readonly final: (response: SipResponse) => void;
}

export class Dialling {
  readonly #parts: DiallingParts;
  #transaction: ClientTransaction | undefined;
  #dialogId: string | undefined;

  constructor(parts: DiallingParts) {
    this.#parts = parts;
  }

  get dialogId(): Promise<string | undefined> {
    return Promise.resolve(this.#dialogId);
  }

  /** Without a response there is one of our own: of the kind of Fault that kept it from being sent. */
  async invite({ headers = [], body = '' }: Pick<OutgoingRequest, 'headers' | 'body'>, ears: Ears): Promise<void> {
    const { request, send } = this.#parts;
    const { uri, nextHop } = request;
    this.#transaction = send({
      ...(uri !== undefined && { uri }),
      ...(nextHop !== undefined && { nextHop }),
      method: 'INVITE',
      headers: [...(request.headers ?? []), ...headers],
      body,
      onProvisional: (response) => {
        this.#belongs(response);
        ears.provisional(response, isReliable(response) && response.headers.get('RSeq') !== undefined);
      },
    });
    const response = await answerOf(this.#transaction);
    this.#belongs(response);
    ears.final(response);
  }

  cancel(headers: readonly SipHeader[]): void {
    this.#transaction?.cancel(headers);
  }

  /** RFC 3262 4, 7.2 */
  prack({ headers, dialogId }: SipResponse): void {
    if (dialogId === undefined) return;
    const rack = `${headers.get('RSeq')?.trim()} ${headers.get('CSeq')?.trim()}`;
    // Whatever is answered, and if nothing is: the far end will know.
    void answerOf(this.#parts.send({ method: 'PRACK', dialogId, headers: [['RAck', rack]] }));
  }

  #belongs({ dialogId, status, headers }: SipResponse): void {
    if (dialogId === undefined || status >= 300) return;
    this.#dialogId = dialogId;
    this.#parts.onDialog(dialogId, headers.get('To'));
  }
}

/** Its final response; where a Fault kept it from being sent, one of the status that the Fault stands for. */
export async function answerOf(transaction: ClientTransaction): Promise<SipResponse> {
  try {
    return await transaction.final;
  } catch (error) {
    if (!(error instanceof Fault)) throw error;
    return made(statusOf[error.kind], error.message);
  }
}
