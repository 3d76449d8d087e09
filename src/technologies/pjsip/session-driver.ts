// Carries out on the wire what a session decides, for one call: the driver of its channel.
import type { Channel } from '../../core/channel.ts';
import type { ChannelDriver } from '../../core/technology.ts';
import { Fault } from '../../errors.ts';
import { causeOfReason, reasonOf, statusOf } from './causes.ts';
import type { Log } from './log.ts';
import type { Codec } from './objects/index.ts';
import { keyOf } from './session-dtmf.ts';
import { answerTo, isAnswer, offerOf, sdpOf, writeSdp, type Description } from './sdp/index.ts';
import { CANCELLED, step, type Effect, type Input, type Media, type Session } from './session.ts';
import type {
  ClientTransaction,
  OutgoingRequest,
  ResponseParts,
  SentResponse,
  SipHeader,
  SipMessage,
  SipRequest,
} from './stack.ts';

export interface CallParts {
  readonly invite: SipRequest;
  /** What the INVITE's offer is answered with, or our offer if it had none. */
  readonly media: Negotiated;
  readonly allow: readonly Codec[];
  /** The IP address that descriptions name. */
  readonly address: string;
  /** Sends a request to the endpoint, and says who we are when it asks. */
  readonly send: (request: OutgoingRequest) => ClientTransaction;
  /** What a 200 with a description says of us: Allow and Supported (RFC 3261 13.3.1.4). */
  readonly abilities: readonly SipHeader[];
  /** From 0 up to 1. */
  readonly random: () => number;
  readonly log: Log;
  /** Called when it has got a dialog, once or more. */
  readonly onDialog: (dialogId: string) => void;
  /** Called once, when nothing more is to come of it. */
  readonly onEnd: () => void;
}

/** What a message says of media, and the description to be sent in return, if any. */
export interface Negotiated {
  readonly media: Media;
  readonly description?: Description;
  /** Whether its offer puts us on hold; undefined when it has none. */
  readonly isHeld?: boolean;
}

/** An INVITE or UPDATE. A re-INVITE without an offer asks for ours; an UPDATE never does (RFC 3311 5.1). */
export function negotiate(request: SipMessage & { readonly method: string }, allow: readonly Codec[]): Negotiated {
  const body = sdpOf(request);
  if (body.kind === 'unsupported') return { media: 'unsupported' };
  if (body.kind === 'none')
    return request.method === 'INVITE' ? { media: 'offer', description: offerOf(allow) } : { media: 'none' };
  const description = answerTo(body.text, allow);
  if (description === undefined) return { media: 'unacceptable' };
  return { media: 'answer', description, isHeld: description.isHeld };
}

/** RFC 3261 13.3.1.4, RFC 4028 10. */
const TIMER_EXPIRY = 102;
/** The connection to the SIP server is gone. */
const OUT_OF_ORDER = 38;
/** What a 415 must name (RFC 3261 21.4.13). */
export const ACCEPT: SipHeader = ['Accept', 'application/sdp, multipart/mixed'];

export class Call implements ChannelDriver {
  readonly #parts: CallParts;
  readonly #sessionId: number;
  #session: Session = { kind: 'incoming' };
  #channel: Channel | undefined;
  #version = 0;
  #answered: Promise<void> | undefined;
  #sent: Promise<SentResponse> | undefined;
  #isHeld = false;

  constructor(parts: CallParts) {
    this.#parts = parts;
    this.#sessionId = Math.floor(parts.random() * 2 ** 31);
  }

  /** From now on the channel is told when the far end hangs up, also if it has done so already. */
  drives(channel: Channel): void {
    this.#channel = channel;
    this.#parts.invite.onCancel(() => void this.#take({ kind: 'cancel' }));
    this.#expectAck(this.#parts.invite, this.#parts.media);
  }

  /** Ends the call as an application would, and so that it can be tried elsewhere if nobody answered it yet. */
  shutDown(): void {
    const isUp = this.#channel?.snapshot.state === 'Up';
    this.#channel?.hangup(isUp ? 16 : 34);
  }

