// What can be done to a call with one far end: the driver of its channel.
import type { Channel } from '../../core/channel.ts';
import type { Party, TransferState } from '../../core/facts.ts';
import type { ChannelDriver, DialNews, DialOutcome, DtmfTiming } from '../../core/technology.ts';
import { Fault } from '../../errors.ts';
import { statusOf } from './causes.ts';
import { isReliable } from './session-answering.ts';
import { Dialogue } from './session-dialogue.ts';
import { sendKeys } from './session-dtmf.ts';
import { readFunction } from './session-functions.ts';
import type { CallMedia } from './session-media.ts';
import { begunOf, type Begun, type CallParts, type OurInvite, type TheirInvite } from './session-parts.ts';
import type { SessionView } from './session-view.ts';
import type { Reinvite } from './session-renegotiations.ts';
import type { Input } from './session.ts';
import type { OutgoingRequest, SipHeader, SipRequest, SipResponse } from './stack.ts';
import { TRANSFER } from './transfer.ts';

export class Call implements ChannelDriver {
  readonly #parts: CallParts;
  readonly #begun: Begun;
  readonly #dialogue: Dialogue;
  /** Each provisional response has to be acknowledged. */
  readonly #isReliable: boolean;
  #answered: Promise<void> | undefined;
  /** Where its media was led before we put it on hold. */
  #parked: { readonly peer: string | undefined } | undefined;

  constructor(parts: CallParts, invite: TheirInvite | OurInvite) {
    this.#parts = parts;
    this.#begun = begunOf(invite);
    this.#dialogue = new Dialogue(this, parts, invite);
    this.#isReliable = invite.of === 'theirs' && isReliable(invite.request);
  }

  get media(): CallMedia {
    return this.#dialogue.media;
  }

  get channel(): Channel | undefined {
    return this.#parts.view.channel;
  }

  /** What names it in each request of the far end. */
  get key(): string {
    return this.#parts.key;
  }

  get view(): SessionView {
    return this.#parts.view;
  }

  /** Whether the far end began it. */
  get isTheirs(): boolean {
    return this.#begun.of === 'theirs';
  }

  /** As of `SessionView`. */
  get calledTag(): string | undefined {
    return this.#parts.view.calledTag;
  }

  drives(channel: Channel): void {
    this.#dialogue.drives(channel);
  }

  /** It is dialled for that channel, which it may come to drive. */
  isFor(channel: Channel): void {
    this.#parts.view.channel = channel;
  }

  dial(news: (news: DialNews) => void): Promise<DialOutcome> {
    return new Promise((outcome) => void this.#dialogue.dial({ news, outcome }));
  }

  /** Ends the call as an application would, and so that it can be tried elsewhere if nobody answered it yet. */
  shutDown(): void {
    const { channel } = this.#parts.view;
    const cause = channel?.snapshot.state === 'Up' ? 16 : 34;
    if (channel === undefined) this.hangup(cause);
    else channel.hangup(cause);
  }

  /** Fails with a Fault 'conflict' when the call is over, 'unavailable' when the 200 cannot be sent. */
  answer(description?: string): Promise<void> {
    this.#answered ??= this.#respond('answer', () => this.media.describe(description)).catch((error: unknown) => {
      this.#answered = undefined;
      throw error;
    });
    return this.#answered;
  }

  ring(): Promise<void> {
    return this.#respond('ring', () => this.media.describeRinging(this.#isReliable));
  }

  progress(description?: string): Promise<void> {
    return this.#respond('progress', () => this.media.describe(description, this.#isReliable));
  }

  /** SIP has no way to say it: the next response will tell. */
  async stopRinging(): Promise<void> {}

  async sendDtmf(digits: string, timing: DtmfTiming): Promise<void> {
    await sendKeys(digits, timing, { clock: this.#parts.owner.clock, inform: (parts) => this.request('INFO', parts) });
  }

  async hold(): Promise<void> {
    this.#parked ??= { peer: this.media.peer };
    await this.media.hold();
  }

  async unhold(): Promise<void> {
    const parked = this.#parked;
    this.#parked = undefined;
    await this.media.lead(parked?.peer);
  }

  /** By 302 before the answer, by REFER after it (RFC 3261 13.3.1.2, RFC 3515). */
  async redirect(resource: string): Promise<void> {
    const target = `<${this.#parts.owner.uriOf(resource)}>`;
    if (this.#dialogue.isUnanswered)
      return this.#dialogue.take({ kind: 'redirect' }, { headers: [['Contact', target]] });
    if (!this.#dialogue.isUp) throw new Fault('conflict', 'The call is not up');
    // What becomes of it there is nothing that we would wait for (RFC 4488 4).
    const headers: SipHeader[] = [
      ['Refer-To', target],
      ['Refer-Sub', 'false'],
      ['Supported', 'norefersub'],
    ];
    this.#parts.view.hasReferred = true;
    const { status, reason } = await this.request('REFER', { headers });
    if (status >= 300) throw new Fault('unprocessable', `The far end refuses to go there: ${status} ${reason}`);
  }

  async setConnected(party: Party): Promise<void> {
    this.#parts.view.connected = party;
    await this.#parts.supplements.connectedChanged();
  }

  async transferProgress(state: TransferState): Promise<void> {
    const transfer = this.#parts.view.datastores.get(TRANSFER);
    if (transfer === undefined) throw new Fault('conflict', 'No transfer was asked for', { code: 'no-transfer' });
    await transfer.progress(state);
  }

  read(expression: string): string | undefined {
    const { supplements, view } = this.#parts;
    return supplements.read(expression) ?? readFunction(expression, { begun: this.#begun, remote: view.remote });
  }

  write(expression: string, value: string): boolean {
    return this.#parts.supplements.write(expression, value);
  }

  /** What the far end offers, as long as nothing was said to that. */
  get offer(): string | undefined {
    return this.#dialogue.isUnanswered ? this.media.unsaid : undefined;
  }

  hangup(cause: number): number | undefined {
    const { isPending } = this.#dialogue;
    void this.#dialogue.take({ kind: 'hangup', cause });
    return isPending ? statusOf(cause) : undefined;
  }

  /** See `OurRequests`. */
  reinvite(reinvite: Reinvite): Promise<SipResponse> {
    return this.#dialogue.requests.reinvite(reinvite);
  }

  /** See `OurRequests`. */
  request(method: string, parts: Pick<OutgoingRequest, 'headers' | 'body'>): Promise<SipResponse> {
    return this.#dialogue.requests.request(method, parts);
  }

  /** A request within its dialog. */
  receive(request: SipRequest): Promise<void> {
    return this.#dialogue.receive(request);
  }

  async #respond(kind: 'answer' | 'ring' | 'progress', describe: () => string | undefined): Promise<void> {
    const { isOver, isUnanswered, session } = this.#dialogue;
    if (isOver || session.kind === 'ended') throw new Fault('conflict', 'The call has ended');
    const description = isUnanswered ? describe() : undefined;
    const input: Input = kind === 'answer' ? { kind, isOffering: this.media.isOffering } : { kind };
    await this.#dialogue.take(input, { description });
  }
}
