// The media of one call: which descriptions its messages carry, and how others lead it.
import type { Clock } from '../../core/clock.ts';
import type { MediaLeg, Offer } from '../../core/media.ts';
import { Fault } from '../../errors.ts';
import type { CallParts } from './session-parts.ts';
import type { Reinvite } from './session-renegotiations.ts';
import { meeting, sdpOf, type Body, type Failed, type Negotiation, type Written } from './sdp/index.ts';
import type { SipHeader, SipMessage, SipResponse } from './stack.ts';

/** What carries the descriptions. */
export interface MediaDialogue {
  /** Whether the INVITE of the far end has no final response. */
  readonly isUnanswered: boolean;
  /** Sends it when its turn has come. Resolves with its final response. */
  reinvite(reinvite: Reinvite): Promise<SipResponse>;
  /** Acknowledges the offer of a 200, with our answer if there is one. */
  reply(description: string | undefined): Promise<void>;
}

/** The answer to a request that may have brought an offer. */
export interface Considered {
  readonly status: number;
  readonly description?: string;
  /** It is an offer of ours. */
  readonly isOffering: boolean;
}

type Answerer = (offer: string) => Promise<string>;

/** Milliseconds that an offer which was asked for may stay unanswered. */
const PATIENCE = 10_000;

export class CallMedia implements MediaLeg {
  readonly #dialogue: MediaDialogue;
  readonly #clock: Clock;
  readonly negotiation: Negotiation;
  /** What the INVITE of the far end offers, as long as no response has said anything to it. */
  #offered: string | undefined;
  #answerer: Answerer | undefined;
  /** The description of another party that our last one was made from. */
  #peer: string | undefined;
  /** Of another party, for the next response to the INVITE. */
  #given: string | undefined;
  /** What responses to the INVITE carry. */
  #said: string | undefined;
  #isSettled = false;
  #isOffering = false;

  /** `offered`: what the INVITE of the far end offers, for a peer; undefined when it offers nothing, or the INVITE is ours. */
  constructor({ negotiation, owner }: CallParts, dialogue: MediaDialogue, offered: string | undefined) {
    this.negotiation = negotiation;
    this.#offered = offered;
    this.#dialogue = dialogue;
    this.#clock = owner.clock;
  }

  /** The far end does not want to hear anything now. */
  get isHeld(): boolean {
    return this.negotiation.isHeld;
  }

  /** An offer of ours has no answer. */
  get isOffering(): boolean {
    return this.#isOffering;
  }

  get isEstablished(): boolean {
    return this.negotiation.isEstablished;
  }

  /** What is agreed of ours. */
  get local(): string | undefined {
    return this.negotiation.local;
  }

  // --- of an INVITE of the far end -----------------------------------------------------------------

