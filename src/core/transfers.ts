// Calls that are transferred: whom the one who transfers talked to goes on without it.
//
// Who transfers is the transferer, with one leg (blind) or two (attended); who goes on is the transferee. The far end of the
// transferer is told what becomes of it before its calls end: that is its technology's business, hence the promises.
import { Fault } from '../errors.ts';
import type { Topic } from '../stasis/index.ts';
import type { Bridge } from './bridge.ts';
import type { Bridges } from './bridges.ts';
import type { Channel } from './channel.ts';
import { lead, type Destinations } from './execution.ts';
import type { ChannelSnapshot, Fact, TransferResult } from './facts.ts';
import type { Routing } from './routing.ts';

export interface TransfersParts extends Destinations {
  readonly bridges: Bridges;
  readonly routing: Routing;
}

export interface BlindWish {
  readonly exten: string;
  /** Where the variable TRANSFER_CONTEXT of the transferer does not say another one. */
  readonly context: string;
  /** What the transferee gets besides, for whoever is called on its way. */
  readonly variables?: Readonly<Record<string, string>>;
}

export type BlindTransfer =
  | { readonly result: Exclude<TransferResult, 'Success'> }
  /** `arrived`: whether the transferee came into an application, or talks to someone; if not, its call has ended. Never fails. */
  | { readonly result: 'Success'; readonly arrived: Promise<boolean> };

type Attended = Extract<Fact, { type: 'AttendedTransferred' }>;
type Legs = Omit<Attended, 'type' | 'result' | 'destination' | 'isExternal'>;

export class Transfers {
  readonly #parts: TransfersParts;

  constructor(parts: TransfersParts) {
    this.#parts = parts;
  }

  /** Whoever the transferer talks to, if it talks to one alone. */
  peerOf(channel: Channel): Channel | undefined {
    const others = this.#parts.bridges.of(channel)?.channels.filter((each) => each !== channel) ?? [];
    return others.length === 1 ? others[0] : undefined;
  }

  /**
   * Sends whom the transferer talks to elsewhere. The transferer then talks to nobody, and is to be hung up when its far
   * end has been told.
   */
  blind(transferer: Channel, { exten, context: usual, variables = {} }: BlindWish): BlindTransfer {
    const { bridges, routing } = this.#parts;
    const named = transferer.variable('TRANSFER_CONTEXT') ?? '';
    const context = named === '' ? usual : named;
    const bridge = bridges.of(transferer);
    const others = bridge?.channels.filter((each) => each !== transferer) ?? [];
    const [transferee] = others;
    const tell = (result: TransferResult): void =>
      this.#tellBlind({ transferer, transferee, bridge, exten, context, result });
    if (bridge === undefined || transferee === undefined) {
      tell('Invalid');
      return { result: 'Invalid' };
    }
    if (others.length > 1 || routing.lookup(context, exten).kind !== 'found') {
      tell('Fail');
      return { result: 'Fail' };
    }
    introduce(transferee, transferer, 'BLINDTRANSFER');
    for (const [name, value] of Object.entries(variables)) transferee.setVariable(name, value);
    tell('Success');
    bridges.part(bridge, transferee);
    transferee.leave();
    const arrived = transferee.arrival();
    lead(transferee, { context, exten, priority: 1 }, this.#parts);
    return { result: 'Success', arrived };
  }

  /**
   * Brings those together whom the transferer talks to by its two legs; where an application has one of the legs, the other's
   * peer comes into its place there. If that succeeds, both legs talk to nobody, and are to be hung up.
   */
  async attended(first: Channel, second: Channel): Promise<TransferResult> {
    const { bridges } = this.#parts;
    const [firstBridge, secondBridge] = [bridges.of(first), bridges.of(second)];
    const legs = this.#legs(first, second);
    const topics = [first.topic, second.topic, ...topicsOf(this.peerOf(first), this.peerOf(second))];
    if (firstBridge !== undefined && secondBridge !== undefined && firstBridge !== secondBridge)
      return this.#merge({ first, second, firstBridge, secondBridge }, legs, topics);
    const [alone, bridged] = firstBridge === undefined ? [first, second] : [second, first];
    const transferee = this.peerOf(bridged);
    const bridge = bridges.of(bridged);
    if (
      first.bridge === second.bridge ||
      bridge === undefined ||
      transferee === undefined ||
      alone.residence === undefined
    ) {
      const result = first.bridge !== second.bridge && bridge !== undefined ? 'Fail' : 'Invalid';
      this.#tellAttended({ ...legs, result, destination: { kind: 'fail' } }, topics);
      return result;
    }
    introduce(transferee, bridged, 'ATTENDEDTRANSFER');
    const { name: application } = alone.residence;
    const destination = { kind: 'application', application, replaced: alone.snapshot } as const;
    this.#tellAttended({ ...legs, result: 'Success', destination }, [...topics, bridge.topic]);
    bridges.part(bridge, transferee);
    transferee.leave();
    takePlace(transferee, alone);
    alone.leave();
    return 'Success';
  }

  /** Whether it is anywhere, so that another one can come into its place. */
  hasPlace({ isEnded, bridge, residence }: Channel): boolean {
    return !isEnded && (bridge !== undefined || residence !== undefined);
  }

  /**
   * Puts a call into the place of another: in its application, and in its bridge. Resolves when it is there; the other one then
   * is in neither, and is to be hung up. Fails with a Fault: 'conflict' when the other is in neither; as `Bridge.add` does.
   */
  async replace(channel: Channel, replaced: Channel): Promise<void> {
    const bridge = this.#parts.bridges.of(replaced);
    if (!this.hasPlace(replaced)) throw noPlace();
    await channel.answer();
    if (channel.isEnded || replaced.bridge !== bridge?.id || !this.hasPlace(replaced)) throw noPlace();
    if (replaced.residence !== undefined) takePlace(channel, replaced);
    if (bridge !== undefined) await this.#parts.bridges.swap(bridge, replaced, channel);
    replaced.leave();
  }

  async #merge(
    {
      first,
      second,
      firstBridge,
      secondBridge,
    }: {
      readonly first: Channel;
      readonly second: Channel;
      readonly firstBridge: Bridge;
      readonly secondBridge: Bridge;
    },
    legs: Legs,
    topics: readonly Topic<Fact>[],
  ): Promise<TransferResult> {
    const { bridges } = this.#parts;
    const peers = [this.peerOf(first), this.peerOf(second)] as const;
    if (peers[0] === undefined || peers[1] === undefined) {
      this.#tellAttended({ ...legs, result: 'Fail', destination: { kind: 'fail' } }, topics);
      return 'Fail';
    }
    introduce(peers[0], first, 'ATTENDEDTRANSFER');
    introduce(peers[1], second, 'ATTENDEDTRANSFER');
    let result: TransferResult = 'Success';
    try {
      await bridges.merge(firstBridge, secondBridge, [first, second]);
    } catch (error) {
      if (!(error instanceof Fault)) throw error;
      result = 'Fail';
    }
    const destination =
      result === 'Success' ? ({ kind: 'bridge', bridge: firstBridge.id } as const) : ({ kind: 'fail' } as const);
    const heard = [firstBridge, secondBridge].filter(({ isEnded }) => !isEnded).map(({ topic }) => topic);
    const living = [first, second, peers[0], peers[1]].filter(({ isEnded }) => !isEnded).map(({ topic }) => topic);
    this.#tellAttended({ ...legs, result, destination }, [...living, ...heard]);
    return result;
  }

