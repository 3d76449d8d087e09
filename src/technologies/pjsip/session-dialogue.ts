// Carries out on the wire, and tells, what the session of one call decides.
import type { Channel, FarHangup } from '../../core/channel.ts';
import { Fault } from '../../errors.ts';
import { causeOf } from './causes.ts';
import { inWords } from './log.ts';
import { sdpOf } from './sdp/index.ts';
import { Answering } from './session-answering.ts';
import { Dialling } from './session-dialling.ts';
import type { Call } from './session-driver.ts';
import { CallMedia, type Considered } from './session-media.ts';
import { OurRequests, type Asker } from './session-ours.ts';
import {
  answeredOf,
  described,
  endOf,
  newsOf,
  type Along,
  type CallParts,
  type Dialler,
  type OnDialog,
  type OurInvite,
  type TheirInvite,
} from './session-parts.ts';
import { inputOf, OUT_OF_ORDER, refusalHeaders } from './session-requests.ts';
import { CANCELLED } from './session-steps.ts';
import { headersOf, supplemented } from './session-supplements.ts';
import { isOver, isPending, isUnanswered, isUp, step, type Effect, type Input, type Session } from './session.ts';
import type { SipHeader, SipRequest, SipResponse } from './stack.ts';

export class Dialogue implements Asker {
  readonly media: CallMedia;
  readonly requests: OurRequests;
  readonly #call: Call;
  readonly #parts: CallParts;
  readonly #answering: Answering | undefined;
  readonly #dialling: Dialling | undefined;
  /** The description of another party that our INVITE offers. */
  readonly #offer: string | undefined;
  #session: Session;
  /** The far end has gone before there was a channel to be told. */
  #gone: FarHangup | undefined;
  #dialler: Dialler | undefined;

  constructor(call: Call, parts: CallParts, invite: TheirInvite | OurInvite) {
    this.#call = call;
    this.#parts = parts;
    const { owner, view } = parts;
    const onDialog: OnDialog = (dialogId, to) => owner.onDialog(call, dialogId, to);
    if (invite.of === 'ours') {
      this.#session = { kind: 'idle' };
      this.#offer = invite.offer;
      this.#dialling = new Dialling({ request: invite, send: supplemented(parts), onDialog });
    } else {
      this.#session = { kind: 'incoming' };
      this.#answering = new Answering({ invite: invite.request, log: owner.log, onDialog });
    }
    this.requests = new OurRequests(parts, this);
    this.media = new CallMedia(parts, this.requests, invite.of === 'ours' ? undefined : invite.offered);
    view.askBy(this.requests);
  }

  get session(): Session {
    return this.#session;
  }

