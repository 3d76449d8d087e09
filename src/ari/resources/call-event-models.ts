// The events of calls that involve more than one channel: dialling, bridges, transfers, claims.
import { Type } from 'typebox';
import type { Model } from '../resource.ts';
import { Bridge } from './bridge.ts';
import { Channel } from './channel.ts';
import { event } from './event.ts';

const AdditionalParam = Type.Object(
  {
    parameter_name: Type.String({ description: 'Its name.' }),
    parameter_value: Type.String({ description: 'Its value.' }),
  },
  { title: 'AdditionalParam', description: "A parameter of the technology's own." },
);

const RequiredDestination = Type.Object(
  {
    protocol_id: Type.Optional(
      Type.String({ description: "The technology's own name of the call to take the place in: for SIP the Call-ID." }),
    ),
    destination: Type.Optional(Type.String({ description: 'The extension to be called.' })),
    additional_protocol_params: Type.Optional(
      Type.Array(AdditionalParam, { description: 'What more names that call: for SIP its tags.' }),
    ),
  },
  { title: 'RequiredDestination', description: 'Where a transfer is to lead.' },
);

const ReferTo = Type.Object(
  {
    requested_destination: RequiredDestination,
    destination_channel: Type.Optional(Channel),
    connected_channel: Type.Optional(Channel),
    bridge: Type.Optional(Bridge),
  },
  { title: 'ReferTo', description: 'Where a transfer is to lead, and which calls of ours that concerns.' },
);

const ReferredBy = Type.Object(
  {
    source_channel: Channel,
    connected_channel: Type.Optional(Channel),
    bridge: Type.Optional(Bridge),
  },
  { title: 'ReferredBy', description: 'Who wants a transfer.' },
);

export const callModels: readonly Model[] = [
  { schema: AdditionalParam },
  { schema: RequiredDestination },
  { schema: ReferTo },
  { schema: ReferredBy },
];

const result = Type.String({ description: 'Whether it succeeded: Success, Fail, Invalid or Not Permitted.' });
const isExternal = Type.Boolean({ description: 'Whether a far end asked for it, not an application.' });

export const callEventModels = {
  Dial: event('Dial', 'A leg is dialled: that begins, goes on, or ends.', {
    caller: Type.Optional(Channel),
    peer: Channel,
    forward: Type.Optional(
      Type.String({ description: 'Where the far end wants the call to go instead; may be empty.' }),
    ),
    forwarded: Type.Optional(Channel),
    dialstring: Type.Optional(Type.String({ description: 'What was dialled, without the technology.' })),
    dialstatus: Type.String({ description: 'How far it is; empty when it begins.' }),
  }),
  BridgeCreated: event('BridgeCreated', 'A bridge has come into being.', { bridge: Bridge }),
  BridgeDestroyed: event('BridgeDestroyed', 'A bridge is gone.', { bridge: Bridge }),
  BridgeMerged: event('BridgeMerged', 'The channels of a bridge have moved into another.', {
    bridge: Bridge,
    bridge_from: Bridge,
  }),
  ChannelEnteredBridge: event('ChannelEnteredBridge', 'A channel has come into a bridge.', {
    bridge: Bridge,
    channel: Type.Optional(Channel),
  }),
  ChannelLeftBridge: event('ChannelLeftBridge', 'A channel has left a bridge.', { bridge: Bridge, channel: Channel }),
  BridgeBlindTransfer: event('BridgeBlindTransfer', 'A call was transferred without asking whom it leads to.', {
    channel: Channel,
    replace_channel: Type.Optional(Channel),
    transferee: Type.Optional(Channel),
    exten: Type.String({ description: 'The extension that it leads to.' }),
    context: Type.String({ description: "That extension's context." }),
    result,
    is_external: isExternal,
    bridge: Type.Optional(Bridge),
  }),
  BridgeAttendedTransfer: event('BridgeAttendedTransfer', 'A call was transferred to whom its far end has called.', {
    transferer_first_leg: Channel,
    transferer_second_leg: Channel,
    replace_channel: Type.Optional(Channel),
    transferee: Type.Optional(Channel),
    transfer_target: Type.Optional(Channel),
    result,
    is_external: isExternal,
    transferer_first_leg_bridge: Type.Optional(Bridge),
    transferer_second_leg_bridge: Type.Optional(Bridge),
    destination_type: Type.String({ description: 'What those who are left are in now: bridge, app, or fail.' }),
    destination_bridge: Type.Optional(Type.String({ description: 'The id of that bridge.' })),
    destination_application: Type.Optional(Type.String({ description: 'The name of that application.' })),
    destination_link_first_leg: Type.Optional(Channel),
    destination_link_second_leg: Type.Optional(Channel),
    destination_threeway_channel: Type.Optional(Channel),
    destination_threeway_bridge: Type.Optional(Bridge),
  }),
  ChannelTransfer: event('ChannelTransfer', 'A far end wants its call transferred, and the application decides.', {
    refer_to: ReferTo,
    referred_by: ReferredBy,
    state: Type.Optional(Type.String({ description: 'What the application has decided, when it has.' })),
  }),
  ApplicationMoveFailed: event('ApplicationMoveFailed', 'A channel could not be moved to another application.', {
    channel: Channel,
    destination: Type.String({ description: 'That application.' }),
    args: Type.Array(Type.String(), { description: 'What it would have been told.' }),
  }),
  CallBroadcast: event('CallBroadcast', 'A call is offered to several applications: who claims it first has it.', {
    channel: Channel,
    caller: Type.Optional(Type.String({ description: 'The number that calls.' })),
    called: Type.Optional(Type.String({ description: 'The number that is called.' })),
  }),
  CallClaimed: event('CallClaimed', 'A call that was offered has been claimed.', {
    channel: Channel,
    winner_app: Type.String({ description: 'The application that has it.' }),
  }),
  ChannelOperationFinished: event(
    'ChannelOperationFinished',
    'What was asked of a channel was done, or was not. Sent only over a WebSocket that was opened with extensions=true.',
    {
      channel: Channel,
      operation: Type.String({ description: 'What was asked, by the name of the operation: answer, hold ...' }),
      outcome: Type.Enum(['succeeded', 'failed'], { type: 'string', description: 'Whether it was done.' }),
      reason: Type.Optional(Type.String({ description: 'Why not.' })),
    },
  ),
};