  /** As they are before anything is done. */
  #legs(first: Channel, second: Channel): Legs {
    const { bridges } = this.#parts;
    const [firstBridge, secondBridge] = [bridges.of(first)?.snapshot, bridges.of(second)?.snapshot];
    const [transferee, target] = [this.peerOf(first)?.snapshot, this.peerOf(second)?.snapshot];
    return {
      ...{ first: first.snapshot, second: second.snapshot },
      ...(firstBridge && { firstBridge }),
      ...(secondBridge && { secondBridge }),
      ...(transferee && { transferee }),
      ...(target && { target }),
    };
  }

  #tellAttended(told: Omit<Attended, 'type' | 'isExternal'>, topics: readonly Topic<Fact>[]): void {
    this.#parts.bridges.tell({ type: 'AttendedTransferred', isExternal: true, ...told }, topics);
  }

  #tellBlind({ transferer, transferee, bridge, ...told }: Blind): void {
    const channel: ChannelSnapshot = transferer.snapshot;
    const topics = topicsOf(transferer, transferee);
    const fact = {
      channel,
      ...(transferee && { transferee: transferee.snapshot }),
      ...(bridge && { bridge: bridge.snapshot }),
    };
    this.#parts.bridges.tell(
      { type: 'BlindTransferred', ...fact, ...told, isExternal: true },
      bridge === undefined ? topics : [...topics, bridge.topic],
    );
  }
}

interface Blind {
  readonly transferer: Channel;
  readonly transferee: Channel | undefined;
  readonly bridge: Bridge | undefined;
  readonly exten: string;
  readonly context: string;
  readonly result: TransferResult;
}

const topicsOf = (...channels: readonly (Channel | undefined)[]): Topic<Fact>[] =>
  channels.flatMap((each) => (each === undefined ? [] : [each.topic]));

/** The transferee learns who has transferred it, by Asterisk's variables. */
function introduce(transferee: Channel, { snapshot }: Channel, how: 'BLINDTRANSFER' | 'ATTENDEDTRANSFER'): void {
  transferee.setVariable(how, snapshot.name);
  transferee.setVariable('TRANSFERERNAME', snapshot.name);
}

/** Into the application that the other is in, which is told so. */
function takePlace(channel: Channel, replaced: Channel): void {
  const { residence } = replaced;
  if (residence !== undefined) channel.enter(residence, [], { replaced: replaced.snapshot });
}

const noPlace = (): Fault =>
  new Fault('conflict', 'The call is in no place that could be taken', { code: 'call-without-place' });
