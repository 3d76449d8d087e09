// What can happen, in the past tense: the vocabulary of the bus. A fact carries snapshots as they were when it happened.
import type { BridgeId, ChannelId, EndpointId } from '../ids.ts';
import type { Change } from '../stasis/index.ts';
import type { MessageSnapshot } from './message.ts';
import type { RegistrationChange, RegistrationSnapshot } from './registrations.ts';
import type { DeviceState } from './device-states.ts';

export interface Party {
  readonly name: string;
  readonly number: string;
  /** It wants to be shown to no far end that is not trusted with it (RFC 3323). */
  readonly isPrivate?: true;
}

export type ChannelState =
  | 'Down'
  | 'Rsrvd'
  | 'OffHook'
  | 'Dialing'
  | 'Ring'
  | 'Ringing'
  | 'Up'
  | 'Busy'
  | 'Dialing Offhook'
  | 'Pre-ring'
  | 'Mute'
  | 'Unknown';

/** Where in the routing a channel is, and what runs there. */
export interface DialplanPosition {
  readonly context: string;
  readonly exten: string;
  readonly priority: number;
  readonly appName: string;
  readonly appData: string;
}

export interface ChannelSnapshot {
  readonly id: ChannelId;
  /** "PJSIP/alice-0000001f". */
  readonly name: string;
  readonly state: ChannelState;
  /** The technology's own name of the call; for SIP the Call-ID. */
  readonly protocolId: string;
  readonly caller: Party;
  readonly connected: Party;
  /** The number that was called at first, where the call was diverted since. */
  readonly redirecting?: string;
  readonly accountcode: string;
  readonly dialplan: DialplanPosition;
  /** Milliseconds since 1970. */
  readonly createdAt: number;
  readonly language: string;
  /** The variables that were set with the wish to be reported. */
  readonly reported: Readonly<Record<string, string>>;
}

export interface EndpointSnapshot {
  readonly id: EndpointId;
  readonly tech: string;
  readonly resource: string;
  readonly state: 'unknown' | 'offline' | 'online';
  readonly channels: readonly ChannelId[];
}

export type BridgeType = 'mixing' | 'holding';

export interface BridgeSnapshot {
  readonly id: BridgeId;
  readonly type: BridgeType;
  /** How media goes between its channels, in Asterisk's words: "simple_bridge", "native_rtp", "holding_bridge". */
  readonly technology: string;
  /** Who asked for it, in Asterisk's words: "Stasis" made it with the class "stasis", the routing with "base". */
  readonly creator: string;
  readonly bridgeClass: 'stasis' | 'base';
  readonly name: string;
  /** In the order in which they came. */
  readonly channels: readonly ChannelId[];
  /** Milliseconds since 1970. */
  readonly createdAt: number;
  /** The variables that were set with the wish to be reported. */
  readonly reported: Readonly<Record<string, string>>;
}

/** How far the dialling of a leg is; empty when it begins. */
export type DialStatus =
  '' | 'PROCEEDING' | 'PROGRESS' | 'RINGING' | 'ANSWER' | 'BUSY' | 'NOANSWER' | 'CANCEL' | 'CONGESTION' | 'CHANUNAVAIL';

/** What a far end that transfers its call wants (RFC 3515, RFC 3891). */
export interface TransferTarget {
  /** The extension, for a blind transfer. */
  readonly destination?: string;
  /** The call to be replaced, for an attended one: the Call-ID, and its tags as parameters. */
  readonly protocolId?: string;
  readonly parameters?: readonly (readonly [name: string, value: string])[];
  readonly channel?: ChannelSnapshot;
  readonly connected?: ChannelSnapshot;
  readonly bridge?: BridgeSnapshot;
}

export type TransferState = 'channel_progress' | 'channel_answered' | 'channel_unavailable' | 'channel_declined';
export type TransferResult = 'Fail' | 'Invalid' | 'Not Permitted' | 'Success';

export interface ContactStatus {
  readonly uri: string;
  readonly status: 'Unreachable' | 'Reachable' | 'Unknown' | 'NonQualified' | 'Removed';
  readonly aor: string;
  /** In microseconds; 0 when not measured. */
  readonly roundtrip: number;
}

export interface TextMessage {
  /** Under which it is kept; left out while it is not. */
  readonly id?: string;
  readonly from: string;
  readonly to: string;
  readonly body: string;
  /** How bytes that are no text stand in the body; left out where it is the text itself. */
  readonly encoding?: 'base64';
  /** The technology's headers; the type of the body is "Content-Type". */
  readonly variables: Readonly<Record<string, string>>;
}

/** Why a call ended: a Q.850 cause, 0 when nobody said one, and the technology's own code if there was one. */
export interface Hangup {
  readonly cause: number;
  readonly techCause?: number;
}

/** What has ended a channel, where it was neither side: the process has died, and the next one tells. */
export type EndReason = 'service-restarted';

/** What has happened, and the operation that caused it, where one did. */
export type Fact = Happening & { readonly operation?: string };

/** The member of a fact that names the operation. */
export const caused = (operation: string | undefined): { readonly operation?: string } =>
  operation === undefined ? {} : { operation };

