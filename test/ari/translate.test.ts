// The recorded events, made again from facts.
import { expect, test } from 'vitest';
import type { ChannelSnapshot, EndpointSnapshot, Fact } from '../../src/core/facts.ts';
import { channelId, endpointId } from '../../src/ids.ts';
import { translate } from '../../src/ari/translate.ts';
import { ENTITY, recording } from './api.ts';

interface Recorded extends Readonly<Record<string, unknown>> {
  readonly type: string;
  readonly timestamp: string;
  readonly application: string;
  readonly channel?: Readonly<Record<string, never>>;
  readonly endpoint?: { technology: string; resource: string; state: EndpointSnapshot['state']; channel_ids: string[] };
}

function channelOf({ channel }: Recorded): ChannelSnapshot {
  const { protocol_id: protocolId, creationtime, dialplan, id, ...same } = channel as unknown as Record<string, string>;
  const { app_name: appName, app_data: appData, ...position } = dialplan as unknown as Record<string, string>;
  return {
    ...same,
    id: channelId(id!),
    protocolId,
    dialplan: { ...position, appName, appData },
    createdAt: Date.parse(creationtime!),
    reported: {},
  } as unknown as ChannelSnapshot;
}

function endpointOf({ endpoint }: Recorded): EndpointSnapshot {
  const { technology: tech, resource, state, channel_ids: channels } = endpoint!;
  return { id: endpointId({ tech, resource }), tech, resource, state, channels: channels.map(channelId) };
}

/** The fact that such an event tells of. */
const factOf: Readonly<Record<string, (event: Recorded) => Fact>> = {
  ChannelCreated: (event) => ({ type: 'ChannelChanged', change: { now: channelOf(event) } }),
  ChannelStateChange: (event) => changed(event, { state: 'Down' }),
  ChannelDialplan: (event) => {
    const { dialplan } = channelOf(event);
    return changed(event, { dialplan: { ...dialplan, appName: '', appData: '' } });
  },
  ChannelCallerId: (event) => changed(event, { caller: { name: '', number: '' } }),
  ChannelConnectedLine: (event) => changed(event, { connected: { name: '', number: '' } }),
  ChannelDestroyed: (event) => ({
    type: 'ChannelChanged',
    change: { was: channelOf(event) },
    hangup: { cause: Number(event['cause']), techCause: Number(event['tech_cause'] ?? 0) },
  }),
  ChannelVarset: (event) => ({
    type: 'ChannelVariableSet',
    channel: channelOf(event),
    variable: String(event['variable']),
    value: String(event['value']),
  }),
  ChannelHangupRequest: (event) => ({
    type: 'ChannelHangupRequested',
    channel: channelOf(event),
    ...('cause' in event && { cause: Number(event['cause']) }),
    ...('tech_cause' in event && { techCause: Number(event['tech_cause']) }),
    soft: event['soft'] === true,
  }),
  ChannelDtmfReceived: (event) => ({
    type: 'ChannelDtmfReceived',
    channel: channelOf(event),
    digit: String(event['digit']),
    duration: Number(event['duration_ms']),
  }),
  ChannelHold: (event) => ({ type: 'ChannelHeld', channel: channelOf(event) }),
  ChannelUnhold: (event) => ({ type: 'ChannelUnheld', channel: channelOf(event) }),
  StasisStart: (event) => ({ type: 'StasisStarted', channel: channelOf(event), args: event['args'] as string[] }),
  StasisEnd: (event) => ({ type: 'StasisEnded', channel: channelOf(event) }),
  EndpointStateChange: (event) => ({ type: 'EndpointChanged', change: { now: endpointOf(event) } }),
  PeerStatusChange: (event) => ({ type: 'PeerStatusChanged', endpoint: endpointOf(event), status: 'Reachable' }),
  ContactStatusChange: (event) => ({
    type: 'ContactStatusChanged',
    endpoint: endpointOf(event),
    contact: { uri: 'sip:bar@127.0.0.1:5262', status: 'NonQualified', aor: 'bar', roundtrip: 0 },
  }),
  TextMessageReceived: (event) => ({
    type: 'TextReceived',
    endpoint: endpointOf(event),
    text: event['message'] as never,
  }),
};

