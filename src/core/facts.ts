// What can happen, in the past tense: the vocabulary of the bus. A fact carries snapshots as they were when it happened.
import type { ChannelId, EndpointId } from '../ids.ts';
import type { Change } from '../stasis/index.ts';
import type { MessageSnapshot } from './message.ts';
import type { RegistrationChange, RegistrationSnapshot } from './registrations.ts';
import type { DeviceState } from './device-states.ts';

export interface Party {
  readonly name: string;
  readonly number: string;
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

export type Fact =
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
  | { readonly type: 'StasisStarted'; readonly channel: ChannelSnapshot; readonly args: readonly string[] }
  | { readonly type: 'StasisEnded'; readonly channel: ChannelSnapshot; readonly reason?: EndReason }
  | {
      readonly type: 'UserEventSent';
      readonly name: string;
      readonly variables: Readonly<Record<string, unknown>>;
      readonly channel?: ChannelSnapshot;
      readonly endpoint?: EndpointSnapshot;
    }
  /** Told to the one who listened to an application until someone else registered its name. */
  | { readonly type: 'ApplicationReplaced' };
