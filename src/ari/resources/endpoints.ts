// Who can be reached, and text messages to them.
import { Type, type Static } from 'typebox';
import type { Endpoints } from '../../core/endpoints.ts';
import type { EndpointSnapshot } from '../../core/facts.ts';
import { notFound } from '../../errors.ts';
import type { EndpointKey } from '../../ids.ts';
import { get, put, type Resource } from '../resource.ts';

export const Endpoint = Type.Object(
  {
    technology: Type.String({ description: 'The part before the slash: PJSIP.' }),
    resource: Type.String({ description: 'The part after the slash, unique within the technology.' }),
    state: Type.Optional(
      Type.Enum(['unknown', 'offline', 'online'], { type: 'string', description: 'Whether it can be reached now.' }),
    ),
    channel_ids: Type.Array(Type.String(), { description: 'Its channels, by their ids.' }),
  },
  { title: 'Endpoint', description: 'Someone who can be reached by a technology.' },
);

export const TextMessage = Type.Object(
  {
    from: Type.String({ description: 'Who sent it.' }),
    to: Type.String({ description: 'To whom.' }),
    body: Type.String({ description: 'The text.' }),
    variables: Type.Optional(
      Type.Record(Type.String(), Type.String(), { description: "The technology's headers, by name." }),
    ),
  },
  { title: 'TextMessage', description: 'A text message.' },
);

export const endpointJson = ({ tech, resource, state, channels }: EndpointSnapshot): Static<typeof Endpoint> => ({
  technology: tech,
  resource,
  state,
  channel_ids: [...channels],
});

// ARI's documents do not call them required.
const params = {
  tech: Type.Optional(Type.String({ description: 'The technology: PJSIP.' })),
  resource: Type.Optional(Type.String({ description: 'The part after the slash.' })),
};

const text = {
  from: Type.String({ default: '', description: 'Who it is from: an address of the technology.' }),
  body: Type.Optional(Type.String({ description: 'The text.' })),
};

const variables = {
  name: 'variables',
  dataType: 'containers',
  required: false,
  description: 'Headers to add, as strings by name, under the key "variables".',
  schema: Type.Object({ variables: Type.Optional(Type.Record(Type.String(), Type.String())) }),
} as const;

const noEndpoint = { 404: 'There is no such technology or endpoint.' };
const badParameter = { 400: 'A parameter is missing or malformed.' };

/** The technology in any case, the resource exactly. */
const find = (endpoints: Endpoints, { tech, resource }: EndpointKey) =>
  endpoints.get({ tech: tech.toUpperCase(), resource });

export const endpoints: Resource = {
  name: 'endpoints',
  description: 'Who can be reached, and text messages to them.',
  since: ['12.0.0'],
  models: [{ schema: Endpoint }, { schema: TextMessage }],
  operations: [
    get(
      '/endpoints',
      {
        nickname: 'list',
        summary: 'Every endpoint, whatever its technology.',
        since: ['12.0.0'],
        returns: Type.Array(Endpoint),
      },
      (_, { endpoints }) => endpoints.list().map(({ snapshot }) => endpointJson(snapshot)),
    ),

    put(
      '/endpoints/sendMessage',
      {
        nickname: 'sendMessage',
        summary: 'Sends a text message to an address.',
        description: 'Replies when the message was handed to the technology, not when it was delivered.',
        since: ['13.0.0'],
        query: {
          to: Type.String({
            description: 'To whom: the technology in small letters, a colon, and its address: pjsip:alice.',
          }),
          ...text,
        },
        body: variables,
        empty: 202,
        errors: { ...badParameter, 404: 'Nothing sends messages to that address.' },
      },
      ({ query: { to, from, body = '' }, body: { variables = {} } }, { messages }) =>
        messages.send({ to, from, body, variables }),
    ),

    get(
      '/endpoints/{tech}',
      {
        nickname: 'listByTech',
        summary: 'The endpoints of one technology.',
        since: ['12.0.0'],
        params: { tech: params.tech },
        returns: Type.Array(Endpoint),
        errors: noEndpoint,
      },
      ({ params: { tech } }, { endpoints }) => {
        if (endpoints.technology(tech) === undefined) throw notFound('Technology');
        return endpoints.list(tech).map(({ snapshot }) => endpointJson(snapshot));
      },
    ),

    get(
      '/endpoints/{tech}/{resource}',
      {
        nickname: 'get',
        summary: 'One endpoint.',
        since: ['12.0.0'],
        params,
        returns: Endpoint,
        errors: { ...badParameter, ...noEndpoint },
      },
      ({ params }, { endpoints }) => endpointJson(find(endpoints, params).snapshot),
    ),

    put(
      '/endpoints/{tech}/{resource}/sendMessage',
      {
        nickname: 'sendMessageToEndpoint',
        summary: 'Sends a text message to one endpoint.',
        description: 'Replies when the message was handed to the technology, not when it was delivered.',
        since: ['13.0.0'],
        params,
        query: text,
        body: variables,
        empty: 202,
        errors: { ...badParameter, 404: 'There is no such endpoint, or it cannot be reached now.' },
      },
      async ({ params, query: { from, body = '' }, body: { variables = {} } }, { endpoints, messages }) => {
        const { tech, resource } = find(endpoints, params).key;
        await messages.send({ to: `${tech.toLowerCase()}:${resource}`, from, body, variables });
      },
    ),
  ],
};
