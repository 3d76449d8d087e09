// What we ask of the far end within the dialog of one call: any request, and re-INVITEs in their turn.
import { Fault } from '../../errors.ts';
import { sdpOf } from './sdp/index.ts';
import type { CallMedia, MediaDialogue } from './session-media.ts';
import type { Along, CallParts } from './session-parts.ts';
import { Renegotiations, type Reinvite } from './session-renegotiations.ts';
import { supplemented } from './session-supplements.ts';
import { Wire } from './session-wire.ts';
import { isQuiet, type Input, type Session } from './session.ts';
import type { OutgoingRequest, SipResponse } from './stack.ts';

/** The dialog, as these requests need it. */
export interface Asker {
  readonly session: Session;
  readonly media: CallMedia;
  readonly isOver: boolean;
  readonly isUnanswered: boolean;
  /** Whether the INVITE that began it is ours. */
  readonly isOurs: boolean;
  /** The dialog, once there is one. */
  readonly dialogId: Promise<string | undefined>;
  take(input: Input, along?: Along): Promise<void>;
  tellHeld(): void;
}

export class OurRequests implements MediaDialogue {
  readonly #parts: CallParts;
  readonly #asker: Asker;
  // Made when they are needed first: a call that is answered and hung up by the far end needs neither.
  #wire: Wire | undefined;
  #renegotiations: Renegotiations | undefined;

  constructor(parts: CallParts, asker: Asker) {
    this.#parts = parts;
    this.#asker = asker;
  }

  get isUnanswered(): boolean {
    return this.#asker.isUnanswered;
  }

  get wire(): Wire {
    const { owner } = this.#parts;
    return (this.#wire ??= new Wire({
      send: supplemented(this.#parts),
      log: owner.log,
      dialogId: () => this.#asker.dialogId,
      abilities: owner.abilities,
    }));
  }

  /**
   * Any request but an INVITE: as `Wire.request`, which fails with a Fault 'conflict' when there is no dialog, or none any
   * more.
   */
  async request(method: string, parts: Pick<OutgoingRequest, 'headers' | 'body'>): Promise<SipResponse> {
    if (this.#asker.isOver) throw new Fault('conflict', 'The call has ended');
    return this.wire.request(method, parts);
  }

  /** As `SessionView.request` wants it: an INVITE changes no media. */
  ask(method: string, parts: Pick<OutgoingRequest, 'headers' | 'body'>): Promise<SipResponse> {
    if (method !== 'INVITE') return this.request(method, parts);
    return this.reinvite(this.#asker.media.again(parts.headers ?? []));
  }

  /** See `Renegotiations.add`. */
  reinvite(reinvite: Reinvite): Promise<SipResponse> {
    this.#renegotiations ??= this.#newRenegotiations();
    return this.#renegotiations.add(reinvite);
  }

  reply(description: string | undefined): Promise<void> {
    return this.#asker.take({ kind: 'reply' }, { description });
  }

  /** Sends the re-INVITE whose turn it is, and takes its response. */
  async sendReinvite({ description, headers = [] }: Along): Promise<void> {
    const response = await this.wire.invite(headers, description);
    this.#renegotiations?.heard(response);
    const { status } = response;
    const isOffer = status < 300 && description === undefined && sdpOf(response).kind === 'sdp';
    await this.#asker.take({ kind: 'invited', status, isOffer });
    this.#asker.tellHeld();
    this.#renegotiations?.finish();
  }

  retry(): void {
    this.#renegotiations?.retry();
  }

  proceed(): void {
    this.#renegotiations?.proceed();
  }

  close(): void {
    this.#renegotiations?.close();
  }

  /** Those of a call that is over are closed from their beginning. */
  #newRenegotiations(): Renegotiations {
    const { owner } = this.#parts;
    const asker = this.#asker;
    const renegotiations = new Renegotiations({
      clock: owner.clock,
      random: owner.random,
      isOwner: asker.isOurs,
      onRefused: () => owner.onBusy(),
      isQuiet: () => isQuiet(asker.session),
      send: (headers, description) => void asker.take({ kind: 'invite' }, { headers, description }),
    });
    if (asker.isOver) renegotiations.close();
    return renegotiations;
  }
}
