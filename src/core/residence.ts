// What a channel needs of the application that it is in.
import type { BridgeId } from '../ids.ts';
import type { Closable, Topic } from '../stasis/index.ts';
import type { Channel } from './channel.ts';
import type { ChannelSnapshot, EndReason, Fact } from './facts.ts';

/** What has brought a channel in: an operation, or that it takes the place of another one. */
export interface Entry {
  readonly operation?: string | undefined;
  readonly replaced?: ChannelSnapshot;
}

/** An application, as far as its channels need to know it. */
export interface Residence {
  readonly name: string;
  /** Follows the channel, and tells its start. */
  entered(channel: Channel, args: readonly string[], entry?: Entry): void;
  /** Stops following it, and tells its end. */
  left(channel: Channel, reason?: EndReason, operation?: string): void;
  /** Tells that it could not go where it was to go. */
  kept(channel: Channel, destination: string, args: readonly string[], operation?: string): void;
  /** Follows a bridge that one of its channels is in. */
  enteredBridge(id: BridgeId, topic: Topic<Fact>): void;
  leftBridge(id: BridgeId): void;
  /** Hears of it although it has left, until that is closed. */
  overhear(channel: Channel): Closable;
  /** Follows a bridge that one of its channels is in. */
  enteredBridge(id: BridgeId, topic: Topic<Fact>): void;
  leftBridge(id: BridgeId): void;
}
