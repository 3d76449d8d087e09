// All resources, and what ARI has besides them on paths that exist here.
import type { Resource } from '../resource.ts';
import { applications } from './applications.ts';
import { asterisk } from './asterisk.ts';
import { channels } from './channels.ts';
import { endpoints } from './endpoints.ts';
import { events } from './events.ts';

export const resources: readonly Resource[] = [asterisk, endpoints, channels, events, applications];

/** Operations of ARI that are not there, though their path is known: they answer 404 as the others, and not 405. */
export const absentOperations: readonly (readonly [method: string, path: string])[] = [
  ['POST', '/channels'],
  ['POST', '/channels/{channelId}'],
  ['POST', '/endpoints/refer'],
];
