// Where an application lets a call go: on through the routing, to another application, or elsewhere altogether.
import { Type } from 'typebox';
import { run } from '../../core/execution.ts';
import { goOn, move, type Ways } from '../../core/leaving.ts';
import { Fault, notFound } from '../../errors.ts';
import { parseEndpointId } from '../../ids.ts';
import { post, type Context, type Resource } from '../resource.ts';
import { answered, controlled, headers, invalid, needsAnswered, needsApplication, params, queued } from './channel.ts';

/** Extensions have no labels: one that is a number is a priority, as in Asterisk. */
function priorityOf(label: string | undefined, priority: number | undefined): number | undefined {
  if (label === undefined || label === '') return priority === 0 ? undefined : priority;
  const number = Number.parseInt(label, 10);
  if (Number.isNaN(number)) throw notFound('Label');
  if (number === 0) throw invalid('Parameter label is no priority');
  return number;
}

const waysOf = (context: Context): Ways => ({
  routing: context.routing,
  run: (channel, route, at) => run(channel, route, context, at),
});

/** The part behind the slash, which must be one of the channel's own technology. */
function resourceOf(endpoint: string, channelName: string): string {
  if (endpoint === '') throw invalid('Missing parameter endpoint');
  const key = parseEndpointId(endpoint);
  const refused = (message: string): Fault => new Fault('unprocessable', message, { code: 'invalid-endpoint' });
  if (key === undefined) throw refused('Parameter endpoint is no technology and resource');
  if (key.tech.toLowerCase() !== channelName.split('/')[0]!.toLowerCase())
    throw refused('Parameter endpoint is of another technology than the channel');
  return key.resource;
}

const continueInDialplan = post(
  '/channels/{channelId}/continue',
  {
    nickname: 'continueInDialplan',
    summary: 'Lets a call leave the application and go on through the routing.',
    description: 'Without any parameter it goes on behind where it is. Where nothing is routed the call ends normally.',
    since: ['12.0.0'],
    params,
    headers,
    query: {
      context: Type.Optional(Type.String({ description: 'The context; left out, its own.' })),
      extension: Type.Optional(
        Type.String({ description: 'The extension; left out, its own, or "s" in a context that is given.' }),
      ),
      priority: Type.Optional(Type.Integer({ description: 'The priority: every extension has only the first.' })),
      label: Type.Optional(Type.String({ description: 'A number is a priority; there are no other labels.' })),
    },
    errors: { ...needsAnswered, 404: `${needsAnswered[404]} Or no such label.` },
  },
  ({ params: { channelId }, query: { context, extension, priority, label } }, given) => {
    const channel = answered(given.channels, channelId);
    const onward = {
      context: context || undefined,
      exten: extension || undefined,
      priority: priorityOf(label, priority),
    };
    const operation = channel.operate('continueInDialplan', (id) => channel.leave(id));
    // It has left then: what comes behind that is no longer the application's.
    void operation.done.then(
      () => goOn(channel, onward, waysOf(given), operation.id),
      () => undefined,
    );
    return queued(operation, given);
  },
);

const moveToApplication = post(
  '/channels/{channelId}/move',
  {
    nickname: 'move',
    summary: 'Moves a call into another application.',
    description: 'When nobody listens for that one the call stays, which ApplicationMoveFailed tells.',
    since: ['13.26.0', '16.3.0'],
    params,
    headers,
    query: {
      app: Type.String({ default: '', description: 'The application.' }),
      appArgs: Type.Optional(Type.String({ description: 'What it is told of the call, divided by commas.' })),
    },
    errors: needsApplication,
  },
  ({ params: { channelId }, query: { app, appArgs = '' } }, context) => {
    const channel = controlled(context.channels, channelId);
    if (app === '') throw invalid('Missing parameter app');
    const args = appArgs === '' ? [] : appArgs.split(',');
    return queued(
      channel.operate('move', (operation) => move(channel, app, args, context.applications, operation)),
      context,
    );
  },
);

const redirect = post(
  '/channels/{channelId}/redirect',
  {
    nickname: 'redirect',
    summary: 'Sends the far end elsewhere.',
    description: 'ChannelOperationFinished tells whether it went.',
    since: ['13.3.0'],
    params,
    headers,
    query: { endpoint: Type.String({ default: '', description: 'Where to: of the same technology as the channel.' }) },
    errors: {
      400: 'There is no endpoint.',
      ...needsAnswered,
      422: 'The endpoint is malformed, or of another technology than the channel.',
    },
  },
  ({ params: { channelId }, query: { endpoint } }, context) => {
    const channel = answered(context.channels, channelId);
    const resource = resourceOf(endpoint, channel.snapshot.name);
    return queued(
      channel.operate('redirect', () => channel.redirect(resource)),
      context,
    );
  },
);

export const leaving: Resource['operations'] = [continueInDialplan, moveToApplication, redirect];
