// What every media engine does. Each engine's test calls this with its own way to make one.
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { MediaBridge, MediaEngine } from '../../src/core/media.ts';
import { Fault } from '../../src/errors.ts';
import { FakeLeg, type Turn } from '../support/fake-leg.ts';

/** Something that someone does while the rest goes on. */
type Deed =
  | { readonly kind: 'add'; readonly leg: number; readonly bridge: number }
  | { readonly kind: 'remove' | 'end' | 'far offers'; readonly leg: number }
  | { readonly kind: 'wait' };

const LEGS = 3;
const BRIDGES = 2;
const leg = fc.nat({ max: LEGS - 1 });
const deeds: fc.Arbitrary<Deed[]> = fc.array(
  fc.oneof(
    { weight: 4, arbitrary: fc.record({ kind: fc.constant('add'), leg, bridge: fc.nat({ max: BRIDGES - 1 }) }) },
    { weight: 4, arbitrary: fc.record({ kind: fc.constantFrom('remove', 'far offers'), leg }) },
    { weight: 1, arbitrary: fc.record({ kind: fc.constant('end'), leg }) },
    { weight: 4, arbitrary: fc.record({ kind: fc.constant('wait') }) },
  ),
  { maxLength: 25 },
);
const turns = fc.infiniteStream(
  fc.oneof({ weight: 8, arbitrary: fc.constant<Turn>('take') }, fc.constantFrom<Turn>('refuse', 'end')),
);
const delays = fc.infiniteStream(fc.nat({ max: 3 }));

async function ticks(count: number): Promise<void> {
  for (let each = 0; each < count; each += 1) await Promise.resolve();
}

/** The rest of the service, as it treats an engine: one addition of a leg at a time, out of one bridge before into another. */
class Story {
  readonly legs: FakeLeg[];
  readonly bridges: MediaBridge[];
  readonly #in = new Map<FakeLeg, MediaBridge>();
  readonly #coming = new Set<FakeLeg>();
  readonly #doing: Promise<unknown>[] = [];

  constructor(engine: MediaEngine, turns: Iterator<Turn>, delays: Iterator<number>) {
    const script = {
      next: (): Turn => turns.next().value as Turn,
      wait: () => ticks(delays.next().value as number),
      ended: (leg: FakeLeg) => this.#remove(leg),
    };
    this.legs = Array.from({ length: LEGS }, (_, index) => new FakeLeg(`leg${index}`, script));
    this.bridges = Array.from({ length: BRIDGES }, () => engine.mix());
  }

  do(deed: Deed): Promise<void> | undefined {
    if (deed.kind === 'wait') return ticks(2);
    const leg = this.legs[deed.leg]!;
    if (deed.kind === 'add') this.#do(this.#add(leg, this.bridges[deed.bridge]!));
    else if (deed.kind === 'remove') this.#remove(leg);
    else if (deed.kind === 'end') leg.end();
    // A leg that negotiates refuses an offer by itself.
    else if (!leg.isOver && !leg.isNegotiating) this.#do(leg.farOffers());
    return undefined;
  }

  /** When nothing goes on any more: the legs of each bridge. */
  async settled(): Promise<FakeLeg[][]> {
    let done = 0;
    while (done < this.#doing.length) {
      done = this.#doing.length;
      await Promise.all(this.#doing);
    }
    return this.bridges.map((bridge) => this.legs.filter((leg) => this.#in.get(leg) === bridge));
  }

  async #add(leg: FakeLeg, bridge: MediaBridge): Promise<void> {
    const inside = [...this.#in.values()].filter((each) => each === bridge).length;
    if (leg.isOver || this.#coming.has(leg) || bridge.refusal(inside + 1, {}) !== undefined) return;
    this.#remove(leg);
    this.#coming.add(leg);
    this.#in.set(leg, bridge);
    await bridge
      .add(leg)
      .catch((error: unknown) => {
        this.#in.delete(leg);
        throw error;
      })
      .finally(() => this.#coming.delete(leg));
    if (leg.isOver) this.#remove(leg);
  }

  #remove(leg: FakeLeg): void {
    const bridge = this.#in.get(leg);
    if (bridge === undefined || this.#coming.has(leg)) return;
    this.#in.delete(leg);
    this.#do(bridge.remove(leg, leg.isOver));
  }

  #do(done: Promise<unknown>): void {
    this.#doing.push(
      done.catch((error: unknown) => {
        if (!(error instanceof Fault)) throw error;
      }),
    );
  }
}

export function mediaContract(name: string, make: () => MediaEngine): void {
  describe(`${name} as a media engine`, () => {
    test('two hear each other, and each is on hold when one has left', async () => {
      const [one, other, bridge] = [new FakeLeg('one'), new FakeLeg('other'), make().mix()];
      await bridge.add(one);
      expect(bridge.technology).toBe('simple_bridge');
      await bridge.add(other);
      expect([one.remote, other.remote]).not.toContain(undefined);
      await bridge.remove(other, false);
      expect([one.remote, other.remote]).toEqual([undefined, undefined]);
      expect(bridge.technology).toBe('simple_bridge');
    });

    test('who waits is on hold', async () => {
      const [one, engine] = [new FakeLeg('one'), make()];
      const [mixing, holding] = [engine.mix(), engine.hold()];
      await mixing.add(one);
      await mixing.add(new FakeLeg('other'));
      await Promise.all([mixing.remove(one, false), holding.add(one)]);
      expect([one.remote, holding.technology]).toEqual([undefined, 'holding_bridge']);
    });

    test('a call that is over is left alone', async () => {
      const [one, other, bridge] = [new FakeLeg('one'), new FakeLeg('other'), make().mix()];
      await bridge.add(one);
      await bridge.add(other);
      one.end();
      await bridge.remove(one, true);
      expect(one.asked).not.toContain('hold');
      expect(other.remote).toBeUndefined();
    });

    test('whatever comes, one negotiation of a leg at a time, and in the end two are led to each other or each is on hold', async () => {
      await fc.assert(
        fc.asyncProperty(deeds, turns, delays, async (done, turns, delays) => {
          const story = new Story(make(), turns, delays);
          for (const deed of done) await story.do(deed);
          const settled = await story.settled();
          expect(story.legs.flatMap(({ wrongs }) => wrongs)).toEqual([]);
          const living = story.legs.filter(({ isOver }) => !isOver);
          for (const each of living) {
            const peer = settled.find((legs) => legs.includes(each))?.find((other) => other !== each);
            expect([each.name, each.remote]).toEqual([each.name, peer?.description]);
          }
          for (const [index, legs] of settled.entries())
            expect(story.bridges[index]!.technology === 'simple_bridge').toBe(legs.length < 2);
        }),
        { numRuns: 1_000 },
      );
    });
  });
}