type Happening =
  | {
      readonly type: 'ChannelChanged';
      readonly change: Change<ChannelSnapshot>;
      readonly hangup?: Hangup;
      readonly reason?: EndReason;
    }
  | {
      readonly type: 'ChannelVariableSet';
      readonly channel: ChannelSnapshot;
      readonly variable: string;
      readonly value: string;
    }
  | {
      readonly type: 'ChannelHangupRequested';
      readonly channel: ChannelSnapshot;
      readonly cause?: number;
      readonly techCause?: number;
      /** Asked for by this side, not by the far end. */
      readonly soft: boolean;
    }
  | {
      readonly type: 'ChannelDtmfReceived';
      readonly channel: ChannelSnapshot;
      readonly digit: string;
      /** In milliseconds. */
      readonly duration: number;
    }
  /** An outbound leg is dialled: that begins, goes on, and ends. */
  | {
      readonly type: 'ChannelDialled';
      readonly peer: ChannelSnapshot;
      /** Who calls, where it is another channel. */
      readonly caller?: ChannelSnapshot;
      readonly status: DialStatus;
      readonly dialstring: string;
      /** Where the far end wants the call to go instead; empty when it does not. */
      readonly forward: string;
      /** The leg that is dialled there. */
      readonly forwarded?: ChannelSnapshot;
    }
  | { readonly type: 'BridgeChanged'; readonly change: Change<BridgeSnapshot> }
  | {
      readonly type: 'ChannelEnteredBridge' | 'ChannelLeftBridge';
      readonly bridge: BridgeSnapshot;
      readonly channel: ChannelSnapshot;
    }
  /** The channels of the bridge `from` are in `bridge` now. */
  | { readonly type: 'BridgesMerged'; readonly bridge: BridgeSnapshot; readonly from: BridgeSnapshot }
  | {
      readonly type: 'BlindTransferred';
      /** Who transferred. */
      readonly channel: ChannelSnapshot;
      readonly transferee?: ChannelSnapshot;
      readonly exten: string;
      readonly context: string;
      readonly result: TransferResult;
      readonly isExternal: boolean;
      readonly bridge?: BridgeSnapshot;
    }
  | {
      readonly type: 'AttendedTransferred';
      readonly first: ChannelSnapshot;
      readonly second: ChannelSnapshot;
      readonly firstBridge?: BridgeSnapshot;
      readonly secondBridge?: BridgeSnapshot;
      readonly transferee?: ChannelSnapshot;
      readonly target?: ChannelSnapshot;
      readonly result: TransferResult;
      readonly isExternal: boolean;
      /** The bridge, or the application, that those who are left are in now. */
      readonly destination:
        | { readonly kind: 'bridge'; readonly bridge: BridgeId }
        | { readonly kind: 'application'; readonly application: string; readonly replaced?: ChannelSnapshot }
        | { readonly kind: 'fail' };
    }
  /** A far end wants its call transferred, and the application decides; or, with a state, it has decided. */
  | {
      readonly type: 'TransferRequested';
      readonly channel: ChannelSnapshot;
      readonly connected?: ChannelSnapshot;
      readonly bridge?: BridgeSnapshot;
      readonly target: TransferTarget;
      readonly state?: TransferState;
    }
  /** The far end was told that it rings here. */
  | { readonly type: 'ChannelRung'; readonly channel: ChannelSnapshot }
  /** The far end has put the channel on hold, or takes it up again. */
  | { readonly type: 'ChannelHeld' | 'ChannelUnheld'; readonly channel: ChannelSnapshot }
  | { readonly type: 'GlobalVariableSet'; readonly variable: string; readonly value: string }
  /** Told only if it is another state than before. */
  | { readonly type: 'DeviceStateChanged'; readonly name: string; readonly state: DeviceState }
  | { readonly type: 'EndpointChanged'; readonly change: Change<EndpointSnapshot> }
  | {
      readonly type: 'PeerStatusChanged';
      readonly endpoint: EndpointSnapshot;
      readonly status: 'Reachable' | 'Unreachable';
    }
  | { readonly type: 'ContactStatusChanged'; readonly endpoint: EndpointSnapshot; readonly contact: ContactStatus }
  | {
      readonly type: 'RegistrationChanged';
      readonly registration: RegistrationSnapshot;
      readonly change: RegistrationChange;
      /** Whose it is, if it is anyone's. */
      readonly endpoint?: EndpointSnapshot;
    }
  | { readonly type: 'TextReceived'; readonly endpoint: EndpointSnapshot; readonly text: TextMessage }
  /** A message was accepted, or what is known of its delivery has changed. */
  | { readonly type: 'MessageChanged'; readonly message: MessageSnapshot; readonly endpoint?: EndpointSnapshot }
  | {
      readonly type: 'StasisStarted';
      readonly channel: ChannelSnapshot;
      readonly args: readonly string[];
      /** The channel in whose place it has come. */
      readonly replaced?: ChannelSnapshot;
    }
  | {
      readonly type: 'ApplicationMoveFailed';
      readonly channel: ChannelSnapshot;
      readonly destination: string;
      readonly args: readonly string[];
    }
  /** Who claims the call first has it. */
  | {
      readonly type: 'CallBroadcast';
      readonly channel: ChannelSnapshot;
      readonly caller: string;
      readonly called: string;
    }
  | { readonly type: 'CallClaimed'; readonly channel: ChannelSnapshot; readonly winner: string }
  /** What was asked of a channel was done, or was not. */
  | {
      readonly type: 'OperationFinished';
      readonly channel: ChannelSnapshot;
      readonly operation: string;
      /** By the name of its operation in ARI: "answer". */
      readonly name: string;
      readonly outcome: 'succeeded' | 'failed';
      /** Why it failed. */
      readonly reason?: string;
    }
  | { readonly type: 'StasisEnded'; readonly channel: ChannelSnapshot; readonly reason?: EndReason }
  | {
      readonly type: 'UserEventSent';
      readonly name: string;
      readonly variables: Readonly<Record<string, unknown>>;
      readonly channel?: ChannelSnapshot;
      readonly bridge?: BridgeSnapshot;
      readonly endpoint?: EndpointSnapshot;
    }
  /** Told to the one who listened to an application until someone else registered its name. */
  | { readonly type: 'ApplicationReplaced' };
