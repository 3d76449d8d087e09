// Offer and answer of one call (RFC 3264): alone, or with the streams of its peer in a bridge.
import { ownText } from '../own-text.ts';
import type { MediaSettings, StreamHandler, Taken } from './handler.ts';
import { handlers as all } from './handlers.ts';
import { answerHolds, holds } from './hold.ts';
import { newKeys, type Keys } from './keys.ts';
import { isContinued, linesOf, place, type Line } from './layout.ts';
import { bundled, midOf, withMid } from './mids.ts';
import { REFUSED, UNDER_WAY, type Agreed, type Failed, type Offered, type Written } from './outcomes.ts';
import {
  fingerprintOf,
  isLive,
  readDescription,
  switchedOff,
  writeDescription,
  type SessionDescription,
  type Stream,
} from './session-description.ts';
import { Streams } from './streams.ts';
import { timingOf, Writer, type Draft } from './writer.ts';

export interface NegotiationParts {
  /** An endpoint is one. */
  readonly settings: MediaSettings;
  /** An IP address of ours, which descriptions name. */
  readonly address: string;
  /** From 0 up to 1. */
  readonly random: () => number;
  /** In the order in which they are asked. */
  readonly handlers?: readonly StreamHandler[];
}

interface Session {
  readonly lines: readonly Line[];
  readonly local: string;
  /** What of the far end's description holds, a stream for each line. */
  readonly remote: SessionDescription;
  readonly isHeld: boolean;
}

interface Received {
  readonly kind: 'received';
  readonly offer: SessionDescription;
  /** What of it can be taken, stream by stream. */
  readonly taken: readonly (Taken | undefined)[];
  readonly passed: SessionDescription;
}

/** A stream of the peer's, and which of ours it became, if any. */
interface Origin {
  readonly stream: Stream;
  readonly place: number | undefined;
}

interface Sent {
  readonly kind: 'sent';
  readonly text: string;
  readonly offer: SessionDescription;
  readonly peer: readonly Origin[];
  readonly wasHeld: boolean;
  readonly keys: Keys;
}

/**
 * What one call has agreed on, and the offer that waits for its answer. Texts go in and out. What fails leaves what is
 * agreed as it was; what the far end may write never throws, but an answer where there is no offer is a bug and does.
 *
 * A call is answered or offered alone: inactive. Two calls are bridged by re-INVITEs, of which the first has no
 * description, so that its 200 offers (RFC 3725 4.4):
 *
 *     offer of A's 200     A.receive(offer)       → forPeer
 *                          B.offerFrom(forPeer)   → INVITE to B
 *     answer of B's 200    B.answered(answer)     → forPeer
 *                          A.answerFrom(forPeer)  → ACK to A
 *
 * When B fails, A's ACK carries `answerAlone`. Whatever a leg offers later goes the same way, beginning with its
 * `receive`; when a bridge ends, each leg gets `offerAlone`. `meeting` says which leg is A.
 *
 * Browsers, as Chromium does it: the late offer says `a=setup:actpass`, and restarts no ICE. The other one meets new
 * credentials and a new certificate in the offer, so it restarts ICE and DTLS by itself, in the role that it has; the
 * first takes the other role, since to it the certificate of the answer is new as well. When they part, ICE is
 * restarted with nobody, and the pair of addresses in use stays alive; the certificate is kept, so that DTLS rests. A
 * browser that goes from one peer to the next, with both of them still there, may stay with the former's addresses
 * until those are dead, some seconds after that peer is gone.
 */
export class Negotiation {
  readonly #settings: MediaSettings;
  readonly #random: () => number;
  readonly #streams: Streams;
  readonly #writer: Writer;
  #keys: Keys;
  #hasHadPeer = false;
  #session: Session | undefined;
  #pending: Received | Sent | undefined;
  /** Our last offer: each early dialog may answer it (RFC 3261 13.2.2.4). */
  #sent: Sent | undefined;

  constructor({ settings, address, random, handlers = all }: NegotiationParts) {
    this.#settings = settings;
    this.#random = random;
    this.#streams = new Streams(settings, handlers);
    this.#writer = new Writer(Math.floor(random() * 2 ** 31), address);
    this.#keys = newKeys(random);
  }

  /** Something is agreed. */
  get isEstablished(): boolean {
    return this.#session !== undefined;
  }

  /** Each offer has had its answer, or was refused. */
  get isStable(): boolean {
    return this.#pending === undefined;
  }

  /** The far end does not want to hear anything of any stream. */
  get isHeld(): boolean {
    return this.#session?.isHeld ?? false;
  }

  /** Our description that is agreed. */
  get local(): string | undefined {
    return this.#session?.local;
  }

  /** What of the far end's description is agreed. */
  get remote(): string | undefined {
    return this.#session && writeDescription(this.#session.remote);
  }

  /** The far end has been given streams of a peer's. */
  get hasHadPeer(): boolean {
    return this.#hasHadPeer;
  }

  /** The far end was told last to expect the certificate of this peer's far end. */
  expects(peer: Negotiation): boolean {
    const certificate = peer.#session && fingerprintOf(peer.#session.remote);
    return certificate !== undefined && certificate === this.#keys.fingerprint;
  }

