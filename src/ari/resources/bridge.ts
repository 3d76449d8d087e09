// What a bridge is to a client.
import { Type, type Static } from 'typebox';
import type { Bridge as CoreBridge } from '../../core/bridge.ts';
import type { Bridges } from '../../core/bridges.ts';
import type { BridgeSnapshot } from '../../core/facts.ts';
import { Fault } from '../../errors.ts';
import { Moment, momentJson } from '../time.ts';

export const Bridge = Type.Object(
  {
    id: Type.String({ description: 'Unique.' }),
    technology: Type.String({ description: 'How media goes between its channels.' }),
    bridge_type: Type.Enum(['mixing', 'holding'], { type: 'string', description: 'What it does with its channels.' }),
    bridge_class: Type.String({ description: 'What kind of work it was made for: stasis for applications.' }),
    creator: Type.String({ description: 'Who made it.' }),
    name: Type.String({ description: 'The name that it was given; may be empty.' }),
    channels: Type.Array(Type.String(), { description: 'The ids of the channels in it.' }),
    video_mode: Type.Optional(Type.String({ description: 'Whose video is shown: none, talker, sfu or single.' })),
    video_source_id: Type.Optional(Type.String({ description: 'The channel whose video is shown, if it is one.' })),
    creationtime: Moment('When the bridge was made.'),
    bridgevars: Type.Optional(
      Type.Record(Type.String(), Type.String(), { description: 'The variables that were set with report_events.' }),
    ),
  },
  { title: 'Bridge', description: 'Channels that are brought together.' },
);

export function bridgeJson(bridge: BridgeSnapshot): Static<typeof Bridge> {
  const { id, technology, type, bridgeClass, creator, name, channels, createdAt, reported } = bridge;
  return {
    id,
    technology,
    bridge_type: type,
    bridge_class: bridgeClass,
    creator,
    name,
    channels: [...channels],
    creationtime: momentJson(createdAt),
    // Of two channels each is shown the other, whatever was asked for.
    video_mode: bridgeClass === 'stasis' ? 'talker' : 'none',
    ...(Object.keys(reported).length > 0 && { bridgevars: { ...reported } }),
  };
}

export const params = { bridgeId: Type.String({ description: "The bridge's id." }) };
export const noBridge = { 404: 'There is no such bridge.' };
export const needsApplication = { ...noBridge, 409: 'The bridge was not made by an application.' };

/** One that an application may control. */
export function controlledBridge(bridges: Bridges, id: string): CoreBridge {
  const bridge = bridges.get(id);
  if (bridge.snapshot.bridgeClass === 'stasis') return bridge;
  throw new Fault('conflict', 'Bridge not in Stasis application', { code: 'bridge-not-in-application' });
}
