// From facts to events: the only door. A fact without a line does not compile until someone decides.
import { causeText } from '../core/causes.ts';
import type { ChannelSnapshot, Fact, Party } from '../core/facts.ts';
import { route, type Change, type Message } from '../stasis/index.ts';
import { bridgeJson } from './resources/bridge.ts';
import { channelJson } from './resources/channel.ts';
import { endpointJson } from './resources/endpoints.ts';
import type { AriEvent } from './resources/events.ts';
import { messageJson } from './resources/message.ts';
import { registrationJson } from './resources/registration.ts';
import { momentJson } from './time.ts';
import { callTranslations } from './translate-calls.ts';

/** The events that a fact is to applications, in order; without what is added for each when it is sent. */
export function translate(message: Message<Fact>): AriEvent[] {
  const events = eventsOf(message);
  const operation = 'operation' in message ? message.operation : undefined;
  return operation === undefined ? events : events.map((event) => ({ ...event, operation_id: operation }));
}

const eventsOf = route<Fact, AriEvent[]>(
  {
    ChannelChanged: ({ at, change, hangup, reason }) => {
      const timestamp = momentJson(at);
      if (change.now !== undefined) return channelChanged(timestamp, change);
      const { cause = 0, techCause = 0 } = hangup ?? {};
      return [
        {
          type: 'ChannelDestroyed',
          timestamp,
          cause,
          cause_txt: causeText(cause),
          ...(techCause !== 0 && { tech_cause: techCause }),
          ...(reason && { reason }),
          channel: channelJson(change.was),
        },
      ];
    },

    ChannelVariableSet: ({ at, channel, variable, value }) => [
      { type: 'ChannelVarset', timestamp: momentJson(at), variable, value, channel: channelJson(channel) },
    ],

    ChannelHangupRequested: ({ at, channel, cause, techCause, soft }) => [
      {
        type: 'ChannelHangupRequest',
        timestamp: momentJson(at),
        ...(cause !== undefined && { cause }),
        ...(techCause !== undefined && { tech_cause: techCause }),
        ...(soft && { soft }),
        channel: channelJson(channel),
      },
    ],

    ChannelDtmfReceived: ({ at, channel, digit, duration }) => [
      {
        type: 'ChannelDtmfReceived',
        timestamp: momentJson(at),
        digit,
        duration_ms: duration,
        channel: channelJson(channel),
      },
    ],

    // An indication, which changes nothing that the API shows of a channel.
    ChannelRung: () => [],

    GlobalVariableSet: ({ at, variable, value }) => [
      { type: 'ChannelVarset', timestamp: momentJson(at), variable, value },
    ],

    DeviceStateChanged: ({ at, name, state }) => [
      { type: 'DeviceStateChanged', timestamp: momentJson(at), device_state: { name, state } },
    ],

    // The class that chan_pjsip names unless its endpoint is configured otherwise.
    ChannelHeld: ({ at, channel }) => [
      { type: 'ChannelHold', timestamp: momentJson(at), musicclass: 'default', channel: channelJson(channel) },
    ],

    ChannelUnheld: ({ at, channel }) => [
      { type: 'ChannelUnhold', timestamp: momentJson(at), channel: channelJson(channel) },
    ],

    // Told whether or not the state is another, as Asterisk does; one that is gone is not told.
    EndpointChanged: ({ at, change: { now } }) =>
      now === undefined
        ? []
        : [{ type: 'EndpointStateChange', timestamp: momentJson(at), endpoint: endpointJson(now) }],

    PeerStatusChanged: ({ at, endpoint, status }) => [
      {
        type: 'PeerStatusChange',
        timestamp: momentJson(at),
        endpoint: endpointJson(endpoint),
        peer: { peer_status: status },
      },
    ],

    ContactStatusChanged: ({ at, endpoint, contact: { uri, status, aor, roundtrip } }) => [
      {
        type: 'ContactStatusChange',
        timestamp: momentJson(at),
        endpoint: endpointJson(endpoint),
        contact_info: { uri, contact_status: status, aor, roundtrip_usec: String(roundtrip) },
      },
    ],

    RegistrationChanged: ({ at, registration, change, endpoint }) => [
      {
        type: 'RegistrationStateChange',
        timestamp: momentJson(at),
        change,
        registration: registrationJson(registration),
        ...(endpoint && { endpoint: endpointJson(endpoint) }),
      },
    ],

    TextReceived: ({ at, endpoint, text: { id, from, to, body, encoding, variables } }) => [
      {
        type: 'TextMessageReceived',
        timestamp: momentJson(at),
        endpoint: endpointJson(endpoint),
        message: {
          from,
          to,
          body,
          ...(id !== undefined && { id }),
          ...(encoding && { encoding }),
          variables,
        },
      },
    ],

    MessageChanged: ({ at, message, endpoint }) => {
      const event = { type: 'MessageStateChange' as const, timestamp: momentJson(at), message: messageJson(message) };
      return [endpoint === undefined ? event : { ...event, endpoint: endpointJson(endpoint) }];
    },

    StasisStarted: ({ at, channel, args, replaced }) => [
      {
        type: 'StasisStart',
        timestamp: momentJson(at),
        args: [...args],
        channel: channelJson(channel),
        ...(replaced && { replace_channel: channelJson(replaced) }),
      },
    ],

    StasisEnded: ({ at, channel, reason }) => [
      { type: 'StasisEnd', timestamp: momentJson(at), ...(reason && { reason }), channel: channelJson(channel) },
    ],

    UserEventSent: ({ at, name, variables, channel, bridge, endpoint }) => [
      {
        type: 'ChannelUserevent',
        timestamp: momentJson(at),
        eventname: name,
        userevent: { ...variables, eventname: name },
        ...(channel && { channel: channelJson(channel) }),
        ...(bridge && { bridge: bridgeJson(bridge) }),
        ...(endpoint && { endpoint: endpointJson(endpoint) }),
      },
    ],

    ...callTranslations,

    ApplicationReplaced: ({ at }) => [{ type: 'ApplicationReplaced', timestamp: momentJson(at) }],
  },
  () => [],
);