  /** An offer of the far end. Then one of `answerAlone`, `answerFrom`, `drop`. */
  receive(text: string): Offered | Failed {
    if (this.#pending !== undefined) return UNDER_WAY;
    const lines = this.#session?.lines ?? [];
    const offer = readDescription(ownText(text));
    if (offer === undefined || !isContinued(lines, offer.streams)) return REFUSED;
    const taken = this.#streams.incoming(offer, lines, this.#keys);
    if (taken === undefined) return REFUSED;
    const streams = offer.streams.map((stream, index) => taken[index]?.passed ?? switchedOff(stream));
    const passed = { head: offer.head, streams };
    this.#pending = { kind: 'received', offer, taken, passed };
    return { kind: 'offered', forPeer: writeDescription(passed), isHeld: holds(passed) };
  }

  /** What is taken of the offer is inactive. */
  answerAlone(): string {
    const { offer, taken } = this.#received();
    const streams = offer.streams.map((stream, index) =>
      withMid(taken[index]?.alone ?? switchedOff(stream), midOf(stream)),
    );
    return this.#answer({ streams, bundled: bundled(streams, offer.head) });
  }

  /** The peer's answer. Fails when it is none to what the peer may have been offered: then the offer still waits. */
  answerFrom(peerAnswer: string): Written | Failed {
    const { offer, taken } = this.#received();
    const answer = readDescription(peerAnswer);
    const passed = taken.map((each) => each?.passed);
    const agreed = answer && this.#streams.answered(passed, answer, this.#keys);
    if (answer === undefined || agreed === undefined) return REFUSED;
    const names = new Map<string, string>();
    const streams = agreed.map((stream, index) => {
      const [from, to] = [midOf(stream), midOf(offer.streams[index]!)];
      if (from !== undefined && to !== undefined) names.set(from, to);
      return withMid(stream, to);
    });
    const text = this.#answer({ head: answer.head, names, streams });
    this.#meet({ head: answer.head, streams });
    return { kind: 'written', text };
  }

  /** The offer was refused. */
  drop(): void {
    this.#received();
    this.#pending = undefined;
  }

  /** An offer of inactive streams. Then one of `answered`, `refused`. `isNew`: with a certificate of nobody. */
  offerAlone(isNew = false): string {
    if (isNew) this.#keys = newKeys(this.#random);
    const streams =
      this.#session === undefined
        ? this.#streams.own(this.#keys)
        : this.#streams.held(this.#session.lines, this.#session.remote, this.#keys);
    return this.#offer({ streams, bundled: this.#settings.webrtc ? bundled(streams) : [] }, []);
  }

  /** An offer of the peer's streams. Fails when nothing of them is for this endpoint. Then one of `answered`, `refused`. */
  offerFrom(peerDescription: string): Written | Failed {
    if (this.#pending !== undefined) return UNDER_WAY;
    const peer = readDescription(peerDescription);
    const wanted = peer && this.#streams.outgoing(peer, this.#keys);
    if (peer === undefined || wanted === undefined) return REFUSED;
    const { streams, places, names } = place(this.#session?.lines ?? [], wanted, withMid);
    if (places.every((each) => each === undefined)) return REFUSED;
    const origins = peer.streams.map((stream, index) => ({ stream, place: places[index] }));
    const text = this.#offer({ head: peer.head, names, streams }, origins);
    this.#meet({ head: peer.head, streams });
    return { kind: 'written', text };
  }

  /**
   * The far end's answer. Fails when it is none to our offer, which is then over. Another early dialog, or the final
   * response, may answer the same offer again: the last answer holds.
   */
  answered(text: string): Agreed | Failed {
    const sent = this.#sent;
    if (sent === undefined || this.#pending?.kind === 'received') throw new Error('there is no offer of ours');
    this.#pending = undefined;
    const answer = readDescription(ownText(text));
    const streams = answer && this.#streams.answered(sent.offer.streams, answer, this.#keys);
    if (answer === undefined || streams === undefined) return REFUSED;
    const remote = { head: answer.head, streams };
    const isHeld = answerHolds(sent.offer, remote) ?? sent.wasHeld;
    this.#session = { lines: linesOf(sent.offer.streams, streams), local: sent.text, remote, isHeld };
    const forPeer = sent.peer.map(({ stream, place: at }) => (at === undefined ? switchedOff(stream) : streams[at]!));
    return { kind: 'agreed', forPeer: writeDescription({ head: answer.head, streams: forPeer }), isHeld };
  }

  /** Our offer was refused. */
  refused(): void {
    if (this.#pending?.kind !== 'sent') throw new Error('there is no offer of ours');
    this.#keys = this.#pending.keys;
    this.#pending = this.#sent = undefined;
  }

  #answer(draft: Omit<Draft, 'timing'>): string {
    const { offer, passed } = this.#received();
    const { streams } = draft;
    const local = this.#writer.write({ ...draft, timing: timingOf(offer.head) });
    const agreed = passed.streams.map((stream, index) => (isLive(streams[index]!) ? stream : switchedOff(stream)));
    this.#session = {
      lines: linesOf(offer.streams, streams),
      local,
      remote: { head: offer.head, streams: agreed },
      isHeld: holds(passed),
    };
    this.#pending = this.#sent = undefined;
    return local;
  }

  #offer(draft: Draft, peer: readonly Origin[]): string {
    if (this.#pending !== undefined) throw new Error('there is an offer already');
    const text = this.#writer.write(draft);
    const offer = { head: draft.head ?? [], streams: draft.streams };
    this.#pending = this.#sent = { kind: 'sent', text, offer, peer, wasHeld: this.isHeld, keys: this.#keys };
    return text;
  }

  /** DTLS goes on as long as the certificate is the same: what is held does not begin it anew with nobody. */
  #meet(passed: SessionDescription): void {
    this.#hasHadPeer = true;
    this.#keys = newKeys(this.#random, fingerprintOf(passed));
  }

  #received(): Received {
    if (this.#pending?.kind !== 'received') throw new Error('there is no offer to answer');
    return this.#pending;
  }
}
