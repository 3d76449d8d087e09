// Who can be reached, and text messages and referrals to them.
import { Type, type Static } from 'typebox';
import type { Endpoints } from '../../core/endpoints.ts';
import type { EndpointSnapshot } from '../../core/facts.ts';
import type { MessageSnapshot } from '../../core/message.ts';
import type { Referral } from '../../core/referrals.ts';
import { notFound } from '../../errors.ts';
import type { EndpointKey } from '../../ids.ts';
import { Answer, get, post, put, type Resource } from '../resource.ts';
import { draftOf, messageJson, sending, StoredMessage } from './message.ts';

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
    body: Type.String({ description: 'The text; bytes that are no text in base64.' }),
    id: Type.Optional(Type.String({ description: 'Under which it is kept: see the resource messages.' })),
    encoding: Type.Optional(
      Type.Enum(['base64'], { type: 'string', description: 'Of the body, where it is not the text itself.' }),
    ),
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

const variables = {
  name: 'variables',
  dataType: 'containers',
  required: false,
  description: 'Headers to add, as strings by name, under the key "variables".',
  schema: Type.Object({ variables: Type.Optional(Type.Record(Type.String(), Type.String())) }),
} as const;

const referral = {
  from: Type.String({ default: '', description: 'Who it is from: an address of the technology.' }),
  refer_to: Type.String({
    description:
      'Whom to contact: an endpoint (pjsip:alice), which is reached at its contact, or an address of the technology.',
  }),
  to_self: Type.Optional(
    Type.Boolean({
      default: false,
      description: 'Whether an endpoint in refer_to is to be reached through this service, and not at its contact.',
    }),
  ),
};

const referralVariables = {
  ...variables,
  description:
    'Headers to add, as strings by name, under the key "variables". "display_name", there or beside it, is the name of whom to contact.',
  schema: Type.Object({
    variables: Type.Optional(Type.Record(Type.String(), Type.String())),
    display_name: Type.Optional(Type.String()),
  }),
} as const;

const noEndpoint = { 404: 'There is no such technology or endpoint.' };
const badParameter = { 400: 'A parameter is missing or malformed.' };

/** The technology in any case, the resource exactly. */
const find = (endpoints: Endpoints, { tech, resource }: EndpointKey) =>
  endpoints.get({ tech: tech.toUpperCase(), resource });

const accepted = {
  description: 'Replies when the message is kept: the header Location says where to read what becomes of it.',
  returns: StoredMessage,
  status: 202,
} as const;
const notAccepted = {
  ...badParameter,
  413: 'The body is too large.',
  415: 'Bodies of that type are refused.',
  503: 'Too many messages wait.',
};

const kept = (message: MessageSnapshot) =>
  new Answer(messageJson(message), { Location: `/ari/messages/${encodeURIComponent(message.id)}` });

interface AskedReferral {
  readonly from: string;
  readonly refer_to: string;
  readonly to_self?: boolean;
}

const referralOf = (
  { from, refer_to: referTo, to_self: toSelf = false }: AskedReferral,
  { variables = {}, display_name: displayName = '' }: Static<typeof referralVariables.schema>,
): Referral => ({ from, referTo, toSelf, variables, displayName });

export const endpoints: Resource = {
  name: 'endpoints',
  description: 'Who can be reached, and text messages and referrals to them.',
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
        since: ['13.0.0'],
        query: {
          to: Type.String({
            description: 'To whom: the technology in small letters, a colon, and its address: pjsip:alice.',
          }),
          ...sending,
        },
        body: variables,
        ...accepted,
        errors: { ...notAccepted, 404: 'Nothing sends messages to that address.' },
      },
      async ({ query: { to, ...query }, body, token }, { messages }) =>
        kept(await messages.send(draftOf(to, query, body, token))),
    ),

    post(
      '/endpoints/refer',
      {
        nickname: 'refer',
        summary: 'Asks an address to contact someone else.',
        description: 'Replies when that was handed to the technology; what becomes of it is logged only.',
        since: ['18.20.0', '20.5.0'],
        query: {
          to: Type.String({ description: 'Who is asked: the technology in small letters, a colon, and its address.' }),
          ...referral,
        },
        body: referralVariables,
        empty: 202,
        errors: { ...badParameter, 404: 'Nothing sends referrals to that address, or refer_to leads nowhere.' },
      },
      ({ query: { to, ...query }, body }, { referrals }) => referrals.send(to, referralOf(query, body)),
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
        since: ['13.0.0'],
        params,
        query: sending,
        body: variables,
        ...accepted,
        errors: { ...notAccepted, 404: 'There is no such endpoint, or it cannot be reached and nothing is stored.' },
      },
      async ({ params, query, body, token }, { endpoints, messages }) => {
        const { tech, resource } = find(endpoints, params).key;
        return kept(await messages.send(draftOf(`${tech.toLowerCase()}:${resource}`, query, body, token)));
      },
    ),

    post(
      '/endpoints/{tech}/{resource}/refer',
      {
        nickname: 'referToEndpoint',
        summary: 'Asks one endpoint to contact someone else.',
        description: 'Replies when that was handed to the technology; what becomes of it is logged only.',
        since: ['18.20.0', '20.5.0'],
        params,
        query: referral,
        body: referralVariables,
        empty: 202,
        errors: {
          ...badParameter,
          404: 'There is no such endpoint, it cannot be reached now, or refer_to leads nowhere.',
        },
      },
      async ({ params, query, body }, { endpoints, referrals }) => {
        const { tech, resource } = find(endpoints, params).key;
        await referrals.send(`${tech.toLowerCase()}:${resource}`, referralOf(query, body));
      },
    ),
  ],
};
