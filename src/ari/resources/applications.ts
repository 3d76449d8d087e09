// Applications: what they are subscribed to, which events they want, and whether they stay.
import { Type } from 'typebox';
import { del, get, post, put, type Resource } from '../resource.ts';
import { Application, applicationJson, ApplicationSnapshot, eventTypes, snapshotJson } from './application.ts';

const params = { applicationName: Type.String({ description: "The application's name." }) };
const noApplication = { 404: 'There is no such application.' };
const eventSource = Type.Array(Type.String(), {
  description:
    'What to follow: channel:<id>, endpoint:<technology>/<resource>, endpoint:<technology>, bridge:<id>, deviceState:<name>, message:<id>; all of a kind with nothing behind the colon.',
});

export const applications: Resource = {
  name: 'applications',
  description: 'Programs that receive events.',
  since: ['13.0.0'],
  models: [{ schema: Application }, { schema: ApplicationSnapshot }],
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

    put(
      '/applications/{applicationName}',
      {
        nickname: 'persist',
        summary: 'Lets an application stay, and keeps its events, while nobody listens for it.',
        description:
          'Makes the application if it is not known. Its subscriptions, its filter and its events outlive a restart; subscriptions to channels end with them.',
        since: ['Arion 0.3.0'],
        params,
        returns: Application,
      },
      async ({ params: { applicationName } }, { applications }) => {
        const application = applications.persist(applicationName);
        await applications.saved(applicationName);
        return applicationJson(application);
      },
    ),

    del(
      '/applications/{applicationName}',
      {
        nickname: 'unpersist',
        summary: 'Ends that an application stays, and the application if nobody listens for it.',
        since: ['Arion 0.3.0'],
        params,
        errors: noApplication,
      },
      async ({ params: { applicationName } }, { applications }) => {
        applications.unpersist(applicationName);
        await applications.saved(applicationName);
      },
    ),

    get(
      '/applications/{applicationName}/snapshot',
      {
        nickname: 'snapshot',
        summary: 'All that concerns an application, and the cursor from which to follow what happens to it.',
        since: ['Arion 0.3.0'],
        params,
        returns: ApplicationSnapshot,
        errors: { ...noApplication, 503: 'Its events cannot be recorded now, so that nobody could follow.' },
      },
      async ({ params: { applicationName } }, { applications, eventLogs, ...core }) => {
        const application = applications.get(applicationName);
        const snapshot = snapshotJson(application, core);
        // Asked for before anything else can happen.
        const cursor = await eventLogs.of(application).cursor();
        return { ...snapshot, cursor };
      },
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
      async ({ params: { applicationName }, query }, { applications }) => {
        const application = applications.subscribe(applicationName, query.eventSource);
        await applications.saved(applicationName);
        return applicationJson(application);
      },
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
      async ({ params: { applicationName }, query }, { applications }) => {
        const application = applications.unsubscribe(applicationName, query.eventSource);
        await applications.saved(applicationName);
        return applicationJson(application);
      },
    ),

    put(
      '/applications/{applicationName}/eventFilter',
      {
        nickname: 'filter',
        summary: 'Says which events an application wants.',
        description:
          'An event is sent when it matches no line of those that are disallowed and, if any are allowed, matches a line of those. A line matches an event when all that it names does: the type alone, as in ARI, or also a channel, an endpoint or a variable. Members of other names are kept and shown, and count for nothing. A list that is left out stays as it is; without either, both are emptied. Answers to requests over the WebSocket are never held back.',
        since: ['13.26.0', '16.3.0'],
        params,
        body: {
          name: 'filter',
          dataType: 'object',
          required: false,
          description:
            'The lists: {"allowed": [{"type": "StasisStart"}], "disallowed": [{"type": "*", "endpoint": "PJSIP/alice"}]}.',
          schema: Type.Object({
            allowed: Type.Optional(eventTypes('Events that are wanted; empty for all.')),
            disallowed: Type.Optional(eventTypes('Events that are not wanted.')),
          }),
        },
        returns: Application,
        errors: { 400: 'A list is malformed.', ...noApplication },
      },
      async ({ params: { applicationName }, body: { allowed, disallowed } }, { applications }) => {
        const change =
          allowed === undefined && disallowed === undefined
            ? { allowed: [], disallowed: [] }
            : { ...(allowed && { allowed }), ...(disallowed && { disallowed }) };
        const application = applications.setFilter(applicationName, change);
        await applications.saved(applicationName);
        return applicationJson(application);
      },
    ),
  ],
};