  get isOver(): boolean {
    return isOver(this.#session);
  }

  /** Their INVITE has no final response. */
  get isUnanswered(): boolean {
    return isUnanswered(this.#session);
  }

  /** The INVITE, theirs or ours, has no final response. */
  get isPending(): boolean {
    return isPending(this.#session);
  }

  get isOurs(): boolean {
    return this.#dialling !== undefined;
  }

  get dialogId(): Promise<string | undefined> {
    return (this.#answering ?? this.#dialling)!.dialogId;
  }

  get isUp(): boolean {
    return isUp(this.#session);
  }

  /** From now on it is told what the far end does, also if that has gone already. */
  drives(channel: Channel): void {
    const { view, supplements } = this.#parts;
    view.channel = channel;
    if (this.#gone !== undefined) channel.hungUp(this.#gone);
    const invite = this.#answering?.invite;
    if (invite === undefined) return;
    invite.onCancel((cancel) => {
      supplements.incomingCancel(cancel);
      void this.take({ kind: 'cancel', far: { ...CANCELLED, ...view.far } });
    });
    this.#expectAck(invite);
  }

  /** Sends our INVITE. */
  async dial(dialler: Dialler): Promise<void> {
    this.#dialler = dialler;
    try {
      const description = this.media.begin(this.#offer);
      if (this.#session.kind === 'idle') this.#parts.owner.onDial(this.#call);
      await this.take({ kind: 'dial' }, { description });
    } catch (error) {
      if (!(error instanceof Fault)) throw error;
      await this.take({ kind: 'hangup', cause: causeOf(error.kind === 'unavailable' ? 503 : 488) });
    }
  }

  /** A request within its dialog. */
  async receive(given: SipRequest): Promise<void> {
    // What the far end has answered before that has been heard by the next turn.
    if (this.#session.kind === 'calling') await new Promise((resolve) => setImmediate(resolve));
    const { supplements, view } = this.#parts;
    view.remote = given.source;
    const request = this.isOver ? given : await supplements.incomingRequest(given);
    if (request === undefined) return;
    // RFC 3515 2.4.4: that it is heard is all that it wants.
    if (request.method === 'NOTIFY' && view.hasReferred) return void (await request.respond(200));
    const input = inputOf(request, view.far);
    if (request.method === 'INVITE') this.#expectAck(request);
    if (input.kind === 'prack' && this.media.isOffering) {
      this.media.takeAnswer(request);
      return this.take({ kind: 'prack', media: 'none' }, { request });
    }
    await this.take(input, { request });
  }

  /** The state changes at once; what is to be done begins at once, and resolves when it is done. */
  async take(input: Input, along: Along = {}): Promise<void> {
    const hadEnded = this.#session.kind === 'ended';
    const [session, ...effects] = step(this.#session, input);
    this.#session = session;
    const done = effects.map((effect) => this.#carryOut(effect, along));
    if (this.isOver) this.requests.close();
    if (session.kind === 'ended' && !hadEnded) {
      this.#parts.supplements.end();
      this.#parts.owner.onEnd(this.#call);
    }
    this.requests.proceed();
    await Promise.all(done);
  }

  async #carryOut(effect: Effect, along: Along): Promise<void> {
    switch (effect.kind) {
      case 'respond':
        return this.#respond(effect, along);
      case 'reply':
        return this.#reply(effect.status, along);
      case 'consider':
        return this.#consider(along.request!);
      case 'invite':
        return this.#invite(along);
      case 're-invite':
        return this.requests.sendReinvite(along);
      case 'retry':
        return this.requests.retry();
      case 'prack':
        return this.#dialling?.prack(along.response!);
      case 'cancel':
        return this.#cancel(effect.cause);
      case 'ack':
        return this.requests.wire.acknowledge(along.description);
      case 'bye':
        return this.#bye(effect.cause);
      case 'news':
        return this.#dialler?.news(newsOf(effect.news, along.description));
      case 'answered':
        return this.#dialler?.outcome(answeredOf(along.description, this.#parts.view.caller));
      case 'failed':
        return this.#dialler?.outcome({ kind: 'failed', ...effect.far, ...endOf(along.response, this.#parts.view) });
      case 'hung-up':
        this.#gone = effect.far;
        this.#parts.view.channel?.hungUp(effect.far);
    }
  }

  async #respond(
    { status, cause }: Extract<Effect, { kind: 'respond' }>,
    { description, headers }: Along,
  ): Promise<void> {
    if (cause !== undefined) this.#parts.view.cause = cause;
    try {
      await this.#answering!.respond(status, this.#described(description, headers));
    } catch (error) {
      if (!(error instanceof Fault)) throw error;
      await this.take({ kind: 'lost', far: error.kind === 'conflict' ? CANCELLED : { cause: OUT_OF_ORDER } });
      throw error;
    }
  }

  async #reply(status: number, { request, description }: Along): Promise<void> {
    if (request === undefined || request.isOwn) return;
    const { random, log, abilities } = this.#parts.owner;
    const refusal = refusalHeaders(status, Math.floor(random() * 11), abilities);
    try {
      await request.respond(status, status < 300 ? this.#described(description, refusal) : { headers: refusal });
      if (description !== undefined) this.tellHeld();
    } catch (error) {
      if (!(error instanceof Fault)) throw error;
      log('warn', `${request.method} was not answered with ${status}: ${error.message}`);
      this.media.forget();
      if (request.method === 'INVITE' && status < 300) await this.take({ kind: 'unsent' });
    }
  }

  /** What follows of the dialog does not wait for somebody else's answer. */
  async #consider(request: SipRequest): Promise<void> {
    const settle = ({ status, description, isOffering }: Considered): Promise<void> =>
      this.take({ kind: 'considered', status, isOffering }, { request, description });
    const considered = this.media.consider(sdpOf(request));
    if (!(considered instanceof Promise)) return settle(considered);
    void considered
      .catch((error: unknown): Considered => {
        this.#parts.owner.log('error', `A bug in answering an offer: ${inWords(error)}`);
        return { status: 500, isOffering: false };
      })
      .then(settle);
  }

  #invite({ description = '' }: Along): Promise<void> {
    const isGiven = this.#offer !== undefined;
    const along = (response: SipResponse): Along => {
      const answer = response.status < 300 ? this.media.answered(response) : undefined;
      return { response, description: isGiven ? answer : undefined };
    };
    return this.#dialling!.invite(this.#described(description), {
      provisional: (response, isReliable) =>
        void this.take({ kind: 'provisional', status: response.status, isReliable }, along(response)),
      final: (response) => {
        const { status } = response;
        const more = along(response);
        if (status >= 300) this.media.forget();
        void this.take({ kind: 'final', status, isAnswered: this.media.isEstablished }, more);
        this.tellHeld();
      },
    });
  }

  async #bye(cause: number): Promise<void> {
    this.#parts.view.cause = cause;
    await this.requests.wire.bye();
    await this.take({ kind: 'closed' });
  }

  #described(description: string | undefined, headers: readonly SipHeader[] = []) {
    return described(description === undefined ? headers : [...headers, ...this.#parts.owner.abilities], description);
  }

  #expectAck(invite: SipRequest): void {
    invite.onAck((ack) => {
      const isAnswered = this.media.isOffering && this.media.takeAnswer(ack);
      void this.take({ kind: 'ack', isAnswered });
      this.tellHeld();
    });
  }

  tellHeld(): void {
    if (this.isUp) this.#parts.view.tellHeld(this.media.isHeld);
  }

  #cancel(cause: number): void {
    const { view, supplements } = this.#parts;
    view.cause = cause;
    this.#dialling?.cancel(headersOf('CANCEL', [], supplements));
  }
}
