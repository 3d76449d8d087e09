// The events: what each carries. `application`, `asterisk_id` and `cursor` are added when one is sent.
import { Type, type Static } from 'typebox';
import { callEventModels } from './call-event-models.ts';
import { Bridge } from './bridge.ts';
import { Channel, endReason } from './channel.ts';
import { DeviceState } from './device-states.ts';
import { Endpoint, TextMessage } from './endpoints.ts';
import { event } from './event.ts';
import { StoredMessage } from './message.ts';
import { Registration } from './registration.ts';

export const ContactInfo = Type.Object(
  {
    uri: Type.String({ description: 'Where the endpoint can be reached.' }),
    contact_status: Type.Enum(['Unreachable', 'Reachable', 'Unknown', 'NonQualified', 'Removed'], {
      type: 'string',
      description: 'Whether it answers there.',
    }),
    aor: Type.String({ description: 'The address of record that it belongs to.' }),
    roundtrip_usec: Type.Optional(
      Type.String({ description: 'How long the last answer took, in microseconds; "0" when not measured.' }),
    ),
  },
  { title: 'ContactInfo', description: 'One place at which an endpoint can be reached.' },
);

export const Peer = Type.Object(
  {
    peer_status: Type.String({ description: 'Reachable or Unreachable.' }),
    cause: Type.Optional(Type.String({ description: 'Why, where it is known.' })),
    address: Type.Optional(Type.String({ description: 'Its IP address.' })),
    port: Type.Optional(Type.String({ description: 'Its port.' })),
    time: Type.Optional(Type.String({ description: 'When it was last seen.' })),
  },
  { title: 'Peer', description: 'Whether an endpoint can be reached.' },
);

