// Applications: what they are subscribed to, and which events they want.
import { Type, type Static } from 'typebox';
import type { Application as CoreApplication } from '../../core/application.ts';
import { del, get, post, put, type Resource } from '../resource.ts';

const eventTypes = (description: string) => Type.Array(Type.Object({ type: Type.String() }), { description });

const Application = Type.Object(
  {
    name: Type.String({ description: 'The name under which it registered.' }),
    channel_ids: Type.Array(Type.String(), { description: 'Channels that it is subscribed to.' }),
    bridge_ids: Type.Array(Type.String(), { description: 'Bridges that it is subscribed to.' }),
    endpoint_ids: Type.Array(Type.String(), {
      description: 'Endpoints that it is subscribed to, "PJSIP/alice", and technologies, "PJSIP".',
    }),
    device_names: Type.Array(Type.String(), { description: 'Devices that it is subscribed to.' }),
    events_allowed: eventTypes('When not empty, only these events are sent.'),
    events_disallowed: eventTypes('These events are not sent.'),
  },
  { title: 'Application', description: 'A program that receives events and controls calls.' },
);

const applicationJson = (application: CoreApplication): Static<typeof Application> => ({
  name: application.name,
  channel_ids: application.ids('channel'),
  bridge_ids: application.ids('bridge'),
  endpoint_ids: application.ids('endpoint'),
  device_names: application.ids('deviceState'),
  events_allowed: [...application.filter.allowed],
  events_disallowed: [...application.filter.disallowed],
});

const params = { applicationName: Type.String({ description: "The application's name." }) };
const noApplication = { 404: 'There is no such application.' };
const eventSource = Type.Array(Type.String(), {
  description:
    'What to follow: channel:<id>, endpoint:<technology>/<resource>, endpoint:<technology>, bridge:<id>, deviceState:<name>; all of a kind with nothing behind the colon.',
});

export const applications: Resource = {
  name: 'applications',
  description: 'Programs that receive events.',
  since: ['13.0.0'],
  models: [{ schema: Application }],
  operations: [
    get(
      '/applications',
      {
        nickname: 'list',
        summary: 'Every application, also one that nobody listens for at the moment.',
        since: ['13.0.0'],
        returns: Type.Array(Application),
      },
      (_, { applications }) => applications.list().map(applicationJson),
    ),

    get(
      '/applications/{applicationName}',
      {
        nickname: 'get',
        summary: 'One application.',
        since: ['13.0.0'],
        params,
        returns: Application,
        errors: noApplication,
      },
      ({ params: { applicationName } }, { applications }) => applicationJson(applications.get(applicationName)),
    ),

    post(
      '/applications/{applicationName}/subscription',
      {
        nickname: 'subscribe',
        summary: 'Subscribes an application to further sources of events.',
        description: 'Sources are taken one after the other; those before one that fails stay subscribed.',
        since: ['13.0.0'],
        params,
        query: { eventSource },
        returns: Application,
        errors: { 400: 'No source, or one of an unknown kind.', ...noApplication, 422: 'A source does not exist.' },
      },
      ({ params: { applicationName }, query }, { applications }) =>
        applicationJson(applications.subscribe(applicationName, query.eventSource)),
    ),

    del(
      '/applications/{applicationName}/subscription',
      {
        nickname: 'unsubscribe',
        summary: 'Ends subscriptions of an application.',
        description: 'One that was subscribed several times has to be unsubscribed as often.',
        since: ['13.0.0'],
        params,
        query: { eventSource },
        returns: Application,
        errors: {
          400: 'No source, or one of an unknown kind.',
          ...noApplication,
          409: 'Never answered; declared because ARI declares it.',
          422: 'The application was not subscribed to a source.',
        },
      },
      ({ params: { applicationName }, query }, { applications }) =>
        applicationJson(applications.unsubscribe(applicationName, query.eventSource)),
    ),

    put(
      '/applications/{applicationName}/eventFilter',
      {
        nickname: 'filter',
        summary: 'Says which events an application wants.',
        description:
          'An event is sent when its type is not disallowed and, if any are allowed, is one of those. A list that is left out stays as it is; without either, both are emptied.',
        since: ['13.26.0', '16.3.0'],
        params,
        body: {
          name: 'filter',
          dataType: 'object',
          required: false,
          description: 'The lists: {"allowed": [{"type": "StasisStart"}], "disallowed": []}.',
          schema: Type.Object({
            allowed: Type.Optional(eventTypes('Types that are wanted; empty for all.')),
            disallowed: Type.Optional(eventTypes('Types that are not wanted.')),
          }),
        },
        returns: Application,
        errors: { 400: 'A list is malformed.', ...noApplication },
      },
      ({ params: { applicationName }, body: { allowed, disallowed } }, { applications }) => {
        const change =
          allowed === undefined && disallowed === undefined
            ? { allowed: [], disallowed: [] }
            : { ...(allowed && { allowed }), ...(disallowed && { disallowed }) };
        return applicationJson(applications.setFilter(applicationName, change));
      },
    ),
  ],
};
