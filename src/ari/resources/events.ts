// What is told to applications: every event that is sent, the WebSocket that carries them, and events that clients make.
import { Type } from 'typebox';
import type { BridgeSnapshot, ChannelSnapshot, EndpointSnapshot } from '../../core/facts.ts';
import type { Sources } from '../../core/sources.ts';
import { Fault } from '../../errors.ts';
import { post, websocket, type Model, type Resource } from '../resource.ts';
import { callModels } from './call-event-models.ts';
import { Event, Message } from './event.ts';
import { ContactInfo, eventModels, Peer } from './event-models.ts';
import { Ack, openingQuery, RESTQueryStringParameter, RESTRequest } from './frames.ts';

export { Event } from './event.ts';
export { EXTENSIONS, eventModels, type AriEvent } from './event-models.ts';

interface Shown {
  readonly channel?: ChannelSnapshot;
  readonly bridge?: BridgeSnapshot;
  readonly endpoint?: EndpointSnapshot;
}

function snapshotOf(sources: Sources, text: string): Shown {
  const source = sources.parse(text);
  const channel = sources.findChannel(source)?.snapshot;
  const bridge = sources.findBridge(source)?.snapshot;
  const endpoint = sources.findEndpoint(source)?.snapshot;
  if (channel !== undefined) return { channel };
  if (bridge !== undefined) return { bridge };
  if (endpoint !== undefined) return { endpoint };
  if (source.kind === 'deviceState') {
    throw new Fault('invalid', 'Parameter source: a device state cannot be shown', { code: 'invalid-event-source' });
  }
  throw new Fault('unprocessable', `Parameter source: there is no ${text}`, { code: 'event-source-not-found' });
}

const models: Model[] = [
  { schema: Message, discriminator: 'type' },
  { schema: Event, extends: Message },
  { schema: ContactInfo },
  { schema: Peer },
  ...callModels,
  ...Object.values(eventModels).map((schema) => ({ schema, extends: Event })),
  { schema: RESTQueryStringParameter },
  { schema: RESTRequest },
  { schema: Ack },
];

export const events: Resource = {
  name: 'events',
  description: 'What happens, as it happens.',
  since: ['12.0.0'],
  models,
  operations: [
    websocket('/events', {
      nickname: 'eventWebsocket',
      summary: 'Opens a WebSocket that carries the events of applications.',
      description: 'Requests may be sent over it, too: see the models RESTRequest and RESTResponse.',
      since: ['12.0.0'],
      query: openingQuery,
      returns: Message,
    }),

    post(
      '/events/user/{eventName}',
      {
        nickname: 'userEvent',
        summary: 'Makes an event of your own, for one application.',
        since: ['12.3.0'],
        params: { eventName: Type.String({ description: "The event's name." }) },
        query: {
          application: Type.String({ description: 'The application that is told.' }),
          source: Type.Optional(
            Type.Array(Type.String(), {
              description:
                'Objects to show in it, the last of each kind: channel:<id>, bridge:<id>, endpoint:<technology>/<resource>.',
            }),
          ),
        },
        body: {
          name: 'variables',
          dataType: 'containers',
          required: false,
          description: 'What to put into it, under the key "variables".',
          schema: Type.Object({ variables: Type.Optional(Type.Record(Type.String(), Type.Unknown())) }),
        },
        errors: {
          400: 'A parameter is missing or malformed.',
          404: 'There is no such application.',
          422: 'A source does not exist.',
        },
      },
      ({ params, query, body: { variables = {} } }, { applications, sources }) => {
        const application = applications.get(query.application);
        const shown = (query.source ?? []).map((text) => snapshotOf(sources, text));
        application.topic.publish({
          type: 'UserEventSent',
          name: params.eventName,
          variables,
          ...shown.reduce((all, each) => ({ ...all, ...each }), {}),
        });
      },
    ),

    post(
      '/events/claim',
      {
        nickname: 'claimChannel',
        summary: 'Takes a call that was offered to several applications: the first to claim it has it.',
        since: ['20.17.0', '22.7.0', '23.1.0'],
        query: {
          channelId: Type.String({ description: "The channel's id, as CallBroadcast told it." }),
          application: Type.String({ description: 'The application that takes it.' }),
        },
        errors: {
          404: 'The call is not offered, or no longer; or nobody listens for the application.',
          409: 'Another application was first.',
        },
      },
      ({ query: { channelId, application } }, { broadcasts }) => broadcasts.claim(channelId, application),
    ),
  ],
};