function changed(event: Recorded, before: Partial<ChannelSnapshot>): Fact {
  const now = channelOf(event);
  return { type: 'ChannelChanged', change: { was: { ...now, ...before }, now } };
}

const events = recording('events.jsonl').map(({ event }) => event as Recorded);

test.each(events.map((event) => [event.type, Object.keys(event).length, event] as const))(
  '%s with %i members is told as by Asterisk',
  (type, _, event) => {
    const told = translate({ ...factOf[type]!(event), id: 1, origin: 'test', at: Date.parse(event.timestamp) });
    expect(told.map((each) => ({ ...each, application: event.application, asterisk_id: ENTITY }))).toEqual([event]);
  },
);

test('every event of a channel or an endpoint is among the recorded ones', () => {
  expect(new Set(events.map(({ type }) => type))).toEqual(new Set(Object.keys(factOf)));
});

const some = events.find(({ type }) => type === 'ChannelCreated')!;
const tell = (fact: Fact) => translate({ ...fact, id: 1, origin: 'test', at: 0 });

test('one change may be several events: state, dialplan, caller, connected line, in this order', () => {
  const was = channelOf(some);
  const now: ChannelSnapshot = {
    ...was,
    state: 'Up',
    connected: { name: 'C', number: '1' },
    caller: { name: 'A', number: '2' },
    dialplan: { ...was.dialplan, appName: 'Stasis' },
  };
  expect(tell({ type: 'ChannelChanged', change: { was, now } }).map(({ type }) => type)).toEqual([
    'ChannelStateChange',
    'ChannelDialplan',
    'ChannelCallerId',
    'ChannelConnectedLine',
  ]);
});

test('a caller who does not want to be shown is told, with the wish', () => {
  const was = channelOf(some);
  const now = { ...was, caller: { name: 'a', number: '1', isPrivate: true } } as const;
  expect(tell({ type: 'ChannelChanged', change: { was, now } })).toMatchObject([
    { type: 'ChannelCallerId', caller_presentation: 32, channel: { caller: { name: 'a', number: '1' } } },
  ]);
});

test('leaving the dialplan, and changes that ARI does not know, are not told', () => {
  const was = { ...channelOf(some), dialplan: { ...channelOf(some).dialplan, appName: 'Stasis' } };
  const left = { ...was, dialplan: { ...was.dialplan, appName: '' } };
  expect(tell({ type: 'ChannelChanged', change: { was, now: left } })).toEqual([]);
  expect(tell({ type: 'ChannelChanged', change: { was, now: { ...was, protocolId: 'x' } } })).toEqual([]);
});

test('variables that are to be reported stand in the channel', () => {
  const now = { ...channelOf(some), reported: { A: '1' } };
  expect(tell({ type: 'ChannelChanged', change: { now } })).toMatchObject([{ channel: { channelvars: { A: '1' } } }]);
});

test('an endpoint that is gone, and news of subscriptions, are not told', () => {
  const endpoint = endpointOf(events.find(({ type }) => type === 'EndpointStateChange')!);
  expect(tell({ type: 'EndpointChanged', change: { was: endpoint } })).toEqual([]);
  const change = { change: 'subscribe', topic: 't', subscription: 's', id: 1, origin: 't', at: 0 } as const;
  expect(translate({ type: 'SubscriptionChanged', ...change })).toEqual([]);
});

test('what a restart has ended says so', () => {
  const channel = channelOf(some);
  const reason = 'service-restarted';
  expect(tell({ type: 'StasisEnded', channel, reason })).toMatchObject([{ type: 'StasisEnd', reason }]);
  expect(tell({ type: 'ChannelChanged', change: { was: channel }, hangup: { cause: 41 }, reason })).toMatchObject([
    { type: 'ChannelDestroyed', cause: 41, cause_txt: 'Temporary failure', reason },
  ]);
});