export const eventModels = {
  ApplicationRegistered: event(
    'ApplicationRegistered',
    'The application is registered. Sent only over a WebSocket that this server has opened, first of all.',
    {},
  ),
  ApplicationUnregistered: event(
    'ApplicationUnregistered',
    'The application is no longer registered. Sent only over a WebSocket that this server has opened.',
    {},
  ),
  ApplicationReplaced: event('ApplicationReplaced', 'Another WebSocket has registered the application.', {}),
  ChannelCreated: event('ChannelCreated', 'A channel has come into being.', { channel: Channel }),
  ChannelDestroyed: event('ChannelDestroyed', 'A channel is gone.', {
    cause: Type.Integer({ description: 'Why, as a Q.850 cause; 0 when nobody said.' }),
    cause_txt: Type.String({ description: 'The cause in words.' }),
    tech_cause: Type.Optional(Type.Integer({ description: "The technology's own code: for SIP the status." })),
    reason: endReason,
    channel: Channel,
  }),
  ChannelStateChange: event('ChannelStateChange', "A channel's state has changed.", { channel: Channel }),
  ChannelDialplan: event('ChannelDialplan', 'Something else runs on a channel.', {
    dialplan_app: Type.String({ description: 'What runs.' }),
    dialplan_app_data: Type.String({ description: 'Its arguments.' }),
    channel: Channel,
  }),
  ChannelCallerId: event('ChannelCallerId', 'The caller of a channel has changed.', {
    caller_presentation: Type.Integer({ description: 'Whether the caller may be shown, as a number.' }),
    caller_presentation_txt: Type.String({ description: 'The same in words.' }),
    channel: Channel,
  }),
  ChannelConnectedLine: event('ChannelConnectedLine', 'The party at the other end of a channel has changed.', {
    channel: Channel,
  }),
  ChannelVarset: event('ChannelVarset', 'A variable of a channel was set.', {
    variable: Type.String({ description: 'Its name.' }),
    value: Type.String({ description: 'Its new value; empty when it was unset.' }),
    channel: Type.Optional(Channel),
  }),
  ChannelHangupRequest: event('ChannelHangupRequest', 'Someone wants a channel to end.', {
    cause: Type.Optional(Type.Integer({ description: 'Why, as a Q.850 cause.' })),
    tech_cause: Type.Optional(Type.Integer({ description: "The technology's own code: for SIP the status." })),
    soft: Type.Optional(Type.Boolean({ description: 'Present, and true, when this side wants it.' })),
    channel: Channel,
  }),
  ChannelDtmfReceived: event('ChannelDtmfReceived', 'A key was pressed at the far end.', {
    digit: Type.String({ description: 'The key: 0-9, A-D, * or #.' }),
    duration_ms: Type.Integer({ description: 'For how many milliseconds.' }),
    channel: Channel,
  }),
  ...callEventModels,
  ChannelHold: event('ChannelHold', 'The far end has put a channel on hold.', {
    channel: Channel,
    musicclass: Type.Optional(Type.String({ description: 'The music that it asked for.' })),
  }),
  ChannelUnhold: event('ChannelUnhold', 'The far end has taken a channel up again.', { channel: Channel }),
  ChannelUserevent: event('ChannelUserevent', 'A client made an event.', {
    eventname: Type.String({ description: 'The name that the client gave it.' }),
    channel: Type.Optional(Channel),
    bridge: Type.Optional(Bridge),
    endpoint: Type.Optional(Endpoint),
    userevent: Type.Record(Type.String(), Type.Unknown(), {
      description: 'What the client put into it, and its name.',
    }),
  }),
  StasisStart: event('StasisStart', 'A channel has come into the application.', {
    args: Type.Array(Type.String(), { description: 'What the routing says to the application.' }),
    channel: Channel,
    replace_channel: Type.Optional(Channel),
  }),
  StasisEnd: event('StasisEnd', 'A channel has left the application.', { reason: endReason, channel: Channel }),
  EndpointStateChange: event('EndpointStateChange', 'The state or the channels of an endpoint were told anew.', {
    endpoint: Endpoint,
  }),
  PeerStatusChange: event('PeerStatusChange', 'An endpoint can, or can no longer, be reached.', {
    endpoint: Endpoint,
    peer: Peer,
  }),
  ContactStatusChange: event('ContactStatusChange', "The state of one of an endpoint's contacts has changed.", {
    endpoint: Endpoint,
    contact_info: ContactInfo,
  }),
  RegistrationStateChange: event(
    'RegistrationStateChange',
    'A registration was made, refreshed or ended. Sent only over a WebSocket that was opened with extensions=true.',
    {
      change: Type.Enum(
        [
          ...['registered', 'refreshed', 'unregistered', 'expired', 'evicted', 'connection-closed'],
          ...['unreachable', 'removed', 'rejected', 'failed', 'stopped'],
        ],
        { type: 'string', description: 'What happened to it.' },
      ),
      registration: Registration,
      endpoint: Type.Optional(Endpoint),
    },
  ),
  TextMessageReceived: event('TextMessageReceived', 'An endpoint has sent a text message.', {
    message: TextMessage,
    endpoint: Type.Optional(Endpoint),
  }),
  MessageStateChange: event(
    'MessageStateChange',
    'A text message was accepted, or what is known of its delivery has changed. Sent only over a WebSocket that was opened with extensions=true.',
    { message: StoredMessage, endpoint: Type.Optional(Endpoint) },
  ),
  EventsLost: event(
    'EventsLost',
    'Events that were to follow can no longer be read. Sent in their place, only over a WebSocket that was opened with since, or from here.',
    {
      from: Type.Optional(Type.String({ description: 'The cursor of the first of them, if that is known.' })),
      to: Type.Optional(Type.String({ description: 'The cursor of the last of them, if that is known.' })),
      count: Type.Optional(Type.Integer({ description: 'How many they are, if that is known.' })),
      reason: Type.Enum(['retention', 'not-kept', 'not-written', 'corrupt'], {
        type: 'string',
        description:
          'They were older or more than is kept; the cursor is unknown, or the application was not known all the time; they could not be written down; what was written cannot be read.',
      }),
    },
  ),
  DeviceStateChanged: event('DeviceStateChanged', 'The state of a device has changed.', { device_state: DeviceState }),
  RESTResponse: event('RESTResponse', 'The answer to a request over the WebSocket. No event filter holds it back.', {
    transaction_id: Type.String({ description: 'As in the request; empty when it had none.' }),
    request_id: Type.String({ description: 'As in the request; empty when it had none.' }),
    status_code: Type.Integer({ description: 'The HTTP status.' }),
    reason_phrase: Type.String({ description: 'The status in words.' }),
    uri: Type.String({ description: 'As in the request, without the query.' }),
    content_type: Type.Optional(Type.String({ description: 'Of the body, if there is one.' })),
    message_body: Type.Optional(Type.String({ description: 'The body, if there is one: JSON as text.' })),
  }),
};

/** Events that ARI does not have: they are for those who ask for them. */
export const EXTENSIONS: ReadonlySet<string> = new Set<keyof typeof eventModels>([
  'RegistrationStateChange',
  'MessageStateChange',
  'ChannelOperationFinished',
]);

type EventModels = typeof eventModels;

/** Any event: switch on `type`, and the rest is known. */
export type AriEvent = { [Name in keyof EventModels]: Static<EventModels[Name]> }[keyof EventModels];