type Living = Extract<Change<ChannelSnapshot>, { now: ChannelSnapshot }>;

/** One change may be several events: always state, dialplan, caller, connected line. */
function channelChanged(timestamp: string, { was, now }: Living): AriEvent[] {
  const channel = channelJson(now);
  if (was === undefined) return [{ type: 'ChannelCreated', timestamp, channel }];
  const events: AriEvent[] = [];
  if (was.state !== now.state) events.push({ type: 'ChannelStateChange', timestamp, channel });
  if (movedOn(was, now)) {
    const { appName: dialplan_app, appData: dialplan_app_data } = now.dialplan;
    events.push({ type: 'ChannelDialplan', timestamp, dialplan_app, dialplan_app_data, channel });
  }
  if (differs(was.caller, now.caller)) {
    events.push({
      type: 'ChannelCallerId',
      timestamp,
      ...(now.caller.isPrivate === true ? PROHIBITED : ALLOWED),
      channel,
    });
  }
  if (differs(was.connected, now.connected)) events.push({ type: 'ChannelConnectedLine', timestamp, channel });
  return events;
}

function movedOn({ dialplan: was }: ChannelSnapshot, { dialplan: now }: ChannelSnapshot): boolean {
  if (now.appName === '') return false;
  return (
    was.context !== now.context ||
    was.exten !== now.exten ||
    was.priority !== now.priority ||
    was.appName !== now.appName
  );
}

/** Asterisk's numbers and words. */
const ALLOWED = { caller_presentation: 0, caller_presentation_txt: 'Presentation Allowed, Not Screened' };
const PROHIBITED = { caller_presentation: 32, caller_presentation_txt: 'Presentation Prohibited, Not Screened' };

const differs = (one: Party, other: Party): boolean => one.name !== other.name || one.number !== other.number;
