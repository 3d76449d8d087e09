// All resources, and what ARI has besides them on paths that exist here.
import type { Resource } from '../resource.ts';
import { applications } from './applications.ts';
import { asterisk } from './asterisk.ts';
import { bridges } from './bridges.ts';
import { channels } from './channels.ts';
import { deviceStates } from './device-states.ts';
import { endpoints } from './endpoints.ts';
import { events } from './events.ts';
import { mailboxes } from './mailboxes.ts';
import { messages } from './messages.ts';
import { registrations } from './registrations.ts';

export const resources: readonly Resource[] = [
  asterisk,
  endpoints,
  channels,
  bridges,
  events,
  deviceStates,
  mailboxes,
  applications,
  messages,
  registrations,
];

/** Operations of ARI that are not there, though their path leads to another one: they answer 404. */
export const absentOperations: readonly (readonly [method: string, path: string])[] = [
  ['POST', '/channels/externalMedia'],
];
