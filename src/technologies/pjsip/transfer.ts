// One REFER of the far end within its call, and what it is told of it by NOTIFY (RFC 3515, RFC 4488).
import type { TransferState } from '../../core/facts.ts';
import { Fault } from '../../errors.ts';
import { DatastoreKey } from './datastores.ts';
import { inWords, type Log } from './log.ts';
import type { SipHeader, SipRequest } from './stack.ts';
import type { SupplementedSession } from './supplements/supplement.ts';

/** Why a transfer did not succeed, or that it did, as the status line of a message/sipfrag. */
export type TransferStatus = 100 | 200 | 400 | 403 | 500 | 503 | 603;

const REASONS: Readonly<Record<TransferStatus, string>> = {
  100: 'Trying',
  200: 'OK',
  400: 'Bad Request',
  403: 'Forbidden',
  500: 'Server Internal Error',
  503: 'Service Unavailable',
  603: 'Decline',
};

const STATUSES: Readonly<Record<TransferState, TransferStatus>> = {
  channel_progress: 100,
  channel_answered: 200,
  channel_unavailable: 503,
  channel_declined: 603,
};

/** In seconds: how long the far end may wait for news. Whoever waits longer has the call itself. */
const EXPIRES = 600;

/** The transfer that is under way; another one is refused until that is over. */
export const TRANSFER = new DatastoreKey<Transfer>('transfer');

export class Transfer {
  /** The far end wants no news of it. */
  readonly isSilent: boolean;
  readonly #session: SupplementedSession;
  readonly #log: Log;
  readonly #event: string;
  #isOver = false;
  #sent = Promise.resolve();

  /** `isFirst`: no other one came before it in the dialog (RFC 3515 2.4.6). */
  constructor(session: SupplementedSession, request: SipRequest, isFirst: boolean, log: Log) {
    const { headers } = request;
    this.#session = session;
    this.#log = log;
    this.#event = isFirst ? 'refer' : `refer;id=${parseInt(headers.get('CSeq') ?? '0', 10)}`;
    this.isSilent = /^\s*false\b/i.test(headers.get('Refer-Sub') ?? '');
  }

  /** As `tell`, for what an application has decided. Fails with a Fault 'conflict' when it has decided already. */
  async progress(state: TransferState): Promise<void> {
    if (this.#isOver) throw new Fault('conflict', 'The transfer is over', { code: 'no-transfer' });
    await this.tell(STATUSES[state]);
  }

  /** Tells the far end, one after the other; whatever is not 100 is the last. Resolves when it has answered, or cannot be told. */
  tell(status: TransferStatus): Promise<void> {
    if (this.#isOver) return this.#sent;
    const isFinal = status !== 100;
    if (isFinal) {
      this.#isOver = true;
      this.#session.datastores.remove(TRANSFER);
    }
    if (!this.isSilent) this.#sent = this.#sent.then(() => this.#notify(status, isFinal));
    return this.#sent;
  }

  async #notify(status: TransferStatus, isFinal: boolean): Promise<void> {
    const headers: SipHeader[] = [
      ['Event', this.#event],
      ['Subscription-State', isFinal ? 'terminated;reason=noresource' : `active;expires=${EXPIRES}`],
      ['Content-Type', 'message/sipfrag;version=2.0'],
    ];
    try {
      await this.#session.request('NOTIFY', headers, `SIP/2.0 ${status} ${REASONS[status]}\r\n`);
    } catch (error) {
      // Whoever has hung up meanwhile wants to hear no more.
      if (!(error instanceof Fault)) this.#log('error', `A bug in telling of a transfer: ${inWords(error)}`);
    }
  }
}
