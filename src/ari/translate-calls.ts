// From facts to events, for what involves more than one channel: dialling, bridges, transfers, claims.
import type { BridgeSnapshot, ChannelSnapshot, Fact, TransferTarget } from '../core/facts.ts';
import type { Message } from '../stasis/index.ts';
import { bridgeJson } from './resources/bridge.ts';
import { channelJson } from './resources/channel.ts';
import type { AriEvent } from './resources/events.ts';
import { momentJson } from './time.ts';

type CallFact =
  | 'ChannelDialled'
  | 'BridgeChanged'
  | 'ChannelEnteredBridge'
  | 'ChannelLeftBridge'
  | 'BridgesMerged'
  | 'BlindTransferred'
  | 'AttendedTransferred'
  | 'TransferRequested'
  | 'ApplicationMoveFailed'
  | 'CallBroadcast'
  | 'CallClaimed'
  | 'OperationFinished';

type Translations = { readonly [T in CallFact]: (message: Extract<Message<Fact>, { readonly type: T }>) => AriEvent[] };

const channelAs = <const Name extends string>(name: Name, channel: ChannelSnapshot | undefined) =>
  (channel === undefined ? {} : { [name]: channelJson(channel) }) as { [N in Name]?: ReturnType<typeof channelJson> };

const bridgeAs = <const Name extends string>(name: Name, bridge: BridgeSnapshot | undefined) =>
  (bridge === undefined ? {} : { [name]: bridgeJson(bridge) }) as { [N in Name]?: ReturnType<typeof bridgeJson> };

export const callTranslations: Translations = {
  ChannelDialled: ({ at, peer, caller, status, dialstring, forward, forwarded }) => [
    {
      type: 'Dial',
      timestamp: momentJson(at),
      dialstatus: status,
      forward,
      dialstring,
      ...channelAs('caller', caller),
      peer: channelJson(peer),
      ...channelAs('forwarded', forwarded),
    },
  ],

  // Who comes and who goes is told by itself.
  BridgeChanged: ({ at, change: { was, now } }) => {
    const timestamp = momentJson(at);
    if (was === undefined) return [{ type: 'BridgeCreated', timestamp, bridge: bridgeJson(now) }];
    return now === undefined ? [{ type: 'BridgeDestroyed', timestamp, bridge: bridgeJson(was) }] : [];
  },

  ChannelEnteredBridge: ({ type, at, bridge, channel }) => [
    { type, timestamp: momentJson(at), bridge: bridgeJson(bridge), channel: channelJson(channel) },
  ],

  ChannelLeftBridge: ({ type, at, bridge, channel }) => [
    { type, timestamp: momentJson(at), bridge: bridgeJson(bridge), channel: channelJson(channel) },
  ],

  BridgesMerged: ({ at, bridge, from }) => [
    { type: 'BridgeMerged', timestamp: momentJson(at), bridge: bridgeJson(bridge), bridge_from: bridgeJson(from) },
  ],

  BlindTransferred: ({ at, channel, transferee, exten, context, result, isExternal, bridge }) => [
    {
      type: 'BridgeBlindTransfer',
      timestamp: momentJson(at),
      channel: channelJson(channel),
      ...channelAs('transferee', transferee),
      exten,
      context,
      result,
      is_external: isExternal,
      ...bridgeAs('bridge', bridge),
    },
  ],

  AttendedTransferred: ({ at, destination, ...told }) => [
    {
      type: 'BridgeAttendedTransfer',
      timestamp: momentJson(at),
      transferer_first_leg: channelJson(told.first),
      transferer_second_leg: channelJson(told.second),
      ...channelAs('transferee', told.transferee),
      ...channelAs('transfer_target', told.target),
      ...bridgeAs('transferer_first_leg_bridge', told.firstBridge),
      ...bridgeAs('transferer_second_leg_bridge', told.secondBridge),
      result: told.result,
      is_external: told.isExternal,
      ...destinationJson(destination),
    },
  ],

  TransferRequested: ({ at, channel, connected, bridge, target, state }) => [
    {
      type: 'ChannelTransfer',
      timestamp: momentJson(at),
      ...(state && { state }),
      refer_to: targetJson(target),
      referred_by: {
        source_channel: channelJson(channel),
        ...channelAs('connected_channel', connected),
        ...bridgeAs('bridge', bridge),
      },
    },
  ],

  ApplicationMoveFailed: ({ type, at, channel, destination, args }) => [
    { type, timestamp: momentJson(at), channel: channelJson(channel), destination, args: [...args] },
  ],

  CallBroadcast: ({ type, at, channel, caller, called }) => [
    { type, timestamp: momentJson(at), channel: channelJson(channel), caller, called },
  ],

  CallClaimed: ({ type, at, channel, winner }) => [
    { type, timestamp: momentJson(at), channel: channelJson(channel), winner_app: winner },
  ],

  OperationFinished: ({ at, channel, operation, name, outcome, reason }) => [
    {
      type: 'ChannelOperationFinished',
      timestamp: momentJson(at),
      operation_id: operation,
      operation: name,
      outcome,
      ...(reason !== undefined && { reason }),
      channel: channelJson(channel),
    },
  ],
};

type Attended = Extract<Fact, { readonly type: 'AttendedTransferred' }>;

function destinationJson(destination: Attended['destination']) {
  switch (destination.kind) {
    case 'bridge':
      return { destination_type: 'bridge', destination_bridge: destination.bridge };
    case 'application':
      return {
        destination_type: 'app',
        destination_application: destination.application,
        ...channelAs('replace_channel', destination.replaced),
      };
    case 'fail':
      return { destination_type: 'fail' };
  }
}

function targetJson({ destination, protocolId, parameters, channel, connected, bridge }: TransferTarget) {
  return {
    requested_destination: {
      ...(destination !== undefined && { destination }),
      ...(protocolId !== undefined && { protocol_id: protocolId }),
      ...(parameters && {
        additional_protocol_params: parameters.map(([name, value]) => ({
          parameter_name: name,
          parameter_value: value,
        })),
      }),
    },
    ...channelAs('destination_channel', channel),
    ...channelAs('connected_channel', connected),
    ...bridgeAs('bridge', bridge),
  };
}
