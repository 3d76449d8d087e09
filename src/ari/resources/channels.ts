// Calls: what there is of them, and what an application does to them.
import { Type } from 'typebox';
import { hangupReasons, NORMAL_CLEARING, type HangupReason } from '../../core/causes.ts';
import { del, get, type Resource } from '../resource.ts';
import {
  byIdOrName,
  CallerID,
  Channel,
  channelJson,
  DialplanCEP,
  headers,
  invalid,
  named,
  noChannel,
  params,
} from './channel.ts';
import { channelVariables } from './channel-variables.ts';
import { leaving } from './channels-leaving.ts';
import { callOperations } from './channels-operations.ts';
import { makingCalls } from './originate.ts';

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
      description: 'Waits for no other operation on it.',
      since: ['12.0.0'],
      params,
      headers,
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
      const cause = hangupCause(reason, code);
      const operation = channel.newOperationId();
      channel.hangup(cause, operation);
      return named(operation);
    },
  ),
];

export const channels: Resource = {
  name: 'channels',
  description: 'Calls, one leg each.',
  since: ['12.0.0'],
  models: [{ schema: DialplanCEP }, { schema: CallerID }, { schema: Channel }],
  operations: [...calls, ...makingCalls, ...leaving, ...callOperations, ...channelVariables],
};
