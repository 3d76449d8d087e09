// What a channel needs of the bridge that it is in.
import type { BridgeId } from '../ids.ts';

/** A channel's place in a bridge. */
export interface Membership {
  readonly bridge: BridgeId;
  /** The channel is up from now on. */
  answered(): void;
  /** The far end has said that it is somebody else. */
  identified(): void;
  /** Takes the channel out, and tells. */
  leave(): void;
}