  /**
   * What a response to it carries: the same each time, and nothing once a reliable one has carried it (RFC 3261 13.2.1).
   * Fails with a Fault 'unprocessable' when the first `given` does not fit what the far end offers.
   */
  describe(given = this.#given, isReliable = false): string | undefined {
    if (this.#isSettled) return undefined;
    this.#said ??= this.#offered === undefined ? this.#offering(given) : this.#answering(given);
    this.#offered = undefined;
    this.#isSettled = isReliable;
    return this.#said;
  }

  /** The offer of the INVITE, as long as no response has said anything to it. */
  get unsaid(): string | undefined {
    return this.#offered;
  }

  /** The first reliable response carries our offer where the INVITE has none (RFC 3262 5). */
  describeRinging(isReliable: boolean): string | undefined {
    const isDue = isReliable && this.#offered === undefined && this.#said === undefined;
    return isDue ? this.describe(undefined, true) : undefined;
  }

  /** Whether an ACK or a PRACK brings an answer to our offer. */
  takeAnswer(message: SipMessage): boolean {
    return this.#agree(sdpOf(message)) !== undefined;
  }

  // --- of an INVITE of ours ------------------------------------------------------------------------

  /** Its offer. Fails with a Fault 'unprocessable' when the endpoint takes nothing of `given`. */
  begin(given: string | undefined): string {
    return this.#offering(given);
  }

  /** What of its answer is for whoever made the offer; undefined when there is none, or none that fits. */
  answered(response: SipMessage): string | undefined {
    const body = sdpOf(response);
    return body.kind === 'sdp' ? this.#agree(body) : undefined;
  }

  // --- within the dialog -----------------------------------------------------------------------------

  /** Answers an offer of the far end, or makes one where a re-INVITE asks for it. */
  consider(body: Body): Considered | Promise<Considered> {
    const { negotiation } = this;
    if (body.kind !== 'sdp') return { status: 200, description: this.#offerAgain(), isOffering: true };
    const offered = negotiation.receive(body.text);
    // RFC 3311 5.2: 491 while our offer is open, 500 while theirs is.
    if (offered.kind === 'failed') return refused(offered.status === 491 && !this.#isOffering ? 500 : offered.status);
    if (this.#answerer !== undefined) return this.#ask(this.#answerer, offered.forPeer);
    this.#peer = undefined;
    return { status: 200, description: negotiation.answerAlone(), isOffering: false };
  }

  /** An offer of ours will have no answer. */
  forget(): void {
    if (this.#isOffering && !this.negotiation.isStable) this.negotiation.refused();
    this.#isOffering = false;
  }

  onOffer(answerer: Answerer | undefined): void {
    this.#answerer = answerer;
  }

  async meet(peer: MediaLeg): Promise<'offers' | 'answers'> {
    if (!(peer instanceof CallMedia)) return 'offers';
    const { offerer, answerer, isRenewed } = meeting<CallMedia>(this, peer, ({ negotiation }) => negotiation);
    if (isRenewed) await answerer.#reoffer(() => answerer.#alone(true));
    return offerer === this ? 'offers' : 'answers';
  }

  async requestOffer(): Promise<Offer> {
    if (this.#dialogue.isUnanswered) return this.#offerOfInvite();
    const { negotiation } = this;
    let offered: string | undefined;
    const response = await this.#dialogue.reinvite({
      heard: (heard) => {
        const body = heard.status < 300 ? sdpOf(heard) : undefined;
        const received = body?.kind === 'sdp' ? negotiation.receive(body.text) : undefined;
        if (received?.kind === 'offered') offered = received.forPeer;
      },
    });
    accepted(response);
    if (offered === undefined) {
      if (sdpOf(response).kind === 'sdp') await this.#dialogue.reply(undefined);
      throw new Fault('unprocessable', 'The far end offers nothing that can be taken');
    }
    return this.#awaitAnswer(offered);
  }

  async offer(description: string): Promise<string> {
    return this.#reoffer(() => this.#offering(description));
  }

  hold(): Promise<void> {
    return this.lead(undefined);
  }

  /** A re-INVITE that changes nothing of it. */
  again(headers: readonly SipHeader[]): Reinvite {
    const heard = (response: SipResponse): void => {
      if (response.status < 300) this.#agree(sdpOf(response));
      this.forget();
    };
    return { headers, body: () => this.#offerAgain(), heard };
  }

  /** To another party by its description, or nowhere. */
  async lead(peer: string | undefined): Promise<void> {
    if (this.#dialogue.isUnanswered) this.#given = peer;
    else await this.#reoffer(() => this.#offering(peer));
  }

  /** The description of the party to which its media is led. */
  get peer(): string | undefined {
    return this.#peer;
  }

  /** Resolves with what of the answer is for whoever made the offer. */
  async #reoffer(body: () => string): Promise<string> {
    let agreed: string | undefined;
    const heard = (response: SipResponse): void => {
      if (response.status < 300) agreed = this.#agree(sdpOf(response));
      this.forget();
    };
    accepted(await this.#dialogue.reinvite({ body, heard }));
    if (agreed === undefined) throw new Fault('unprocessable', 'The answer of the far end does not fit the offer');
    return agreed;
  }

  /** The far end waits for it, so that it is answered in any case. */
  #awaitAnswer(description: string): Offer {
    const { negotiation } = this;
    let isAnswered = false;
    const answer = async (given: string | undefined): Promise<void> => {
      if (isAnswered) throw new Fault('conflict', 'The offer has been answered already');
      isAnswered = true;
      callOff();
      const written = given === undefined ? undefined : negotiation.answerFrom(given);
      this.#peer = written?.kind === 'written' ? given : undefined;
      await this.#dialogue.reply(written?.kind === 'written' ? written.text : negotiation.answerAlone());
      if (written?.kind === 'failed') throw unfitting();
    };
    // Whoever asked for it has forgotten it; that the call is over meanwhile is no news.
    const callOff = this.#clock.after(PATIENCE, () => void answer(undefined).catch(() => undefined));
    return { description, answer };
  }

  #offerOfInvite(): Offer {
    const description = this.unsaid;
    if (description === undefined) throw new Fault('conflict', 'The caller has no offer that waits for an answer');
    return { description, answer: async (given) => void (this.#given = given) };
  }

  async #ask(answerer: Answerer, forPeer: string): Promise<Considered> {
    const { negotiation } = this;
    try {
      const given = await answerer(forPeer);
      const text = textOf(negotiation.answerFrom(given));
      this.#peer = given;
      return { status: 200, description: text, isOffering: false };
    } catch (error) {
      if (!(error instanceof Fault)) throw error;
      negotiation.drop();
      return refused(error.kind === 'conflict' ? 491 : 488);
    }
  }

  #offerAgain(): string {
    try {
      return this.#offering(this.#peer);
    } catch (error) {
      if (!(error instanceof Fault)) throw error;
      return this.#offering(undefined);
    }
  }

  #offering(given: string | undefined): string {
    if (given === undefined) return this.#alone();
    const text = textOf(this.negotiation.offerFrom(given));
    this.#peer = given;
    this.#isOffering = true;
    return text;
  }

  #alone(isNew = false): string {
    this.#peer = undefined;
    this.#isOffering = true;
    return this.negotiation.offerAlone(isNew);
  }

  #answering(given: string | undefined): string {
    const { negotiation } = this;
    const text = given === undefined ? negotiation.answerAlone() : textOf(negotiation.answerFrom(given));
    this.#peer = given;
    return text;
  }

  #agree(body: Body): string | undefined {
    if (body.kind !== 'sdp') return undefined;
    const agreed = this.negotiation.answered(body.text);
    this.#isOffering = false;
    return agreed.kind === 'agreed' ? agreed.forPeer : undefined;
  }
}

const refused = (status: number): Considered => ({ status, isOffering: false });

const unfitting = (): Fault => new Fault('unprocessable', 'The parties have no medium in common');

function textOf(written: Written | Failed): string {
  if (written.kind === 'failed') throw unfitting();
  return written.text;
}

/** Fails as a MediaLeg does. */
function accepted({ status, reason }: SipResponse): void {
  if (status < 300) return;
  if ([408, 481, 491].includes(status)) throw new Fault('conflict', `The call cannot be changed: ${status} ${reason}`);
  throw new Fault(status === 503 ? 'unavailable' : 'unprocessable', `The far end refuses: ${status} ${reason}`);
}
