// Calls: what there is of them, and what an application does to them.
import { Type } from 'typebox';
import { hangupReasons, NORMAL_CLEARING, type HangupReason } from '../../core/causes.ts';
import { notUnanswered, type Channel as CoreChannel } from '../../core/channel.ts';
import type { Channels } from '../../core/channels.ts';
import { del, get, post, type Resource } from '../resource.ts';
import {
  byIdOrName,
  CallerID,
  Channel,
  channelJson,
  controlled,
  DialplanCEP,
  invalid,
  needsApplication,
  noChannel,
  params,
} from './channel.ts';
import { channelVariables } from './channel-variables.ts';

const needsAnswered = { ...needsApplication, 412: 'The channel is an outbound leg that nobody has answered yet.' };

function answered(channels: Channels, id: string): CoreChannel {
  const channel = controlled(channels, id);
  notUnanswered(channel);
  return channel;
}

function hangupCause(reason: string | undefined, code: string | undefined): number {
  if (reason !== undefined && code !== undefined) {
    throw invalid('Parameters reason and reason_code exclude each other');
  }
  if (reason !== undefined) {
    if (!Object.hasOwn(hangupReasons, reason)) throw invalid('Parameter reason is none of the hangup reasons');
    return hangupReasons[reason as HangupReason];
  }
  if (code === undefined) return NORMAL_CLEARING;
  const cause = Number.parseInt(code, 10);
  if (Number.isNaN(cause) || Math.abs(cause) >= 2 ** 31) throw invalid('Parameter reason_code is not a number');
  return cause;
}

const calls: Resource['operations'] = [
  get(
    '/channels',
    { nickname: 'list', summary: 'Every channel.', since: ['12.0.0'], returns: Type.Array(Channel) },
    (_, { channels }) => channels.list().map(({ snapshot }) => channelJson(snapshot)),
  ),

  get(
    '/channels/{channelId}',
    { nickname: 'get', summary: 'One channel.', since: ['12.0.0'], params, returns: Channel, errors: noChannel },
    ({ params: { channelId } }, { channels }) => channelJson(channels.get(channelId).snapshot),
  ),

  del(
    '/channels/{channelId}',
    {
      nickname: 'hangup',
      summary: 'Ends a call, whether it is in an application or not.',
      since: ['12.0.0'],
      params,
      query: {
        reason_code: Type.Optional(Type.String({ description: 'Why, as a Q.850 cause. Not together with reason.' })),
        reason: Type.Optional(
          Type.String({
            enum: Object.keys(hangupReasons),
            description: 'Why, by a name. Not together with reason_code.',
          }),
        ),
      },
      errors: { 400: 'The reason is unknown, or was given twice.', ...noChannel },
    },
    ({ params: { channelId }, query: { reason, reason_code: code } }, { channels }) => {
      const channel = byIdOrName(channels, channelId);
      channel.hangup(hangupCause(reason, code));
    },
  ),

  post(
    '/channels/{channelId}/answer',
    {
      nickname: 'answer',
      summary: 'Answers a call. Answering one that is up already changes nothing.',
      description: 'Replies when the answer has been sent to the caller.',
      since: ['12.0.0'],
      params,
      errors: needsAnswered,
    },
    ({ params: { channelId } }, { channels }) => answered(channels, channelId).answer(),
  ),

  post(
    '/channels/{channelId}/ring',
    { nickname: 'ring', summary: 'Tells the caller that it rings.', since: ['12.0.0'], params, errors: needsAnswered },
    ({ params: { channelId } }, { channels }) => answered(channels, channelId).ring(),
  ),

  del(
    '/channels/{channelId}/ring',
    { nickname: 'ringStop', summary: 'Stops what `ring` began.', since: ['12.0.0'], params, errors: needsAnswered },
    ({ params: { channelId } }, { channels }) => answered(channels, channelId).stopRinging(),
  ),
];

export const channels: Resource = {
  name: 'channels',
  description: 'Calls, one leg each.',
  since: ['12.0.0'],
  models: [{ schema: DialplanCEP }, { schema: CallerID }, { schema: Channel }],
  operations: [...calls, ...channelVariables],
};