  /** Fails with a Fault 'conflict' when the call is over, 'unavailable' when the 200 cannot be sent. */
  answer(): Promise<void> {
    if (this.#session.kind === 'ended') return Promise.reject(new Fault('conflict', 'The call has ended'));
    this.#answered ??= this.#take({ kind: 'answer', isOffering: this.#parts.media.media === 'offer' });
    return this.#answered;
  }

  ring(): Promise<void> {
    return this.#take({ kind: 'ring' });
  }

  /** SIP has no way to say it: the next response will tell. */
  async stopRinging(): Promise<void> {}

  hangup(cause: number): number | undefined {
    const isUnanswered = this.#session.kind === 'incoming' || this.#session.kind === 'ringing';
    void this.#take({ kind: 'hangup', cause });
    return isUnanswered ? statusOf(cause) : undefined;
  }

  /** A request within its dialog. */
  receive(request: SipRequest): Promise<void> {
    switch (request.method) {
      case 'BYE': {
        const cause = request.isOwn ? ownCause(request) : causeOfReason(request.headers.all('Reason'), 'Q.850');
        return this.#take({ kind: 'bye', far: cause === undefined ? {} : { cause } }, request);
      }
      case 'INFO':
        return this.#take({ kind: 'info', ...readInfo(request) }, request);
      case 'UPDATE': {
        const negotiated = negotiate(request, this.#parts.allow);
        return this.#take({ kind: 'update', media: negotiated.media }, request, negotiated);
      }
      default: {
        const negotiated = negotiate(request, this.#parts.allow);
        this.#expectAck(request);
        return this.#take({ kind: 're-INVITE', media: negotiated.media }, request, negotiated);
      }
    }
  }

  /** `begun`: what the call begins with, which is told when it has begun. */
  #expectAck(invite: SipRequest, begun?: Negotiated): void {
    invite.onAck((ack) => {
      const body = sdpOf(ack);
      const isAnswered = body.kind === 'sdp' && isAnswer(body.text, this.#parts.allow);
      void this.#take({ kind: 'ack', isAnswered });
      this.#setHeld(begun?.isHeld);
    });
  }

  /** A description that says nothing of hold changes nothing. */
  #setHeld(isHeld = this.#isHeld): void {
    if (isHeld === this.#isHeld || this.#channel === undefined || this.#channel.isEnded) return;
    this.#isHeld = isHeld;
    this.#channel.setHeld(isHeld);
  }

  /** The state changes at once; what is to be done begins at once, and resolves when it is done. */
  async #take(input: Input, request?: SipRequest, negotiated?: Negotiated): Promise<void> {
    const hadEnded = this.#session.kind === 'ended';
    const [session, ...effects] = step(this.#session, input);
    this.#session = session;
    const done = effects.map((effect) => this.#carryOut(effect, request, negotiated));
    if (session.kind === 'ended' && !hadEnded) this.#parts.onEnd();
    await Promise.all(done);
  }

  async #carryOut(effect: Effect, request?: SipRequest, negotiated?: Negotiated): Promise<void> {
    switch (effect.kind) {
      case 'respond':
        return this.#respond(effect);
      case 'reply':
        if (request === undefined || request.isOwn) return;
        await request.respond(effect.status, this.#response(effect, negotiated?.description));
        if (effect.hasSdp) this.#setHeld(negotiated?.isHeld);
        return;
      case 'bye':
        return this.#bye(effect.cause);
      case 'key':
        if (this.#channel?.isEnded === false) this.#channel.dtmfReceived(effect.key.digit, effect.key.duration);
        return;
      case 'hung-up':
        return this.#channel?.hungUp(effect.far);
    }
  }

  async #respond(effect: Extract<Effect, { kind: 'respond' }>): Promise<void> {
    const { invite, media, log } = this.#parts;
    const sent = invite.respond(effect.status, this.#response(effect, media.description));
    if (effect.status === 200) this.#sent = sent;
    try {
      const { dialogId } = await sent;
      if (effect.status < 300 && dialogId !== undefined) this.#parts.onDialog(dialogId);
    } catch (error) {
      if (!(error instanceof Fault)) throw error;
      if (effect.status >= 300) return log('warn', `${effect.status} to an INVITE was not sent: ${error.message}`);
      await this.#take({ kind: 'lost', far: error.kind === 'conflict' ? CANCELLED : { cause: OUT_OF_ORDER } });
      throw error;
    }
  }

  #response(effect: Extract<Effect, { status: number }>, description: Description | undefined): ResponseParts {
    const { status } = effect;
    const headers: SipHeader[] = [];
    if (effect.kind === 'respond' && effect.cause !== undefined) headers.push(['Reason', reasonOf(effect.cause)]);
    if (status === 415) headers.push(ACCEPT);
    // RFC 6086 4.2.2: none is wanted.
    if (status === 469) headers.push(['Recv-Info', 'nil']);
    // RFC 3261 14.2, RFC 3311 5.2.
    if (status === 500) headers.push(['Retry-After', String(Math.floor(this.#parts.random() * 11))]);
    if (effect.hasSdp === undefined || description === undefined) return { headers };
    headers.push(...this.#parts.abilities, ['Content-Type', 'application/sdp']);
    const origin = { sessionId: this.#sessionId, version: ++this.#version, address: this.#parts.address };
    return { headers, body: writeSdp(description, origin) };
  }

  /** The dialog is over as soon as it is sent, whatever is answered (RFC 3261 15.1.1). */
  async #bye(cause: number): Promise<void> {
    try {
      const dialogId = (await this.#sent)?.dialogId;
      if (dialogId === undefined) throw new Error('the 200 to an INVITE made no dialog');
      await this.#parts.send({ method: 'BYE', dialogId, headers: [['Reason', reasonOf(cause)]] }).final;
    } catch (error) {
      if (!(error instanceof Fault)) throw error;
      this.#parts.log('warn', `A BYE was not sent: ${error.message}`);
    } finally {
      await this.#take({ kind: 'closed' });
    }
  }
}

/** The stack ends a dialog by itself when it lost it, or when an ACK or a refresh did not come. */
const ownCause = ({ headers }: SipRequest): number =>
  (causeOfReason(headers.all('Reason'), 'SIP') ?? 0) >= 300 ? OUT_OF_ORDER : TIMER_EXPIRY;

/** A key is told; an INFO that says nothing is taken, and no other (RFC 2976 2.2, RFC 6086 4.2.2). */
function readInfo(info: SipRequest): Pick<Extract<Input, { kind: 'info' }>, 'status' | 'key'> {
  if (info.headers.get('Info-Package') !== undefined) return { status: 469 };
  if (info.body === '') return { status: 200 };
  const key = keyOf(info);
  if (key === 'malformed') return { status: 400 };
  return key === undefined ? { status: 415 } : { status: 200, key };
}
