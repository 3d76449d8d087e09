// The channels of a bridge: in, and out.
import { Type } from 'typebox';
import type { Channel } from '../../core/channel.ts';
import type { Channels } from '../../core/channels.ts';
import { Fault } from '../../errors.ts';
import { post, type Resource } from '../resource.ts';
import { controlledBridge, noBridge, params } from './bridge.ts';

/** Required; but that the bridge is there is checked first, as in ARI. */
const channel = (description: string) => Type.Array(Type.String(), { default: [], description });

const errors = {
  400: 'No channel was named, or one does not exist.',
  ...noBridge,
  422: 'A channel is not in an application.',
};

/** By their ids alone, each once. */
function controlledChannels(channels: Channels, ids: readonly string[]): Channel[] {
  if (ids.length === 0) throw new Fault('invalid', 'Missing parameter channel', { code: 'missing-parameter' });
  return [...new Set(ids)].map((id) => {
    const found = channels.find(id);
    if (found === undefined) throw new Fault('invalid', 'Channel not found', { code: 'channel-not-found' });
    if (found.application !== undefined) return found;
    throw new Fault('unprocessable', 'Channel not in Stasis application', { code: 'channel-not-in-application' });
  });
}

const flag = (description: string) => Type.Optional(Type.Boolean({ default: false, description }));

export const bridgeChannels: Resource['operations'] = [
  post(
    '/bridges/{bridgeId}/addChannel',
    {
      nickname: 'addChannel',
      summary: 'Brings channels into a bridge, out of the bridges that they are in: all of them, or none.',
      description:
        'Replies when their media is led to each other. One that is not answered yet is in at once; its media is led when it is.',
      since: ['12.0.0'],
      params,
      query: {
        channel: channel('The ids of the channels.'),
        role: Type.Optional(Type.String({ description: 'Their role in a holding bridge: announcer or participant.' })),
        absorbDTMF: flag('Whether keys that are pressed there are kept from the others.'),
        mute: flag('Whether the others are not to hear them. Needs a media engine.'),
        inhibitConnectedLineUpdates: flag('Whether the others are not told who they are.'),
      },
      errors: {
        ...errors,
        409: 'The bridge was not made by an application; it is full; or a call is over or busy.',
        422: 'A channel is not in an application, or it cannot be led to the others: they have nothing in common, or one refuses.',
        503: 'It cannot be sent to a telephone now.',
      },
    },
    async ({ params: { bridgeId }, query }, { bridges, channels }) => {
      const bridge = controlledBridge(bridges, bridgeId);
      await bridge.add(controlledChannels(channels, query.channel), {
        ...(query.role !== undefined && { role: query.role }),
        absorbsDtmf: query.absorbDTMF === true,
        isMuted: query.mute === true,
        isAnonymous: query.inhibitConnectedLineUpdates === true,
      });
    },
  ),

  post(
    '/bridges/{bridgeId}/removeChannel',
    {
      nickname: 'removeChannel',
      summary: 'Takes channels out of a bridge: all of them, or none. They are on hold afterwards.',
      since: ['12.0.0'],
      params,
      query: { channel: channel('The ids of the channels.') },
      errors: {
        ...errors,
        409: 'The bridge was not made by an application.',
        422: 'A channel is not in an application, or not in this bridge.',
      },
    },
    ({ params: { bridgeId }, query }, { bridges, channels }) => {
      const bridge = controlledBridge(bridges, bridgeId);
      bridge.remove(controlledChannels(channels, query.channel));
    },
  ),
];
