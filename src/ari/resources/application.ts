// What an application is to a client, and what there is that concerns it.
import { Type, type Static } from 'typebox';
import type { Application as CoreApplication } from '../../core/application.ts';
import type { Bridges } from '../../core/bridges.ts';
import type { Channels } from '../../core/channels.ts';
import type { Endpoints } from '../../core/endpoints.ts';
import { EVERY } from '../../core/sources.ts';
import { Bridge, bridgeJson } from './bridge.ts';
import { Channel, channelJson } from './channel.ts';
import { Endpoint, endpointJson } from './endpoints.ts';

const EventType = Type.Object({
  type: Type.String({ description: 'The type of the events; "*" for any, where another member is given.' }),
  channel: Type.Optional(Type.String({ description: 'The id of the channel that they show.' })),
  endpoint: Type.Optional(
    Type.String({
      description: 'The endpoint that they show, or whose channel they show: PJSIP/alice; or its technology: PJSIP.',
    }),
  ),
  variable: Type.Optional(Type.String({ description: 'The variable that was set.' })),
});

export const eventTypes = (description: string) => Type.Array(EventType, { description });

export const Application = Type.Object(
  {
    name: Type.String({ description: 'The name under which it registered.' }),
    channel_ids: Type.Array(Type.String(), { description: 'Channels that it is subscribed to.' }),
    bridge_ids: Type.Array(Type.String(), { description: 'Bridges that it is subscribed to.' }),
    endpoint_ids: Type.Array(Type.String(), {
      description: 'Endpoints that it is subscribed to, "PJSIP/alice", and technologies, "PJSIP".',
    }),
    device_names: Type.Array(Type.String(), { description: 'Devices that it is subscribed to.' }),
    message_ids: Type.Optional(
      Type.Array(Type.String(), { description: 'Messages that it is subscribed to, if there are any.' }),
    ),
    events_allowed: eventTypes('When not empty, only these events are sent.'),
    events_disallowed: eventTypes('These events are not sent.'),
    persistent: Type.Optional(
      Type.Boolean({ description: 'Present, and true, when it stays and its events are kept while nobody listens.' }),
    ),
  },
  { title: 'Application', description: 'A program that receives events and controls calls.' },
);

export const applicationJson = (application: CoreApplication): Static<typeof Application> => ({
  name: application.name,
  channel_ids: application.ids('channel'),
  bridge_ids: application.ids('bridge'),
  endpoint_ids: application.ids('endpoint'),
  device_names: application.ids('deviceState'),
  ...(application.ids('message').length > 0 && { message_ids: application.ids('message') }),
  events_allowed: [...application.filter.allowed],
  events_disallowed: [...application.filter.disallowed],
  ...(application.isPersistent && { persistent: true }),
});

export const ApplicationSnapshot = Type.Object(
  {
    application: Application,
    cursor: Type.String({ description: 'With since=<cursor> follows exactly what happened after this answer.' }),
    channels: Type.Array(Channel, { description: 'Channels whose events the application receives.' }),
    bridges: Type.Array(Bridge, { description: 'Bridges whose events it receives.' }),
    endpoints: Type.Array(Endpoint, { description: 'Endpoints whose events it receives.' }),
  },
  { title: 'ApplicationSnapshot', description: 'All that concerns an application, as it is at one moment.' },
);

interface Shown {
  readonly channels: Channels;
  readonly bridges: Bridges;
  readonly endpoints: Endpoints;
}

/** Without the cursor. An endpoint's own subscribers, and those of its technology, hear of its channels, too. */
export function snapshotJson(
  application: CoreApplication,
  { channels, bridges, endpoints }: Shown,
): Omit<Static<typeof ApplicationSnapshot>, 'cursor'> {
  const byName = endpoints
    .list()
    .filter(({ id, key }) => [id, key.tech].some((each) => application.isSubscribed('endpoint', each)));
  const theirs = new Set<string>(byName.flatMap(({ snapshot }) => snapshot.channels));
  const isHeard = (id: string): boolean =>
    theirs.has(id) || [EVERY.channel, id].some((each) => application.isSubscribed('channel', each));
  const heard = application.isSubscribed('endpoint', EVERY.endpoint) ? endpoints.list() : byName;
  return {
    application: applicationJson(application),
    channels: channels
      .list()
      .filter(({ id }) => isHeard(id))
      .map(({ snapshot }) => channelJson(snapshot)),
    bridges: bridges
      .list()
      .filter(({ id }) => [EVERY.bridge, id].some((each) => application.isSubscribed('bridge', each)))
      .map(({ snapshot }) => bridgeJson(snapshot)),
    endpoints: heard.map(({ snapshot }) => endpointJson(snapshot)),
  };
}
