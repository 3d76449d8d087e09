// Media without a server: two far ends are led to each other by the descriptions that each gets to see of the other.
//
//   requestOffer(one) ─► offer(other) ─► answer(one)          when the second one comes
//   onOffer(either) ─► offer(the other) ─► its answer         later: hold, another codec
//
// At every moment, when nothing is negotiated, both are led to each other, or each is on hold.
import type { MediaBridge, MediaEngine, MediaLeg, MediaPlace } from '../../core/media.ts';
import { Fault } from '../../errors.ts';
import { Negotiations, unlessRefused } from './negotiations.ts';

export function directMedia(): MediaEngine {
  const negotiations = new Negotiations();
  return { mix: () => new DirectPair(negotiations), hold: () => new WaitingRoom(negotiations) };
}

const CAPACITY = 2;

/** Those who were in when a negotiation began. */
type Pair = readonly MediaLeg[];

class DirectPair implements MediaBridge {
  readonly #negotiations: Negotiations;
  /** At most two, in the order in which they came. */
  #legs: readonly MediaLeg[] = [];
  #isLed = false;

  constructor(negotiations: Negotiations) {
    this.#negotiations = negotiations;
  }

  get technology(): string {
    return this.#isLed ? 'native_rtp' : 'simple_bridge';
  }

  refusal(legs: number, { isMuted = false }: MediaPlace): Fault | undefined {
    if (legs > CAPACITY) return needsEngine('A bridge takes two channels only');
    return isMuted ? needsEngine('A channel of a bridge cannot be muted') : undefined;
  }

  async add(leg: MediaLeg, place: MediaPlace = {}): Promise<void> {
    const refusal = this.refusal(this.#legs.length + 1, place);
    if (refusal !== undefined) throw refusal;
    const [peer] = this.#legs;
    this.#legs = [...this.#legs, leg];
    const pair = this.#legs;
    if (place.isAgreed === true) this.#negotiations.led(leg);
    if (peer === undefined) return;
    if (place.isAgreed === true) {
      this.#listen(pair, peer, leg);
      this.#isLed = true;
      return;
    }
    try {
      await this.#negotiations.run([peer, leg], () => this.#lead(pair, peer, leg));
    } catch (error) {
      // One that has left meanwhile, or whose peer has, is where it is to be; the negotiation ended because of that.
      if (!this.#isStill(pair)) return;
      this.#legs = [peer];
      throw error;
    }
  }

  async remove(leg: MediaLeg, isOver: boolean): Promise<void> {
    if (!this.#legs.includes(leg)) return;
    const others = this.#legs.filter((each) => each !== leg);
    for (const each of this.#legs) each.onOffer(undefined);
    this.#legs = others;
    this.#isLed = false;
    const resting = isOver ? others : [leg, ...others];
    await Promise.all(resting.map((each) => this.#negotiations.run([each], () => this.#negotiations.rest(each))));
    if (isOver) this.#negotiations.rests(leg);
  }

  /** The first offers; if it will not, the second does. Afterwards both are led, or on hold. */
  async #lead(pair: Pair, one: MediaLeg, other: MediaLeg): Promise<void> {
    if (!this.#isStill(pair)) return;
    // From now on, so that no offer of a far end falls between.
    this.#listen(pair, one, other);
    try {
      const isFirst = (await one.meet?.(other)) !== 'answers';
      const [offerer, answerer] = isFirst ? [one, other] : [other, one];
      await this.#offerOf(pair, offerer, answerer).catch((error: unknown) => {
        if (error instanceof NoOffer) return this.#offerOf(pair, answerer, offerer);
        throw error;
      });
    } catch (error) {
      for (const each of [one, other]) {
        each.onOffer(undefined);
        await this.#negotiations.rest(each);
      }
      throw error instanceof NoOffer ? error.cause : error;
    }
    if (this.#isStill(pair)) this.#isLed = true;
  }

  async #offerOf(pair: Pair, one: MediaLeg, other: MediaLeg): Promise<void> {
    const offer = await one.requestOffer().catch((error: unknown) => {
      throw isRefusal(error) ? new NoOffer(error) : error;
    });
    let answer: string | undefined;
    try {
      // A far end that waits for an answer gets one, whatever has become of the other.
      if (this.#isStill(pair)) answer = await other.offer(offer.description);
    } finally {
      if (answer === undefined) {
        this.#negotiations.rests(one);
        await unlessRefused(offer.answer(undefined));
      }
    }
    if (answer === undefined) return;
    this.#negotiations.led(other);
    this.#negotiations.led(one);
    await offer.answer(answer);
  }

  #listen(pair: Pair, one: MediaLeg, other: MediaLeg): void {
    one.onOffer((offer) => this.#hand(pair, one, other, offer));
    other.onOffer((offer) => this.#hand(pair, other, one, offer));
  }

  /** A far end's own offer is for the other one. It is not kept waiting: it may ask again. */
  async #hand(pair: Pair, from: MediaLeg, to: MediaLeg, offer: string): Promise<string> {
    if (!this.#isStill(pair) || this.#negotiations.isBusy(from) || this.#negotiations.isBusy(to)) {
      throw new Fault('conflict', 'Another negotiation is under way', { code: 'negotiation-under-way' });
    }
    return this.#negotiations.run([from, to], () => to.offer(offer));
  }

  /** Not when one has left meanwhile, even if it has come again. */
  #isStill(pair: Pair): boolean {
    return this.#legs === pair;
  }
}

/** Who waits is on hold, as is every leg that is led nowhere. */
class WaitingRoom implements MediaBridge {
  readonly technology = 'holding_bridge';
  readonly #negotiations: Negotiations;

  constructor(negotiations: Negotiations) {
    this.#negotiations = negotiations;
  }

  refusal(): undefined {
    return undefined;
  }

  async add(leg: MediaLeg): Promise<void> {
    await this.#negotiations.run([leg], () => this.#negotiations.rest(leg));
  }

  async remove(): Promise<void> {
    // It stays on hold.
  }
}

/** A far end that does not want to say what it offers. */
class NoOffer extends Error {
  constructor(cause: unknown) {
    super('no offer', { cause });
  }
}

const isRefusal = (error: unknown): boolean => error instanceof Fault && error.kind === 'unprocessable';

const needsEngine = (what: string): Fault =>
  new Fault('conflict', `${what} unless a media engine is configured`, { code: 'bridge-needs-media-engine' });
